"""Fixtures of the integration tests: each test gets a broker, a server, an agent and a line of its own.

With FRAPPE_BENCH set the tests that take `rig_on` run on a real Frappe site too (docs/testing.md).
"""

import os

import pytest

from tests.support.agent import agent_binary
from tests.support.broker import Broker
from tests.support.journal import mock_iot_binary
from tests.support.rig import DEVICES, Rig
from tests.support.server import FrappeSite, StandIn

SERVERS = ["stand-in", *(["frappe"] if os.environ.get("FRAPPE_BENCH") else [])]


def must_exist(binary):
    if not binary.exists():
        pytest.fail(f"{binary} is not built: cmake --preset release && cmake --build build/release")


@pytest.fixture(scope="session")
def mock_binary():
    must_exist(mock_iot_binary())


@pytest.fixture(scope="session")
def binaries(mock_binary):
    must_exist(agent_binary())


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker").start()
    yield broker
    broker.stop()


@pytest.fixture
def stand_in(tmp_path):
    stand_in = StandIn(tmp_path / "server", DEVICES).start()
    yield stand_in
    stand_in.close()


def make_rig(folder, server, broker):
    rig = Rig(folder, server, broker)
    yield rig
    rig.close()


@pytest.fixture
def rig(binaries, tmp_path, broker, stand_in):
    """On the stand-in, for tests that need its faults. Not started."""
    yield from make_rig(tmp_path, stand_in, broker)


@pytest.fixture(params=SERVERS)
def rig_on(request, binaries, tmp_path, broker):
    """On each server there is. Not started."""
    if request.param == "stand-in":
        server = StandIn(tmp_path / "server", DEVICES).start()
    else:
        server = FrappeSite(DEVICES)
    yield from make_rig(tmp_path, server, broker)
    server.close()


@pytest.fixture
def long_run():
    """True with EDGE_LONG=1: the long form of the outage and kill tests."""
    return os.environ.get("EDGE_LONG") == "1"

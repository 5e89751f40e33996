"""Fixtures of the integration tests: each test gets a broker, a server, an agent and a line of its own."""

import os

import pytest

from tests.support.agent import agent_binary
from tests.support.broker import Broker
from tests.support.journal import mock_iot_binary
from tests.support.rig import DEVICES, Rig
from tests.support.server import StandIn

LONG = os.environ.get("EDGE_LONG") == "1"


def pytest_configure(config):
    config.addinivalue_line("markers", "standin: needs the stand-in's faults; not for a real site")


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


@pytest.fixture
def rig(binaries, tmp_path, broker, stand_in):
    """Running; the agent has pulled its policies."""
    rig = Rig(tmp_path, stand_in, broker)
    yield rig
    rig.agent.kill() if rig.agent.process.running() else None
    rig.line.close()


@pytest.fixture
def long_run():
    """True with EDGE_LONG=1: the long form of the outage and kill tests."""
    return LONG

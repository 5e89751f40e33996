"""Fixtures of the integration tests: each test gets a broker, a server, an agent and a line of its own.

With FRAPPE_BENCH set the tests that take `rig_on` run on a real Frappe site too (docs/testing.md).
"""

import os

import pytest

from tests.support.agent import agent_binary
from tests.support.bridge import Bridge
from tests.support.broker import Broker
from tests.support.fault_sink import fault_sink_binary
from tests.support.journal import mock_iot_binary
from tests.support.rig import DEVICES, Rig
from tests.support.scale import mock_scale_binary
from tests.support.server import FrappeSite, StandIn

SERVERS = ["stand-in", *(["frappe"] if os.environ.get("FRAPPE_BENCH") else [])]


def must_exist(binary):
    if not binary.exists():
        pytest.fail(f"{binary} is not built: cmake --preset release && cmake --build build/release")


@pytest.fixture(scope="session")
def mock_binary():
    must_exist(mock_iot_binary())


@pytest.fixture(scope="session")
def scale_binary():
    must_exist(mock_scale_binary())


@pytest.fixture(scope="session")
def binaries(mock_binary):
    must_exist(agent_binary())


@pytest.fixture(scope="session")
def sink_binary():
    must_exist(fault_sink_binary())


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


# Scales and sensors of the bridge fixtures.
FIELD_DEVICES = ["ws1", "ws2", "ws3", *(f"shed{n}" for n in range(1, 11))]


def make_bridge(folder, server):
    bridge = Bridge(folder, server)
    yield bridge
    bridge.close()
    server.close()


@pytest.fixture
def bridge(binaries, scale_binary, tmp_path):
    """A weighbridge on the stand-in, without a broker. Not started."""
    lines = [f"line{n}-{unit}" for n in range(4) for unit in range(1, 5)]
    server = StandIn(tmp_path / "server", FIELD_DEVICES + lines).start()
    yield from make_bridge(tmp_path, server)


@pytest.fixture(params=SERVERS)
def bridge_on(request, binaries, scale_binary, tmp_path):
    """The same on each server there is. Not started."""
    on_stand_in = request.param == "stand-in"
    server = StandIn(tmp_path / "server", FIELD_DEVICES).start() if on_stand_in else FrappeSite(FIELD_DEVICES)
    yield from make_bridge(tmp_path, server)


@pytest.fixture
def long_run():
    """True with EDGE_LONG=1: the long form of the outage and kill tests."""
    return os.environ.get("EDGE_LONG") == "1"

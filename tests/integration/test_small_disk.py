"""The state lies on a small file system that really fills: nothing is acknowledged that is not kept, weighing goes on in
the reserve, and with room again all of it flows, once."""

import pytest

from tests.support.fault_sink import FaultSink
from tests.support.keeper import Keeper
from tests.support.rig import DEVICES, Rig
from tests.support.small_disk import NoMount, SmallDisk
from tests.support.waiting import wait_until

MIB = 20  # 4 of it are the ballast, 6 the floor
LOAD = ("--qos", 2, "--no-time-share", 0.5, "--devices", 20)


@pytest.fixture
def rig(binaries, sink_binary, tmp_path, broker):
    """On the sink that costs little: tens of thousands of rows drain here."""
    sink = FaultSink(tmp_path / "server", DEVICES).start()
    rig = Rig(tmp_path, sink, broker)
    yield rig
    rig.close()
    sink.kill()


@pytest.fixture
def small_disk(rig, tmp_path):
    try:
        disk = SmallDisk(tmp_path / "disk", MIB)
    except NoMount as e:
        pytest.skip(f"mount is not permitted here: {e}")
    rig.agent.sections["gateway"]["state_dir"] = str(disk.folder / "state")
    yield disk
    rig.agent.kill()
    disk.close()


def everything_flows(rig, sent):
    """The line is back: all messages are on the server once."""
    rig.line.restore()
    try:
        wait_until("connected", lambda: rig.agent.ask("status") and rig.agent.sources_up(), 30, 0.3)
    except AssertionError as e:
        raise AssertionError(f"{e}\n{rig.agent.ask('status')}") from e
    return rig.wait_complete(sent, 60)


def test_own_rows_fill_the_disk_and_the_broker_keeps_the_rest(rig, small_disk):
    """The floor of free space: intake pauses, the broker queues; both go on when the server is back."""
    rig.agent.sections["store"].update(max_bytes="128MiB", min_free="6MiB")
    rig.start()
    rig.line.cut()
    sent = rig.mock(*LOAD, "--rate", 0, "--count", 100_000).start().finish()
    wait_until("paused", lambda: rig.agent.ask("status")["sources"][0]["state"] == "paused", 20, 0.1)
    status = rig.agent.ask("status")
    kept = status["counters"]["messages"]
    assert 1000 < kept < len(sent), "the broker keeps what the agent has no room for"
    assert not status["store"]["accepting"] and not status["ready"]
    assert "store_full" in [reason["code"] for reason in status["reasons"]], status["reasons"]
    assert status["conservation"]["adds_up"]
    everything_flows(rig, sent)


def test_others_fill_the_disk_to_the_last_byte(rig, small_disk):
    """No floor, and no room at all: the ballast goes, then the process ends without acknowledging; nothing is lost."""
    rig.agent.sections["store"].update(max_bytes="128MiB", min_free="0MiB")
    rig.start()
    rig.line.cut()
    keeper = Keeper(rig.agent).start()
    before = rig.mock(*LOAD, "--rate", 0, "--count", 1000, name="before").start().finish()
    rig.agent.wait_messages(1000)
    others = small_disk.fill()
    sent = before
    for part in range(6):  # until there is more than the ballast has room for
        if keeper.ends or paused(rig):
            break
        options = ("--rate", 0, "--count", 15_000, "--seed", 7 + part)
        sent += rig.mock(*LOAD, *options, name=f"while-full-{part}").start().finish()
    wait_until("it has ended without an ack, or pauses", lambda: keeper.ends or paused(rig), 20, 0.1)
    others.unlink()
    try:
        everything_flows(rig, sent)
    finally:
        keeper.stop()
    # 75: not kept, so not acknowledged. 2: no room even to open; systemd tries again until there is.
    assert keeper.ends and set(keeper.ends) <= {75, 2}, f"{keeper.ends}\n{rig.agent.process.tail()}"
    assert "database or disk is full" in rig.agent.process.log_file.read_text()


def paused(rig):
    status = rig.agent.ask("status")
    return status and status["sources"][0]["state"] == "paused"


def test_weighing_goes_on_in_the_reserve(bridge, broker, tmp_path):
    """Telemetry has filled its share: a truck is weighed and its ticket finished all the same."""
    try:
        disk = SmallDisk(tmp_path / "disk", MIB)
    except NoMount as e:
        pytest.skip(f"mount is not permitted here: {e}")
    try:
        weigh_on_a_full_disk(bridge, broker, disk)
    finally:
        bridge.agent.kill()
        disk.close()


def weigh_on_a_full_disk(bridge, broker, disk):
    agent = bridge.agent
    agent.sections["gateway"]["state_dir"] = str(disk.folder / "state")
    agent.sections["store"].update(max_bytes="128MiB", min_free="6MiB")
    agent.sections["mqtt"] = {"url": broker.url}
    agent.sections["mqtt.topic"] = [{"pattern": "yam/{site}/{device}/observation", "decoder": "json"}]
    link = bridge.folder / "scale"
    mock = bridge.mock("--serial", link, "--pace", 0.1, "--rate", 20)
    bridge.add_serial_scale("ws1", "S1", link)
    bridge.start()
    bridge.line.cut()
    disk.fill(leave_kib=5 * 1024)
    wait_until("paused", lambda: agent.ask("status")["sources"][0]["state"] == "paused", 20, 0.1)
    ticket = bridge.open_ticket("ws1")
    for weight in ("38440", "14580"):
        bridge.wait_empty("ws1", 20)
        mock.arrive(weight)
        assert bridge.capture(ticket)["value"] == weight
        mock.leave()
    assert bridge.complete(ticket)["net"] == "23860"
    bridge.line.restore()
    agent.poke()
    bridge.wait_documents("scale_ticket", 1, 20)
    bridge.check_alibi("ws1")

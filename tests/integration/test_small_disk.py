"""The state lies on a small file system that really fills: nothing is acknowledged that is not kept, weighing goes on in
the reserve, and with room again all of it flows, once."""

import signal

import pytest

from tests.support.fault_sink import FaultSink
from tests.support.keeper import Keeper
from tests.support.rig import DEVICES, Rig
from tests.support.small_disk import NoMount, SmallDisk
from tests.support.waiting import listens, wait_until

MIB = 48  # 24 of it are the floor whatever min_free says, 8 the ballast
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
    wait_until("it answers", lambda: rig.agent.ask("status"), 30, 0.3)
    rig.agent.poke()
    return rig.wait_complete(sent, 120)


@pytest.mark.parametrize("min_free", ["0MiB", "1MiB", "26MiB"])
def test_own_rows_fill_the_disk_and_the_broker_keeps_the_rest(rig, small_disk, min_free):
    """The floor of free space: intake pauses, the broker queues; both go on when the server is back, also where the
    floor asked for is less than what the write-ahead log alone takes."""
    rig.agent.sections["store"].update(max_bytes="128MiB", min_free=min_free)
    rig.start()
    rig.line.cut()
    sent = rig.mock(*LOAD, "--rate", 0, "--count", 100_000).start().finish()
    wait_until("paused", lambda: paused(rig), 20, 0.1)
    status = rig.agent.ask("status")
    kept = status["counters"]["messages"]
    assert 1000 < kept < len(sent), "the broker keeps what the agent has no room for"
    assert not status["store"]["accepting"] and not status["ready"]
    assert "disk_full" in codes(status)
    assert status["conservation"]["adds_up"]
    everything_flows(rig, sent)


def test_others_fill_the_disk_to_the_last_byte(rig, small_disk):
    """Intake pauses; killed and started without a byte, the ballast goes and what there is drains; room brings the rest."""
    rig.agent.sections["store"].update(max_bytes="128MiB", min_free="0MiB")
    rig.start()
    rig.line.cut()
    sent = rig.mock(*LOAD, "--rate", 0, "--count", 1000, name="before").start().finish()
    rig.agent.wait_messages(1000)
    keeper = Keeper(rig.agent).start()
    others = small_disk.fill()
    wait_until("paused", lambda: paused(rig), 5, 0.1)
    sent += rig.mock(*LOAD, "--rate", 0, "--count", 1000, "--seed", 7, name="while-full").start().finish()
    rig.agent.kill()
    small_disk.fill()
    wait_until("started and paused", lambda: paused(rig), 10, 0.1)
    status = rig.agent.ask("status")
    assert "disk_full" in codes(status) and status["pending"] >= 1000
    rig.line.restore()
    rig.agent.poke()
    wait_until("drained", lambda: rig.agent.ask("status")["pending"] == 0, 30, 0.2)
    assert paused(rig), "it drains, and takes nothing"
    others.unlink()
    try:
        everything_flows(rig, sent)
    finally:
        keeper.stop()
    assert keeper.ends == [-9], f"it ended by itself\n{rig.agent.process.tail()}"


def test_not_a_byte_and_no_ballast_any_more(rig, small_disk):
    """Nothing can be opened: it waits, says so everywhere, ends when told, and goes on by itself with room."""
    rig.agent.sections["store"].update(max_bytes="128MiB", min_free="0MiB")
    rig.start()
    rig.line.cut()
    sent = rig.mock(*LOAD, "--rate", 0, "--count", 1000).start().finish()
    rig.agent.wait_messages(1000)
    rig.agent.kill()
    (small_disk.folder / "state" / "ballast").unlink()
    others = small_disk.fill()
    for _ in range(2):
        rig.agent.process.start()
        rig.agent.process.wait_for("its word", lambda: listens(rig.agent.web_port))
        code, body = rig.agent.get("/readyz")
        assert code == 503 and "disk_full" in body
        assert rig.agent.get("/healthz")[0] == 200
        said = rig.agent.cli("status")
        assert said.returncode == 1 and "the disk is full: make room" in said.stderr, said
        assert rig.agent.stop() == 0
    rig.agent.process.start()
    rig.agent.process.wait_for("its word", lambda: listens(rig.agent.web_port))
    rig.agent.process.signal(signal.SIGHUP)
    others.unlink()
    everything_flows(rig, sent)


def paused(rig):
    status = rig.agent.ask("status")
    return status and status["sources"][0]["state"] == "paused"


def codes(status):
    return [reason["code"] for reason in status["reasons"]]


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
    agent.sections["store"].update(max_bytes="128MiB")
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

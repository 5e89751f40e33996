"""Modbus devices behind the agent: right values, one dead slave among live ones, answers that come too late."""

import time
from collections import Counter

import pytest

from tests.support.bridge import register_map
from tests.support.waiting import wait_until

LIVE = range(1, 10)
DEAD = 10
LATE = "77.7"


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_sensor_readings_arrive_with_their_digits(bridge_on, framing):
    bridge = bridge_on
    bus = bridge.folder / "bus"
    mock = bridge.mock(
        *("--modbus-tcp", "127.0.0.1:0", "--modbus-rtu", bus),
        *("--slave", "1=xy-md02:30.5:54.6", "--slave", "2=xy-md02:-20.5:80.0"),
    )
    way = {"tcp": mock.places["modbus_tcp"][0]} if framing == "tcp" else {"port": str(bus)}
    bridge.add_bus("bus1", {1: "shed1", 2: "shed2"}, every="500ms", **way)
    bridge.start()

    def latest():
        rows = sorted(bridge.server.rows(), key=lambda row: row["observed_at_ms"])
        return {(row["device_text"], row["unit"]): row["value_text"] for row in rows}

    want = {("shed1", "C"): "30.5", ("shed1", "%"): "54.6", ("shed2", "C"): "-20.5", ("shed2", "%"): "80.0"}
    wait_until("all four values", lambda: latest() == want, 15, 0.2)
    mock.sensor(1, temperature="0.0")
    wait_until("the new value", lambda: latest() == want | {("shed1", "C"): "0.0"}, 15, 0.2)
    rows = bridge.server.rows()
    assert {row["identity"] for row in rows} == {"polled"}
    assert len({row["edge_uid"] for row in rows}) == len(rows), "equal answers are readings of their own"
    assert all(row["raw_payload"].startswith("hex:") for row in rows)
    assert bridge.agent.wait_sent()["conservation"]["adds_up"]


def rate(journal, begin, end):
    """Good answers a second of the live slaves."""
    seen = [e for e in journal if begin <= e["at"] < end and e["unit"] in LIVE and "fault" not in e]
    return len(seen) / (end - begin) * 1000


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_a_dead_slave_does_not_slow_the_live_ones(bridge, framing):
    """Rate of nine in one run, before and after the tenth has died: it may cost them 10 %."""
    bus = bridge.folder / "bus"
    slaves = [part for unit in (*LIVE, DEAD) for part in ("--slave", f"{unit}=xy-md02")]
    mock = bridge.mock("--modbus-tcp", "127.0.0.1:0", "--modbus-rtu", bus, *slaves)
    way = {"tcp": mock.places["modbus_tcp"][0]} if framing == "tcp" else {"port": str(bus)}
    bridge.add_bus("bus1", {unit: f"shed{unit}" for unit in (*LIVE, DEAD)}, every="250ms", **way)
    bridge.start()
    mock.wait_sent(20)
    begin = now_ms()
    mock.wait_sent(160)
    died = now_ms()
    mock.fault("dead", unit=DEAD)
    mock.wait_sent(290, 60)
    end = now_ms()
    journal = mock.journal()
    before, after = rate(journal, begin, died), rate(journal, died, end)
    asked = sum(1 for entry in journal if entry.get("fault") == "dead")
    print(
        f"{framing}: nine live slaves {before:.1f}/s, beside a dead one {after:.1f}/s, ratio {after / before:.3f}"
    )
    assert asked >= 3, "the dead one is asked again and again"
    assert after / before >= 0.9


def now_ms():
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_a_late_answer_is_never_taken(bridge, framing, long_run):
    """200 of them (1,000 with EDGE_LONG=1) on each kind of line, on four lines at once, each saying what is true nowhere."""
    wanted = 1000 if long_run else 200
    links = [bridge.folder / f"bus{n}" for n in range(4)]
    lines = [part for link in links for part in ("--modbus-rtu", link)]
    lines = ["--modbus-tcp", "127.0.0.1:0"] * 4 if framing == "tcp" else lines
    slaves = [part for unit in range(1, 5) for part in ("--slave", f"{unit}=xy-md02:21.5:55.0")]
    mock = bridge.mock(*lines, *slaves)
    for n in range(4):
        way = {"tcp": mock.places["modbus_tcp"][n]} if framing == "tcp" else {"port": str(links[n])}
        devices = {unit: f"line{n}-{unit}" for unit in range(1, 5)}
        bridge.add_bus(f"bus{n}", devices, every="100ms", timeout="30ms", **way)
    bridge.start()
    # Between questions, into the next one's answer, and after it.
    mock.fault("late", every=3, delay_ms=31, spread_ms=120, value=LATE)
    marker = b'"fault":"late"'
    wait_until(
        f"{wanted} late answers",
        lambda: mock.journal_file.read_bytes().count(marker) >= wanted,
        120,
        0.5,
    )
    mock.clear()
    mock.fault("silence")  # else there is always something to send
    bridge.agent.wait_sent()
    values = Counter((row["unit"], row["value_text"]) for row in bridge.server.rows())
    print(f"{framing}: {mock.journal_file.read_bytes().count(marker)} late answers, readings {dict(values)}")
    assert set(values) == {("C", "21.5"), ("%", "55.0")}, "a late answer was taken"
    assert sum(values.values()) > wanted, "the bus went on beside them"
    if framing == "rtu":
        heard = [entry for entry in mock.journal() if entry.get("fault") == "late"]
        assert sum(1 for entry in heard if not entry.get("lost")) > 0.9 * wanted, "the agent did hear them"


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_a_late_weight_is_never_captured(bridge, framing):
    """Every twentieth answer of the scale is late and says 11111 kg: trucks are weighed right all the same."""
    bus = bridge.folder / "bus"
    mock = bridge.mock(
        *("--modbus-tcp", "127.0.0.1:0", "--modbus-rtu", bus, "--slave", "3=laumas-tlb", "--pace", 0.2)
    )
    way = {"tcp": mock.places["modbus_tcp"][0]} if framing == "tcp" else {"port": str(bus)}
    bridge.add_bus("bus1", timeout="30ms", **way)
    bridge.add_scale("ws1", "S1", modbus="bus1", slave=3, map=register_map("laumas-tlb"), every="100ms")
    bridge.start()
    bridge.wait_empty("ws1")
    mock.fault("late", unit=3, every=20, delay_ms=35, spread_ms=90, value="11111")
    ticket = bridge.open_ticket("ws1")
    for weight in ("38440", "14580"):
        mock.arrive(weight)
        assert bridge.capture(ticket)["value"] == weight
        mock.leave()
        bridge.wait_empty("ws1", 20)
    assert any(entry.get("fault") == "late" for entry in mock.journal())


FAULTS = ["dead", "wrong_crc", "exception", "wrong_unit", "short", "silence", "unplug"]


def test_a_scale_on_a_bad_bus_is_refused_and_comes_back(bridge):
    bus = bridge.folder / "bus"
    mock = bridge.mock("--modbus-rtu", bus, "--slave", "3=laumas-tlb", "--pace", 0.2)
    bridge.add_bus("bus1", port=str(bus))
    bridge.add_scale("ws1", "S1", modbus="bus1", slave=3, map=register_map("laumas-tlb"), every="100ms")
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.arrive("38440")
    bridge.wait_refusal("ws1", None)
    for fault in FAULTS:
        mock.fault(fault)
        wait_until(
            f"{fault}: no weight", lambda: bridge.scale("ws1")["refusal"] in ("bad_frame", "stale"), 10, 0.05
        )
        mock.clear()
        bridge.wait_refusal("ws1", None, 30)
    assert bridge.capture(ticket)["value"] == "38440"
    assert len(bridge.alibi("ws1")) == 2

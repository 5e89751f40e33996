"""An indicator and its line at their worst: nothing is captured from it, and afterwards it works again."""

import pytest

from tests.support.bridge import Refused

FAULTS = {
    "motion": ("in_motion", lambda mock: mock.do("motion")),
    "overload": ("out_of_range", lambda mock: mock.do("overload")),
    "bad_checksum": ("bad_frame", lambda mock: mock.fault("bad_checksum")),
    "garbage": ("bad_frame", lambda mock: mock.fault("garbage")),
    "cut": ("bad_frame", lambda mock: mock.fault("cut")),
    "silence": ("stale", lambda mock: mock.fault("silence")),
    "unplug": ("stale", lambda mock: mock.fault("unplug")),
    "negative": ("below_min", lambda mock: mock.fault("sign")),
}


def test_every_fault_is_refused_with_its_code_and_passes(bridge):
    """One truck stands on the deck through all of it; at the end its weight is taken, once and right."""
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.4, "--rate", 20)
    bridge.add_serial_scale("ws1", "S1", line)
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.arrive("38440")
    wrong = []
    for name, (code, begin) in FAULTS.items():
        begin(mock)
        bridge.wait_refusal("ws1", code)
        shown = bridge.scale("ws1")
        if code in ("stale", "out_of_range") and shown["gross"] is not None:
            wrong.append((name, "a value survived", shown))
        with pytest.raises(Refused) as no:
            bridge.ask("ticket", "capture", ticket)
        if no.value.code != code:
            wrong.append((name, str(no.value)))
        mock.clear()
        bridge.wait_refusal("ws1", None)
    assert not wrong, wrong
    assert bridge.capture(ticket)["value"] == "38440"
    assert [record["role"] for record in bridge.alibi("ws1")] == ["genesis", "gross"]


def test_a_frozen_indicator_gives_no_second_weight(bridge):
    """It goes on showing the last truck: without a return to zero there is nothing to capture."""
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.4)
    bridge.add_serial_scale("ws1", "S1", line)
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.arrive("38440")
    bridge.capture(ticket)
    mock.do("freeze")
    mock.leave()
    mock.arrive("14580")
    with pytest.raises(Refused) as no:
        bridge.capture(ticket, wait="2s")
    assert no.value.code == "already_captured"


def test_bytes_one_by_one_are_a_frame(bridge):
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.4)
    bridge.add_serial_scale("ws1", "S1", line)
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.fault("split")
    mock.arrive("38440")
    assert bridge.capture(ticket)["value"] == "38440"


def test_an_indicator_that_is_plugged_in_late(bridge):
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.4)
    mock.fault("unplug")
    bridge.add_serial_scale("ws1", "S1", line)
    bridge.start_without_lines()
    ticket = bridge.open_ticket("ws1")
    with pytest.raises(Refused) as no:
        bridge.ask("ticket", "capture", ticket)
    assert no.value.code in ("no_signal", "bad_frame", "stale"), no.value
    mock.clear()
    bridge.wait_empty("ws1", 20)
    mock.arrive("38440")
    assert bridge.capture(ticket)["value"] == "38440"


def test_a_serial_server_that_goes_and_comes(bridge):
    mock = bridge.mock("--serial-tcp", "127.0.0.1:0", "--pace", 0.4)
    bridge.add_scale("ws1", "S1", profile="toledo", tcp=mock.places["serial_tcp"][0])
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.fault("unplug")
    bridge.wait_refusal("ws1", "stale")
    mock.clear()
    bridge.wait_empty("ws1", 20)
    mock.arrive("38440")
    assert bridge.capture(ticket)["value"] == "38440"


def test_an_indicator_in_net_mode_is_weighed_gross(bridge):
    """Toledo frames carry the tare: the gross is their sum."""
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.4)
    bridge.add_serial_scale("ws1", "S1", line)
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.arrive("38440")
    mock.fault("net", tare="14580")
    captured = bridge.capture(ticket)
    assert (captured["mode"], captured["value"], captured["tare"]) == ("net", "38440", "14580")

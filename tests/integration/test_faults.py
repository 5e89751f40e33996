"""Every way the server can fail: what the agent shows, and that all arrives once, nothing dead, when it is over."""

import pytest

from mock_devices.mock_frappe.faults import NAMES
from tests.support.waiting import listens, wait_steady, wait_until

SUBMIT = "ingest.submit"
COUNT = 40
# Fault → (state while it lasts, words of which one stands in code or reason). Every fault of the stand-in must stand
# here or in OTHERS.
LASTING = {
    "400": ("waiting", []),
    "401": ("stopped", []),
    "403": ("stopped", []),
    "409": ("waiting", []),
    "500": ("waiting", []),
    "503": ("waiting", []),
    "413": ("waiting", []),
    "429": ("waiting", []),
    "rate_limited": ("waiting", ["rate_limited", "429"]),
    "too_large": ("waiting", []),
    "not_ready": ("waiting", ["not_ready"]),
    "native_missing": ("waiting", ["native_missing"]),
    "revoked": ("stopped", ["revoked"]),
    "expired": ("stopped", ["expired"]),
    "gateway_disabled": ("stopped", ["gateway_disabled"]),
    "user_disabled": ("stopped", ["user_disabled"]),
    "wrong_gateway": ("stopped", ["wrong_gateway"]),
    "fenced": ("stopped", ["fenced"]),
    "held": ("stopped", ["held"]),
    "down": ("waiting", []),
    "lost_answer": ("waiting", []),
    "half_answer": ("waiting", []),
    "html_200": ("waiting", []),
    "wrong_json_200": ("waiting", []),
    "404": ("waiting", []),
    "417": ("waiting", []),
}
OTHERS = {"malformed", "unsupported_version", "slow", "missing_result", "reject_device", "retry_device"}


def test_no_fault_is_forgotten():
    assert set(LASTING) | OTHERS == NAMES


def send(rig, count=COUNT, name="mock-iot", devices="bin1=normal,bin2=normal"):
    options = ("--qos", 2, "--rate", 0, "--count", count, "--no-time-share", 0.5, "--devices", devices)
    return rig.mock(*options, name=name).start().finish()


def sync_in(rig, state):
    def probe():
        sync = rig.agent.status()["sync"]
        return sync if sync["state"] == state else None

    return wait_until(f"sync is {state}", probe, 20, 0.1)


def finish(rig, sent):
    """The fault is over; a poke spares the test the back-off."""
    rig.server.clear()
    rig.agent.poke()
    return rig.wait_complete(sent, 60)


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts(rig, fault):
    state, words = LASTING[fault]
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault(fault, path=SUBMIT)
    sent = send(rig)
    sync = sync_in(rig, state)
    assert sync["reason"], sync
    assert not words or any(word in sync["code"] + sync["reason"] for word in words), sync
    status = rig.agent.status()
    assert status["pending"] == COUNT and status["dead_letters"] == 0, status
    if state == "stopped":
        assert not status["healthy"], "a stop needs somebody"
    finish(rig, sent)


@pytest.mark.parametrize("fault", ["404", "417"])
def test_the_app_is_not_installed(rig, fault):
    """All methods fail alike: the agent stops, says so, and goes on by itself once the app is there."""
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault(fault)
    sent = send(rig)
    sync = sync_in(rig, "stopped")
    assert "app" in (sync["code"] + sync["reason"]).lower(), sync
    finish(rig, sent)


@pytest.mark.parametrize(
    "fault", ["malformed", "unsupported_version", "400", "404", "417", "413", "too_large"]
)
def test_a_refusal_that_passes_costs_nothing(rig, fault):
    """Refused as a whole once or twice: halved or asked again, and all of it arrives."""
    rig.start()
    rig.agent.wait_sent()
    # All of it waits before the first try: of a batch of one, a refusal would be the end (wire.md §4).
    rig.line.cut()
    sent = send(rig)
    rig.agent.wait_messages(len(sent))
    rig.server.fault(fault, count=2, path=SUBMIT)
    rig.line.restore()
    # Poked again and again: one poke may meet an attempt that began before the line was back.
    wait_until("both refusals were met", lambda: rig.agent.poke() or not rig.server.faults(), 30, 0.5)
    rig.wait_complete(sent, 60)


@pytest.mark.parametrize(
    "fault", ["missing_result", "lost_answer", "half_answer", "down", "500", "html_200", "429"]
)
def test_a_failure_now_and_then_under_load(rig, fault):
    rig.start()
    params = {"retry_after": 1} if fault == "429" else {}
    mock = rig.mock(
        "--qos", 2, "--rate", 500, "--count", 3000, "--no-time-share", 0.5, "--devices", 20
    ).start()
    for mark in (500, 1200, 2000):
        rig.agent.wait_messages(mark)
        rig.server.fault(fault, count=1, path=SUBMIT, **params)
    sent = mock.finish()
    rig.agent.poke()
    rig.wait_complete(sent)


def test_a_server_slower_than_the_timeout(rig):
    rig.agent.sections["frappe"]["timeout"] = "1s"
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault("slow", path=SUBMIT, seconds=2)
    sent = send(rig)
    sync = sync_in(rig, "waiting")
    assert "time" in (sync["code"] + sync["reason"]).lower(), sync
    finish(rig, sent)


def test_the_port_is_closed_for_a_while(rig):
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault("down", count=1, path=SUBMIT, refuse=True, seconds=3)
    sent = send(rig)
    sync_in(rig, "waiting")
    wait_until("the port is open again", lambda: listens(rig.server.port), 10)
    rig.wait_complete(sent, 60)


def test_rejected_records_are_dead_letters_and_the_rest_flows(rig):
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault("reject_device", path=SUBMIT, device="bin2", code="unknown_site", message="Ask Salem.")
    sent = send(rig)
    bad = [message for message in sent if message.device == "bin2"]
    wait_until("dead letters", lambda: rig.agent.status()["dead_letters"] == len(bad), 20)
    status = rig.agent.wait_sent()
    assert {row["device_text"] for row in rig.server.rows()} == {"bin1"}
    assert status["conservation"]["readings"]["dead_letter"] == len(bad)
    listed = rig.agent.cli("dead-letters", "list")
    assert listed.returncode == 0 and "unknown_site" in listed.stdout and "Ask Salem." in listed.stdout, (
        listed
    )
    rig.server.clear()
    again = rig.agent.cli("dead-letters", "requeue", "--all")
    assert again.returncode == 0, again
    rig.wait_complete(sent)


def test_a_record_to_retry_stays_and_the_rest_flows(rig):
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault("retry_device", path=SUBMIT, device="bin2")
    sent = send(rig)
    good = sum(message.device == "bin1" for message in sent)
    rig.wait_rows(good)
    wait_steady("the others stay pending", lambda: rig.agent.status()["pending"] == len(sent) - good, 2)
    assert rig.agent.status()["dead_letters"] == 0
    finish(rig, sent)


def test_a_server_that_rejects_everything_does_not_drain_the_store(rig):
    """A bug of the server is not the records' fault: the agent stops and keeps them (design: mass rejection)."""
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault("reject_device", path=SUBMIT, code="unknown_site")
    sent = send(rig, 600, devices="10")
    sync = sync_in(rig, "stopped")
    assert "reject" in (sync["code"] + sync["reason"]).lower(), sync
    status = rig.agent.status()
    assert status["dead_letters"] + status["pending"] == 600 and status["pending"] > 0
    rig.server.clear()
    rig.agent.poke()
    wait_until("the stop ends", lambda: rig.agent.status()["sync"]["state"] != "stopped", 20)
    rig.agent.cli("dead-letters", "requeue", "--all")
    rig.wait_complete(sent)

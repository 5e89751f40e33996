"""The gateway's wall clock is wild: years back, years ahead, jumps while it runs, 1970 at the start and then NTP.

Only the wall clock: the monotonic ones go on (libfaketime), so a timer that hangs or storms shows. Nothing is lost or
double, what was received is said with the clock that was there, and nothing unsent is ever purged.
"""

import subprocess
import time

import pytest

from tests.support.waiting import wait_until
from tests.support.wild_clock import LIBRARIES, WildClock

pytestmark = pytest.mark.skipif(not LIBRARIES, reason="libfaketime is missing (apt install faketime)")
YEAR = 365 * 86_400
LOAD = ("--qos", 2, "--rate", 0, "--no-time-share", 0.5, "--devices", 5)


@pytest.fixture
def clock(rig, tmp_path):
    return WildClock(rig.agent, tmp_path / "faketime")


def send(rig, count, name):
    return rig.mock(*LOAD, "--count", count, "--seed", len(rig.mocks) + 1, name=name).start().finish()


def offset_years(rig):
    return round((rig.agent.ask("status")["at"] / 1000 - time.time()) / YEAR)


@pytest.mark.parametrize("years", [-6, 9])
def test_a_clock_that_is_wrong_from_the_start(rig, clock, years):
    clock.set(years * YEAR)
    rig.start()
    assert offset_years(rig) == years
    sent = send(rig, 200, "wrong")
    rig.wait_complete(sent)
    # Their own times are not overruled by a clock that has no time source.
    with_time = {message.sha256 for message in sent if message.has_time}
    rows = [row for row in rig.rows() if row["raw_sha256"] in with_time]
    assert {row["time_source"] for row in rows} == {"device"}
    assert {row["clock_state"] for row in rig.rows()} == {rig.agent.status()["clock"]}


def test_jumps_while_it_runs_and_the_server_is_away(rig, clock):
    """Back-off and lanes wait by the monotonic clock: after a jump of years it still tries in seconds."""
    rig.start()
    sent = send(rig, 100, "before")
    rig.line.cut()
    sent += send(rig, 100, "away")
    wait_until("it waits", lambda: rig.agent.ask("status")["sync"]["state"] == "waiting", 10, 0.05)
    for years in (5, -5):
        clock.set(years * YEAR)
        wait_until("the clock has jumped", lambda want=years: offset_years(rig) == want, 5, 0.02)
        sent += send(rig, 50, f"at{years}")
        before = rig.agent.ask("status")["sync"]["retries"]
        wait_until("a try", lambda b=before: rig.agent.ask("status")["sync"]["retries"] > b, 10, 0.05)
        assert rig.agent.ask("status")["sync"]["retries"] - before < 20, "the tries became a storm"
    assert rig.agent.get("/healthz")[0] == 200
    rig.line.restore()
    wait_until("all taken", lambda: rig.agent.ask("status")["pending"] == 0, 20, 0.1)  # without a poke
    rig.wait_complete(sent)


def test_1970_at_the_start_and_then_ntp(rig, clock):
    clock.set_1970()
    rig.start()
    sent = send(rig, 100, "in1970")
    rig.wait_complete(sent)
    rows = rig.server.rows()
    without = [row for row in rows if row["time_source"] == "receive"]
    assert without and all(row["observed_at_ms"] < 86_400_000 for row in without), "no time is made up"
    assert {row["clock_state"] for row in rows} == {"unsynced"}, "and it is said that nobody vouches for it"
    clock.set(0)
    sent += send(rig, 100, "now")
    rig.wait_complete(sent)
    now = time.time() * 1000
    newest = [row for row in rig.server.rows() if row["time_source"] == "receive"][-1]
    assert abs(newest["observed_at_ms"] - now) < 60_000


def test_no_jump_purges_what_is_not_sent(rig, clock):
    rig.agent.sections["store"]["retain_sent"] = "1d"
    rig.start()
    rig.line.cut()
    sent = send(rig, 300, "unsent")
    for years in (10, -10, 0):
        clock.set(years * YEAR)
        rig.agent.poke()
        before = rig.agent.ask("status")["sync"]["retries"]
        wait_until(
            "housekeeping had its turn", lambda b=before: rig.agent.ask("status")["sync"]["retries"] > b, 15
        )
        assert rig.agent.ask("status")["pending"] == 300
    rig.line.restore()
    rig.agent.poke()
    rig.wait_complete(sent)


def kept_rows(rig):
    command = ["sqlite3", str(rig.agent.folder / "state" / "edge.sqlite"), "SELECT count(*) FROM outbox"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_jump_ahead_does_not_purge_what_was_just_sent(rig, clock):
    """Sent rows outlive the server's last dump (design.md §6): a clock that runs ahead must not take them all."""
    rig.start()
    sent = send(rig, 300, "sent")
    rig.wait_complete(sent)
    clock.set(YEAR)
    rig.agent.stop()
    assert kept_rows(rig) == 300
    rig.agent.start()
    more = send(rig, 20, "after")
    rig.wait_complete([*sent, *more])
    rig.agent.stop()
    assert kept_rows(rig) >= 320

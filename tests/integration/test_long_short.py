"""The long runs in seconds: that they work, and that they would see a loss and a double."""

import subprocess
import sys

import pytest

from tests.long.kill_loop import KillLoop
from tests.long.report import Report, end_orphans
from tests.long.soak import Soak
from tests.long.week_offline import Week
from tests.support.sampler import flat
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("binaries", "scale_binary", "sink_binary")


def test_kill_loop(tmp_path):
    loop = KillLoop(tmp_path, weigh_every=0).start()
    try:
        for number in range(20):
            loop.cycle(number)
        result = loop.settle()
    finally:
        loop.close()
    assert result["messages"] > 500 and result["in_sink"] == result["messages"], result
    assert loop.audits >= 2, "moments between the kills were looked at"


def test_the_audit_between_kills_sees_what_is_wrong(tmp_path):
    """A uid twice in the sink, and a store that has less than before."""
    loop = KillLoop(tmp_path, weigh_every=0).start()
    try:
        loop.agent.start()
        wait_until("rows in the sink", lambda: len(loop.sink.ledger()) > 10, 20)
        loop.audit()
        line = loop.sink.ledger_file.read_text().splitlines(keepends=True)[0]
        with loop.sink.ledger_file.open("a") as ledger:
            ledger.write(line)
        with pytest.raises(AssertionError, match="twice in the sink"):
            loop.audit()
        loop.audit()
        loop.last["sent"] += 1_000_000
        with pytest.raises(AssertionError, match="less than before a kill"):
            loop.audit()
        assert loop.audits == 2
    finally:
        loop.close()


def test_a_loss_and_a_double_are_seen(tmp_path):
    """The verdict itself: a ledger with one line less, and one with a line under a second uid."""
    loop = KillLoop(tmp_path, weigh_every=0).start()
    try:
        loop.cycle(1)
        loop.settle()
        whole = loop.sink.ledger_file.read_text().splitlines(keepends=True)
        status = loop.agent.status()
        loop.sink.ledger_file.write_text("".join(whole[1:]))
        with pytest.raises(AssertionError, match="'lost': 1"):
            loop._verdict(loop.load.sent(), status)
        loop.sink.ledger_file.write_text("".join([*whole, "f" * 32 + whole[0][32:]]))
        with pytest.raises(AssertionError, match="'double_by_content': 1"):
            loop._verdict(loop.load.sent(), status)
        loop.sink.ledger_file.write_text("".join([*whole, whole[0]]))
        with pytest.raises(AssertionError, match="'double_by_uid': 1"):
            loop._verdict(loop.load.sent(), status)
    finally:
        loop.close()


def test_week_offline(tmp_path):
    report = Report(tmp_path, "week_offline", {})
    result = Week(report.work, 30_000, report).run()
    assert result["ingest"]["rows"] == 30_000 and result["drain"]["sent_twice"] < 30_000, result


KINDS = ("agent_killed", "sink_killed", "clock_jumps")


def test_soak(tmp_path):
    result = Soak(Report(tmp_path, "soak", {}), minutes=0.08, rate=500, seed=3, only=KINDS).run()
    assert result["messages"] > 1000 and sum(result["faults"].values()) >= 1, result


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([20] * 40, True), ([30] * 10 + [20] * 30, True), (list(range(100, 140)), False), ([20] * 5, False)],
)
def test_flat(values, verdict):
    assert flat(values, 0.1) is verdict


def test_what_an_interrupted_run_left_is_ended():
    """The run is killed, its child goes on: the next run ends it, and nothing of another session."""
    script = (
        "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as run:
        child = int(run.stdout.readline())
        run.kill()
        run.wait()
        assert end_orphans(run.pid) == [child]
    wait_until("nothing is left", lambda: not end_orphans(run.pid), 5)


def test_a_report_that_was_interrupted_is_resumed(tmp_path):
    Report(tmp_path, "x", {}).update(cycles_done=7)
    again = Report(tmp_path, "x", {})
    assert again.resumed and again.data["cycles_done"] == 7
    again.update(state="passed")
    assert not Report(tmp_path, "x", {}).resumed

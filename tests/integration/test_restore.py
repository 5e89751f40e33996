"""A server is set back to an older backup: reconcile and replay bring exactly what it lost (runbook 42, 43).

On the stand-in, and with FRAPPE_BENCH on a real site whose database is dumped and restored.
"""

import json
import signal

from tests.support.agent import agent_binary
from tests.support.process import Process
from tests.support.waiting import wait_until

FAST = ("--rate", 0, "--qos", 1, "--no-time-share", 0.5, "--devices", 20)


def send(rig, count, name):
    """So many readings, all on the server."""
    sent = rig.mock(*FAST, "--count", count, name=name).start().finish()
    rig.agent.wait_sent()
    return sent


def reconcile(rig, *arguments):
    done = rig.agent.cli(*arguments, "--json", timeout=180)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{rig.agent.process.tail()}"
    return json.loads(done.stdout)


def uids(rig):
    found = [row["edge_uid"] for row in rig.server.rows()]
    assert len(found) == len(set(found)), "a row is double"
    return set(found)


def test_reconcile_brings_exactly_what_a_restored_server_lost(rig_on):
    rig = rig_on
    rig.start()
    before = send(rig, 900, "before")
    backup = rig.server.dump()
    kept = uids(rig)
    after = send(rig, 700, "after")
    all_of_them = uids(rig)
    assert reconcile(rig, "reconcile")["missing"] == 0
    rig.server.restore(backup)
    assert uids(rig) == kept

    would = reconcile(rig, "reconcile", "--dry-run")
    assert (would["missing"], would["resent"]) == (700, 0)
    assert rig.agent.status()["server_lacks"] == 700
    assert "server_behind" in [reason["code"] for reason in rig.agent.status()["reasons"]]
    live = rig.mock("--rate", 200, "--count", 400, "--qos", 1, "--devices", 20, name="live").start()
    done = reconcile(rig, "reconcile")
    assert (done["state"], done["resent"]) == ("done", 700), done
    rig.wait_complete(before + after + live.finish())
    assert all_of_them <= uids(rig)
    assert rig.agent.status()["server_lacks"] == 0
    assert reconcile(rig, "reconcile")["missing"] == 0


def test_replay_of_a_range_and_of_all_of_it(rig_on):
    rig = rig_on
    rig.start()
    before = send(rig, 300, "before")
    backup = rig.server.dump()
    after = send(rig, 300, "after")
    rig.server.restore(backup)
    assert (
        reconcile(rig, "replay", "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00Z")["rows"]
        == 600
    )
    assert rig.agent.status()["pending"] == 0, "nothing of that day"
    assert reconcile(rig, "replay", "--since", "1h", "--dry-run")["missing"] == 300
    assert reconcile(rig, "replay", "--since", "1h")["resent"] == 300
    rig.wait_complete(before + after)
    again = reconcile(rig, "replay", "--since", "1h", "--all")
    assert again["resent"] == 600
    rig.wait_complete(before + after)  # to the server they are duplicates
    assert len(uids(rig)) == 600


def test_killed_half_way_and_run_again(rig):
    rig.start()
    backup = rig.server.dump()
    sent = send(rig, 9_000, "all")
    rig.server.restore(backup)
    rig.server.fault("slow", path="ingest.reconcile", seconds=1)
    # Three blocks differ: one answer for all, then one for each.
    command = start_cli(rig, "reconcile")
    wait_until("the first block is pending again", lambda: rig.agent.status()["pending"] > 0, 30)
    rig.agent.kill()
    command.wait(20)
    assert command.returncode != 0
    rig.server.clear()
    rig.agent.start()
    done = reconcile(rig, "reconcile")
    assert done["missing"] < 9_000, "some were marked before the kill"
    rig.wait_complete(sent)


def start_cli(rig, *arguments):
    process = Process(
        "cli", rig.folder, [agent_binary(), *arguments, "--config", rig.agent.config_file]
    ).start()
    return process._child


def test_an_interrupted_command_leaves_the_agent_at_it(rig):
    rig.start()
    backup = rig.server.dump()
    sent = send(rig, 600, "all")
    rig.server.restore(backup)
    rig.server.fault("slow", path="ingest.reconcile", seconds=2)
    command = start_cli(rig, "reconcile")
    wait_until("it is asked", lambda: rig.server.faults()[0]["hits"] > 0, 20)
    command.send_signal(signal.SIGINT)
    command.wait(10)
    rig.wait_rows(600)
    rig.wait_complete(sent)


def test_without_a_running_agent_it_says_so(rig):
    rig.start()
    rig.agent.stop()
    done = rig.agent.cli("reconcile")
    assert done.returncode == 1
    assert "no agent is running" in done.stderr


def test_weighings_and_tickets_come_back_too(bridge_on):
    bridge = bridge_on
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.4)
    bridge.add_serial_scale("ws1", "S1", line)
    bridge.start()
    backup = bridge.server.dump()
    number = bridge.open_ticket("ws1")
    for weight in ("38440", "14580"):
        bridge.wait_empty("ws1")
        mock.arrive(weight)
        bridge.capture(number)
        mock.leave()
    bridge.complete(number)
    bridge.wait_documents("scale_ticket", 1)
    before = [
        sorted(row["edge_uid"] for row in bridge.wait_documents(kind, count)) for kind, count in DOCUMENTS
    ]
    bridge.agent.wait_sent()
    bridge.server.restore(backup)
    assert not bridge.server.documents("weighing")
    done = reconcile(bridge, "reconcile")
    assert done["resent"] == 4, done
    bridge.agent.wait_sent()
    after = [sorted(row["edge_uid"] for row in bridge.server.documents(kind)) for kind, _ in DOCUMENTS]
    assert after == before
    bridge.check_alibi("ws1")


DOCUMENTS = (("weighing", 3), ("scale_ticket", 1))

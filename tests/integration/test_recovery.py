"""The store after damage, from a backup, and as a copy of itself: what was acknowledged reaches the server, once."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

ROWS = 200


def payload(number: int) -> str:
    return json.dumps({"metric": "temperature", "value": number % 40, "unit": "C", "n": number})


def fill(rig, first: int, count: int) -> None:
    before = rig.agent.counter("messages")
    for number in range(first, first + count):
        rig.publish(f"bin{number % 5 + 1}", payload(number))
    rig.agent.wait_messages(before + count)


def numbers(rig) -> Counter:
    return Counter(json.loads(row["raw_payload"])["n"] for row in rig.server.rows())


def state_of(rig) -> Path:
    return Path(rig.agent.sections["gateway"]["state_dir"])


def cut_in_half(database: Path) -> None:
    with database.open("r+b") as out:
        out.truncate(database.stat().st_size // 2)


def test_rows_of_a_file_cut_in_half_reach_the_server_once(rig):
    rig.start()
    fill(rig, 0, 20)
    rig.agent.wait_sent()
    rig.line.cut()
    fill(rig, 20, ROWS)
    rig.agent.kill()
    cut_in_half(state_of(rig) / "edge.sqlite")
    rig.agent.start()
    fill(rig, 1000, 10)  # work goes on in a new store
    status = rig.agent.status()
    assert status["provisional"] and status["store"]["corrupt_at"]
    rig.line.restore()
    wait_until("all rows of both stores", lambda: len(numbers(rig)) >= 20 + ROWS + 10, 60)
    assert set(numbers(rig).values()) == {1}
    status = rig.agent.wait_sent()
    assert status["store"]["recovery"]["put_back"] >= ROWS
    assert status["store"]["recovery"]["lost"] == 0
    assert list(state_of(rig).glob("corrupt-*/salvaged.txt"))
    assert rig.agent.cli("status").returncode in (0, 1)


def test_backup_while_it_runs_and_restore(rig, tmp_path):
    rig.start()
    rig.line.cut()
    fill(rig, 0, 50)
    backup = state_of(rig) / "backup.sqlite"
    done = rig.agent.cli("outbox", "backup", str(backup))
    assert done.returncode == 0 and "checked" in done.stdout, done
    assert backup.stat().st_mode & 0o777 == 0o600
    fill(rig, 50, 30)
    for refused in (("restore", str(backup)), ("compact",)):
        done = rig.agent.cli("outbox", *refused)
        assert done.returncode == 1 and "stop it first" in done.stderr, done
    epoch = rig.agent.status()["epoch"]
    rig.agent.stop()
    done = rig.agent.cli("outbox", "restore", str(backup))
    assert done.returncode == 0 and "replaced-" in done.stdout, done
    rig.agent.start()
    assert rig.agent.status()["epoch"] != epoch
    fill(rig, 80, 10)
    rig.line.restore()
    wait_until("rows before, after and since the backup", lambda: len(numbers(rig)) >= 90, 60)
    rig.agent.wait_sent()
    assert set(numbers(rig).values()) == {1}
    rig.agent.stop()
    done = rig.agent.cli("outbox", "compact")
    assert done.returncode == 0 and "before" in done.stdout, done
    rig.agent.start()
    assert rig.agent.status()["pending"] == 0


def test_a_backup_without_a_running_agent(rig):
    rig.start()
    fill(rig, 0, 5)
    rig.agent.stop()
    backup = state_of(rig) / "cold.sqlite"
    assert rig.agent.cli("outbox", "backup", str(backup)).returncode == 0
    again = rig.agent.cli("outbox", "backup", str(backup))
    assert again.returncode == 1 and "already" in again.stderr, again


def test_a_copied_state_directory_takes_an_epoch_of_its_own(rig):
    if not Path("/etc/machine-id").exists() or len(Path("/etc/machine-id").read_text().strip()) != 32:
        pytest.skip("this machine has no machine-id: nothing is claimed")
    rig.start()
    fill(rig, 0, 5)
    epoch = rig.agent.wait_sent()["epoch"]
    rig.agent.stop()
    rig.agent.start()
    assert rig.agent.status()["epoch"] == epoch, "an ordinary restart keeps its epoch"
    rig.agent.stop()
    state = state_of(rig)
    shutil.copytree(state, state.with_name("copy"))
    shutil.rmtree(state)
    state.with_name("copy").rename(state)
    rig.agent.start()
    status = rig.agent.status()
    assert status["epoch"] != epoch
    assert "another" in status["store"]["recovery"]["notice"]

"""The same recorded file sent again adds nothing: once through the same store (the agent's window), once through an
empty one, which knows nothing (the server's key)."""

import shutil
import time
from pathlib import Path

import pytest

from tests.integration.test_replay import POLICY, SERIES, SHORT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(not SERIES, reason="EDGE_SERIES names no folder with recorded series")


def replay(rig, name: str, count: int, run: int) -> float:
    """Sends the file and waits until the agent has nothing left; the messages per second it made durable."""
    options = [
        "--replay",
        Path(SERIES) / f"{name}.csv",
        "--device",
        "bin1",
        "--unit",
        "F",
        "--rate",
        0,
        "--qos",
        2,
    ]
    before = rig.agent.counter("messages")
    start = time.monotonic()
    mock = rig.mock(*options, "--count", count, name=f"mock-iot-{run}").start()
    sent = mock.finish()
    assert len(sent) == count
    wait_until("all at the agent", lambda: rig.agent.counter("messages") == before + count, 60, 0.05)
    rate = count / (time.monotonic() - start)
    rig.agent.wait_sent(900)
    return rate


@pytest.mark.parametrize("name", ["ambient_temperature", "machine_temperature"])
def test_a_series_sent_again_adds_nothing(rig_on, name, long_run):
    rig = rig_on
    count = len((Path(SERIES) / f"{name}.csv").read_text().splitlines()) - 1 if long_run else SHORT
    rig.server.set_policy(**POLICY)
    rig.agent.sections["convert"] = [{"metric": "temperature", "from": "F", "to": "C"}]
    rig.start()
    wait_until("policies pulled", lambda: rig.agent.status()["policy"]["version"], 15)
    rate = replay(rig, name, count, 1)
    print(
        f"{name}: {count} messages, {rate:.0f} messages/s from the start of the sender to the commit of the last"
    )
    first = {row["edge_uid"] for row in rig.server.rows()}
    assert len(first) == len(rig.server.rows()) == count

    replay(rig, name, count, 2)
    assert rig.agent.counter("duplicate") == count, "the window of the same store knows them all"
    assert {row["edge_uid"] for row in rig.server.rows()} == first

    assert rig.agent.stop() == 0
    shutil.rmtree(rig.agent.sections["gateway"]["state_dir"])
    rig.agent.start()
    replay(rig, name, count, 3)
    assert rig.agent.counter("duplicate") == 0, "an empty store knows none of them"
    rows = rig.server.rows()
    assert len(rows) == count
    assert {row["edge_uid"] for row in rows} == first

"""A store that is full while the server is away: the newest come in, flagged rows stay, and gap records say what went."""

import json
import time

from tests.support.journal import compare
from tests.support.rig import total
from tests.support.waiting import wait_until

LOAD = ("--qos", 2, "--rate", 0, "--no-time-share", 0, "--devices", 20)


def publish_hot(rig, first: int, count: int) -> None:
    """Quarantine readings of bin3, each of another minute: rows that may neither be folded nor go."""
    for n in range(first, first + count):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400 + 61 * n))
        rig.publish("bin3", json.dumps({"metric": "temperature", "value": 50 + n, "unit": "C", "ts": at}))


def test_a_full_store_keeps_flagged_rows_and_says_what_went(rig):
    rig.agent.sections["store"]["max_bytes"] = "24MiB"
    rig.start()
    wait_until("the policies", lambda: rig.agent.status()["policy"]["version"], 20)
    rig.line.cut()
    publish_hot(rig, 0, 40)
    early = rig.mock(*LOAD, "--count", 30_000, name="early").start().finish(120)
    rig.agent.wait_messages(30_040, 120)
    rig.agent.kill()  # in the middle of thinning, or nearly so
    rig.agent.start()
    late = rig.mock(*LOAD, "--count", 30_000, "--seed", 2, name="late").start().finish(120)
    publish_hot(rig, 40, 40)
    wait_until("all in", lambda: rig.agent.status()["conservation"]["readings"]["total"] >= 60_080, 120)
    full = rig.agent.status()
    assert full["conservation"]["adds_up"], full["conservation"]
    assert full["store"]["bytes"] <= full["store"]["max_bytes"]
    assert full["conservation"]["readings"]["thinned"] > 1_000, full["conservation"]
    assert 'edge_readings_thinned_total{reason="ok"}' in rig.agent.get("/metrics")[1]
    assert "thinned" in rig.agent.cli("status").stdout
    rig.line.restore()
    rig.agent.poke()
    status = rig.agent.wait_sent(120)
    rows, gaps = rig.rows(), rig.server.documents("gap")
    counted = status["conservation"]["readings"]
    assert sum(gap["count"] for gap in gaps) == counted["thinned"]
    assert {gap["reason"] for gap in gaps} <= {"thinned_ok", "thinned_warning", "thinned_invalid"}
    stand_for = sum(row["fold_count"] or 1 for row in rows)
    assert stand_for + counted["thinned"] == 60_080 == counted["total"] - status["counters"]["documents"]
    hot = [row for row in rows if row["device_text"] == "bin3" and row["value"] >= 50]
    assert sorted(row["value"] for row in hot) == [50 + n for n in range(80)]
    lost, double = compare([*early, *late], [row for row in rows if row["device_text"] != "bin3"])
    assert (total(lost), total(double)) == (counted["thinned"] + counted["folded"], 0)
    newest = {row["edge_uid"] for row in rows}
    assert len(newest) == len(rows)
    assert total(compare(late[-1_000:], rows)[0]) == 0, "the newest came in"

"""A store that is full while the server is away: the newest come in, flagged rows stay, and gap records say what went."""

import json
import subprocess
import time

from tests.support.waiting import wait_until

PAD = "x" * 3_000  # of a payload: the smallest store allowed is full after 25,000 of them
FLOOD = 15_000
HOT = 40
DAY_S = 86_400


def payloads(first: int, count: int, value: float, step_s: float, pad: str = "") -> list[str]:
    """JSON lines with a number of their own in "n", each `step_s` after the one before."""
    lines = []
    for n in range(first, first + count):
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - DAY_S + step_s * n))
        reading = {"metric": "temperature", "value": value, "unit": "C", "ts": f"{at}Z", "n": n, "pad": pad}
        lines.append(json.dumps(reading))
    return lines


def publish(rig, device: str, lines: list[str]) -> None:
    """One message a line, each acknowledged by the broker."""
    topic = f"yam/{rig.server.site}/{device}/observation"
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(rig.broker.port), "-t", topic, "-q", "1", "-l"]
    subprocess.run(command, input="\n".join(lines).encode(), check=True, timeout=120)


def numbers(rows: list[dict], device: str) -> list[int]:
    return sorted(json.loads(row["raw_payload"])["n"] for row in rows if row["device_text"] == device)


def test_a_full_store_keeps_flagged_rows_and_says_what_went(rig):
    rig.agent.sections["store"]["max_bytes"] = "128MiB"
    rig.start()
    wait_until("the policies", lambda: rig.agent.status()["policy"]["version"], 20)
    rig.line.cut()
    publish(rig, "bin3", payloads(0, HOT, 50, 61))  # Quarantine, each of another minute
    publish(rig, "bin1", payloads(0, FLOOD, 20, 1, PAD))
    rig.agent.wait_messages(HOT + FLOOD, 120)
    publish(rig, "bin1", payloads(FLOOD, FLOOD, 20, 1, PAD))
    rig.agent.kill()  # in the middle of thinning, or nearly so
    rig.agent.start()
    publish(rig, "bin3", payloads(HOT, HOT, 50, 61))
    count = 2 * (HOT + FLOOD)
    wait_until("all in", lambda: rig.agent.status()["conservation"]["readings"]["total"] >= count, 120)
    full = rig.agent.status()
    assert full["conservation"]["adds_up"], full["conservation"]
    assert full["store"]["bytes"] <= full["store"]["max_bytes"]
    thinned = wait_until("thinned", lambda: rig.agent.status()["conservation"]["readings"]["thinned"], 30)
    assert thinned > 1_000
    assert 'edge_readings_thinned_total{reason="ok"}' in rig.agent.get("/metrics")[1]
    assert f"{thinned} thinned" in rig.agent.cli("status").stdout
    rig.line.restore()
    rig.agent.poke()
    status = rig.agent.wait_sent(240)
    rows, gaps = rig.rows(), rig.server.documents("gap")
    counted = status["conservation"]["readings"]
    assert numbers(rows, "bin3") == list(range(2 * HOT)), "each flagged row arrived, once"
    arrived = numbers(rows, "bin1")
    assert len(set(arrived)) == len(arrived), "none twice"
    missing = sorted(set(range(2 * FLOOD)) - set(arrived))
    assert len(missing) == counted["thinned"] == sum(gap["count"] for gap in gaps)
    stayed = set(range(missing[-1])) - set(missing)
    # Handed out: the batch under way, the one made ready behind it, one of the live lane.
    assert len(stayed) <= 1_500, "the oldest went but for what was handed out, the newest came in"
    assert {gap["reason"] for gap in gaps} == {"thinned_ok"}
    assert {gap["device_text"] for gap in gaps} == {"bin1"}
    assert counted["total"] == len(rows) + len(gaps) + counted["thinned"] + counted["duplicate"]

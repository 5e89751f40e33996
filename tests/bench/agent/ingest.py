"""MQTT QoS 1 on 50 topics → judged → stored → HTTP sink: the agent and its peers, in interleaved rounds."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from tests.bench.agent.measure import BenchBroker, Sink, run_tool, wait_for
from tests.bench.agent.subjects import AgentSubject, PahoSubject, PythonSubject, TelegrafSubject


def fresh(folder: Path) -> Path:
    """Empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def one_round(subject: Any, folder: Path, count: int) -> dict[str, float]:
    """`count` messages as fast as the broker takes them, until the sink has the last."""
    fresh(folder)
    broker, sink = BenchBroker(folder), Sink()
    child = subject.start(folder, broker.port, sink.url)
    try:
        time.sleep(0.5)
        cpu = child.cpu_s()
        begin = time.time() * 1000
        published = run_tool("mqtt-blast", "--port", broker.port, "--count", count)
        stats = sink.wait_rows(count, 300)
        seconds = (stats["last_row_at"] - begin) / 1000
        return {
            "per_s": count / seconds,
            "cpu_s_per_100k": (child.cpu_s() - cpu) / count * 1e5,
            "rss_mb": child.memory_mb("VmHWM"),
            "rows": stats["rows"],
            "published_per_s": published["per_s"],
        }
    finally:
        child.stop()
        sink.stop()
        broker.stop()


def bare_paho(folder: Path, count: int) -> dict[str, float]:
    """What this broker gives to a subscriber that forgets."""
    fresh(folder)
    broker = BenchBroker(folder)
    child = PahoSubject().start(folder, broker.port, count)
    try:
        run_tool("mqtt-blast", "--port", broker.port, "--count", count)
        wait_for("the last message", lambda: "per_s" in child.log.read_text(), 120)
        result: dict[str, float] = json.loads(child.log.read_text().splitlines()[-1])
        return result
    finally:
        child.stop()
        broker.stop()


def bare_curl(count: int) -> dict[str, float]:
    """Prebuilt batches to the same sink."""
    sink = Sink()
    try:
        return run_tool("bare-peers", "curl", sink.url, "--count", count)
    finally:
        sink.stop()


def bare_sqlite(folder: Path, count: int) -> dict[str, float]:
    """Batches of 500, synchronous NORMAL as the agent's default."""
    return run_tool("bare-peers", "sqlite", fresh(folder) / "bare.sqlite", "--count", count)


def disk(folder: Path) -> dict[str, float]:
    """Time of a sync here."""
    return run_tool("bare-peers", "fsync", fresh(folder) / "sync", "--count", 500)


def run(folder: Path, rounds: int, scale: float) -> dict[str, Any]:
    """Every round of every subject; Telegraf and Python where they are installed."""
    plan: list[tuple[Any, int]] = [
        (AgentSubject(), 150_000),
        (AgentSubject("power-cut"), 30_000),
        (AgentSubject(gzip=True), 100_000),
    ]
    if TelegrafSubject.binary():
        plan += [(TelegrafSubject("memory"), 150_000), (TelegrafSubject("disk"), 12_000)]
    plan.append((PythonSubject(), 50_000))
    results: dict[str, Any] = {}
    for number in range(rounds):
        for subject, count in plan:
            try:
                done = one_round(subject, folder / "ingest", int(count * scale))
            except AssertionError as trouble:
                results.setdefault("trouble", {})[subject.name] = str(trouble)[-500:]
                continue
            print(f"  round {number + 1}: {subject.name:<24} {done['per_s']:8.0f} msg/s", flush=True)
            results.setdefault(subject.name, []).append(done)
        more = {
            "bare Paho subscriber": bare_paho(folder / "ingest", int(150_000 * scale)),
            "bare libcurl poster": bare_curl(int(1_500_000 * scale)),
            "bare SQLite batches": bare_sqlite(folder / "ingest", int(500_000 * scale)),
            "sync of 4 KiB": disk(folder / "ingest"),
        }
        for name, done in more.items():
            results.setdefault(name, []).append(done)
    if not TelegrafSubject.binary():
        results.setdefault("trouble", {})["Telegraf"] = "not installed (TELEGRAF or PATH)"
    return results

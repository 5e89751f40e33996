"""A backlog of days goes out: rows a second, what live rows wait meanwhile, memory, the first row after a start."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.bench.agent.ingest import fresh
from tests.bench.agent.measure import BenchBroker, Child, Sink, run_tool, tool, wait_for
from tests.bench.agent.subjects import agent_config, start_agent

LIVE_PER_S = 100


def run(folder: Path, rows: int) -> dict[str, Any]:
    """Fills a store, starts the agent on it, sends live messages until the backlog is gone."""
    fresh(folder)
    filled = run_tool("fill-store", folder / "state", "--rows", rows, "--max-bytes", 4 << 30)
    store_bytes = sum(file.stat().st_size for file in (folder / "state").glob("edge.sqlite*"))
    opened = run_tool("fill-store", folder / "state", "--rows", 0)
    broker, sink = BenchBroker(folder), Sink("--latency")
    config = agent_config(folder, broker.port, sink.url)
    sink.post("/live")
    started = time.time() * 1000
    child = start_agent(folder, config)
    live = None
    try:
        wait_for("the agent's subscription", lambda: child.says("connected and subscribed"), 20)
        count = 2000 * LIVE_PER_S
        live = Child(
            "live",
            folder,
            [tool("mqtt-blast"), "--port", broker.port, "--rate", LIVE_PER_S, "--count", count],
        )
        peak = 0.0
        stats = sink.stats()
        while stats["rows"] - stats["live_rows"] < rows:
            assert time.time() * 1000 - started < 600_000, f"the backlog does not go out: {stats}"
            time.sleep(0.1)
            peak = max(peak, child.memory_mb())
            stats = sink.stats()
        # The clock of the rate: the first row out to the last of the backlog; up to 0.1 s too long.
        seconds = (stats["last_row_at"] - stats["first_row_at"]) / 1000
        return {
            "rows": rows,
            "per_s": rows / seconds,
            "seconds": seconds,
            "live_rows": stats["live_rows"],
            "live_p50_ms": stats["live_p50_ms"],
            "live_p99_ms": stats["live_p99_ms"],
            "live_max_ms": stats["live_max_ms"],
            "first_row_ms": stats["first_row_at"] - started,
            "open_ms": opened["open_ms"],
            "rss_peak_mb": max(peak, child.memory_mb("VmHWM")),
            "cpu_s_per_100k": child.cpu_s() / rows * 1e5,
            "fill_per_s": filled["rows_per_s"],
            "bytes_per_row": store_bytes / rows,
        }
    finally:
        if live:
            live.stop()
        child.stop()
        sink.stop()
        broker.stop()


def idle(folder: Path, seconds: float) -> dict[str, float]:
    """50 sensors, a point every 10 s each."""
    fresh(folder)
    broker, sink = BenchBroker(folder), Sink()
    child = start_agent(folder, agent_config(folder, broker.port, sink.url))
    live = None
    try:
        wait_for("the agent's subscription", lambda: child.says("connected and subscribed"), 20)
        command = [tool("mqtt-blast"), "--port", broker.port, "--rate", 5, "--count", int(5 * seconds + 50)]
        live = Child("live", folder, command)
        time.sleep(5)
        cpu, begin = child.cpu_s(), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - begin
        return {
            "rss_mb": child.memory_mb(),
            "rss_peak_mb": child.memory_mb("VmHWM"),
            "cpu_percent": (child.cpu_s() - cpu) / took * 100,
        }
    finally:
        if live:
            live.stop()
        child.stop()
        sink.stop()
        broker.stop()

"""The one table: figures, ratios, targets."""

from __future__ import annotations

import statistics
from typing import Any

Line = tuple[str, str, str, str]
BARE = ("bare Paho subscriber", "bare libcurl poster", "bare SQLite batches")


def median(rounds: list[dict[str, float]], key: str) -> float:
    """Of the rounds; 0 where none has it."""
    values = [one[key] for one in rounds if key in one]
    return statistics.median(values) if values else 0.0


def verdict(value: float, target: float, *, most: bool = False) -> str:
    """The target and whether it is met."""
    met = value <= target if most else value >= target
    return f"{'≤' if most else '≥'} {target:g} {'met' if met else 'MISSED'}"


def ingest_lines(results: dict[str, Any]) -> list[Line]:
    """Agent, peers, bare libraries."""
    agent = results.get("agent", [])
    speed, cpu = median(agent, "per_s"), median(agent, "cpu_s_per_100k")
    targets = {"Telegraf, memory buffer": 1.0, "Telegraf, disk buffer": 5.0, "Python, group commit": 2.0}
    lines: list[Line] = []
    for name, rounds in results.items():
        if name in ("trouble", "sync of 4 KiB"):
            continue
        rate = median(rounds, "per_s")
        span = f"{min(one['per_s'] for one in rounds):,.0f}–{max(one['per_s'] for one in rounds):,.0f}"
        cost = f"{median(rounds, 'cpu_s_per_100k'):.2f} CPU-s/100k"
        memory = median(rounds, "rss_mb")
        figure = f"{rate:,.0f}/s ({span}), {cost}" + (f", {memory:.0f} MB" if memory else "")
        ratio = f"agent is {speed / rate:.2f} ×" if rate and name != "agent" else ""
        wanted = verdict(speed / rate, targets[name]) if name in targets and rate else ""
        lines.append((f"ingest: {name}", figure, ratio, wanted))
        if name == "Telegraf, memory buffer":
            share = cpu / median(rounds, "cpu_s_per_100k")
            lines.append(
                (
                    "ingest: CPU of the agent",
                    f"{cpu:.2f} CPU-s/100k",
                    f"{share:.2f} × Telegraf",
                    verdict(share, 0.75, most=True),
                )
            )
    sync = results.get("sync of 4 KiB", [])
    lines.append(
        (
            "this disk: append 4 KiB + sync",
            f"p50 {median(sync, 'p50_us'):.0f} µs, p99 {median(sync, 'p99_us'):.0f} µs",
            "",
            "",
        )
    )
    lines += [(f"ingest: {name}", why, "", "") for name, why in results.get("trouble", {}).items()]
    return lines


def drain_lines(one: dict[str, float]) -> list[Line]:
    """The backlog."""
    return [
        (f"drain of {one['rows']:,} rows", f"{one['per_s']:,.0f} rows/s, {one['cpu_s_per_100k']:.2f} CPU-s/100k", "", verdict(one["per_s"], 150_000)),
        ("live rows meanwhile, p99", f"{one['live_p99_ms']:.0f} ms (p50 {one['live_p50_ms']:.0f}, max {one['live_max_ms']:.0f}, {one['live_rows']} rows)", "", verdict(one["live_p99_ms"], 200, most=True)),
        ("first row out after the start", f"{one['first_row_ms']:.0f} ms (opening the store {one['open_ms']:.1f})", "", verdict(one["first_row_ms"], 200, most=True)),
        ("RSS peak while draining", f"{one['rss_peak_mb']:.1f} MB", "", verdict(one["rss_peak_mb"], 32, most=True)),
        ("disk per stored observation", f"{one['bytes_per_row']:.0f} bytes", "", verdict(one["bytes_per_row"], 200, most=True)),
        ("store: appends of 500 rows", f"{one['fill_per_s']:,.0f} rows/s", "", ""),
    ]  # fmt: skip


def idle_lines(one: dict[str, float]) -> list[Line]:
    """50 sensors, 5 messages a second."""
    return [
        ("idle: RSS", f"{one['rss_mb']:.1f} MB", "", verdict(one["rss_mb"], 25, most=True)),
        ("idle: CPU", f"{one['cpu_percent']:.2f} %", "", verdict(one["cpu_percent"], 1, most=True)),
    ]


def modbus_lines(one: dict[str, float]) -> list[Line]:
    """One TCP connection, 20 registers."""
    share = one["source_per_s"] / one["bare_per_s"]
    return [
        ("Modbus TCP: bare libmodbus loop", f"{one['bare_per_s']:,.0f} polls/s, {one['bare_cpu_us']:.1f} µs CPU", "", ""),
        ("Modbus TCP: the agent's source", f"{one['source_per_s']:,.0f} polls/s, {one['source_cpu_us']:.1f} µs CPU", f"{share:.2f} × bare", verdict(share, 0.9)),
        ("Modbus TCP: judged and stored too", f"{one['stored_per_s']:,.0f} polls/s, {one['stored_cpu_us']:.1f} µs CPU", f"{one['stored_per_s'] / one['bare_per_s']:.2f} × bare", ""),
    ]  # fmt: skip


def text(results: dict[str, Any]) -> str:
    """For a terminal and for docs/performance.md."""
    lines: list[Line] = [("what", "figure", "ratio", "target"), ("---", "---", "---", "---")]
    for part, of in (
        ("ingest", ingest_lines),
        ("drain", drain_lines),
        ("idle", idle_lines),
        ("modbus", modbus_lines),
    ):
        if part in results:
            lines += of(results[part])
    about = results["machine"]
    foot = (
        f"{about['cpu']}, {about['cores']} cores, Linux {about['kernel']}, commit {about['commit']}; load before "
        f"{about['load_before']}, after {about.get('load_after')}; {about.get('minutes')} minutes."
    )
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{foot}"

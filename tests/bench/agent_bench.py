"""How fast the agent is: ingest, drain, idle, Modbus; one table with ratios made in the same run.

    cmake --preset release && cmake --build --preset release
    TELEGRAF=/path/to/telegraf BENCH_PYTHON=/path/to/python .venv/bin/python tests/bench/agent_bench.py

Peers that are not installed are left out and the table says so. Figures of one run, interleaved rounds, medians;
docs/performance.md says how they are made. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.agent import drain, ingest, table
from tests.bench.agent.measure import machine, run_tool


def modbus(folder: Path, rounds: int) -> dict[str, float]:
    """Medians of a bare loop and of the agent's source, in turn."""
    done = [run_tool("modbus-bench", ingest.fresh(folder / "modbus"), "--seconds", 1) for _ in range(rounds)]
    return {
        f"{name}_{key}": statistics.median(one[name][key] for one in done)
        for name in ("bare", "source", "stored")
        for key in ("per_s", "cpu_us")
    }


def main() -> int:
    """Prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the ingest part")
    parser.add_argument("--scale", type=float, default=1.0, help="messages and rows times this")
    parser.add_argument("--only", default="ingest,drain,idle,modbus", help="parts, comma between")
    parser.add_argument(
        "--folder", type=Path, help="where databases go (its disk is measured); default: a new one"
    )
    parser.add_argument("--json", type=Path, default=Path("build/agent_bench.json"), help="result file")
    options = parser.parse_args()
    parts = options.only.split(",")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        results: dict[str, Any] = {"machine": machine()}
        if "ingest" in parts:
            results["ingest"] = ingest.run(folder, options.rounds, options.scale)
        if "drain" in parts:
            results["drain"] = drain.run(folder / "drain", int(3_000_000 * options.scale))
        if "idle" in parts:
            results["idle"] = drain.idle(folder / "idle", 20)
        if "modbus" in parts:
            results["modbus"] = modbus(folder, options.rounds)
    results["machine"]["load_after"] = [round(load, 2) for load in os.getloadavg()]
    results["machine"]["minutes"] = round((time.monotonic() - begin) / 60, 1)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results, indent=1))
    print(table.text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How the store's cost grows with rows pending, rows a transaction and devices: measures, and draws docs/performance/.

cmake --build --preset release
BENCH_PYTHON needs tests/bench/requirements.txt:  python tests/bench/growth.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.agent import drain
from tests.bench.agent.measure import ROOT, run_tool

PENDING = (0, 100_000, 300_000, 1_000_000, 3_000_000)
BATCHES = (1, 8, 64, 500)
DEVICES = (1, 50, 1000)
ADDED = 50_000
LIMIT = 4 << 30


def appends(folder: Path) -> list[dict[str, Any]]:
    """Rows a second of ADDED rows on top of so many, for each size of transaction; and the time to open the store."""
    done: list[dict[str, Any]] = []
    rows = 0
    for pending in PENDING:
        if pending > rows:
            run_tool("fill-store", folder, "--rows", pending - rows, "--max-bytes", LIMIT)
            rows = pending
        for batch in BATCHES:
            one = run_tool("fill-store", folder, "--rows", ADDED, "--batch", batch, "--max-bytes", LIMIT)
            rows += ADDED
            done.append(
                {"pending": pending, "batch": batch, "per_s": one["rows_per_s"], "open_ms": one["open_ms"]}
            )
    return done


def devices(folder: Path) -> list[dict[str, Any]]:
    """Rows a second by number of devices, 500 a transaction."""
    return [
        {
            "devices": count,
            "per_s": run_tool("fill-store", folder / str(count), "--rows", 300_000, "--devices", count)[
                "rows_per_s"
            ],
        }
        for count in DEVICES
    ]


def draw(results: dict[str, Any], to: Path) -> None:
    """Two small pictures."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    to.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(6, 3.2))
    for batch in BATCHES:
        line = [one for one in results["appends"] if one["batch"] == batch]
        axes.plot(
            [one["pending"] / 1e6 for one in line],
            [one["per_s"] / 1e3 for one in line],
            "o-",
            label=f"{batch}",
        )
    axes.set(xlabel="million rows pending", ylabel="thousand rows/s appended", ylim=(0, None))
    axes.legend(title="rows a transaction", fontsize="small")
    figure.tight_layout()
    figure.savefig(to / "appends.svg")
    figure, axes = plt.subplots(figsize=(6, 3.2))
    line = results["drains"]
    axes.plot([one["rows"] / 1e6 for one in line], [one["per_s"] / 1e3 for one in line], "o-")
    axes.set(xlabel="million rows pending at the start", ylabel="thousand rows/s sent", ylim=(0, None))
    figure.tight_layout()
    figure.savefig(to / "drain.svg")


def main() -> int:
    """Measures, writes, draws."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name)
        results: dict[str, Any] = {
            "appends": appends(folder / "appends"),
            "devices": devices(folder / "devices"),
            "drains": [drain.run(folder / "drain", rows) for rows in PENDING[1:]],
        }
    file = ROOT / "build" / "growth.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results, indent=1))
    draw(results, ROOT / "docs" / "performance")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

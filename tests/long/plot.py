"""Memory and open files of a soak as a picture. Needs matplotlib (tests/long/requirements.txt); without it, none."""

import csv
from pathlib import Path


def plot(samples: Path, picture: Path) -> bool:
    """False where matplotlib is missing or there is nothing to show."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with samples.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows:
        return False
    minutes = [float(row["seconds"]) / 60 for row in rows]
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(9, 5))
    above.plot(minutes, [int(row["rss_kib"]) / 1024 for row in rows], linewidth=0.8)
    above.set_ylabel("RSS, MiB")
    below.plot(minutes, [int(row["open_files"]) for row in rows], linewidth=0.8)
    below.set_ylabel("open files")
    below.set_xlabel("minutes")
    for axes in (above, below):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture, dpi=120)
    pyplot.close(figure)
    return True

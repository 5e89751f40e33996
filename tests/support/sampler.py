"""Memory and open files of a process over time, as CSV; and whether they are flat."""

import csv
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

Pid = Callable[[], int | None]


def rss_kib(pid: int) -> int | None:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def open_files(pid: int) -> int | None:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


class Sampler:
    """Appends one line each `every` seconds: seconds since the start, pid, RSS in KiB, open files."""

    def __init__(self, file: Path, pid: Pid, every: float = 5):
        self.file, self.pid, self.every = Path(file), pid, every
        self.rows: list[tuple[float, int, int, int]] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._begin = time.monotonic()

    def start(self) -> "Sampler":
        if not self.file.exists():
            self.file.write_text("seconds,pid,rss_kib,open_files\n")
        self._thread.start()
        return self

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def peak_rss_mib(self) -> float:
        return round(max((row[2] for row in self.rows), default=0) / 1024, 1)

    def _run(self) -> None:
        while not self._end.wait(self.every):
            pid = self.pid()
            if pid is None:
                continue
            rss, files = rss_kib(pid), open_files(pid)
            if rss is None or files is None:
                continue  # killed in between
            row = (round(time.monotonic() - self._begin, 1), pid, rss, files)
            self.rows.append(row)
            with self.file.open("a", newline="") as out:
                csv.writer(out).writerow(row)


def flat(values: list[int], tolerance: float) -> bool:
    """The median of the last quarter is not above that of the second quarter by more than that share. The first quarter
    is the warm-up. Fewer than 8 samples say nothing: not flat."""
    if len(values) < 8:
        return False
    quarter = len(values) // 4
    early, late = median(values[quarter : 2 * quarter]), median(values[-quarter:])
    return late <= early * (1 + tolerance)

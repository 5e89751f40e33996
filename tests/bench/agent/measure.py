"""Processes of a benchmark: what they cost, the sink, a broker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.broker import find_mosquitto
from tests.support.process import ROOT
from tests.support.waiting import free_port, listens

TICKS = os.sysconf("SC_CLK_TCK")


def build_dir() -> Path:
    """Always the release build: a figure of another one means nothing."""
    return ROOT / "build" / "release"


def tool(name: str) -> str:
    """A program of tests/bench/tools."""
    found = build_dir() / "tests" / "bench" / "tools" / name
    assert found.exists(), f"{found} is missing: cmake --build --preset release"
    return str(found)


def run_tool(name: str, *arguments: object, timeout: float = 300) -> dict[str, Any]:
    """Its JSON."""
    command = [tool(name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def wait_for(what: str, probe: Callable[[], bool], timeout: float, every: float = 0.05) -> None:
    """Until the probe says yes."""
    end = time.monotonic() + timeout
    while not probe():
        assert time.monotonic() < end, f"{what} did not happen within {timeout:g} s"
        time.sleep(every)


class Child:
    """A program with its output in a file, and what it has cost so far."""

    def __init__(self, name: str, folder: Path, command: list[object], env: dict[str, str] | None = None):
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
            )

    def cpu_s(self) -> float:
        """User and system time, all threads."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, key: str = "VmRSS") -> float:
        """Now, or with VmHWM the most so far."""
        for line in Path(f"/proc/{self._child.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def running(self) -> bool:
        """Not ended."""
        return self._child.poll() is None

    def says(self, text: str) -> bool:
        """It stands in the output."""
        assert self.running(), f"it ended: {self.log.read_text()[-2000:]}"
        return text in self.log.read_text(errors="replace")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        if not self.running():
            return
        self._child.terminate()
        try:
            self._child.wait(15)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def bench_config() -> dict[str, Any]:
    """The message of gateway.config: dev1 to dev50, and one policy that every message is judged by."""
    bounds = {"warning": ["10", "30"], "critical": ["5", "35"], "valid": ["-40", "85"]}
    policy = {
        "name": "Bench",
        "version": "1771500000000",
        "site": "silo-a",
        "type": "temperature",
        "unit": "C",
    }
    devices = [
        {"site": "silo-a", "device": f"dev{n}", "device_type": "Temperature Sensor", "status": "Active"}
        for n in range(1, 51)
    ]
    head = {"version": "bench-1", "gateway": "gw-test", "epoch": "1", "time_zone": "UTC"}
    empty = ("tolerances", "reporting", "orders", "vehicles", "operators", "lots")
    sites = [{"site": "silo-a", "name": "Bench"}]
    lists = {"sites": sites, "devices": devices, "policies": [policy | bounds]}
    return {**head, **lists, **{key: [] for key in empty}}


class Sink:
    """fault-sink on a port of its own, that only counts."""

    def __init__(self, *options: object):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as config:  # read before the port is told
            json.dump(bench_config(), config)
            config.flush()
            command = [
                build_dir() / "tests" / "tools" / "fault-sink",
                "--count-only",
                "--config",
                config.name,
            ]
            self._child = subprocess.Popen(
                [*map(str, command), *map(str, options)], stdout=subprocess.PIPE, text=True
            )
            assert self._child.stdout is not None
            self.port = int(self._child.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def stats(self) -> dict[str, int]:
        """What arrived."""
        with urllib.request.urlopen(self.url + "/stats", timeout=10) as answer:
            return json.loads(answer.read())

    def post(self, path: str) -> None:
        """An order."""
        urllib.request.urlopen(urllib.request.Request(self.url + path, b""), timeout=10).read()

    def wait_rows(self, count: int, timeout: float) -> dict[str, int]:
        """The state in which so many have arrived."""
        wait_for(f"{count} rows at the sink", lambda: self.stats()["rows"] >= count, timeout, 0.1)
        return self.stats()

    def stop(self) -> None:
        """The end."""
        self._child.kill()
        self._child.wait()


class BenchBroker:
    """Persistence on as shipped, nothing dropped; written at the end and every half an hour, as Debian's default."""

    def __init__(self, folder: Path):
        self.port = free_port()
        data = folder / "mosquitto-data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        conf = folder / "mosquitto.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\n"
            f"persistence_location {data}/\nmax_queued_messages 0\nmax_inflight_messages 1000\n"
            "log_dest stderr\nlog_type error\n"
        )
        self._child = Child("mosquitto", folder, [find_mosquitto(), "-c", conf])
        wait_for("the broker's port", lambda: listens(self.port), 10)

    def stop(self) -> None:
        """The end."""
        self._child.stop()


def machine() -> dict[str, Any]:
    """What the figures were made on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown",
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": os.uname().release,
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "commit": subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip(),
    }

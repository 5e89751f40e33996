"""Seven days offline in compressed time: 3 million rows with the server gone, two restarts in the middle, then back.

Rows in = rows out, by uid and by content; the agent's own sums hold at every sampled moment; memory while draining, disk
a row, the drain's rate and the time to the first row after the restart are measured.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.long.report import LONG, Report, carry_out
from tests.support.agent import Agent
from tests.support.broker import Broker
from tests.support.fault_sink import FaultSink
from tests.support.journal import mock_iot_binary
from tests.support.sampler import Sampler
from tests.support.waiting import wait_until

ROWS = 3_000_000  # 7 days of 50 points each 10 s: 3,024,000
DEVICES = 50


class Audit(threading.Thread):
    """Asks for the sums every few seconds; remembers each that does not hold, and how many were asked."""

    def __init__(self, agent: Agent, every: float):
        super().__init__(daemon=True)
        self.agent, self.every = agent, every
        self.asked, self.broken = 0, []
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(self.every):
            status = self.agent.ask("status", 60)
            if status is None:
                continue
            self.asked += 1
            if not status["conservation"]["adds_up"]:
                self.broken.append(status["conservation"])

    def stop(self) -> None:
        self._end.set()
        self.join()


class Week:
    """One folder: broker, agent and sink. The sink is started last."""

    def __init__(self, folder: Path, rows: int, report: Report):
        self.rows, self.report = rows, report
        self.folder = Path(folder)
        devices = [f"dev{n}" for n in range(1, DEVICES + 1)]
        self.broker = Broker(self.folder / "broker")
        self.sink = FaultSink(self.folder / "sink", devices, ledger=False)
        self.agent = Agent(
            self.folder / "agent",
            broker_url=self.broker.url,
            server_url=self.sink.url,
            key=self.sink.key,
            gateway=self.sink.gateway,
            site=self.sink.site,
        )
        self.agent.sections["store"]["max_bytes"] = "6GiB"
        self.agent.sections["log"]["level"] = "warning"
        self.state = Path(self.agent.sections["gateway"]["state_dir"])
        self.sampler = Sampler(report.folder / "memory.csv", self._pid, 0.5)
        self.audit = Audit(self.agent, 3)

    def _pid(self) -> int | None:
        return self.agent.process.pid if self.agent.process.running() else None

    def run(self) -> dict[str, Any]:
        self.broker.start()
        self.agent.start()
        self.sampler.start()
        self.audit.start()
        try:
            result = {"ingest": self._fill(), "drain": self._drain()}
        finally:
            self.audit.stop()
            self.sampler.stop()
            self.agent.kill()
            self.sink.kill()
            self.broker.process.kill()
        result["sums_asked"] = self.audit.asked
        assert not self.audit.broken, f"{len(self.audit.broken)} sums did not hold: {self.audit.broken[0]}"
        return result

    def _publish(self, count: int, seed: int) -> dict[str, Any]:
        """All with a time of their own: every message is another content. What mock-iot says at its end."""
        command = [mock_iot_binary(), "--broker", self.broker.url, "--site", self.sink.site, "--quiet"]
        command += ["--devices", DEVICES, "--rate", 0, "--count", count, "--seed", seed, "--drain", 600]
        command += ["--max-inflight", 1000, "--client-id", f"week-{seed}"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def _fill(self) -> dict[str, Any]:
        """Three parts; between them SIGTERM and kill -9 with the publisher at work."""
        parts = [self.rows // 3, self.rows // 3, self.rows - 2 * (self.rows // 3)]
        sent, begin = 0, time.monotonic()
        for number, count in enumerate(parts):
            ends = threading.Timer(min(2.0, count / 40_000), self._restart, [number]) if number > 0 else None
            if ends:
                ends.start()
            sent += self._publish(count, number + 1)["acked"]
            if ends:
                ends.join()
            self.report.update(published=sent)
        wait_until("all kept", lambda: self._pending() >= self.rows, 1200, 0.5)
        seconds = time.monotonic() - begin
        status = self.agent.ask("status", 120)
        assert sent == self.rows and status["pending"] == self.rows, (sent, status["pending"])
        size = sum(file.stat().st_size for file in self.state.glob("edge.sqlite*"))
        return {
            "rows": sent,
            "seconds": round(seconds, 1),
            "rows_per_s": round(sent / seconds),
            "disk_bytes_per_row": round(size / sent, 1),
            "duplicates_of_the_broker": status["counters"].get("duplicate", 0),
            "peak_rss_mib": self.sampler.peak_rss_mib(),
        }

    def _restart(self, number: int) -> None:
        if number == 1:
            self.agent.stop(20)
        else:
            self.agent.kill()
        self.agent.start(timeout=120)

    def _pending(self) -> int:
        return (self.agent.ask("status", 120) or {"pending": 0})["pending"]

    def _drain(self) -> dict[str, Any]:
        """kill -9 with all of it pending, the sink back, and the agent started: until the last row is out."""
        self.agent.kill()
        self.sampler.rows.clear()
        self.sink.start()
        begin = time.monotonic()
        self.agent.process.start()
        wait_until("the first row", lambda: self.sink.counts()["stored"], 120, 0.002)
        first = time.monotonic() - begin
        wait_until("the last row", lambda: self._progress() >= self.rows, 3600, 0.25)
        seconds = time.monotonic() - begin - first
        status = self.agent.wait_sent(120)
        counts = self.sink.counts()
        totals = status["conservation"]["readings"]
        # Every message had another content: as many of them, of uids and of sent rows say that none is lost or double.
        same = {counts["stored"], counts["contents"], self.rows, totals["sent"]}
        assert len(same) == 1 and counts["conflicts"] == 0, (counts, totals)
        assert status["dead_letters"] == 0, status
        peak = self.sampler.peak_rss_mib()
        return {
            "first_row_ms": round(first * 1000),
            "seconds": round(seconds, 1),
            "rows_per_s": round(self.rows / seconds),
            "peak_rss_mib": peak,
            "rss_bar_32_mib": "kept" if 0 < peak <= 32 else "MISSED",
            "sent_twice": counts["duplicates"],
        }

    def _progress(self) -> int:
        stored = self.sink.counts()["stored"]
        self.report.update(drained=stored)
        return stored


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.sh long week_offline", description=__doc__)
    parser.add_argument("--folder", type=Path, default=LONG / "week_offline", help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    report = Report(options.folder, "week_offline", {"rows": options.rows})
    if report.resumed:  # half a measurement is none
        print("an earlier run was interrupted; this one begins anew", file=sys.stderr)
        subprocess.run(["rm", "-rf", str(report.work)], check=True)
    return carry_out(report, lambda r: Week(r.work, options.rows, r).run())


if __name__ == "__main__":
    sys.exit(main())

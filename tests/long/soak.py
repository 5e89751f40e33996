"""Soak: 500 messages a second for 45 minutes while faults of all kinds come at random. Nothing lost, nothing double, and
memory and open files flat.

The publisher is tests/support/sensor.py (QoS 2, its session outlives the broker's restarts), its journal is in this
process. Faults: the sink stops or is killed, every mode of the faulty proxy, the broker restarts, kill -9 and SIGTERM of
the agent, jumps of the wall clock, a disk that others fill; beside them trucks are weighed.
"""

import argparse
import hashlib
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.long.plot import plot
from tests.long.report import LONG, Report, carry_out
from tests.support.bridge import Bridge, Refused, register_map
from tests.support.broker import Broker
from tests.support.fault_sink import FaultSink
from tests.support.faulty_proxy import MODES, FaultyProxy
from tests.support.keeper import Keeper
from tests.support.rig import DEVICES, total
from tests.support.sampler import Sampler, flat
from tests.support.sensor import Sensor
from tests.support.small_disk import NoMount, SmallDisk, unmount
from tests.support.waiting import wait_until
from tests.support.weighing_steps import check_tickets, check_weighings, step
from tests.support.wild_clock import LIBRARIES, WildClock

YEAR = 365 * 86_400
PARAMS = {"status": {"status": "502 Bad Gateway"}, "too_many": {"retry_after": 2}}


class Load(threading.Thread):
    """`rate` messages a second of 20 devices until told to stop; what was published, by device and SHA-256."""

    def __init__(self, port: int, site: str, rate: int):
        super().__init__(daemon=True)
        self.sensor = Sensor(port, "soak")
        self.site, self.rate = site, rate
        self.sent: Counter[tuple[str, str]] = Counter()
        self.failure = ""
        self._end = threading.Event()

    def run(self) -> None:
        due, number = time.monotonic(), 0
        try:
            while not self._end.is_set():
                number += 1
                device = f"dev{1 + number % 20}"
                note = f',"n":{number}' if number % 2 else ""  # every second one repeats byte for byte
                payload = f'{{"metric":"temperature","value":20.50,"unit":"C"{note}}}'.encode()
                self.sent[device, hashlib.sha256(payload).hexdigest()] += 1
                self.sensor.publish(f"yam/{self.site}/{device}/observation", payload)
                due = max(due + 1 / self.rate, time.monotonic() - 1)
                time.sleep(max(0.0, due - time.monotonic()))
        except AssertionError as e:
            self.failure = str(e)

    def stop(self) -> None:
        self._end.set()
        self.join(90)
        assert not self.failure, self.failure
        self.sensor.wait_acked(60)


class Weighing(threading.Thread):
    """One truck after the other; a refusal while faults go on is no failure, a wrong or lost weight is one."""

    def __init__(self, bridge: Bridge, scale: Any):
        super().__init__(daemon=True)
        self.bridge, self.scale = bridge, scale
        self.shown: dict[str, Any] = {}
        self.finished: list[dict[str, Any]] = []
        self.refused = 0
        self._draw, self._end = random.Random(7), threading.Event()

    def run(self) -> None:
        while not self._end.wait(2):
            try:
                step(
                    self.bridge, self.scale, f"{20 * self._draw.randint(50, 2500)}", self.shown, self.finished
                )
            except (Refused, AssertionError, OSError, ValueError):
                self.refused += 1

    def stop(self) -> None:
        self._end.set()
        self.join(90)


class Soak:
    def __init__(self, report: Report, minutes: float, rate: int, seed: int, only: tuple[str, ...] = ()):
        """`only`: names of faults; none named = all."""
        self.report, self.minutes, self.only = report, minutes, only
        self.draw = random.Random(seed)
        self.folder = report.work
        self.faults: Counter[str] = Counter()
        self.audits = 0
        self.skipped: list[str] = []
        self.broker = Broker(self.folder / "broker")
        self.sink = FaultSink(self.folder / "sink", [*DEVICES, "ws1"])
        self.proxy = FaultyProxy(self.sink.port)
        self.bridge = Bridge(self.folder, self.sink)
        self.agent = self.bridge.agent
        self._configure()
        self.clock = WildClock(self.agent, self.folder / "faketime") if LIBRARIES else None
        self.load = Load(self.broker.port, self.sink.site, rate)
        self.keeper = Keeper(self.agent)
        self.sampler = Sampler(report.folder / "samples.csv", self._pid, 5)

    def _configure(self) -> None:
        sections = self.agent.sections
        sections["frappe"].update(url=f"http://127.0.0.1:{self.proxy.port}", timeout="3s")
        sections["mqtt"] = {"url": self.broker.url}
        sections["mqtt.topic"] = [{"pattern": "yam/{site}/{device}/observation", "decoder": "json"}]
        sections["store"].update(max_bytes="512MiB", min_free="32MiB", retain_sent="1m")
        sections["log"]["level"] = "warning"
        self.disk: SmallDisk | None = None
        try:
            self.disk = SmallDisk(self.folder / "disk", 1024)
            sections["gateway"]["state_dir"] = str(self.disk.folder / "state")
        except NoMount as e:
            self.skipped.append(f"full disk: {e}")
        if not LIBRARIES:
            self.skipped.append("clock jumps: libfaketime is missing")

    def _pid(self) -> int | None:
        return self.agent.process.pid if self.agent.process.running() else None

    def run(self) -> dict[str, Any]:
        try:
            self._start()
            self._go_on()
            return self._end()
        finally:
            self._close()

    def _start(self) -> None:
        self.broker.start()
        self.sink.start()
        scale = self.bridge.mock("--modbus-tcp", "127.0.0.1:0", "--slave", "3=laumas-tlb", "--pace", 0.1)
        self.bridge.add_bus("bus1", tcp=scale.places["modbus_tcp"][0])
        keys = {"modbus": "bus1", "slave": 3, "map": register_map("laumas-tlb"), "every": "100ms"}
        self.bridge.add_scale("ws1", "S1", **keys)
        self.agent.start()
        self.keeper.start()
        self.weighing = Weighing(self.bridge, scale)
        for part in (self.sampler, self.load, self.weighing):
            part.start()

    def _go_on(self) -> None:
        kinds: dict[str, Callable[[], None]] = {
            "proxy": self._proxy,
            "sink_stops": self._sink_stops,
            "sink_killed": self._sink_killed,
            "broker_restarts": self._broker_restarts,
            "agent_killed": self._agent_killed,
            "agent_stopped": self._agent_stopped,
            **({"clock_jumps": self._clock_jumps} if self.clock else {}),
            **({"disk_full": self._disk_full} if self.disk else {}),
        }
        kinds = {name: make for name, make in kinds.items() if not self.only or name in self.only}
        begin = time.monotonic()
        end = begin + self.minutes * 60
        while (now := time.monotonic()) < end:
            time.sleep(self.draw.uniform(2, 8))
            kind = self.draw.choice(list(kinds))
            self.faults[kind] += 1
            kinds[kind]()
            self._audit()
            assert not self.load.failure, self.load.failure
            self.report.update(minutes_done=round((now - begin) / 60, 1), faults=dict(self.faults))

    def _audit(self) -> None:
        status = self.agent.ask("status", 30)
        if status is not None:
            assert status["conservation"]["adds_up"], status["conservation"]
            self.audits += 1

    def _proxy(self) -> None:
        mode = self.draw.choice(list(MODES))
        self.faults[f"proxy.{mode}"] += 1
        self.proxy.fail(mode, **PARAMS.get(mode, {}))
        time.sleep(self.draw.uniform(1, 6))
        self.proxy.mend()

    def _sink_stops(self) -> None:
        self.sink.stop()
        time.sleep(self.draw.uniform(1, 10))
        self.sink.start()

    def _sink_killed(self) -> None:
        self.sink.kill()
        time.sleep(self.draw.uniform(0, 2))
        self.sink.start()

    def _broker_restarts(self) -> None:
        """Gracefully: what kill -9 costs the broker itself is measured in test_broker_faults.py."""
        self.broker.process.stop(30)
        time.sleep(self.draw.uniform(0, 3))
        self.broker.start()

    def _agent_killed(self) -> None:
        self.agent.process.kill()  # the keeper starts it again

    def _agent_stopped(self) -> None:
        if self.agent.process.running():
            self.agent.process.signal(15)

    def _clock_jumps(self) -> None:
        assert self.clock
        self.clock.set(self.draw.choice([-5, -1, 1, 5]) * self.draw.choice([60, 3600, 86_400, YEAR]))
        time.sleep(self.draw.uniform(1, 5))
        self.clock.set(0)

    def _disk_full(self) -> None:
        assert self.disk
        others = self.disk.fill(leave_kib=self.draw.choice([0, 8 * 1024]))
        time.sleep(self.draw.uniform(1, 6))
        others.unlink()

    def _end(self) -> dict[str, Any]:
        self.weighing.stop()
        self.load.stop()
        wait_until("the agent is up", lambda: self.agent.ask("status") and self.agent.sources_up(), 60, 0.3)
        wait_until("nothing pending", self._idle, 600, 1)
        time.sleep(3)
        wait_until("still nothing", self._idle, 60, 1)
        self.keeper.stop()
        result = self._counts()
        result.update(self._flatness())
        wrong = ("lost", "double_by_content", "double_by_uid", "conflicts")
        assert not any(result[key] for key in wrong), result
        assert result["rss_flat"] is not False and result["open_files_flat"] is not False, result
        check_weighings(self.bridge, self.weighing.shown)
        check_tickets(self.bridge, self.weighing.finished)
        return result

    def _idle(self) -> bool:
        status = self.agent.ask("status")
        return bool(status and status["pending"] == 0 and status["dead_letters"] == 0)

    def _counts(self) -> dict[str, Any]:
        records = self.sink.ledger()
        have = Counter((r["device"], r["digest"]) for r in records if r["kind"] == "observation")
        uids = Counter(r["uid"] for r in records)
        gaps = sum(r["kind"] == "gap" for r in records)
        return {
            "messages": self.load.sent.total(),
            "in_sink": len(records),
            "lost": total(self.load.sent - have),
            "double_by_content": total(have - self.load.sent),
            "double_by_uid": sum(count > 1 for count in uids.values()),
            "conflicts": self.sink.counts()["conflicts"],
            "gaps": gaps,
            "weighings_shown": len(self.weighing.shown),
            "tickets_finished": len(self.weighing.finished),
            "weighing_steps_refused": self.weighing.refused,
            "agent_ends": dict(Counter(map(str, self.keeper.ends))),
            "audits": self.audits,
            "faults": dict(self.faults),
            "skipped": self.skipped,
        }

    def _flatness(self) -> dict[str, Any]:
        """None where the run was too short to say. A process that was just started is still growing into its size."""
        grown, since = [], {}
        for at, pid, rss, files in self.sampler.rows:
            if at - since.setdefault(pid, at) >= 10:
                grown.append((rss, files))
        rss, files = [row[0] for row in grown], [row[1] for row in grown]
        enough = len(grown) >= 40
        plot(self.report.folder / "samples.csv", self.report.folder / "samples.png")
        return {
            "samples": len(grown),
            "rss_mib": [round(min(rss, default=0) / 1024, 1), round(max(rss, default=0) / 1024, 1)],
            "open_files": [min(files, default=0), max(files, default=0)],
            "rss_flat": flat(rss, 0.10) if enough else None,
            "open_files_flat": flat(files, 0.10) if enough else None,
        }

    def _close(self) -> None:
        if self.keeper._thread.is_alive():
            self.keeper.stop()
        self.sampler.stop()
        self.bridge.close()
        self.load.sensor.close()
        self.proxy.close()
        self.sink.kill()
        self.broker.process.kill()
        if self.disk:
            self.disk.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.sh long soak", description=__doc__)
    parser.add_argument("--folder", type=Path, default=LONG / "soak", help=argparse.SUPPRESS)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--rate", type=int, default=500, help="messages a second")
    parser.add_argument("--seed", type=int, default=20260223)
    options = parser.parse_args()
    report = Report(
        options.folder, "soak", {"minutes": options.minutes, "rate": options.rate, "seed": options.seed}
    )
    if report.resumed:
        # Half of its journal was in a process that is gone: what it counted cannot be counted on.
        print("an earlier soak was interrupted; this one begins anew", file=sys.stderr)
        (report.folder / "samples.csv").unlink(missing_ok=True)
        unmount(report.work / "disk")
        report.work.rename(report.folder / f"interrupted-{int(time.time())}")
    return carry_out(report, lambda r: Soak(r, options.minutes, options.rate, options.seed).run())


if __name__ == "__main__":
    sys.exit(main())

"""kill -9 of the agent, thousands of times under load: 0 lost, 0 double, what was weighed and shown is kept.

Messages come from mock-iot at QoS 2, whose journal is outside of everything that is killed; half of the payloads repeat
byte for byte. The moments: at random; while a batch is at the server, before it is stored and after its answer; while a
checkpoint writes into the database. In some cycles the line to the server is cut, so that the next ones drain; in every
twentieth a truck is weighed. Every message that the broker took must end in the sink once, by uid and by content.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.long.report import LONG, Report, carry_out
from tests.support.bridge import Bridge, Refused, register_map
from tests.support.broker import Broker
from tests.support.fault_sink import FaultSink
from tests.support.journal import MockIot, Sent, compare, read_journal
from tests.support.rig import DEVICES, total
from tests.support.waiting import wait_until
from tests.support.weighing_steps import check_tickets, check_weighings, step

MOMENTS = {"random": 50, "batch_before": 18, "batch_after": 17, "checkpoint": 15}
LONGEST_S = 0.6  # then the kill comes whatever the moment was to be
AUDIT_EVERY = 3  # cycles
FEWEST_AUDITS = 0.1  # of the cycles: an agent killed before it answers has nothing to say


class LedgerUids:
    """The uids of the sink's ledger, read on from where the last look ended."""

    def __init__(self, file: Path):
        self._file, self._at, self._seen = file, 0, set()

    def twice(self) -> list[str]:
        """Those that stand there again since the last look."""
        with self._file.open("rb") as ledger:
            ledger.seek(self._at)
            fresh = ledger.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]  # the sink may be writing the rest
        self._at += len(whole)
        uids = [line.split(b" ", 1)[0] for line in whole.splitlines()]
        again = [uid.decode() for uid, count in Counter(uids).items() if count > 1 or uid in self._seen]
        self._seen.update(uids)
        return again


class KillLoop:
    """One folder, used again by a resumed run: broker, store, ledger and journals go on where they were."""

    def __init__(self, folder: Path, *, seed: int = 20260223, rate: int = 400, weigh_every: int = 20):
        self.folder = Path(folder)
        self.rate, self.weigh_every = rate, weigh_every
        self.moments: Counter[str] = Counter()
        self.audits = 0
        self.last: dict[str, int] = {}  # of the last audit; what only grows
        self.shown: dict[str, Any] = {}
        self.finished: list[dict[str, Any]] = []
        self.broker = Broker(self.folder / "broker")
        self.sink = FaultSink(self.folder / "sink", [*DEVICES, "ws1"])
        self.uids = LedgerUids(self.sink.ledger_file)
        self.bridge = Bridge(self.folder, self.sink)
        self.agent = self.bridge.agent
        self.agent.sections["mqtt"] = {"url": self.broker.url}
        self.agent.sections["mqtt.topic"] = [
            {"pattern": "yam/{site}/{device}/observation", "decoder": "json"}
        ]
        self.agent.sections["store"]["max_bytes"] = "2GiB"
        self.database = Path(self.agent.sections["gateway"]["state_dir"]) / "edge.sqlite"
        self.runs = len(list(self.folder.glob("load-*.journal")))
        self.draw = random.Random(seed + self.runs)
        self._load_shown()

    def start(self) -> "KillLoop":
        self.broker.start()
        self.sink.start()
        self.scale = self.bridge.mock("--modbus-tcp", "127.0.0.1:0", "--slave", "3=laumas-tlb", "--pace", 0.1)
        self.bridge.add_bus("bus1", tcp=self.scale.places["modbus_tcp"][0])
        keys = {"modbus": "bus1", "slave": 3, "map": register_map("laumas-tlb"), "every": "100ms"}
        self.bridge.add_scale("ws1", "S1", **keys)
        self.agent.start().kill()  # from its first subscription on, the broker keeps what comes for it
        options = ("--site", self.sink.site, "--qos", 2, "--rate", self.rate, "--no-time-share", 0.5)
        more = ("--devices", 20, "--seed", 1 + self.runs, "--duration", 86_400)
        self.load = MockIot(
            self.folder, self.broker.url, *map(str, (*options, *more)), name=f"load-{self.runs}"
        )
        self.load.start()
        return self

    def cycle(self, number: int) -> None:
        """Start, a moment, kill -9."""
        if number % 10 == 5:
            self.bridge.line.cut()
        elif number % 10 == 7:
            self.bridge.line.restore()
        self.agent.process.start()
        if self.weigh_every and number % self.weigh_every == self.weigh_every - 1:
            self.moments["weighing"] += 1
            self._weigh()
            return
        moment = self.draw.choices(list(MOMENTS), list(MOMENTS.values()))[0]
        self.moments[moment] += 1
        {"random": self._at_random, "checkpoint": self._at_checkpoint}.get(
            moment, lambda: self._at_batch(moment)
        )()
        if number % AUDIT_EVERY == 0:
            self.audit()
        self._kill()

    def audit(self) -> None:
        """At this moment: the agent's sums hold, also added up here; a kill took nothing back; no uid is twice in the
        sink, which has at least what the agent calls sent."""
        status = self.agent.ask("status")
        if status is None:
            return  # not up yet, or the aimed kill came first
        stored = self.sink.counts()
        sums = status["conservation"]
        for name in ("messages", "readings"):
            parts = dict(sums[name])
            assert parts.pop("total") == sum(parts.values()), (name, sums)
        assert sums["adds_up"], sums
        now = {
            "taken": sums["messages"]["total"],
            "kept": sums["readings"]["total"],
            "sent": sums["readings"]["sent"],
        }
        fallen = {name: (self.last[name], now[name]) for name in now if now[name] < self.last.get(name, 0)}
        assert not fallen, f"less than before a kill: {fallen}"
        assert now["sent"] <= stored["stored"] and stored["conflicts"] == 0, (sums, stored)
        twice = self.uids.twice()
        assert not twice, f"twice in the sink: {twice[:3]}"
        self.last = now
        self.audits += 1

    def settle(self) -> dict[str, Any]:
        """The load ends, everything flows off; counts and compares. Raises AssertionError with what is wrong."""
        sent = self.load.stop()
        self.bridge.line.restore()
        self.agent.start()
        status = self.agent.wait_sent(300)
        wait_until("the broker has nothing left", self._broker_is_empty, 60, 0.3)
        status = self.agent.wait_sent(300)
        return self._verdict(sent, status)

    def close(self) -> None:
        self.bridge.close()
        self.load.process.kill()
        self.sink.kill()
        self.broker.process.kill()

    def _verdict(self, sent: list[Sent], status: dict[str, Any]) -> dict[str, Any]:
        sent = [*self._sent_before(), *sent]
        records = self.sink.ledger()
        lost, double = compare(sent, [{**row, "device": row["device_text"]} for row in self.sink.rows()])
        twice = [uid for uid, count in Counter(r["uid"] for r in records).items() if count > 1]
        counts = self.sink.counts()
        result = {
            "messages": len(sent),
            "acknowledged_by_broker": sum(message.acked for message in sent),
            "in_sink": len(records),
            "lost": total(lost),
            "double_by_content": total(double),
            "double_by_uid": len(twice),
            "sent_again_after_kills": counts["duplicates"],
            "conflicts": counts["conflicts"],
            "redelivered_by_broker": status["counters"].get("duplicate", 0),
            "weighings_shown": len(self.shown),
            "tickets_finished": len(self.finished),
            "moments": dict(self.moments),
            "audits": self.audits,
        }
        wrong = ("lost", "double_by_content", "double_by_uid", "conflicts")
        assert not any(result[key] for key in wrong), (result, lost.most_common(3), double.most_common(3))
        assert status["dead_letters"] == 0, status
        if self.weigh_every:
            check_weighings(self.bridge, self.shown)
            check_tickets(self.bridge, self.finished)
        return result

    def _sent_before(self) -> list[Sent]:
        """Of earlier runs of this folder; what their publisher had in hand when it died may or may not have arrived."""
        journals = [self.folder / f"load-{n}.journal" for n in range(self.runs)]
        return [message for journal in journals for message in read_journal(journal)]

    def _broker_is_empty(self) -> bool:
        before = self.agent.ask("status")["counters"].get("messages", 0)
        time.sleep(1)
        status = self.agent.ask("status")
        return status["counters"].get("messages", 0) == before and status["pending"] == 0

    def _kill(self) -> None:
        assert self.agent.process.running() or self.agent.process.wait(5) == -9, (
            f"it ended by itself\n{self.agent.process.tail()}"
        )
        self.agent.kill()

    def _at_random(self) -> None:
        time.sleep(self.draw.uniform(0.01, LONGEST_S))

    def _at_batch(self, moment: str) -> None:
        when = moment.removeprefix("batch_")
        self.sink.kill_at_next_batch(self.agent.process.pid, when, self.draw.randint(0, 3000))
        end = time.monotonic() + LONGEST_S
        while self.agent.process.running() and time.monotonic() < end:
            time.sleep(0.005)

    def _at_checkpoint(self) -> None:
        """The database file itself is written in checkpoints alone."""
        end = time.monotonic() + LONGEST_S
        begin = time.monotonic() + 0.15  # the one that follows the recovery is not meant
        seen = 0
        while time.monotonic() < end:
            written = self.database.stat().st_mtime_ns if self.database.exists() else 0
            if seen and written != seen and time.monotonic() > begin:
                return
            seen = written
            time.sleep(0.001)

    def _weigh(self) -> None:
        killer = threading.Timer(self.draw.uniform(0.3, 6.0), self.agent.kill)
        try:
            self.agent.process.wait_for("sources up", self.agent.sources_up)
            killer.start()
            step(self.bridge, self.scale, f"{20 * self.draw.randint(50, 2500)}", self.shown, self.finished)
        except (Refused, AssertionError):
            if self.agent.process.running() and not killer.is_alive():
                raise
        if killer.is_alive() or killer.ident:
            killer.join()
        self.agent.kill()
        self._save_shown()

    def _save_shown(self) -> None:
        (self.folder / "shown.json").write_text(json.dumps([self.shown, self.finished]))

    def _load_shown(self) -> None:
        file = self.folder / "shown.json"
        if file.exists():
            self.shown, self.finished = json.loads(file.read_text())


def run(report: Report, cycles: int, rate: int) -> dict[str, Any]:
    loop = KillLoop(report.work, rate=rate).start()
    done = report.data.get("cycles_done", 0)
    loop.moments.update(report.data.get("moments", {}))
    loop.audits = report.data.get("audits", 0)
    begin = time.monotonic()
    try:
        for number in range(done, cycles):
            loop.cycle(number)
            if number % 10 == 9:
                each = (time.monotonic() - begin) / (number + 1 - done)
                report.update(
                    cycles_done=number + 1,
                    seconds_a_cycle=round(each, 3),
                    moments=dict(loop.moments),
                    audits=loop.audits,
                )
        seconds = time.monotonic() - begin
        result = loop.settle()
        assert loop.audits >= FEWEST_AUDITS * cycles, f"only {loop.audits} audits in {cycles} cycles"
    finally:
        loop.close()
    return {"cycles": cycles, "seconds_a_cycle": round(seconds / max(cycles - done, 1), 3), **result}


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.sh long kill_loop", description=__doc__)
    parser.add_argument("--folder", type=Path, default=LONG / "kill_loop", help=argparse.SUPPRESS)
    parser.add_argument("--cycles", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=400, help="messages a second")
    options = parser.parse_args()
    report = Report(options.folder, "kill_loop", {"cycles": options.cycles, "rate": options.rate})
    return carry_out(report, lambda r: run(r, options.cycles, options.rate))


if __name__ == "__main__":
    sys.exit(main())

"""run.sh demo: a story of about a minute over real processes, live on the terminal, with the sums at the end.

Exit 0 only if every message the broker acknowledged to a sensor stands in "Frappe" exactly once and all counts add up.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.support.broker import Broker
from tests.support.demo_scale import DECLARED, SCALE, SHED, Weighbridge
from tests.support.journal import MockIot, Sent, compare
from tests.support.rig import Rig, total
from tests.support.server import StandIn
from tests.support.waiting import wait_until

DEVICES = [f"bin{n}" for n in range(1, 7)]
FLAGS = ("OK", "Warning", "Quarantine", "Invalid")
# Second → what happens then.
CHAPTERS = [
    (0, "normal", "Six bins send their temperature, half of them without a clock of their own"),
    (10, "overheat", "The fan of bin3 has failed: it gets hotter"),
    (18, "truck", "A truck drives onto the weighbridge; its paper says 24,800 kg of wheat"),
    (26, "garbage", "bin5 sends garbage, bin6 no numbers, and somebody plugs in an unknown sensor"),
    (34, "away", "Frappe goes away; the truck comes back empty and gets its ticket all the same"),
    (46, "back", "Frappe is back: what waited is delivered"),
    (56, "end", "The sensors stop; everything is counted"),
]
END = 58


class Screen:
    """A table that is drawn again in place on a terminal, plain lines elsewhere."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.live = out.isatty()
        self._height = 0
        self._last_plain = 0.0

    def show(self, lines: list[str]) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns
            up = f"\x1b[{self._height}F" if self._height else ""
            self.out.write(up + "".join(f"\x1b[K{line[: width - 1]}\n" for line in lines))
            self._height = len(lines)
            self.out.flush()
        elif time.monotonic() - self._last_plain >= 5:
            self._last_plain = time.monotonic()
            print(" | ".join(line.strip() for line in lines[1:] if line.strip()), file=self.out, flush=True)

    def say(self, text: str) -> None:
        """A line that stays, above the table."""
        if self.live and self._height:
            self.out.write(f"\x1b[{self._height}F\x1b[J")
            self._height = 0
        print(text, file=self.out, flush=True)


class Story:
    def __init__(self, folder: Path, pace: float, screen: Screen):
        self.pace = pace
        self.screen = screen
        self.broker = Broker(folder / "broker")
        self.server = StandIn(folder / "server", [*DEVICES, SCALE, SHED])
        self.rig = Rig(folder, self.server, self.broker)
        self.weighbridge = Weighbridge(folder, self.rig)
        self.begin = 0.0

    def run(self) -> bool:
        self.screen.say("starting broker, stand-in for Frappe, weighbridge, Modbus shed and agent …")
        self.broker.start()
        self.server.start()
        self.weighbridge.start()
        self.rig.start()
        wait_until("the agent has its policies", lambda: self.rig.agent.status()["policy"]["version"], 20)
        self.screen.say(
            f"  flagged records: {self.server.url}   agent: http://127.0.0.1:{self.rig.agent.web_port}/metrics\n"
        )
        self.begin = time.monotonic()
        for (_, name, text), until in zip(CHAPTERS, [*(at for at, _, _ in CHAPTERS[1:]), END], strict=True):
            self.screen.say(f"{self.second():4.0f} s  {text}")
            getattr(self, f"_{name}")()
            while self.second() < until:
                self.screen.show(self.table(until))
                time.sleep(0.25)
        sent = self._stop_sensors()
        self._wait_delivered(len(sent))
        return self.sums(sent)

    def second(self) -> float:
        """Of the story; `pace` 0.5 tells it twice as fast."""
        return (time.monotonic() - self.begin) / self.pace

    def _sensors(
        self, name: str, devices: str, rate: float, seconds: float | None = None, **more: object
    ) -> MockIot:
        options = ["--qos", 2, "--devices", devices, "--rate", rate / self.pace]
        options += ["--duration", seconds * self.pace] if seconds else []
        for key, value in more.items():
            options += [f"--{key.replace('_', '-')}", value]
        return self.rig.mock(*options, name=name).start()

    def _normal(self) -> None:
        bins = ",".join(f"{name}=normal" for name in DEVICES)
        self._sensors("fleet", bins, 30, no_time_share=0.5)

    def _overheat(self) -> None:
        self._sensors("fan", "bin3=overheat", 4, 14)

    def _truck(self) -> None:
        self.weighbridge.truck()

    def _garbage(self) -> None:
        self._sensors("garbage", "bin5=garbage,bin6=nan,ghost=unknown-device", 9, 6)

    def _away(self) -> None:
        self.rig.line.cut()
        self.weighbridge.way_out()

    def _back(self) -> None:
        self.weighbridge.wait_ticket()
        self.rig.line.restore()
        self.rig.agent.poke()

    def _end(self) -> None:
        for mock in self.rig.mocks:
            if mock.process.running():
                mock.process.signal(15)

    def _stop_sensors(self) -> list[Sent]:
        return [message for mock in self.rig.mocks for message in mock.finish(30)]

    def _wait_delivered(self, count: int) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = self.rig.agent.status()
            if status["counters"].get("messages", 0) >= count and status["pending"] == 0:
                return
            self.screen.show(self.table(END))
            time.sleep(0.25)

    def table(self, until: float) -> list[str]:
        status = self.rig.agent.status()
        sent = [message for mock in self.rig.mocks for message in mock.sent()]
        flags = self.server.counts()["flags"]
        sync = status["sync"]
        filled = min(30, int(30 * self.second() / END))
        return [
            "",
            f"  {'█' * filled}{'░' * (30 - filled)} {min(self.second(), END):3.0f} of {END} s",
            f"  sensors   {len(sent):6,} sent   {sum(m.acked for m in sent):6,} acknowledged by the broker",
            f"  agent     {status['counters'].get('messages', 0):6,} made durable   {status['pending']:6,} waiting   {sync['state']} {sync['reason'][:60]}",
            f"  scale     {self.weighbridge.news}",
            "  Frappe    " + "   ".join(f"{flags.get(flag, 0):6,} {flag}" for flag in FLAGS),
        ]

    def sums(self, sent: list[Sent]) -> bool:
        status = self.rig.agent.wait_sent()
        rows = self.rig.rows()
        polled = [row for row in rows if row["identity"] == "polled"]
        lost, double = compare(sent, [row for row in rows if row["identity"] != "polled"])
        messages, readings = status["conservation"]["messages"], status["conservation"]["readings"]
        flags = Counter(row["quality_flag"] for row in rows)
        self.screen.say("\nWhat was flagged")
        for line in flagged(rows):
            self.screen.say("  " + line)
        truck = self.ticket()
        answers = len({row["observed_at_ms"] for row in polled})  # each has a temperature and a humidity
        documents = status["counters"]["documents"]  # a genesis record, two weighings, a ticket
        self.screen.say("\nThe sums")
        parts = [
            ("acknowledged to the sensors", sum(message.acked for message in sent), answers, {}),
            ("messages at the agent", messages.pop("total"), 0, messages),
            ("readings and documents", readings.pop("total"), -answers - documents, readings),
            ("records in Frappe", len(rows), -answers, {flag: flags[flag] for flag in FLAGS}),
        ]
        for name, number, more, summands in parts:
            made_of = " + ".join(f"{value:,} {key}" for key, value in summands.items())
            if name.startswith("acknowledged"):
                made_of = f"and {more:,} answers of the shed"
            self.screen.say(f"  {name:<29}{number:6,}" + (f" = {made_of}" if summands else f" {made_of}"))
        self.screen.say(f"  lost {total(lost)}, double {total(double)}, waiting {status['pending']}")
        good = (
            len({number + more for _, number, more, _ in parts}) == 1
            and all(not summands or sum(summands.values()) == number for _, number, _, summands in parts)
            and not (lost or double or status["pending"])
            and status["conservation"]["adds_up"]
            and all(flags[flag] for flag in FLAGS)
            and bool(polled)
            and truck
        )
        self.screen.say("every count adds up" if good else "THE COUNTS DO NOT ADD UP")
        return good

    def ticket(self) -> bool:
        """What Frappe has of the truck; True where it is what was weighed, judged, and once."""
        made = self.weighbridge.wait_ticket()
        tickets = self.server.documents("scale_ticket")
        findings = self.server.documents("nonconformance", site=self.server.site)
        weighings = self.server.documents("weighing")
        self.screen.say("\nThe truck")
        for row in tickets:
            self.screen.say(
                f"  {row['ticket_number']}: {row['gross_text']} - {row['tare_text']} = {row['net_text']} "
                f"{row['weight_unit']}, declared {DECLARED}: {row['mismatch_reasons']}"
            )
        self.screen.say(f"  {len(weighings)} records of the alibi memory, {len(findings)} Nonconformance")
        verified = self.rig.agent.cli("alibi", "verify")
        self.screen.say("  " + verified.stdout.strip().replace("\n", "\n  "))
        return (
            [row["ticket_number"] for row in tickets] == [made["number"]]
            and tickets[0]["net_text"] == made["net"] == "23860"
            and bool(tickets[0]["mismatch_flag"])
            and len(findings) == 1
            and len(weighings) == 3
            and verified.returncode == 0
        )

    def close(self) -> None:
        for mock in self.rig.mocks:
            mock.process.kill()
        self.rig.agent.kill() if not self.rig.agent.process.running() else self.rig.agent.stop()
        self.weighbridge.close()
        self.rig.line.close()
        self.server.close()
        self.broker.stop()


def flagged(rows: list[dict]) -> list[str]:
    """One line per device, flag and worst reason: how many, and the first of them."""
    groups: dict[tuple[str, str, str], list[dict]] = {}
    for row in rows:
        if row["quality_flag"] != "OK":
            code = row["quality_reasons"].split("\n")[0].split(":")[0]
            key = (row["device_text"], row["quality_flag"], code)
            groups.setdefault(key, []).append(row)
    lines = []
    for (device, flag, _), found in sorted(groups.items()):
        first = found[0]
        reason = first["quality_reasons"].split("\n")[0]
        value = (
            f"{first['value_text']} {first['unit']}"
            if first["has_value"]
            else first["raw_payload"] or "(nothing)"
        )
        shown = value if value.isprintable() else repr(value)
        lines.append(f"{device:<7}{flag:<11}{len(found):4}  {reason[:44]:<45} first: {shown[:50]}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.sh demo", description=__doc__.splitlines()[0])
    parser.add_argument("--pace", type=float, default=1.0, help="1 = about a minute, 0.5 = half of it")
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder with logs, journals and databases"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="site-edge-demo-"))
    screen = Screen()
    story = Story(folder, options.pace, screen)
    good = False
    try:
        good = story.run()
    except (AssertionError, KeyboardInterrupt) as trouble:
        screen.say(f"the demo ended early: {trouble or type(trouble).__name__}")
    finally:
        story.close()
        if good and not options.keep:
            shutil.rmtree(folder)
        else:
            screen.say(f"logs, journals and databases: {folder}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

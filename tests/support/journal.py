"""mock-iot and the journal it writes: the publisher's side of every count."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.process import ROOT, Process


@dataclass
class Sent:
    n: int
    topic: str
    device: str
    behaviour: str
    payload: str
    sha256: str
    has_time: bool
    acked: bool = False


def read_journal(path: Path) -> list[Sent]:
    """Every published message, in order; a last line cut by a kill is left out."""
    sent: dict[int, Sent] = {}
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "acked" in entry:
            sent[entry["n"]].acked = True
        elif "sent" in entry:
            keys = ("n", "topic", "device", "behaviour", "payload", "sha256", "has_time")
            sent[entry["n"]] = Sent(**{key: entry[key] for key in keys})
    return list(sent.values())


def mock_iot_binary() -> Path:
    return ROOT / "build" / "release" / "mock_devices" / "mock_iot" / "mock-iot"


class MockIot:
    """One run of the fleet against a broker."""

    def __init__(self, folder: Path, broker_url: str, *arguments: str, name: str = "mock-iot"):
        self.journal_file = Path(folder) / f"{name}.journal"
        command = [
            str(mock_iot_binary()),
            "--broker",
            broker_url,
            "--journal",
            str(self.journal_file),
            "--quiet",
        ]
        self.process = Process(name, folder, [*command, *map(str, arguments)])

    def start(self) -> "MockIot":
        self.process.start()
        return self

    def finish(self, timeout: float = 60) -> list[Sent]:
        """Waits for its own end; all must have been acknowledged."""
        code = self.process.wait(timeout)
        assert code == 0, f"mock-iot ended with {code}\n{self.process.tail()}"
        return self.sent()

    def stop(self, timeout: float = 30) -> list[Sent]:
        code = self.process.stop(timeout)
        assert code == 0, f"mock-iot ended with {code}\n{self.process.tail()}"
        return self.sent()

    def sent(self) -> list[Sent]:
        return read_journal(self.journal_file)

    def given_back(self) -> int:
        """How often the publisher's library reported a message as not sent while the connection broke.

        Paho 1.3.12 frees such a message and yet sends it from its session after the reconnect: twice in all, and with
        freed memory for topic or payload. What it did to them, or to the next one, cannot be counted.
        """
        return sum('"resent"' in line for line in self.journal_file.read_text().splitlines())


def compare(sent: list[Sent], rows: list[dict]) -> tuple[Counter, Counter]:
    """(lost, double) by (device, sha256 of the payload): every message must stand there exactly as often as it was sent.

    `rows` carry `device` and `raw_sha256`; an array or a folded row needs its own count and is not for this.
    """
    want = Counter((s.device, s.sha256) for s in sent if s.acked)
    optional = Counter((s.device, s.sha256) for s in sent if not s.acked)
    have = Counter((row["device"], row["raw_sha256"]) for row in rows)
    return want - have, have - want - optional

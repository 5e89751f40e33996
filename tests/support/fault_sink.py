"""fault-sink as a child process: a server that costs little, keeps its ledger through kills and can aim a kill -9."""

import json
import secrets
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.process import ROOT, Process
from tests.support.waiting import free_port, listens

API = "/api/method/frappe_ext.api."


def fault_sink_binary() -> Path:
    return ROOT / "build" / "release" / "tests" / "tools" / "fault-sink"


class FaultSink:
    """What tests.support.server.Server is, as far as counting needs it. `ledger=False`: counts only, for millions of rows."""

    name = "fault-sink"
    site = "silo-a"
    gateway = "gw-test"
    site_header = ""

    def __init__(self, folder: Path, devices: list[str], *, ledger: bool = True):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = f"k1:{secrets.token_urlsafe(32)}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ledger_file = self.folder / "ledger"
        config = self.folder / "config.json"
        config.write_text(json.dumps(self._config(devices)))
        command = [fault_sink_binary(), "--port", self.port, "--config", config]
        command += ["--ledger", self.ledger_file] if ledger else []
        self.process = Process("fault-sink", self.folder, command)

    def _config(self, devices: list[str]) -> dict[str, Any]:
        names = [{"site": self.site, "device": name, "status": "Active"} for name in devices]
        empty = ("policies", "tolerances", "reporting", "orders", "vehicles", "operators", "lots")
        sites = [{"site": self.site, "name": "Silo A"}]
        head = {"version": "1", "gateway": self.gateway, "epoch": "1", "time_zone": "UTC"}
        return {**head, "sites": sites, "devices": names, **{key: [] for key in empty}}

    def start(self) -> "FaultSink":
        self.process.start()
        self.process.wait_for(
            "port open", lambda: listens(self.port), 120
        )  # it may have a long ledger to read
        return self

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    close = kill

    def counts(self) -> dict[str, int]:
        """batches, records, stored, duplicates, conflicts, contents (ledger.h)."""
        return self._ask("/_counts")

    def kill_at_next_batch(self, pid: int, when: str, delay_us: int = 0) -> None:
        """SIGKILL to `pid` "before" the next batch is stored, or so long "after" its answer."""
        self._ask(f"/_kill?pid={pid}&when={when}&delay_us={delay_us}", b"{}")

    def ledger(self) -> list[dict[str, str]]:
        """Every stored record: uid, kind, device, digest."""
        if not self.ledger_file.exists():
            return []
        lines = self.ledger_file.read_text().splitlines()
        return [
            dict(zip(("uid", "kind", "device", "digest"), line.split(" "), strict=True)) for line in lines
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Observations, under the names compare() wants."""
        found = (record for record in self.ledger() if record["kind"] == "observation")
        return [{"edge_uid": r["uid"], "device_text": r["device"], "raw_sha256": r["digest"]} for r in found]

    def documents(self, kind: str, **_: str) -> list[dict[str, Any]]:
        """Weighings and tickets, with the fields the weighing checks read."""
        digest = {"weighing": "hash", "scale_ticket": "ticket_number"}[kind]
        found = (record for record in self.ledger() if record["kind"] == kind)
        return [{"edge_uid": r["uid"], "device_text": r["device"], digest: r["digest"]} for r in found]

    def _ask(self, path: str, body: bytes | None = None) -> dict[str, int]:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body), timeout=10) as answer:
            return json.loads(answer.read())

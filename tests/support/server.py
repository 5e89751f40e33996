"""The server behind the agent: the stand-in, or a real Frappe site (FRAPPE_BENCH). Tests see one interface."""

import json
import secrets
import ssl
import sys
import urllib.request
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from tests.support import site_backup
from tests.support.process import Process
from tests.support.waiting import free_port

Row = dict[str, Any]
# The policy of bin temperature of every test: OK 10–30, Warning to 5–35, beyond it Quarantine, the span -40–85.
BIN_TEMPERATURE = {
    "observation_type": "temperature",
    "unit": "C",
    "warning_min": 10,
    "warning_max": 30,
    "critical_min": 5,
    "critical_max": 35,
    "valid_min": -40,
    "valid_max": 85,
}


class Server(Protocol):
    """Rows carry the field names of the DocTypes (wire.md §8)."""

    name: str
    url: str
    port: int
    site: str
    gateway: str
    key: str  # "key_id:secret" of the gateway
    site_header: str

    def set_policy(self, **fields: Any) -> None:
        """Makes or changes the policy of one observation type (fieldnames of Desk)."""

    def rows(self) -> list[Row]:
        """Every observation of the gateway."""

    def documents(self, kind: str, **filters: str) -> list[Row]:
        """Every weighing or scale_ticket of the gateway; nonconformance with reference_name = a ticket's name."""

    def dump(self) -> str:
        """A backup of the whole site; for restore()."""

    def restore(self, backup: str) -> None:
        """Sets the site back to it: what came later is lost."""

    def new_key(self) -> str:
        """A second key of the gateway."""

    def revoke_key(self, key: str) -> None:
        """This one and no other; `key` as in the key file."""

    def close(self) -> None: ...


class StandIn:
    """mock_devices.mock_frappe as a child process; its records are in a file, so it may be stopped and started."""

    name = "stand-in"
    site = "silo-a"
    gateway = "gw-test"
    site_header = ""

    def __init__(self, folder: Path, devices: list[str], tls: tuple[Path, Path] | None = None, port: int = 0):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = self._own_key()
        self.port = port or free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        # Its certificate is of the test's own making; whether the agent checks it is another test's matter.
        self._context = ssl._create_unverified_context() if tls else None
        command = [sys.executable, "-m", "mock_devices.mock_frappe", "--port", str(self.port)]
        database = self.folder / "records.sqlite"
        command += ["--db", str(database)]
        if not database.exists():
            seed = self.folder / "seed.json"
            seed.write_text(json.dumps(self._masters(devices)))
            command += ["--seed", str(seed)]
        if tls:
            command += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
        self.process = Process("stand-in", self.folder, command)

    def _own_key(self) -> str:
        """Kept beside the records: a folder that is used again has the gateway's key."""
        file = self.folder / "gateway.key"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(f"k1:{secrets.token_urlsafe(32)}")
        return file.read_text()

    def _masters(self, devices: list[str]) -> dict[str, list[dict[str, Any]]]:
        device = {"site": self.site, "device_type": "Temperature Sensor", "status": "Active"}
        gateway = {"gateway_id": self.gateway, "sites": [self.site], "epoch": "1"}
        return {
            "sites": [{"site_code": self.site, "site_name": "Silo A", "site_type": "Silo"}],
            "devices": [{**device, "device_id": name, "device_name": name} for name in devices],
            "policies": [self._policy(BIN_TEMPERATURE)],
            "gateways": [{**gateway, "credentials": [{"key_id": "k1", "secret": self.key.split(":")[1]}]}],
        }

    def _policy(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"policy_name": fields["observation_type"], "site": self.site, "active": 1, **fields}

    def start(self) -> "StandIn":
        self.process.start()
        if "--seed" in self.process.command:  # once: later it would undo what happened since
            at = self.process.command.index("--seed")
            del self.process.command[at : at + 2]
        self.process.wait_for("answers", self._answers, timeout=20)
        return self

    def stop(self) -> None:
        self.process.stop()

    close = stop

    def set_policy(self, **fields: Any) -> None:
        self.control(seed={"policies": [self._policy(fields)]})

    def rows(self) -> list[Row]:
        return self._get(f"/records.json?gateway={self.gateway}&limit=10000000")["rows"]

    def documents(self, kind: str, **filters: str) -> list[Row]:
        wanted = {"kind": kind, **(filters or {"gateway": self.gateway}), "limit": "10000000"}
        return self._get(f"/records.json?{urlencode(wanted)}")["rows"]

    def counts(self) -> dict[str, Any]:
        return self._get("/records.json?rows=0&limit=0")["counts"]

    def fault(self, name: str, *, count: int | None = None, path: str = "", **params: Any) -> None:
        """Until clear(), or for `count` requests (mock_frappe/faults.py)."""
        until = {"until": "cleared"} if count is None else {"count": count}
        self.control(fault=name, path=path, params=params, **until)

    def faults(self) -> list[dict[str, Any]]:
        """The active ones, each with its hits."""
        return self._get("/_control")["faults"]

    def clear(self) -> None:
        self.control(clear=True)

    def control(self, **order: Any) -> dict[str, Any]:
        return self._get("/_control", json.dumps(order).encode())

    def dump(self) -> str:
        backup = str(self.folder / f"backup-{secrets.token_hex(4)}.sqlite")
        self.control(dump=backup)
        return backup

    def restore(self, backup: str) -> None:
        self.control(restore=backup)

    def new_key(self) -> str:
        return self.control(key={"gateway": self.gateway})["key"]

    def revoke_key(self, key: str) -> None:
        self.control(revoke={"gateway": self.gateway, "key_id": key.split(":")[0]})

    def page(self) -> str:
        return self._read("/").decode()

    def _answers(self) -> bool:
        try:
            return bool(self._read("/api/method/ping"))
        except OSError:
            return False

    def _get(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        return json.loads(self._read(path, body))

    def _read(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30, context=self._context) as answer:
            return answer.read()


class FrappeSite:
    """A real site with the app installed, through what the contract tests use; a site and gateway of its own each time."""

    name = "frappe"

    def __init__(self, devices: list[str]):
        from tests.contract.servers import Bench  # needs requests; the demo does not

        self._bench = Bench()
        self.url = self._bench.url
        self.port = urlsplit(self.url).port or 80
        self.site_header = self._bench.headers["X-Frappe-Site-Name"]
        token = secrets.token_hex(4)
        self.site, self.gateway = f"site-{token}", f"gw-{token}"
        self._bench.add_site(self.site)
        for name in devices:
            self._bench.add_device(self.site, name)
        self.key = ":".join(self._bench.add_gateway(self.gateway, [self.site]))
        self.set_policy(**BIN_TEMPERATURE)

    def set_policy(self, **fields: Any) -> None:
        name = f"{self.site} {fields['observation_type']}"
        found = self._bench._list("Observation Threshold Policy", [["policy_name", "=", name]])
        if found:
            self._bench._put("Observation Threshold Policy", found[0]["name"], **fields)
        else:
            self._bench.add_policy(self.site, **fields)

    def rows(self) -> list[Row]:
        return self._bench.rows("observation", gateway=self.gateway)

    def documents(self, kind: str, **filters: str) -> list[Row]:
        return self._bench.rows(kind, **(filters or {"gateway": self.gateway}))

    def dump(self) -> str:
        return site_backup.dump(self.site_header)

    def restore(self, backup: str) -> None:
        site_backup.restore(self.site_header, backup)

    def new_key(self) -> str:
        return ":".join(self._bench.new_key(self.gateway))

    def revoke_key(self, key: str) -> None:
        self._bench.revoke_key(self.gateway, key.split(":")[0])

    def close(self) -> None:
        self._bench.close()

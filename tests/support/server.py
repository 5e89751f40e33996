"""The server behind the agent: the stand-in, or a real Frappe site (FRAPPE_BENCH). Tests see one interface."""

import json
import secrets
import ssl
import sys
import urllib.request
from pathlib import Path
from typing import Any, Protocol

from tests.support.process import Process
from tests.support.waiting import free_port

SITE = "silo-a"
GATEWAY = "gw-test"
Row = dict[str, Any]


class Server(Protocol):
    """Rows carry the field names of the DocTypes (wire.md §8)."""

    url: str
    port: int
    key: str  # "key_id:secret" of GATEWAY
    site_header: str

    def seed(self, masters: dict[str, list[dict[str, Any]]]) -> None:
        """Adds or replaces sites, devices, policies (fieldnames of Desk)."""

    def rows(self, kind: str = "observation") -> list[Row]:
        """Everything GATEWAY has sent since this server was made, oldest first."""

    def close(self) -> None: ...


def new_key() -> str:
    return f"k1:{secrets.token_urlsafe(32)}"


def masters(key: str, devices: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What every test starts from: one site, its devices, the policy of bin temperature of design.md §3."""
    key_id, secret = key.split(":")
    return {
        "sites": [{"site_code": SITE, "site_name": "Silo A", "site_type": "Silo"}],
        "devices": [
            {
    "site" : SITE, "device_id" : name, "device_name" : name, "device_type" : "Temperature Sensor", "status" : "Active",
            }
            for name in devices
        ],
        "policies": [bin_temperature()],
        "gateways": [
            {
                "gateway_id": GATEWAY,
                "sites": [SITE],
                "epoch": "1",
                "credentials": [{"key_id": key_id, "secret": secret}],
            }
        ],
}

def bin_temperature(**changes: Any) -> dict[str, Any]:
    policy = {
        "policy_name": "Bin temperature",
        "site": SITE,
        "observation_type": "temperature",
        "unit": "C",
        "warning_min": 10,
        "warning_max": 30,
        "critical_min": 5,
        "critical_max": 35,
        "valid_min": -40,
        "valid_max": 85,
        "active": 1,
    }
    return policy | changes


class StandIn:
    """mock_devices.mock_frappe as a child process; its records are in a file, so it may be stopped and started."""

    site_header = ""

    def __init__(
        self, folder: Path, devices: list[str], tls: tuple[Path, Path] | None = None, port: int | None = None
    ):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = new_key()
        self.port = port or free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._context = ssl._create_unverified_context() if tls else None  # noqa: S323  our own certificate
        seed = self.folder / "seed.json"
        seed.write_text(json.dumps(masters(self.key, devices)))
        command = [sys.executable, "-m", "mock_devices.mock_frappe", "--port", str(self.port)]
        command += ["--db", str(self.folder / "records.sqlite"), "--seed", str(seed)]
        if tls:
            command += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
        self.process = Process("stand-in", self.folder, command)

    def start(self) -> "StandIn":
        self.process.start()
        self.process.wait_for("answers", self._answers, timeout=20)
        return self

    def stop(self) -> None:
        self.process.stop()

    close = stop

    def seed(self, masters: dict[str, list[dict[str, Any]]]) -> None:
        self.control(seed=masters)

    def rows(self, kind: str = "observation") -> list[Row]:
        return self._get(f"/records.json?kind={kind}&gateway={GATEWAY}&limit=10000000")["rows"]

    def counts(self) -> dict[str, Any]:
        return self._get("/records.json?rows=0&limit=0")["counts"]

    def gateway(self) -> dict[str, Any]:
        return self._get(f"/records.json?rows=0&limit=0&gateway={GATEWAY}")["gateway"]

    def fault(self, name: str, *, count: int | None = None, path: str = "", **params: Any) -> None:
        """Until clear(), or for `count` requests (mock_frappe/faults.py)."""
        until = {
  "until" : "cleared"} if count is None else {"count": count}
        self.control(fault=name, path=path, params=params, **until)

    def hits(self) -> int:
        """How many requests the active faults have met."""
        return sum(fault["hits"] for fault in self._get("/_control")["faults"])

    def clear(self) -> None:
        self.control(clear=True)

    def control(self, **order: Any) -> dict[str, Any]:
        return self._get("/_control", json.dumps(order).encode())

    def page(self) -> str:
        return self._read("/").decode()

    def _answers(self) -> bool:
        try:
return bool(self._read("/api/method/ping")) except OSError : return False

                                                                 def
                                                                 _get(self, path
                                                                      : str, body
                                                                      : bytes | None = None)
                                                                     ->dict[str, Any]
    : return json.loads(self._read(path, body))

          def
          _read(self, path
                : str, body
                : bytes | None = None)
                                                                     ->bytes : request =
           urllib.request.Request(self.url + path, body, {"Content-Type" : "application/json"})
               with urllib.request.urlopen(request, timeout = 30, context = self._context) as answer
    : return answer.read()

"""What the contract is tried on: the stand-in, and a real Frappe site where FRAPPE_BENCH names a bench.

FRAPPE_SITE (edge.localhost), FRAPPE_URL (http://127.0.0.1:8000) and FRAPPE_PASSWORD (admin) say where and how.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import requests

from frappe_ext.contract import edge_key
from tests.contract import server_keys

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 20


class ContractServer(server_keys.KeyDesk, Protocol):
    """Masters by their codes, never by the names a database gives them."""

    name: str
    url: str
    headers: dict[str, str]
    time_zone: str

    def add_site(self, code: str) -> None: ...
    def add_device(self, site: str, device_id: str) -> None: ...
    def add_policy(self, site: str, **fields: Any) -> None:
        """Fieldnames of Observation Threshold Policy."""

    def add_tolerance(self, site: str, **fields: Any) -> None:
        """Fieldnames of Site Tolerance Policy."""

    def add_lot(self, site: str, lot: str, crop: str) -> None: ...
    def add_order(self, site: str, **fields: Any) -> str:
        """lot, vehicle, driver, direction, declared_net_kg; its name as pulled."""

    def add_vehicle(self, site: str, plate: str, tare_kg: float, tare_at: int) -> None: ...
    def add_gateway(self, gateway: str, sites: list[str]) -> tuple[str, str]:
        """Enabled, epoch 1; its (key_id, secret)."""

    def set_gateway(self, gateway: str, **fields: Any) -> None:
        """enabled, revoked, user_enabled, epoch."""

    def set_key(self, gateway: str, **fields: Any) -> None:
        """revoked, or expires / not_before in hours from now, of its only key."""

    def keep(self, gateway: str, instance: str) -> None:
        """A person keeps one of two instances."""

    def release(self, uid: str, flag: str) -> None:
        """A person writes a verdict on an observation."""

    def rows(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        """Stored rows of observation, gap, amend, rejection, weighing, scale_ticket, nonconformance; site and gateway
        as codes. Of Nonconformances: `gateway` those about it, `reference_name` those about a document."""

    def gateway(self, gateway: str) -> dict[str, Any]:
        """epoch, provisional pairs, chain_heads, and what the heartbeat wrote."""

    def close(self) -> None: ...


class StandIn(server_keys.StandInKeys):
    """mock_devices.mock_frappe as a process of its own."""

    name = "stand-in"
    headers: dict[str, str] = {}
    time_zone = "Asia/Aden"

    def __init__(self, *arguments: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mock-frappe-")
        command = [sys.executable, "-m", "mock_devices.mock_frappe", "--port", "0", "--db"]
        self._process = subprocess.Popen(
            [*command, str(Path(self._folder.name) / "site.sqlite"), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.url = json.loads(self._process.stdout.readline())["url"]
        self.folder = Path(self._folder.name)

    def control(self, **order: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/_control", json=order, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _seed(self, **masters: Any) -> None:
        self.control(seed=masters)

    def add_site(self, code: str) -> None:
        self._seed(sites=[{"site_code": code, "site_name": code}])

    def add_device(self, site: str, device_id: str) -> None:
        self._seed(
            devices=[{"site": site, "device_id": device_id, "device_name": device_id, "status": "Active"}]
        )

    def add_policy(self, site: str, **fields: Any) -> None:
        self._seed(policies=[{"policy_name": f"{site} {fields['observation_type']}", "site": site, **fields}])

    def add_tolerance(self, site: str, **fields: Any) -> None:
        self._seed(tolerances=[{"policy_name": f"{site} tolerance", "site": site, **fields}])

    def add_lot(self, site: str, lot: str, crop: str) -> None:
        self._seed(lots=[{"site": site, "lot": lot, "crop": crop}])

    def add_order(self, site: str, **fields: Any) -> str:
        name = f"EWO-{secrets.token_hex(4)}"
        self._seed(orders=[{"site": site, "order": name, **fields}])
        return name

    def add_vehicle(self, site: str, plate: str, tare_kg: float, tare_at: int) -> None:
        self._seed(vehicles=[{"site": site, "vehicle": plate, "tare_kg": tare_kg, "tare_at": tare_at}])

    def add_gateway(self, gateway: str, sites: list[str]) -> tuple[str, str]:
        key = edge_key.generate()
        credentials = [{"key_id": key.key_id, "hash": key.hash}]
        self._seed(
            gateways=[{"gateway_id": gateway, "sites": sites, "epoch": "1", "credentials": credentials}]
        )
        self._credentials = {**getattr(self, "_credentials", {}), gateway: credentials[0]}
        return key.key_id, key.secret

    def set_gateway(self, gateway: str, **fields: Any) -> None:
        self._seed(gateways=[{"gateway_id": gateway, **fields}])

    def set_key(self, gateway: str, **fields: Any) -> None:
        credential = dict(self._credentials[gateway])
        for name, value in fields.items():
            credential[name] = value if name == "revoked" else _in_hours(value)
        self._seed(gateways=[{"gateway_id": gateway, "credentials": [credential]}])

    def keep(self, gateway: str, instance: str) -> None:
        self.control(keep={"gateway": gateway, "instance": instance})

    def release(self, uid: str, flag: str) -> None:
        self.control(release={"uid": uid, "flag": flag})

    def rows(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/records.json", {"kind": kind, **filters}, timeout=TIMEOUT)
        return answer.json()["rows"]

    def gateway(self, gateway: str) -> dict[str, Any]:
        found = requests.get(f"{self.url}/records.json", {"gateway": gateway}, timeout=TIMEOUT).json()[
            "gateway"
        ]
        return {
            "epoch": found["epoch"],
            "provisional": [tuple(pair) for pair in found["provisional"]],
            "chain_heads": found["chain_heads"],
            **found["heartbeat"],
        }

    def close(self) -> None:
        self._process.terminate()
        assert self._process.wait(10) == 0
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()


DOCTYPES = {
    "observation": "Observation",
    "excursion": "Edge Excursion",
    "gap": "Edge Gap",
    "amend": "Edge Amend",
    "rejection": "Edge Rejection",
    "weighing": "Edge Weighing",
    "scale_ticket": "ScaleTicket",
    "nonconformance": "Nonconformance",
}

ADMIN = "contract-tests@example.com"


class Bench(server_keys.BenchKeys):
    """A real site, set up and read through REST as Administrator."""

    name = "frappe"

    def __init__(self) -> None:
        self.url = os.environ.get("FRAPPE_URL", "http://127.0.0.1:8000")
        self.headers = {"X-Frappe-Site-Name": os.environ.get("FRAPPE_SITE", "edge.localhost")}
        self._session = requests.Session()
        self._session.headers.update(self.headers)
        self._sites: dict[str, str] = {}  # code → name
        self._gateways: dict[str, str] = {}
        self._lots: dict[tuple[str, str], str] = {}
        login = {"usr": "Administrator", "pwd": os.environ.get("FRAPPE_PASSWORD", "admin")}
        self._call("POST", "/api/method/login", data=login)
        self.time_zone = self._call("GET", "/api/resource/System Settings/System Settings")["data"][
            "time_zone"
        ]

        self._ensure_system_manager()

    def _ensure_system_manager(self) -> None:
        """Frappe disables no user where the site has no System Manager beside Administrator."""
        if not self._list("User", [["name", "=", ADMIN]]):
            fields = {"email": ADMIN, "first_name": "Contract tests", "send_welcome_email": 0}
            self._insert("User", **fields, roles=[{"role": "System Manager"}])

    def _call(self, verb: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer = self._session.request(verb, self.url + path, timeout=TIMEOUT, **arguments)
        assert answer.status_code == 200, f"{verb} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    def _insert(self, doctype: str, **fields: Any) -> str:
        return self._call("POST", f"/api/resource/{doctype}", json=fields)["data"]["name"]

    def _get(self, doctype: str, name: str) -> dict[str, Any]:
        return self._call("GET", f"/api/resource/{doctype}/{name}")["data"]

    def _put(self, doctype: str, name: str, **fields: Any) -> None:
        self._call("PUT", f"/api/resource/{doctype}/{name}", json=fields)

    def _list(self, doctype: str, filters: list[list[Any]]) -> list[dict[str, Any]]:
        wanted = {
            "filters": json.dumps(filters),
            "fields": '["*"]',
            "limit_page_length": "0",
            "order_by": "creation",
        }
        return self._call("GET", f"/api/resource/{doctype}", params=wanted)["data"]

    def add_site(self, code: str) -> None:
        self._sites[code] = self._insert("Site", site_name=code, site_code=code, site_type="Silo")

    def add_device(self, site: str, device_id: str) -> None:
        fields = {
            "device_name": device_id,
            "device_id": device_id,
            "device_type": "Other",
            "status": "Active",
        }
        self._insert("Device", site=self._sites[site], **fields)

    def add_policy(self, site: str, **fields: Any) -> None:
        name = f"{site} {fields['observation_type']}"
        self._insert(
            "Observation Threshold Policy", policy_name=name, site=self._sites[site], active=1, **fields
        )

    def add_tolerance(self, site: str, **fields: Any) -> None:
        name = f"{site} tolerance"
        self._insert("Site Tolerance Policy", policy_name=name, site=self._sites[site], active=1, **fields)

    def add_lot(self, site: str, lot: str, crop: str) -> None:
        fields = {"lot_number": lot, "crop": crop, "qty_kg": 1000, "status": "Accepted"}
        self._lots[site, lot] = self._insert("Lot", site=self._sites[site], **fields)

    def add_order(self, site: str, **fields: Any) -> str:
        if "lot" in fields:
            fields["lot"] = self._lots[site, fields["lot"]]
        return self._insert("Edge Weighing Order", site=self._sites[site], status="Open", **fields)

    def add_vehicle(self, site: str, plate: str, tare_kg: float, tare_at: int) -> None:
        at = datetime.fromtimestamp(tare_at / 1000, ZoneInfo(self.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
        self._insert("Edge Vehicle", site=self._sites[site], plate=plate, tare_kg=tare_kg, tare_at=at)

    def add_gateway(self, gateway: str, sites: list[str]) -> tuple[str, str]:
        rows = [{"site": self._sites[site]} for site in sites]
        self._gateways[gateway] = self._insert("Edge Gateway", gateway_id=gateway, enabled=1, sites=rows)
        key = self._call("POST", "/api/method/frappe_ext.auth.issue_key", json={"gateway": gateway})[
            "message"
        ]
        self._admin_epoch(gateway, key)
        return key["key_id"], key["secret"]

    def _admin_epoch(self, gateway: str, key: dict[str, str]) -> None:
        """Epoch 1, granted as to any new store; nobody types an epoch in Desk."""
        body = {"gateway": gateway, "instance": "0" * 16, "reason": "new_store"}
        authorization = {"Authorization": f"EdgeKey {key['key_id']}:{key['secret']}", **self.headers}
        url = f"{self.url}/api/method/frappe_ext.api.gateway.new_epoch"
        answer = requests.post(url, json=body, headers=authorization, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text[:2000]

    def set_gateway(self, gateway: str, **fields: Any) -> None:
        name = self._gateways[gateway]
        if "user_enabled" in fields:
            user = self._get("Edge Gateway", name)["user"]
            self._put("User", user, enabled=int(fields.pop("user_enabled")))
        if "epoch" in fields:
            self._grant_until(gateway, fields.pop("epoch"))
        if fields:
            self._put("Edge Gateway", name, **{key: int(value) for key, value in fields.items()})

    def _grant_until(self, gateway: str, epoch: str) -> None:
        key = self._call("POST", "/api/method/frappe_ext.auth.issue_key", json={"gateway": gateway})[
            "message"
        ]
        while int(self._get("Edge Gateway", self._gateways[gateway])["epoch"] or 0) < int(epoch):
            self._admin_epoch(gateway, key)

    def set_key(self, gateway: str, **fields: Any) -> None:
        document = self._get("Edge Gateway", self._gateways[gateway])
        credential = document["credentials"][0]
        for name, value in fields.items():
            credential[name] = int(value) if name == "revoked" else self._local_in_hours(value)
        self._put("Edge Gateway", document["name"], credentials=document["credentials"])

    def _local_in_hours(self, hours: float) -> str:
        moment = datetime.now(ZoneInfo(self.time_zone)) + timedelta(hours=hours)
        return moment.strftime("%Y-%m-%d %H:%M:%S")

    def keep(self, gateway: str, instance: str) -> None:
        body = {"gateway": gateway, "instance": instance}
        self._call("POST", "/api/method/frappe_ext.auth.keep_instance", json=body)

    def release(self, uid: str, flag: str) -> None:
        (row,) = self._list("Observation", [["edge_uid", "=", uid]])
        fields = {
            "quality_flag": flag,
            "released_by": "Administrator",
            "released_reason": "Seen by a person.",
        }
        self._put("Observation", row["name"], **fields)

    def rows(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        names = {"uid": "edge_uid", "flag": "quality_flag", "device": "device_text"}
        if kind == "nonconformance":
            names["gateway"] = "reference_name"
        codes = {"site": self._sites, "gateway": self._gateways}
        wanted = [
            [names.get(key, key), "=", codes[key][value] if key in codes else value]
            for key, value in filters.items()
        ]
        texts = {key: {name: code for code, name in found.items()} for key, found in codes.items()}
        return [
            {**row, **{key: texts[key].get(row.get(key), row.get(key)) for key in texts}}
            for row in self._list(DOCTYPES[kind], wanted)
        ]

    def gateway(self, gateway: str) -> dict[str, Any]:
        document = self._get("Edge Gateway", self._gateways[gateway])
        pairs = [(row["provisional"], row["epoch"]) for row in document["provisional"]]
        return {**document, "provisional": pairs}

    def close(self) -> None:
        self._session.close()


def _in_hours(hours: float) -> int:
    return int((datetime.now().timestamp() + hours * 3600) * 1000)

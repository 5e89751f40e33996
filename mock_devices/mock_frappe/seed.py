"""Masters from JSON: sites, devices, policies, tolerances, orders, vehicles, lots, gateways with their keys.

{"time_zone": "Asia/Aden",
 "sites": [{"site_code": "silo-a", "site_name": "Silo A"}],
 "devices": [{"site": "silo-a", "device_id": "bin3-t1", "device_type": "Temperature Sensor", "status": "Active"}],
 "policies": [{"policy_name": "…", "site": "silo-a", "observation_type": "temperature", "critical_max": 35, …}],
 "tolerances": [{"policy_name": "…", "site": "silo-a", "tolerance_pct": 2.5, "from_date": "2026-01-01"}],
 "lots": [{"site": "silo-a", "lot": "LOT-2026-14", "crop": "wheat"}],
 "orders": [{"site": "silo-a", "order": "EWO-0031", "lot": "LOT-2026-14", "vehicle": "AB-123-C", "driver": "…",
             "direction": "Receive", "declared_net_kg": 24800}],
 "vehicles": [{"site": "silo-a", "vehicle": "AB-123-C", "tare_kg": 14560, "tare_at": 1771000000000, "tares": [14560]}],
 "gateways": [{"gateway_id": "gw-silo-a", "sites": ["silo-a"], "epoch": "3",
               "credentials": [{"key_id": "k1", "hash": "<SHA-256 of the secret>"}]}]}

Policies and tolerances have the fieldnames of Desk; a ticket closes its order. A credential may say "secret" in place of "hash" (demo and tests only); what is
stored is the hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frappe_ext.contract import edge_key
from mock_devices.mock_frappe.database import Database
from mock_devices.mock_frappe.store import device_key

PLURAL = {
    "sites": "site",
    "devices": "device",
    "policies": "policy",
    "tolerances": "tolerance",
    "gateways": "gateway",
    "orders": "order",
    "vehicles": "vehicle",
    "operators": "operator",
    "lots": "lot",
    "reporting": "reporting",
}


def load(database: Database, seed: Mapping[str, Any], now_ms: int) -> None:
    """Adds or replaces what the seed names; a gateway keeps what it has where the seed says nothing."""
    with database.write():
        for plural, kind in PLURAL.items():
            for body in seed.get(plural, ()):
                if kind == "gateway":
                    body = _gateway(database.master("gateway", body["gateway_id"]) or {}, body)
                database.put_master(kind, _key(kind, body), body, body.get("modified_ms") or now_ms)


def _key(kind: str, body: Mapping[str, Any]) -> str:
    match kind:
        case "site":
            return body["site_code"]
        case "device":
            return device_key(body["site"], body["device_id"])
        case "gateway":
            return body["gateway_id"]
        case "policy" | "tolerance":
            return body["policy_name"]
        case "reporting":
            return f"{body['site']}/{body['type']}"
        case _:
            return f"{body['site']}/{body[kind]}"


def _gateway(stored: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    merged = {
        "enabled": True,
        "revoked": False,
        "user_enabled": True,
        "epoch": "1",
        "sites": [],
        "credentials": [],
        "provisional": [],
        "trail": "",
        "held": False,
        "banned": [],
        "heartbeat": {},
        "chain_heads": [],
        **stored,
        **body,
    }
    merged["credentials"] = [_credential(each) for each in merged["credentials"]]
    return merged


def _credential(each: Mapping[str, Any]) -> dict[str, Any]:
    credential = {"not_before": None, "expires": None, "revoked": False, **each}
    secret = credential.pop("secret", None)
    if secret is not None:
        credential["hash"] = edge_key.hash_secret(secret)
    return credential

"""The whitelisted methods of the app, over the contract and SQLite."""

from __future__ import annotations

import time
from typing import Any

from frappe_ext import __version__, native
from frappe_ext.contract import (
    body,
    chain_watch,
    config_answer,
    edge_key,
    envelope,
    epochs,
    heartbeat,
    ingestion,
    reconciliation,
)
from frappe_ext.contract.refusals import Refusal
from mock_devices.mock_frappe.database import Database
from mock_devices.mock_frappe.faults import Fault
from mock_devices.mock_frappe.store import SqliteStore, policies_of, provisional_of
from mock_devices.mock_frappe.weighbridge_store import tolerances_of

USE_NOTED_MS = 600_000


class UnknownKey(Exception):
    """Frappe's AuthenticationError."""


def now_ms() -> int:
    """UTC ms."""
    return time.time_ns() // 1_000_000


class Endpoints:
    """One method per endpoint: bytes in, the `message` out; Refusal for the envelope."""

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone

    def authenticate(self, authorization: str | None) -> dict[str, Any]:
        """The gateway's body whose key this is. UnknownKey, Refusal revoked / expired."""
        presented = edge_key.parse_header(authorization)
        if presented is None:
            raise UnknownKey
        for gateway in self._database.masters("gateway").values():
            for each in gateway["credentials"]:
                if each["key_id"] != presented.key_id:
                    continue
                if not edge_key.matches(presented.secret, each["hash"]):
                    raise UnknownKey
                credential = edge_key.Credential(
                    each["key_id"], each["hash"], each["not_before"], each["expires"], bool(each["revoked"])
                )
                edge_key.check_credential(credential, _state(gateway), now_ms())
                envelope.check_gateway(_state(gateway))
                self._note_use(gateway, each)
                return gateway
        edge_key.matches(presented.secret, None)
        raise UnknownKey

    def _note_use(self, gateway: dict[str, Any], credential: dict[str, Any]) -> None:
        """At most every ten minutes, as the app."""
        if now_ms() - (credential.get("last_used") or 0) < USE_NOTED_MS:
            return
        with self._database.write():
            stored = self._gateway(gateway["gateway_id"])
            for each in stored["credentials"]:
                if each["key_id"] == credential["key_id"]:
                    each["last_used"] = now_ms()
            self._put(stored)

    def submit(
        self,
        gateway_id: str,
        data: bytes,
        content_type: str | None,
        fault: Fault | None,
        seen: dict[str, Any],
    ) -> dict[str, Any]:
        """…ingest.submit. `seen` is filled for the journal."""
        batch = body.read_batch(data, content_type)
        seen.update(
            batch_id=batch.batch_id, epoch=batch.epoch, instance=batch.instance, records=len(batch.records)
        )
        spared, answers = _set_aside(batch.records, fault)
        with self._database.write() as connection:
            gateway = self._checked(gateway_id, batch.gateway, batch.epoch, batch.instance, batch.sent_at)
            results = []
            if isinstance(gateway, dict):
                store = SqliteStore(self._database, connection, self._zone, batch.gateway)
                kept = body.Batch(
                    batch.gateway, batch.epoch, batch.instance, batch.batch_id, batch.sent_at, spared
                )
                results = [result.as_dict() for result in ingestion.store_batch(kept, _state(gateway), store)]
        if not isinstance(gateway, dict):
            raise gateway
        for index, answer in answers:
            results.insert(index, answer)
        seen["results"] = [(result["uid"], result["status"]) for result in results]
        return {
            "batch_id": batch.batch_id,
            "results": results,
            "server_time": now_ms(),
            "config_version": self._config(batch.gateway)[0],
        }

    def reconcile(self, gateway_id: str, data: bytes, content_type: str | None) -> dict[str, Any]:
        """…ingest.reconcile."""
        asked = body.read_body(data, content_type)
        store = SqliteStore(self._database, self._database.connection(), self._zone, gateway_id)
        return reconciliation.reconcile(asked, _state(self._gateway(gateway_id)), store)

    def config(self, gateway_id: str, have: str | None) -> dict[str, Any]:
        """…gateway.config."""
        version, content = self._config(gateway_id)
        if have == version:
            return config_answer.unchanged_answer(version)
        gateway = self._gateway(gateway_id)
        return config_answer.config_answer(
            gateway=gateway_id,
            epoch=gateway["epoch"],
            time_zone=self._zone,
            server_time=now_ms(),
            version=version,
            content=content,
        )

    def heartbeat(self, gateway_id: str, data: bytes, content_type: str | None) -> dict[str, Any]:
        """…gateway.heartbeat."""
        beat = heartbeat.read_heartbeat(body.read_body(data, content_type))
        with self._database.write() as connection:
            gateway = self._checked(gateway_id, beat.gateway, beat.epoch, beat.instance, beat.at)
            if isinstance(gateway, dict):
                gateway["heartbeat"] = {**beat.columns, "last_seen": now_ms()}
                self._put(gateway)
                store = SqliteStore(self._database, connection, self._zone, gateway_id)
                chain_watch.watch_chains(beat, _state(gateway), store)
        if not isinstance(gateway, dict):
            raise gateway
        return {"server_time": now_ms(), "config_version": self._config(gateway_id)[0]}

    def new_epoch(self, gateway_id: str, data: bytes, content_type: str | None) -> dict[str, Any]:
        """…gateway.new_epoch."""
        asked = body.read_body(data, content_type)
        reason = asked.get("reason")
        if reason not in ("new_store", "restore", "corrupt") or not body.is_instance(asked.get("instance")):
            raise Refusal(
                "malformed", "reason must be new_store, restore or corrupt, instance 16 hex digits."
            )
        with self._database.write():
            gateway = self._gateway(gateway_id)
            envelope.check_claim(_state(gateway), asked.get("gateway"))
            grant = epochs.grant(
                gateway["epoch"],
                provisional_of(gateway),
                last_epoch=asked.get("last_epoch"),
                provisional_now=asked.get("provisional"),
            )
            if not grant.repeated:
                gateway["epoch"] = grant.epoch
                gateway["trail"] = ""  # a new store: what alternated before is history
                if grant.noted:
                    gateway["provisional"].append(list(grant.noted))
                self._put(gateway)
        return {"epoch": grant.epoch}

    def health(self) -> tuple[int, dict[str, Any]]:
        """…monitoring.health_check: HTTP status and message."""
        if not native.available():
            return 503, {"status": "degraded", "checks": {}}
        report = native.HealthReport()
        started = time.monotonic()
        self._database.connection().execute("SELECT 1").fetchone()
        report.add("database", True, (time.monotonic() - started) * 1000)
        for check in ("redis", "scheduler", "workers"):
            report.add(check, True, 0)
        return report.http_status, {"status": report.status, "checks": report.checks, "version": __version__}

    def _checked(
        self, gateway_id: str, claimed: str, epoch: str, instance: str, sent_at: int
    ) -> dict[str, Any] | Refusal:
        """The gateway's body, or the refusal `held` whose first sight has to be committed."""
        gateway = self._gateway(gateway_id)
        state = _state(gateway)
        envelope.check_sender(state, claimed, epoch, instance)
        trail, alternate = envelope.note_instance(state, instance, sent_at)
        if trail != gateway["trail"] or alternate:
            gateway["trail"], gateway["held"] = trail, alternate
            self._put(gateway)
        return envelope.held(state) if alternate else gateway

    def _config(self, gateway_id: str) -> tuple[str, dict[str, Any]]:
        sites = frozenset(self._gateway(gateway_id)["sites"])
        kinds = ("site", "device", "tolerance", "order", "vehicle", "operator", "lot", "reporting")
        masters = {kind: self._database.masters(kind) for kind in kinds}
        rows = {
            kind: [row for row in found.values() if row.get("site") in sites]
            for kind, found in masters.items()
        }
        content = {
            "sites": [
                {"site": code, "name": row.get("site_name", code)}
                for code, row in masters["site"].items()
                if code in sites
            ],
            "devices": [config_answer.device_entry(row, site=row["site"]) for row in rows["device"]],
            "policies": policies_of(self._database, sites),
            "tolerances": tolerances_of(self._database, self._zone, sites),
            "reporting": _plain(rows["reporting"]),
            "orders": [
                config_answer.order_entry(row, site=row["site"])
                for row in rows["order"]
                if row.get("status", "Open") == "Open"
            ],
            "vehicles": [config_answer.vehicle_entry(row, site=row["site"]) for row in rows["vehicle"]],
            "operators": _plain(rows["operator"]),
            "lots": [config_answer.lot_entry(row, site=row["site"]) for row in rows["lot"]],
        }
        newest = max((row["modified"] for found in masters.values() for row in found.values()), default=0)
        return config_answer.config_version(content, newest), content

    def _gateway(self, gateway_id: str) -> dict[str, Any]:
        gateway = self._database.master("gateway", gateway_id)
        if gateway is None:
            raise UnknownKey
        return gateway

    def _put(self, gateway: dict[str, Any]) -> None:
        self._database.put_master("gateway", gateway["gateway_id"], gateway, now_ms())


def _state(gateway: dict[str, Any]) -> envelope.Gateway:
    return envelope.Gateway(
        gateway_id=gateway["gateway_id"],
        sites=frozenset(gateway["sites"]),
        enabled=bool(gateway["enabled"]),
        revoked=bool(gateway["revoked"]),
        user_enabled=bool(gateway["user_enabled"]),
        epoch=gateway["epoch"],
        provisional=provisional_of(gateway),
        trail=gateway["trail"],
        held=bool(gateway["held"]),
        banned=tuple(gateway["banned"]),
    )


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "modified"} for row in rows]


def _devices(record: dict[str, Any]) -> tuple[Any, Any]:
    return record.get("device"), record.get("scale")


def _set_aside(records: list[Any], fault: Fault | None) -> tuple[list[Any], list[tuple[int, dict[str, Any]]]]:
    """For reject_device and retry_device: the records that are served, and (index, made-up answer) of the others."""
    if fault is None or fault.name not in ("reject_device", "retry_device"):
        return records, []
    device = fault.params.get("device")
    spared, answers = [], []
    for index, record in enumerate(records):
        if not isinstance(record, dict) or (device is not None and device not in _devices(record)):
            spared.append(record)
            continue
        code = fault.params.get("code", "unknown_site" if fault.name == "reject_device" else "server_error")
        status = "rejected" if fault.name == "reject_device" else "retry"
        message = fault.params.get("message", f"Made up by the fault {fault.name}.")
        answers.append(
            (
                index,
                {
                    "uid": record.get("uid"),
                    "status": status,
                    "code": code,
                    "field": "device",
                    "message": message,
                },
            )
        )
    return spared, answers

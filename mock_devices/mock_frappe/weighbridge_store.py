"""storage.Store over SQLite: weighings, tickets, chains and Nonconformances."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from frappe_ext import native
from frappe_ext.contract import config_answer, times
from frappe_ext.contract.storage import ChainHead, Finding, Outcome, StoredTicket, StoredWeighing
from frappe_ext.contract.weighbridge_rows import COMPLETED, CORRECTED, TicketRow, WeighingRow, missing_links
from mock_devices.mock_frappe.database import Database
from mock_devices.mock_frappe.sqlite_rows import SqliteRows, device_key, marks

TICKET_TYPE = "Scale ticket mismatch"


class WeighbridgeStore(SqliteRows):
    def tolerances(self, sites: Collection[str]) -> native.ToleranceBook:
        return native.ToleranceBook(tolerances_of(self._database, self._zone))

    def stored_weighings(self, uids: Sequence[str]) -> dict[str, StoredWeighing]:
        rows = self._weighings(f"edge_uid IN ({marks(uids)})", uids)
        return {row.uid: row for row in rows}

    def stored_tickets(self, uids: Sequence[str]) -> dict[str, StoredTicket]:
        found = self._connection.execute(
            f"SELECT * FROM scale_ticket WHERE edge_uid IN ({marks(uids)})", list(uids)
        )
        return {
            row["edge_uid"]: StoredTicket(
                name=row["name"],
                uid=row["edge_uid"],
                gateway=row["gateway"],
                site=row["site"],
                number=row["ticket_number"],
                status=row["status"],
                void_uid=row["void_uid"] or "",
            )
            for row in found
        }

    def taken_numbers(self, numbers: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        found = self._connection.execute(
            f"SELECT site, ticket_number, edge_uid FROM scale_ticket WHERE ticket_number IN ({marks(numbers)})",
            [number for _, number in numbers],
        )
        taken = {(row["site"], row["ticket_number"]): row["edge_uid"] or "" for row in found}
        return {key: taken[key] for key in numbers if key in taken}

    def insert_weighings(self, rows: Sequence[WeighingRow]) -> list[Outcome]:
        return [
            self._insert(
                "weighing",
                {**row.columns, **self._places(row.site, row.scale), "at": self._local(row.columns["at_ms"])},
            )
            for row in rows
        ]

    def insert_tickets(self, rows: Sequence[TicketRow]) -> list[Outcome]:
        return [self._insert_ticket(row) for row in rows]

    def void_ticket(self, target: StoredTicket, row: TicketRow) -> Outcome:
        self._update("scale_ticket", target.name, row.columns)
        self._reopen_order(target)
        return Outcome(name=target.name)

    def chain_of(self, scale: str, epoch: str, from_seq: int = 0) -> list[StoredWeighing]:
        where = "gateway = ? AND device_text = ? AND epoch = ? AND seq >= ? ORDER BY seq"
        return self._weighings(where, (self._gateway, scale, epoch, from_seq))

    def last_link(self, scale: str, epoch: str) -> StoredWeighing | None:
        where = "gateway = ? AND device_text = ? AND epoch = ? ORDER BY seq DESC LIMIT 1"
        return next(iter(self._weighings(where, (self._gateway, scale, epoch))), None)

    def chain_epochs(self, scale: str) -> list[str]:
        found = self._connection.execute(
            "SELECT DISTINCT epoch FROM weighing WHERE gateway = ? AND device_text = ?",
            (self._gateway, scale),
        )
        return [row["epoch"] for row in found]

    def numbers_of(self, scale: str, epoch: str, after: str = "") -> list[tuple[str, int]]:
        found = self._connection.execute(
            "SELECT ticket_number, ticket_datetime_ms FROM scale_ticket"
            " WHERE gateway = ? AND device_text = ? AND edge_epoch = ?"
            " AND (length(ticket_number), ticket_number) > (length(?), ?)",
            (self._gateway, scale, epoch, after, after),
        )
        return [tuple(row) for row in found]

    def chain_heads(self) -> list[ChainHead]:
        gateway = self._database.masters("gateway")[self._gateway]
        return [ChainHead(**head) for head in gateway["chain_heads"]]

    def save_chain_heads(self, heads: Sequence[ChainHead]) -> None:
        gateway = self._database.masters("gateway")[self._gateway]
        modified = gateway.pop("modified")
        gateway["chain_heads"] = [dataclasses.asdict(head) for head in heads]
        self._database.put_master("gateway", self._gateway, gateway, modified)

    def note_findings(self, findings: Sequence[Finding]) -> None:
        for each in findings:
            self._open_once(
                f"{each.gateway}/{each.code}/{each.key}",
                nc_type=each.code,
                site=each.site,
                gateway=each.gateway,
                capa_description=each.message,
                reference_doctype="Edge Gateway",
                reference_name=each.gateway,
            )

    def _insert_ticket(self, row: TicketRow) -> Outcome:
        lot, order = (
            text if text and self._database.master(kind, f"{row.site}/{text}") else None
            for kind, text in (("lot", row.lot), ("order", row.order))
        )
        columns = {
            **row.columns,
            **self._places(row.site, row.scale),
            "ticket_datetime": self._local(row.at_ms),
            "lot": lot,
            "order": order,
            "vehicle": row.vehicle,
            "notes": missing_links(lot="" if lot else row.lot, order="" if order else row.order),
        }
        outcome = self._insert("scale_ticket", columns)
        if outcome.name is None:
            return outcome
        if row.target is not None:
            self._connection.execute(
                "UPDATE scale_ticket SET status = ? WHERE edge_uid = ? AND status = ?",
                (CORRECTED, row.target, COMPLETED),
            )
        if row.nonconformance:
            self._open_once(
                f"ticket/{outcome.name}",
                nc_type=TICKET_TYPE,
                site=row.site,
                lot=lot,
                capa_description=row.nc_text,
                reference_doctype="ScaleTicket",
                reference_name=outcome.name,
            )
        if order:
            self._set_order(row.site, order, "Closed")
        if row.vehicle and not row.nonconformance:
            self._note_tare(row)
        return outcome

    def _reopen_order(self, target: StoredTicket) -> None:
        """A void ticket fulfils no order, unless another completed one names it."""
        (order,) = self._connection.execute(
            'SELECT "order" FROM scale_ticket WHERE name = ?', (target.name,)
        ).fetchone()
        others = self._connection.execute(
            'SELECT 1 FROM scale_ticket WHERE site = ? AND "order" = ? AND status = ?',
            (target.site, order, COMPLETED),
        )
        if order and others.fetchone() is None:
            self._set_order(target.site, order, "Open")

    def _set_order(self, site: str, order: str, status: str) -> None:
        key = f"{site}/{order}"
        body = self._database.masters("order")[key]
        modified = body.pop("modified")
        self._database.put_master("order", key, {**body, "status": status}, modified)

    def _note_tare(self, row: TicketRow) -> None:
        """A newer empty weight that was captured is the vehicle's stored tare."""
        key = f"{row.site}/{row.vehicle}"
        body = self._database.masters("vehicle").get(key)
        if body is None or not row.columns["tare_weighing"] or (body.get("tare_at") or 0) > row.at_ms:
            return
        modified = body.pop("modified")
        body |= {"tare_kg": float(row.columns["tare_kg"]), "tare_at": row.at_ms}
        self._database.put_master("vehicle", key, body, modified)

    def _open_once(self, key: str, **columns: Any) -> None:
        known = self._connection.execute("SELECT 1 FROM nonconformance WHERE finding_key = ?", (key,))
        if known.fetchone() is None:
            self._insert("nonconformance", {"status": "Open", "finding_key": key, **columns})

    def _places(self, site: str, scale: str) -> dict[str, Any]:
        known = self._database.master("device", device_key(site, scale)) is not None
        return {"site": site, "device": scale if known else None}

    def _weighings(self, where: str, values: Sequence[Any]) -> list[StoredWeighing]:
        found = self._connection.execute(f"SELECT * FROM weighing WHERE {where}", list(values))
        return [_weighing(row) for row in found]


def tolerances_of(
    database: Database, zone: str, sites: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The active ones as gateway.config sends them; from_date and to_date are days of the site, both included."""
    return [
        config_answer.tolerance_entry(
            {
                **row,
                "from_ms": _midnight(row.get("from_date"), 0, zone),
                "to_ms": _midnight(row.get("to_date"), 1, zone),
            },
            site=row["site"],
            version=str(row["modified"]),
        )
        for row in database.masters("tolerance").values()
        if row.get("active", 1) and (sites is None or row["site"] in sites)
    ]


def _midnight(day: str | None, days: int, zone: str) -> int | None:
    if not day:
        return None
    return times.utc_ms(datetime.combine(date.fromisoformat(day) + timedelta(days=days), time()), zone)


def _weighing(row: Mapping[str, Any] | sqlite3.Row) -> StoredWeighing:
    return StoredWeighing(
        name=row["name"],
        uid=row["edge_uid"],
        gateway=row["gateway"],
        site=row["site"],
        scale=row["device_text"],
        epoch=row["epoch"],
        seq=row["seq"],
        at_ms=row["at_ms"],
        value=row["value_text"],
        unit=row["unit"],
        role=row["role"],
        stability=row["stability"],
        manual=bool(row["manual"]),
        override=row["override"],
        prev_hash=row["prev_hash"],
        hash=row["hash"],
        genesis=row["genesis"],
    )

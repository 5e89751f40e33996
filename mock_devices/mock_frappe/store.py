"""storage.Store over SQLite, used inside one write transaction; its weighbridge half is weighbridge_store.py."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from frappe_ext import native
from frappe_ext.contract import config_answer, epochs
from frappe_ext.contract.reconciliation import BLOCK, first_of_block
from frappe_ext.contract.rows import AmendRow, GapRow, ObservationRow
from frappe_ext.contract.storage import Outcome, Rejected, StoredAmend, Target
from mock_devices.mock_frappe.database import SEQUENCES, TABLES, Database
from mock_devices.mock_frappe.excursion_store import ExcursionStore, sighting_of
from mock_devices.mock_frappe.sqlite_rows import SqliteRows, device_key, marks
from mock_devices.mock_frappe.weighbridge_store import WeighbridgeStore


class SqliteStore(WeighbridgeStore, ExcursionStore, SqliteRows):
    """`zone`: the site's time zone. `book` judges every batch of the request."""

    def book(self, sites: Collection[str]) -> native.Book:
        return book_of(self._database)

    def existing_sites(self, codes: Collection[str]) -> set[str]:
        return set(codes) & set(self._database.masters("site"))

    def removed(self, sequences: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
        return {}  # the stand-in keeps everything

    def targets(self, uids: Sequence[str]) -> dict[str, Target]:
        found = self._connection.execute(
            f"SELECT * FROM observation WHERE edge_uid IN ({marks(uids)})", list(uids)
        )
        return {
            row["edge_uid"]: Target(
                name=row["name"],
                gateway=row["gateway"],
                site=row["site"],
                server_flag=row["server_flag"],
                server_reasons=tuple(row["server_reasons"].splitlines()),
                person_decided=bool(row["released_by"]),
                seen=sighting_of(row),
            )
            for row in found
        }

    def amends_of(self, targets: Sequence[str]) -> dict[str, list[StoredAmend]]:
        found = self._connection.execute(
            f"SELECT * FROM amend WHERE target_uid IN ({marks(targets)})", list(targets)
        )
        amends: dict[str, list[StoredAmend]] = {}
        for row in found:
            amend = AmendRow(
                uid=row["edge_uid"],
                target=row["target_uid"],
                epoch=row["edge_epoch"],
                seq=row["edge_seq"],
                flag=row["flag"],
                reasons=row["reasons"].splitlines(),
                observed_at_ms=row["observed_at_ms"],
                policy_version=row["policy_version"],
            )
            amends.setdefault(amend.target, []).append(StoredAmend(row["gateway"], amend))
        return amends

    def insert_observations(self, rows: Sequence[ObservationRow]) -> list[Outcome]:
        devices = self._database.masters("device")
        outcomes = []
        for row in rows:
            columns = dict(row.columns)
            columns["site"] = row.site
            columns["device"] = row.device if device_key(row.site, row.device) in devices else None
            columns["observed_at"] = self._local(columns["observed_at_ms"])
            columns["received_at"] = self._local(columns["received_at_ms"])
            outcomes.append(self._insert("observation", columns))
            for uid in row.amended_by:
                self._connection.execute(
                    "UPDATE amend SET applied = 1, site = ? WHERE edge_uid = ?", (row.site, uid)
                )
        return outcomes

    def insert_gaps(self, rows: Sequence[GapRow]) -> list[Outcome]:
        return [self._insert("gap", {**row.columns, "site": row.site, "device": row.device}) for row in rows]

    def insert_amends(self, rows: Sequence[AmendRow]) -> list[Outcome]:
        return [self._insert("amend", {**row.columns, "site": row.site}) for row in rows]

    def apply_amend(self, target: Target, columns: dict[str, Any]) -> None:
        if "observed_at_ms" in columns:
            columns = {**columns, "observed_at": self._local(columns["observed_at_ms"])}
        self._update("observation", target.name, columns)

    def block_sums(self, epoch: str, firsts: Sequence[int]) -> dict[int, tuple[int, int]]:
        sums: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        sequences = [(table, "edge_uid", column, "edge_seq") for table, column in SEQUENCES.items()]
        sequences.append(("scale_ticket", "void_uid", "void_epoch", "void_seq"))
        for table, uid, epoch_column, seq in sequences:
            for first in firsts:
                found = self._connection.execute(
                    f'SELECT {uid}, {seq} FROM "{table}" WHERE gateway = ? AND {epoch_column} = ?'
                    f" AND {seq} BETWEEN ? AND ?",
                    (self._gateway, epoch, first, first + BLOCK - 1),
                )
                for known, at in found:
                    count, xor = sums[first_of_block(at)]
                    sums[first_of_block(at)] = (count + 1, xor ^ int(known, 16))
        return dict(sums)

    def note_rejections(self, rejected: Sequence[Rejected]) -> None:
        for each in rejected:
            changed = self._connection.execute(
                'UPDATE rejection SET "count" = "count" + 1 WHERE gateway = ? AND edge_uid = ? AND code = ?',
                (self._gateway, each.uid, each.code),
            )
            if changed.rowcount:
                continue
            payload = json.dumps(each.record)[:65536]  # ASCII: lone surrogates stay escaped
            values = (self._gateway, each.uid, each.code, each.field, each.message, payload, 1, "Open")
            self._insert("rejection", dict(zip(TABLES["rejection"], values, strict=True)))


def policies_of(database: Database, sites: Collection[str] | None = None) -> list[dict[str, Any]]:
    """The active policies as gateway.config sends them."""
    return [
        config_answer.policy_entry(row, site=row["site"], version=str(row["modified"]))
        for row in database.masters("policy").values()
        if row.get("active", 1) and (sites is None or row["site"] in sites)
    ]


def book_of(database: Database) -> native.Book:
    """Every policy and device of the stand-in."""
    devices = [(row["site"], row["device_id"]) for row in database.masters("device").values()]
    return native.Book(policies_of(database), devices)


def provisional_of(gateway: dict[str, Any]) -> tuple[epochs.Provisional, ...]:
    """The (provisional, granted) pairs of a gateway's body."""
    return tuple((first, second) for first, second in gateway.get("provisional", ()))

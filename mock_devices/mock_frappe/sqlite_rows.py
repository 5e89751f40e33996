"""What both halves of the stand-in's store do with rows: find, insert, update, times of the site."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from frappe_ext.contract import times
from frappe_ext.contract.storage import Known, Outcome
from mock_devices.mock_frappe.database import TABLES, Database


class SqliteRows:
    """`zone`: the site's time zone; `gateway`: who sends."""

    def __init__(self, database: Database, connection: sqlite3.Connection, zone: str, gateway: str) -> None:
        self._database = database
        self._connection = connection
        self._zone = zone
        self._gateway = gateway

    def find(self, kind: str, uids: Sequence[str]) -> dict[str, Known]:
        """A void is found on its target, by its own uid."""
        table, uid, identity = (
            ("scale_ticket", "void_uid", "NULL") if kind == "void" else (kind, "edge_uid", "identity_hash")
        )
        found = self._connection.execute(
            f'SELECT {uid} AS uid, name, {identity} AS identity FROM "{table}" WHERE {uid} IN ({marks(uids)})',
            list(uids),
        )
        return {row["uid"]: Known(row["name"], row["identity"]) for row in found}

    def _local(self, utc_ms: int) -> str:
        return times.naive_local(utc_ms, self._zone).isoformat(" ", "microseconds")

    def _insert(self, table: str, columns: Mapping[str, Any]) -> Outcome:
        name = secrets.token_hex(5)
        wanted = TABLES[table]
        listed = ", ".join(f'"{column}"' for column in wanted)
        statement = f'INSERT INTO "{table}" (name, {listed}) VALUES ({marks(range(len(wanted) + 1))})'
        try:
            self._connection.execute(statement, [name, *(columns.get(column) for column in wanted)])
        except sqlite3.IntegrityError as error:
            known = self.find(table, [columns["edge_uid"]])
            return Outcome(exists=known[columns["edge_uid"]]) if known else Outcome(error=str(error))
        except sqlite3.Error as error:
            return Outcome(error=type(error).__name__)
        return Outcome(name=name)

    def _update(self, table: str, name: str, columns: Mapping[str, Any]) -> None:
        assignments = ", ".join(f'"{column}" = ?' for column in columns)
        self._connection.execute(
            f'UPDATE "{table}" SET {assignments} WHERE name = ?', [*columns.values(), name]
        )


def device_key(site: str, device: str) -> str:
    """Key of a device among the masters."""
    return f"{site}/{device}"


def marks(values: Collection[Any]) -> str:
    """Question marks for so many values."""
    return ", ".join("?" * len(values))

"""The stand-in's SQLite file: one connection per thread, written under BEGIN IMMEDIATE."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

OBSERVATION_COLUMNS = (
    "edge_uid",
    "identity_hash",
    "site",
    "device",
    "observed_at",
    "received_at",
    "observation_type",
    "value",
    "value_text",
    "has_value",
    "unit",
    "value_in",
    "unit_in",
    "quality_flag",
    "quality_reasons",
    "edge_flag",
    "edge_reasons",
    "server_flag",
    "server_reasons",
    "policy_version",
    "raw_payload",
    "raw_sha256",
    "observed_at_ms",
    "received_at_ms",
    "clock_state",
    "time_source",
    "backfilled",
    "identity",
    "device_text",
    "gateway",
    "edge_epoch",
    "edge_seq",
    "fold_count",
    "fold_last_ms",
    "notes",
    "released_by",
    "excursion",
)
EXCURSION_COLUMNS = (
    "site",
    "device",
    "device_text",
    "gateway",
    "observation_type",
    "code",
    "severity",
    "status",
    "opened_at",
    "opened_at_ms",
    "last_at",
    "last_at_ms",
    "cleared_at",
    "cleared_at_ms",
    "end_ms",
    "peak",
    "peak_value",
    "unit",
    "count",
    "policy_version",
    "last_observation",
    "stream",
    "matter",
    "open_key",
)
GAP_COLUMNS = (
    "edge_uid",
    "identity_hash",
    "site",
    "device",
    "device_text",
    "gateway",
    "edge_epoch",
    "edge_seq",
    "from_seq",
    "to_seq",
    "from_at_ms",
    "to_at_ms",
    "count",
    "reason",
)
AMEND_COLUMNS = (
    "edge_uid",
    "identity_hash",
    "site",
    "gateway",
    "edge_epoch",
    "edge_seq",
    "target_uid",
    "cause",
    "flag",
    "reasons",
    "observed_at_ms",
    "policy_version",
    "applied",
)
WEIGHING_COLUMNS = (
    "edge_uid",
    "identity_hash",
    "site",
    "device",
    "device_text",
    "gateway",
    "epoch",
    "edge_seq",
    "seq",
    "at",
    "at_ms",
    "clock",
    "value_text",
    "unit",
    "kg_text",
    "kg",
    "e",
    "range",
    "role",
    "mode",
    "stability",
    "stable_ms",
    "spread",
    "zero_seen_ms",
    "profile",
    "checksum",
    "raw_hex",
    "tare_text",
    "alibi_id",
    "manual",
    "operator",
    "override",
    "reason",
    "genesis",
    "prev_hash",
    "hash",
)
TICKET_COLUMNS = (
    "edge_uid",
    "identity_hash",
    "site",
    "device",
    "device_text",
    "gateway",
    "edge_epoch",
    "edge_seq",
    "origin",
    "status",
    "ticket_number",
    "ticket_datetime",
    "ticket_datetime_ms",
    "direction",
    "weight_unit",
    "gross_text",
    "tare_text",
    "net_text",
    "gross_kg",
    "tare_kg",
    "net_kg",
    "declared_net_kg",
    "gross_weighing",
    "tare_weighing",
    "tare_at",
    "tare_vehicle",
    "corrects",
    "void_uid",
    "void_epoch",
    "void_seq",
    "void_reason",
    "lot",
    "order",
    "vehicle",
    "driver",
    "operator",
    "stability",
    "manual_entry",
    "prints",
    "alibi_hash",
    "edge_mismatch",
    "edge_reasons",
    "mismatch_flag",
    "mismatch_reasons",
    "difference_kg",
    "difference_pct",
    "tolerance_pct",
    "policy_version",
    "notes",
)
NONCONFORMANCE_COLUMNS = (
    "nc_type",
    "site",
    "gateway",
    "lot",
    "status",
    "capa_description",
    "reference_doctype",
    "reference_name",
    "finding_key",
)
REJECTION_COLUMNS = ("gateway", "edge_uid", "code", "field", "message", "payload", "count", "status")
TABLES = {
    "observation": OBSERVATION_COLUMNS,
    "excursion": EXCURSION_COLUMNS,
    "gap": GAP_COLUMNS,
    "amend": AMEND_COLUMNS,
    "weighing": WEIGHING_COLUMNS,
    "scale_ticket": TICKET_COLUMNS,
    "nonconformance": NONCONFORMANCE_COLUMNS,
    "rejection": REJECTION_COLUMNS,
}
UNIQUE = {
    "scale_ticket": "site, ticket_number",
    "nonconformance": "finding_key",
    "weighing": "gateway, device_text, epoch, seq",
    "excursion": "open_key",
}
SEQUENCES = {
    "observation": "edge_epoch",
    "gap": "edge_epoch",
    "amend": "edge_epoch",
    "weighing": "epoch",
    "scale_ticket": "edge_epoch",
}
"""Table of each kind of record → its column of the epoch."""
# Masters are few and read whole: one JSON text each.
MASTERS = (
    "site",
    "device",
    "policy",
    "tolerance",
    "gateway",
    "order",
    "vehicle",
    "operator",
    "lot",
    "reporting",
)


class Database:
    """`path` may be ":memory:" only where one thread uses it; the server takes a file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()
        with self.write() as connection:
            self._create(connection)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=60, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed on a normal end, else rolled back."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def dump(self, path: str) -> None:
        """A consistent copy of everything, as a backup makes it."""
        with closing(sqlite3.connect(path)) as copy:
            self.connection().backup(copy)

    def restore(self, path: str) -> None:
        """Sets everything back to such a copy; ValueError where there is none."""
        if not Path(path).is_file():
            raise ValueError(f"no dump {path}")
        with closing(sqlite3.connect(path)) as copy:
            copy.backup(self.connection())

    @staticmethod
    def _create(connection: sqlite3.Connection) -> None:
        for table, columns in TABLES.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                f'CREATE TABLE IF NOT EXISTS "{table}" (id INTEGER PRIMARY KEY, name TEXT, {listed})'
            )
        for table, columns in UNIQUE.items():
            connection.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS {table}_of ON "{table}" ({columns})')
        for table in ("observation", "gap", "amend", "weighing", "scale_ticket"):
            connection.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS {table}_uid ON "{table}" (edge_uid)')
        for table, epoch in SEQUENCES.items():
            connection.execute(
                f'CREATE INDEX IF NOT EXISTS {table}_sequence ON "{table}" (gateway, {epoch}, edge_seq)'
            )
        connection.execute("CREATE INDEX IF NOT EXISTS excursion_stream ON excursion (stream, end_ms)")
        connection.execute("CREATE INDEX IF NOT EXISTS observation_excursion ON observation (excursion)")
        connection.execute(
            "CREATE INDEX IF NOT EXISTS observation_stream"
            " ON observation (site, device_text, observation_type, observed_at_ms)"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS amend_target ON amend (target_uid)")
        connection.execute("CREATE INDEX IF NOT EXISTS rejection_uid ON rejection (gateway, edge_uid)")
        connection.execute("CREATE INDEX IF NOT EXISTS observation_flag ON observation (quality_flag, id)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS master (kind TEXT, key TEXT, body TEXT, modified INTEGER, PRIMARY KEY (kind, key))"
        )

    def masters(self, kind: str) -> dict[str, dict[str, Any]]:
        """Key → body, with `modified` (UTC ms) beside."""
        found = self.connection().execute(
            "SELECT key, body, modified FROM master WHERE kind = ? ORDER BY key", (kind,)
        )
        return {row["key"]: {**json.loads(row["body"]), "modified": row["modified"]} for row in found}

    def master(self, kind: str, key: str) -> dict[str, Any] | None:
        """One body or None."""
        found = (
            self.connection()
            .execute("SELECT body FROM master WHERE kind = ? AND key = ?", (kind, key))
            .fetchone()
        )
        return json.loads(found["body"]) if found else None

    def put_master(self, kind: str, key: str, body: Mapping[str, Any], modified: int) -> None:
        """Writes one; the caller holds no transaction or is inside `write`."""
        self.connection().execute(
            "INSERT OR REPLACE INTO master (kind, key, body, modified) VALUES (?, ?, ?, ?)",
            (kind, key, json.dumps(body, sort_keys=True), modified),
        )

    def select(
        self, table: str, where: str = "1", values: Sequence[Any] = (), *, limit: int = 1_000_000
    ) -> list[dict[str, Any]]:
        """Rows oldest first; `where` comes from this package, values from outside."""
        found = self.connection().execute(
            f'SELECT * FROM "{table}" WHERE {where} ORDER BY id LIMIT ?', (*values, limit)
        )
        return [dict(row) for row in found]

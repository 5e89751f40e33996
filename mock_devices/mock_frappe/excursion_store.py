"""storage.Store over SQLite: excursions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from frappe_ext.contract.excursion_rows import (
    CLEARED,
    OPEN,
    Excursion,
    Sighting,
    Stream,
    sighting,
    stream_key,
)
from frappe_ext.contract.statuses import OK
from mock_devices.mock_frappe.sqlite_rows import SqliteRows, device_key, marks

_OF_STREAM = "site = ? AND device_text = ? AND observation_type = ?"


class ExcursionStore(SqliteRows):
    def excursions(self, streams: Sequence[Stream], from_ms: int) -> list[Excursion]:
        keys = {stream_key(stream): stream for stream in streams}
        found = self._connection.execute(
            f"SELECT * FROM excursion WHERE stream IN ({marks(keys)}) AND end_ms >= ? AND status IN (?, ?)",
            [*keys, from_ms, OPEN, CLEARED],
        )
        return [_excursion(row, keys[row["stream"]]) for row in found]

    def calm_rows(self, stream: Stream, at_ms: int, *, later: bool, limit: int) -> list[tuple[int, str]]:
        found = self._connection.execute(
            f"SELECT observed_at_ms, value_text FROM observation WHERE {_OF_STREAM}"
            f" AND observed_at_ms {'>' if later else '<'} ? AND edge_flag = ? AND server_flag = ?"
            f" ORDER BY observed_at_ms {'ASC' if later else 'DESC'} LIMIT ?",
            (*stream, at_ms, OK, OK, limit),
        )
        return [tuple(row) for row in found]

    def flagged_rows(self, stream: Stream, from_ms: int, until_ms: int) -> list[Sighting]:
        where = f"{_OF_STREAM} AND observed_at_ms > ? AND observed_at_ms < ? AND quality_flag != ? AND excursion IS NULL"
        return self._sightings(where, (*stream, from_ms, until_ms, OK))

    def rows_of_excursion(self, excursion: Excursion) -> list[Sighting]:
        return self._sightings("excursion = ?", (excursion.name,))

    def write_excursion(self, excursion: Excursion) -> None:
        columns = excursion.columns()
        for name in ("opened_at", "last_at", "cleared_at"):
            at_ms = columns[f"{name}_ms"]
            columns[name] = self._local(at_ms) if at_ms else None
        if excursion.name is not None:
            self._update("excursion", excursion.name, columns)
            return
        site, device, _ = excursion.stream
        known = self._database.master("device", device_key(site, device)) is not None
        places = {"site": site, "device": device if known else None, "gateway": self._gateway}
        excursion.name = self._insert("excursion", columns | places).name

    def assign_rows(self, excursion: str | None, rows: Sequence[str]) -> None:
        self._connection.execute(
            f"UPDATE observation SET excursion = ? WHERE name IN ({marks(rows)})", [excursion, *rows]
        )

    def _sightings(self, where: str, values: Sequence[Any]) -> list[Sighting]:
        found = self._connection.execute(f"SELECT * FROM observation WHERE {where}", list(values))
        return [sighting_of(row) for row in found]


def sighting_of(row: Any) -> Sighting:
    """A row of the table observation."""
    return sighting(row["name"], (row["site"], row["device_text"], row["observation_type"]), dict(row))


def _excursion(row: Any, stream: Stream) -> Excursion:
    return Excursion(
        name=row["name"],
        stream=stream,
        matter=row["matter"],
        code=row["code"],
        severity=row["severity"],
        status=row["status"],
        opened_ms=row["opened_at_ms"],
        last_ms=row["last_at_ms"],
        cleared_ms=row["cleared_at_ms"],
        peak=row["peak"],
        unit=row["unit"],
        count=row["count"],
        policy_version=row["policy_version"],
        last_observation=row["last_observation"],
    )

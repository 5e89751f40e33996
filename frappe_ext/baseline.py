"""The monthly baseline (how large, how many, how fast) and the statistics that the query planner goes by.

The playbook's own script asks PostgreSQL (`pg_size_pretty`); this is the same on MariaDB.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import frappe

from frappe_ext.monitoring.facts import TABLES

PEOPLE = ("User", "Site", "Device", "Lot", "Edge Gateway", "Email Queue", "Error Log", "Version")
"""Beside the types that grow."""
LISTS = {
	"Observation by flag": ("Observation", {"quality_flag": "Quarantine"}, "observed_at_ms desc"),
	"ScaleTicket with mismatch": ("ScaleTicket", {"mismatch_flag": 1}, "ticket_datetime desc"),
	"Nonconformance open": ("Nonconformance", {"status": "Open"}, "modified desc"),
}
"""The lists that the runbook opens each day."""
ROUNDS = 20
_MEGABYTE = 1_000_000


def measure() -> dict[str, Any]:
	"""Counts are exact: run it when little else runs."""
	sizes = dict(
		frappe.db.sql(
			"""select table_name, data_length + index_length from information_schema.tables
			where table_schema = database()"""
		)
	)
	names = [name for name in (*TABLES, *PEOPLE) if frappe.db.table_exists(name)]
	return {
		"site": frappe.local.site,
		"measured_at": frappe.utils.now(),
		"rows": {name: frappe.db.count(name) for name in names},
		"bytes": {name: int(sizes.get(f"tab{name}") or 0) for name in names},
		"database_bytes": int(sum(size or 0 for size in sizes.values())),
		"files_bytes": {
			kind: _folder_bytes(frappe.get_site_path(kind, "files")) for kind in ("private", "public")
		},
		"archive_bytes": _folder_bytes(frappe.get_site_path("private", "edge-archive")),
		"list_ms": {name: _list_time(*what) for name, what in LISTS.items()},
	}


def text(found: dict[str, Any]) -> str:
	lines = [f"{found['site']}, {found['measured_at'][:19]}"]
	for name, count in found["rows"].items():
		lines.append(f"{name:<28}{count:>12,} rows {found['bytes'][name] / _MEGABYTE:>10.1f} MB")
	lines.append(f"{'database':<28}{'':>17} {found['database_bytes'] / _MEGABYTE:>10.1f} MB")
	for kind, size in found["files_bytes"].items():
		lines.append(f"{kind + ' files':<28}{'':>17} {size / _MEGABYTE:>10.1f} MB")
	lines.append(f"{'archive':<28}{'':>17} {found['archive_bytes'] / _MEGABYTE:>10.1f} MB")
	for name, times in found["list_ms"].items():
		lines.append(f"{name:<28}p50 {times['p50']:>6.1f} ms, p95 {times['p95']:>6.1f} ms")
	return "\n".join(lines)


def analyze() -> dict[str, str]:
	"""ANALYZE TABLE of the types that grow; {table: the engine's word}. Commits, as every statement of its kind."""
	found = {}
	for name in TABLES:
		if frappe.db.table_exists(name):
			rows = frappe.db.sql(f"analyze table `tab{name}`", as_dict=True)
			found[name] = "; ".join(row.Msg_text for row in rows)
	return found


def analyze_monthly() -> None:
	"""scheduler_events."""
	analyze()


def _list_time(doctype: str, filters: dict[str, Any], order: str) -> dict[str, float]:
	"""Of the query behind a list's first page."""
	times = [
		_milliseconds(
			lambda: frappe.get_all(
				doctype, filters=filters, fields=["*"], order_by=order, limit_page_length=20
			)
		)
		for _round in range(ROUNDS)
	]
	cuts = statistics.quantiles(times, n=20)
	return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}


def _milliseconds(work: Callable[[], Any]) -> float:
	started = time.perf_counter()
	work()
	return (time.perf_counter() - started) * 1000


def _folder_bytes(folder: str) -> int:
	return sum(
		os.path.getsize(os.path.join(parent, name))
		for parent, _folders, names in os.walk(folder)
		for name in names
		if os.path.isfile(os.path.join(parent, name))
	)

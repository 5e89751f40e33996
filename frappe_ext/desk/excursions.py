"""What the form of an Edge Excursion shows beside its own fields."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import cint

from frappe_ext.clock import now_ms
from frappe_ext.desk import trend

ROWS = 20
MARGIN = 0.25
"""Share of the excursion's length that the chart shows before and after it."""
LEAST_MARGIN_MS = 600_000


@frappe.whitelist()
def rows(excursion: str) -> dict[str, Any]:
	"""Its flagged rows, newest first, and the readings of its time."""
	doc = frappe.get_doc("Edge Excursion", excursion)
	doc.check_permission("read")
	opened = cint(doc.opened_at_ms) or now_ms()
	last = cint(doc.get("cleared_at_ms") or doc.get("last_at_ms")) or now_ms()
	margin = max(int((last - opened) * MARGIN), LEAST_MARGIN_MS)
	found = _flagged(excursion)
	return {
		"opened_at_ms": opened,
		"last_at_ms": last,
		"reason": _reason_of(doc.get("code"), found),
		"rows": [_shown(row) for row in found],
		"total": _count(excursion),
		"trend": trend.during(doc, opened - margin, last + margin),
	}


def _flagged(excursion: str) -> list[Any]:
	fields = ["name", "observed_at_ms", "value_text", "has_value", "unit", "quality_flag", "quality_reasons"]
	filters = {"excursion": excursion}
	return frappe.get_list("Observation", filters, fields, order_by="observed_at_ms desc", limit=ROWS)


def _count(excursion: str) -> int:
	counted = frappe.get_list(
		"Observation", filters={"excursion": excursion}, fields=["count(name) as number"]
	)
	return counted[0].number


def _reason_of(code: str | None, found: list[Any]) -> str:
	"""The code with its detail (critical_max:35), as one of the rows has it."""
	for row in found:
		for reason in (row.quality_reasons or "").splitlines():
			if reason.split(":")[0] == code:
				return reason
	return code or ""


def _shown(row: Any) -> dict[str, Any]:
	return {
		"name": row.name,
		"at": cint(row.observed_at_ms),
		"text": row.value_text if row.has_value else "",
		"unit": row.unit if row.has_value else "",
		"flag": row.quality_flag,
	}

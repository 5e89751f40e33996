"""Readings of one device and type over time, and the limits that their policy has today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import frappe
from frappe.utils import cint

from frappe_ext.contract import config_answer
from frappe_ext.desk import visible

AROUND = 40
"""Readings before, and as many after."""
SPAN_LIMIT = 5_000
POINTS = 300
"""As many as a chart can show apart."""
# Where a policy's limits were not applied, they are not drawn beside the value.
NOT_APPLIED = frozenset({"unit_mismatch", "unit_missing"})
_FIELDS = ("name", "observed_at_ms", "value", "value_text", "unit", "quality_flag")
_BADNESS = {"OK": 0, "Warning": 1, "Quarantine": 2, "Invalid": 3}


def around(doc: Any) -> dict[str, Any]:
	"""`doc`: a stored Observation."""
	at_ms = cint(doc.get("observed_at_ms"))
	earlier = _rows(doc, [("observed_at_ms", "<=", at_ms)], "observed_at_ms desc", AROUND + 1)
	later = _rows(doc, [("observed_at_ms", ">", at_ms)], "observed_at_ms asc", AROUND)
	reasons = {reason.split(":")[0] for reason in (doc.get("quality_reasons") or "").splitlines()}
	return {
		"points": [_point(row) for row in [*reversed(earlier), *later]],
		"policy": None if reasons & NOT_APPLIED else policy_of(doc.site, doc.observation_type),
	}


def during(doc: Any, from_ms: int, to_ms: int) -> dict[str, Any]:
	"""`doc` names site, device and observation_type; the readings of that time, thinned to what a chart can show."""
	span = (("observed_at_ms", ">=", from_ms), ("observed_at_ms", "<=", to_ms))
	rows = _rows(doc, span, "observed_at_ms asc", SPAN_LIMIT)
	return {
		"points": [_point(row) for row in thinned(rows, POINTS)],
		"policy": policy_of(doc.site, doc.observation_type),
	}


def thinned(rows: Sequence[Any], limit: int) -> list[Any]:
	"""At most `limit` rows: of neighbours the one with the worst flag, so that no excursion vanishes."""
	if len(rows) <= limit:
		return list(rows)
	groups = ((len(rows) * index // limit, len(rows) * (index + 1) // limit) for index in range(limit))
	return [
		max(rows[first:end], key=lambda row: _BADNESS.get(row["quality_flag"], 0)) for first, end in groups
	]


def policy_of(site: str, observation_type: str) -> dict[str, Any] | None:
	"""Title and bands of the active policy that judges this type, its own before the one for any (`*`)."""
	if not visible.may_read("Observation Threshold Policy"):
		return None
	kind = (observation_type or "").lower()
	rows = frappe.get_list(
		"Observation Threshold Policy",
		filters={"site": site, "active": 1, "observation_type": ("in", (kind, "*"))},
		fields=["*"],
	)
	by_type = {row.observation_type.lower(): row for row in rows}
	row = by_type.get(kind) or by_type.get("*")
	if not row:
		return None
	entry = config_answer.policy_entry(row, site=site, version="")
	return {
		"name": row.name,
		"title": entry["name"],
		"warning": entry["warning"],
		"critical": entry["critical"],
	}


def _rows(doc: Any, when: Sequence[tuple[str, str, Any]], order_by: str, limit: int) -> list[Any]:
	"""Readings with a value: a Float cannot say that there is none."""
	device = ("device", doc.device) if doc.get("device") else ("device_text", doc.get("device_text"))
	if not device[1]:
		return []
	filters = [
		["site", "=", doc.site],
		[device[0], "=", device[1]],
		["observation_type", "=", doc.observation_type],
		["has_value", "=", 1],
		*(list(each) for each in when),
	]
	return frappe.get_list("Observation", filters, list(_FIELDS), order_by=order_by, limit=limit)


def _point(row: Any) -> dict[str, Any]:
	return {
		"name": row.name,
		"at": cint(row.observed_at_ms),
		"value": row.value,
		"text": row.value_text or str(row.value),
		"unit": row.unit or "",
		"flag": row.quality_flag,
	}

"""Conditions of gateways that last: silent, held, a full disk. Told once when they begin, once when they end.

What a gateway reports is written without document life each minute, so the job compares. The last alert of a condition
is its state: the next one names it in its key, so two jobs at a time cannot tell it twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe.utils import flt, now_datetime

from frappe_ext.alerts import kinds, settings
from frappe_ext.alerts.kinds import Alert
from frappe_ext.alerts.noting import note

CONDITIONS = (kinds.SILENT, kinds.HELD, kinds.DISK)
DISK_HYSTERESIS_PCT = 5
AWAY = timedelta(minutes=15)
"""A server that has not looked for so long was away itself: its gateways get time to report before they are silent."""
_LOOKED = "edge_gateways_looked_at"


@dataclass(frozen=True, slots=True)
class Condition:
	"""begins None: between the two ends, it stays as it is."""

	kind: str
	begins: bool | None
	since: datetime
	facts: dict[str, Any]


def check() -> None:
	rows = frappe.get_all(
		"Edge Gateway",
		filters={"enabled": 1, "revoked": 0, "last_seen": ("is", "set")},
		fields=["name", "gateway_id", "held", "last_seen", "disk_used_pct"],
	)
	last = _last_steps()
	was_away = _was_away()
	for row in rows:
		for condition in _conditions(row, was_away):
			name, step = last.get((condition.kind, row.name), ("", kinds.CLEARED))
			wanted = {True: kinds.RAISED, False: kinds.CLEARED, None: step}[condition.begins]
			if wanted != step:
				_note(row, condition, wanted, name)


def _conditions(row: Any, was_away: bool) -> Iterator[Condition]:
	now = now_datetime()
	limit = timedelta(minutes=settings.number("silent_gateway_minutes"))
	is_silent = bool(limit) and now - row.last_seen > limit
	facts = {"last_seen": row.last_seen}
	yield Condition(kinds.SILENT, None if is_silent and was_away else is_silent, row.last_seen, facts)
	yield Condition(kinds.HELD, bool(row.held), now, {})
	used, most = flt(row.disk_used_pct), settings.number("disk_warn_pct")
	begins = used > most if used > most or used <= most - DISK_HYSTERESIS_PCT else None
	yield Condition(kinds.DISK, begins, now, {"used": used, "limit": most})


def _note(row: Any, condition: Condition, step: str, after: str) -> None:
	ends = step == kinds.CLEARED
	note(
		Alert(
			kind=condition.kind,
			step=step,
			key=(row.name, after),
			about=row.gateway_id,
			# Going silent is noticed late by its nature: it is news when it is noticed.
			occurred_at=now_datetime(),
			reference=("Edge Gateway", row.name),
			facts={
				"gateway": row.gateway_id,
				"since": None if ends else condition.since,
				**condition.facts,
			},
		)
	)


def _last_steps() -> dict[tuple[str, str], tuple[str, str]]:
	"""(kind, gateway) → (name, step) of its newest alert."""
	rows = frappe.db.sql(
		"""select alert.name, alert.kind, alert.step, alert.reference_name from `tabEdge Alert` alert
		join (select kind, reference_name, max(creation) as newest from `tabEdge Alert`
			where reference_doctype = 'Edge Gateway' and kind in %(kinds)s group by kind, reference_name) last
		on last.kind = alert.kind and last.reference_name = alert.reference_name
		and last.newest = alert.creation and alert.reference_doctype = 'Edge Gateway'""",
		{"kinds": CONDITIONS},
		as_dict=True,
	)
	return {(row.kind, row.reference_name): (row.name, row.step) for row in rows}


def _was_away() -> bool:
	looked = frappe.cache.get_value(_LOOKED, expires=True)
	frappe.cache.set_value(_LOOKED, 1, expires_in_sec=int(AWAY.total_seconds()))
	return not looked

"""doc_events that note alerts: excursions, tickets that do not match, critical nonconformances."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import cint, get_datetime, now_datetime

from frappe_ext.alerts import kinds
from frappe_ext.alerts.kinds import Alert
from frappe_ext.alerts.noting import note, quietly

ALARMING = ("Quarantine", "Invalid")
"""Severities of an excursion, the worse one last."""
CRITICAL = "Critical"


def excursion(doc: Any, method: str | None = None) -> None:
	quietly("Alert of an excursion", lambda: _excursion(doc))


def ticket(doc: Any, method: str | None = None) -> None:
	quietly("Alert of a ticket", lambda: _ticket(doc))


def nonconformance(doc: Any, method: str | None = None) -> None:
	quietly("Alert of a nonconformance", lambda: _nonconformance(doc))


def _excursion(doc: Any) -> None:
	"""One at raise, one when it gets worse, one at clear; a Warning alarms nobody."""
	before = doc.get_doc_before_save()
	rank, old_rank = _rank(doc.severity), _rank(before.severity) if before else -1
	if rank < 0:
		return
	device = doc.get("device_text") or _name_of_device(doc.get("device"))
	step, at = _step_of_excursion(doc, before, rank > old_rank)
	if step is None:
		return
	# Late rows can end it at another time or open it again: that is news again.
	moment = str(at) if before and step != kinds.ESCALATED else ""
	note(
		Alert(
			kind=kinds.EXCURSION,
			step=step,
			key=(doc.name, doc.severity if step == kinds.ESCALATED else "", moment),
			about=f"{device} {doc.observation_type}",
			occurred_at=get_datetime(at) if at else now_datetime(),
			site=doc.site,
			reference=(doc.doctype, doc.name),
			facts={
				"device": device,
				"type": doc.observation_type,
				"code": doc.get("code"),
				"severity": doc.severity,
				"peak": doc.get("peak"),
				"unit": doc.get("unit"),
				"count": doc.get("count"),
				"opened_at": doc.get("opened_at"),
				"cleared_at": doc.get("cleared_at"),
			},
		)
	)


def _step_of_excursion(doc: Any, before: Any, is_worse: bool) -> tuple[str | None, Any]:
	"""(what happened, when)"""
	if doc.status == "Open" and before is None:
		return kinds.RAISED, doc.opened_at
	if doc.status == "Open" and before.status == "Cleared":
		return kinds.RAISED, doc.get("last_at")
	if doc.status == "Open" and is_worse:
		return kinds.ESCALATED, doc.get("last_at")
	if before is not None and before.status == "Open" and doc.status == "Cleared":
		return kinds.CLEARED, doc.get("cleared_at")
	return None, None


def _rank(severity: str | None) -> int:
	return ALARMING.index(severity) if severity in ALARMING else -1


def _name_of_device(device: str | None) -> str:
	return (frappe.db.get_value("Device", device, "device_id") if device else None) or ""


def _ticket(doc: Any) -> None:
	before = doc.get_doc_before_save()
	if not cint(doc.get("mismatch_flag")) or (before and cint(before.get("mismatch_flag"))):
		return
	names = ("net_kg", "declared_net_kg", "difference_kg", "difference_pct", "tolerance_pct", "vehicle")
	note(
		Alert(
			kind=kinds.MISMATCH,
			step=kinds.RAISED,
			key=(doc.name,),
			about=doc.get("ticket_number") or doc.name,
			# One that was found later is news of today.
			occurred_at=now_datetime() if before else get_datetime(doc.ticket_datetime),
			site=doc.site,
			reference=(doc.doctype, doc.name),
			facts={
				**{name: doc.get(name) for name in names},
				"reasons": doc.get("mismatch_reasons"),
				"at": doc.ticket_datetime,
			},
		)
	)


def _nonconformance(doc: Any) -> None:
	before = doc.get_doc_before_save()
	if doc.get("severity") != CRITICAL or doc.get("status") == "Closed":
		return
	if before and before.get("severity") == CRITICAL:
		return
	note(
		Alert(
			kind=kinds.NONCONFORMANCE,
			step=kinds.ESCALATED if before else kinds.RAISED,
			# Lowered and raised again is news again.
			key=(doc.name, str(doc.modified) if before else ""),
			about=f"{doc.get('nc_type') or ''} {doc.name}",
			occurred_at=now_datetime(),
			site=doc.get("site"),
			reference=(doc.doctype, doc.name),
			facts={"type": doc.get("nc_type"), "description": doc.get("capa_description")},
		)
	)

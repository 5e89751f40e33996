"""Certificates that end soon: told once per certificate and threshold, also one that is entered late."""

from __future__ import annotations

from datetime import date
from typing import Any

import frappe
from frappe.utils import add_days, getdate, now_datetime

from frappe_ext.alerts import kinds, settings, trouble
from frappe_ext.alerts.kinds import Alert
from frappe_ext.alerts.noting import note, quietly
from frappe_ext.store_base import is_deadlock

SOON_DAYS = 7
"""A second word, between the configured one and the end."""
DOCTYPE = "Certificate"
# Rows of another app that had no status before we joined it are valid ones.
_ACTIVE = ("Active", "", None)


def on_update(doc: Any, method: str | None = None) -> None:
	"""doc_event: one that is entered late does not wait for the night."""
	quietly("Alert of a certificate", lambda: _note(doc))


def check() -> None:
	"""Each night: marks those that have ended, tells of those that will."""
	if not frappe.db.exists("DocType", DOCTYPE):
		return
	until = add_days(getdate(), settings.number("certificate_warn_days"))
	rows = frappe.get_all(
		DOCTYPE,
		filters={"expiry_date": ("<", until)},
		or_filters=[["status", "=", "Active"], ["status", "is", "not set"]],
		fields=["*"],
	)
	for row in rows:
		_note(row)
		if getdate(row.expiry_date) < getdate():
			_expire(row.name)


def threshold_of(expiry: date, today: date, warn_days: int) -> str | None:
	"""Which word is due: expired, soon, warned or none. The seed's measure: expiry < today + 30."""
	left = (expiry - today).days
	if left < 0:
		return "expired"
	if left < min(SOON_DAYS, warn_days):
		return "soon"
	return "warned" if left < warn_days else None


def _note(row: Any) -> None:
	if not row.get("expiry_date") or row.get("status") not in _ACTIVE:
		return
	expiry = getdate(row.expiry_date)
	threshold = threshold_of(expiry, getdate(), settings.number("certificate_warn_days"))
	if threshold is None:
		return
	number = row.get("certificate_number") or row.name
	note(
		Alert(
			kind=kinds.CERTIFICATE,
			step=kinds.ESCALATED if threshold == "expired" else kinds.RAISED,
			key=(row.name, str(expiry), threshold),
			about=f"{row.get('cert_type') or ''} {number}",
			occurred_at=now_datetime(),
			site=row.get("site"),
			reference=(DOCTYPE, row.name),
			facts={
				"number": number,
				"type": row.get("cert_type"),
				"expiry": str(expiry),
				"days": (expiry - getdate()).days,
			},
		)
	)


def _expire(name: str) -> None:
	"""With a version in its history; where the owner's rules refuse, the alert has said it anyway."""
	frappe.db.savepoint("edge_certificate")
	try:
		doc = frappe.get_doc(DOCTYPE, name)
		doc.status = "Expired"
		doc.flags.ignore_mandatory = True
		doc.save(ignore_permissions=True)  # the scheduler's user is Administrator
	except Exception as error:
		if is_deadlock(error):
			raise
		frappe.db.rollback(save_point="edge_certificate")
		trouble.log_once("A certificate could not be marked Expired", error)

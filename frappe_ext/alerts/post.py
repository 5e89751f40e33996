"""Hands our mails to the mail server at once. Frappe's own flush comes every four minutes and never while the site is
dormant.

A mail is taken by moving its send_after on: neither Frappe's flush nor a second job of ours takes it meanwhile.
"""

from __future__ import annotations

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from frappe_ext.alerts import trouble

LEASE = timedelta(minutes=10)
MOST_AT_A_TIME = 100
MOST_FAULTS = 3
"""In a row; then the mail server is away and the rest waits for the next run."""
TRY_FOR = timedelta(days=1)
REST = timedelta(hours=1)
"""Frappe gives a mail up after its retries; ours start again after this."""


def send_due() -> None:
	"""Called after the commit of the job; each mail commits by itself (EmailQueue.send does)."""
	try:
		_revive()
		_send_due()
	except Exception as error:
		frappe.db.rollback()
		trouble.log_once("Mails of alerts could not be sent", error)


def _send_due() -> None:
	faults = 0
	for name in _due():
		if not _take(name):
			continue
		try:
			frappe.get_doc("Email Queue", name).send()
			faults = 0
		except Exception as error:
			frappe.db.rollback()
			frappe.clear_messages()
			trouble.log_once("The mail server does not take alerts", error)
			faults += 1
			if faults >= MOST_FAULTS:
				return


def _due() -> list[str]:
	return frappe.db.sql(
		"""select name from `tabEmail Queue`
		where reference_doctype = 'Edge Alert' and status in ('Not Sent', 'Partially Sent')
		and (send_after is null or send_after <= %(now)s) order by creation limit %(most)s""",
		{"now": now_datetime(), "most": MOST_AT_A_TIME},
		pluck=True,
	)


def _take(name: str) -> bool:
	now = now_datetime()
	frappe.db.sql(
		"""update `tabEmail Queue` set send_after = %(until)s where name = %(name)s
		and status in ('Not Sent', 'Partially Sent') and (send_after is null or send_after <= %(now)s)""",
		{"name": name, "now": now, "until": now + LEASE},
	)
	return bool(frappe.db.sql("select row_count()")[0][0])


def _revive() -> None:
	now = now_datetime()
	names = frappe.db.sql(
		"""select name from `tabEmail Queue` where reference_doctype = 'Edge Alert'
		and status = 'Error' and creation > %(young)s and modified < %(rested)s""",
		{"young": now - TRY_FOR, "rested": now - REST},
		pluck=True,
	)
	for name in names:
		frappe.db.set_value("Email Queue", name, {"status": "Not Sent", "retry": 0})

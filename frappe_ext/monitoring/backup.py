"""Backup failed: what the backup script reports, for the IT Admins' mail (the runbook's "exit code ≠ 0")."""

from __future__ import annotations

import frappe
from frappe.utils import now_datetime

from frappe_ext.alerts import kinds, settings
from frappe_ext.alerts.kinds import Alert
from frappe_ext.alerts.noting import note

MAX_MESSAGE = 2000


@frappe.whitelist(methods=["POST"])
def report_failure(message: str = "", host: str = "", exit_code: int = 1) -> dict[str, str]:
	"""Tells IT of a failed backup. For an API key of a user with the role IT Admin or System Manager:

	curl -H "Authorization: token KEY:SECRET" -d exit_code=1 -d host="$(hostname)" -d message="…" \\
	  https://SITE/api/method/frappe_ext.monitoring.backup.report_failure
	"""
	frappe.only_for({"System Manager", "IT Admin", settings.role(kinds.IT)})
	return {"alert": record_failure(message, host, exit_code)}


def record_failure(message: str, host: str, exit_code: int) -> str:
	"""The same from the command line, where the machine itself is the proof of who asks."""
	now = now_datetime()
	host = (host or frappe.local.site)[:64]
	note(
		Alert(
			kind=kinds.BACKUP,
			step=kinds.RAISED,
			key=(host, str(now)),
			about=host,
			occurred_at=now,
			facts={"host": host, "exit_code": exit_code, "message": message[:MAX_MESSAGE]},
		)
	)
	return frappe.db.get_value("Edge Alert", {"kind": kinds.BACKUP, "about": host, "occurred_at": now})

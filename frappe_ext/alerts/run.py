"""The job of alerts: each few minutes by the scheduler, at once after a transaction that noted one, by heartbeats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from frappe_ext.alerts import certificates, delivery, gateways, key_ages, post, trouble
from frappe_ext.store_base import is_deadlock

AWAKE_FOR = timedelta(days=1)
_SAVEPOINT = "edge_alert_step"


def run() -> None:
	"""Looks at the gateways, then sends what waits; mails go out after the job's commit."""
	# Queued by a gateway's request, it would run as the gateway's user.
	frappe.set_user("Administrator")
	_step("Conditions of gateways", gateways.check)
	_step("Activity of the site", stay_awake)
	_step("Alerts", delivery.deliver)
	frappe.db.after_commit.add(post.send_due)


def daily() -> None:
	"""Once a day, also on a site whose scheduler sleeps otherwise."""
	_step("Certificates", certificates.check)
	_step("Ages of keys", key_ages.check)


def stay_awake() -> None:
	"""Frappe takes a site where nobody logs in for idle and stops its jobs; one whose gateways report is not. Without
	this nobody would notice on such a site that the last gateway fell silent."""
	now = now_datetime()
	last = frappe.db.get_value("Activity Log", {}, "modified", order_by="modified desc")
	seen = frappe.db.get_value("Edge Gateway", {}, "last_seen", order_by="last_seen desc")
	if seen and now - seen < AWAKE_FOR and (not last or now - last > AWAKE_FOR):
		frappe.get_doc(
			{"doctype": "Activity Log", "subject": "Edge gateways report", "user": "Administrator"}
		).insert(ignore_permissions=True)  # the job's user is Administrator


def _step(title: str, work: Callable[[], None]) -> None:
	"""What fails here must not keep the other steps from their work."""
	frappe.db.savepoint(_SAVEPOINT)
	try:
		work()
	except Exception as error:
		if is_deadlock(error):
			raise
		frappe.db.rollback(save_point=_SAVEPOINT)
		trouble.log_once(title, error)

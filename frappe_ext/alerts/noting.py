"""Notes an alert in the transaction of what caused it: committed or rolled back with it, one INSERT, nothing sent."""

from __future__ import annotations

from collections.abc import Callable

import frappe
from frappe.model.naming import make_autoname
from frappe.utils import now

from frappe_ext.alerts import trouble, wake
from frappe_ext.alerts.kinds import Alert
from frappe_ext.nonconformances import key_of
from frappe_ext.store_base import is_deadlock

_DOCTYPE = "Edge Alert"


def note(alert: Alert) -> bool:
	"""True if it is new. The unique key decides, also between two requests at a time."""
	columns = {
		"name": make_autoname("hash", _DOCTYPE),
		"creation": now(),
		"modified": now(),
		"owner": "Administrator",  # who sent the batch is no part of it
		"modified_by": "Administrator",
		"alert_key": key_of(alert.kind, alert.step, *alert.key),
		**alert.columns(),
	}
	names = ", ".join(f"`{name}`" for name in columns)
	frappe.db.sql(
		f"insert ignore into `tab{_DOCTYPE}` ({names}) values ({', '.join(['%s'] * len(columns))})",  # noqa: S608 (columns of the type)
		list(columns.values()),
	)
	is_new = bool(frappe.db.sql("select row_count()")[0][0])
	if is_new:
		wake.after_commit()
	return is_new


def quietly(title: str, work: Callable[[], None]) -> None:
	"""Runs what notes alerts. No fault of it keeps a record from being stored; a deadlock is the transaction's."""
	if frappe.flags.in_install or frappe.flags.in_migrate or frappe.flags.in_patch:
		return
	try:
		work()
	except Exception as error:
		if is_deadlock(error):
			raise
		trouble.log_once(title, error)

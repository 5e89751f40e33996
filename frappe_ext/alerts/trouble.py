"""Faults of alerts: one Error Log per cause and hour, whatever the number of alerts and runs that meet it."""

from __future__ import annotations

import hashlib

import frappe

from frappe_ext.faults import QUIET_S

_MAX_TITLE = 140


def log_once(title: str, error: Exception) -> str:
	"""In the caller's transaction. Returns the cause in one line."""
	cause = f"{type(error).__name__}: {str(error)[:200]}"
	key = f"edge_alert_fault:{hashlib.sha256(f'{title} {cause}'.encode()).hexdigest()[:16]}"
	if not frappe.cache.get_value(key, expires=True):
		frappe.cache.set_value(key, 1, expires_in_sec=QUIET_S)
		frappe.log_error(title=f"{title}: {cause}"[:_MAX_TITLE], message=frappe.get_traceback())
	return cause

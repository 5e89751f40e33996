"""What the user may read, for queries that get_list cannot say."""

from __future__ import annotations

import frappe
from frappe.desk.reportview import build_match_conditions


def condition(doctype: str) -> str:
	"""SQL that holds for the rows of `doctype` that the user may read: user permissions and the conditions of every
	app, about the table under its own name. Percent signs are doubled. PermissionError where the role may read none."""
	frappe.has_permission(doctype, "read", throw=True)
	return f"({build_match_conditions(doctype) or '1=1'})"


def may_read(doctype: str) -> bool:
	"""False also where the type is not there: another version of this app, or of the one that owns it."""
	return bool(frappe.db.exists("DocType", doctype)) and frappe.has_permission(doctype, "read")

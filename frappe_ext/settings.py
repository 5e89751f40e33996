"""Edge Settings as they stand, the defaults where nobody has saved them yet."""

from __future__ import annotations

from typing import Any

import frappe

DOCTYPE = "Edge Settings"


def setting(fieldname: str) -> Any:
	"""A value of Edge Settings. A field that came with an update is empty until somebody saves: its default counts."""
	value = frappe.get_cached_doc(DOCTYPE).get(fieldname)
	if value is not None:
		return value
	field = frappe.get_meta(DOCTYPE).get_field(fieldname)
	return frappe.utils.cint(field.default) if field.fieldtype in ("Int", "Check") else field.default

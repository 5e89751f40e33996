"""Messages of Desk are HTML: what a person or a file typed is quoted in them as text."""

from __future__ import annotations

from typing import Any

import frappe

_LONGEST = 64


def quoted(text: Any) -> str:
	"""Bold, escaped, and cut to a length that leaves the sentence readable."""
	return frappe.bold(frappe.utils.escape_html(str(text if text is not None else "")[:_LONGEST]))

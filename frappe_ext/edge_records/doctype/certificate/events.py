"""Certificate: its lot is of the same site. The nightly job marks it Expired; back to Active is a person's word."""

from __future__ import annotations

from typing import Any

from frappe_ext.edge_records.doctype.lot.events import check_site


def validate(doc: Any, method: str | None = None) -> None:
	doc.status = doc.get("status") or "Active"
	check_site(doc)

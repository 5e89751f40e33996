"""For people, not for gateways: a session or an API token opens it, a gateway's key does not (auth.py)."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext import csv_import
from frappe_ext.contract.ticket_csv import MAX_BYTES


@frappe.whitelist(methods=["POST"])
def import_csv(site: str | None = None, dry_run: bool | int | str = False) -> dict[str, Any]:
	"""Scale tickets from the uploaded CSV file `file` (multipart). `site`: site_code, where the file has no such column.

	Stores all rows or none; duplicates by (site, ticket_number) are skipped. `dry_run` stores nothing and says what
	would happen. The answer: rows, new, stored, duplicate(s), mismatch(es), error(s) with row, column and reason.
	"""
	if getattr(frappe.local, "edge_sender", None):
		raise frappe.PermissionError  # Frappe takes `…import_csv/anything` for this method too
	frappe.has_permission(csv_import.DOCTYPE, "create", throw=True)
	upload = frappe.request.files.get("file") if frappe.request else None
	if upload is None:
		frappe.throw(_("Attach the CSV file as {0}.").format("file"))
	# A form sends text, and Frappe checks no types that are written after a __future__ import.
	trial = frappe.utils.sbool(dry_run)
	if not isinstance(trial, bool | int):
		frappe.throw(_("{0} must be 0 or 1.").format("dry_run"))
	return csv_import.run(upload.stream.read(MAX_BYTES + 1), site or None, dry_run=bool(trial))

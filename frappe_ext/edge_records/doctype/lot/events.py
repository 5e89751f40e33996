"""Lot: the scale house chooses among the active ones of its site."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.messages import quoted


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})


def check_site(doc: Any) -> None:
	"""Refuses a document that names another site's lot."""
	if doc.get("lot") and frappe.db.get_value("Lot", doc.lot, "site") not in (doc.site, None, ""):
		frappe.throw(_("Lot {0} belongs to another site.").format(quoted(doc.lot)))

"""Edge Weighing Order: made in Desk, pulled by the gateway, closed by the ticket that names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.edge_records.doctype.lot.events import check_site

OPEN = "Open"
CLOSED = "Closed"


def validate(doc: Any, method: str | None = None) -> None:
	if flt(doc.declared_net_kg, 9) < 0:
		frappe.throw(_("{0} must not be negative.").format(_(doc.meta.get_label("declared_net_kg"))))
	check_site(doc)
	before = doc.get_doc_before_save()
	doc.ticket = before.ticket if before else None  # the ticket's word, not the form's


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})


def close(orders: Sequence[tuple[str, str, str]]) -> None:
	"""`orders`: (name, name of the ticket, name of the site). The first ticket of an order closes it."""
	sites = set()
	for name, ticket, site in orders:
		if frappe.db.get_value("Edge Weighing Order", name, "status", for_update=True) != CLOSED:
			frappe.db.set_value("Edge Weighing Order", name, {"status": CLOSED, "ticket": ticket})
			sites.add(site)
	if sites:
		publish_sites(sites)


def reopen(name: str, ticket: str, site: str) -> None:
	"""A void ticket fulfils no order: it is open again, unless another completed ticket (a correction) names it."""
	if frappe.db.get_value("Edge Weighing Order", name, "status", for_update=True) != CLOSED:
		return
	others = {"site": site, "order": name, "status": "Completed", "name": ("!=", ticket)}
	if not frappe.db.exists("ScaleTicket", others):
		frappe.db.set_value("Edge Weighing Order", name, {"status": OPEN, "ticket": None})
		publish_sites({site})

"""Edge Operator: who works at a scale, with which rights. The PIN lives for the length of one `validate`.

Its hash is no secret worth much (a PIN has few digits), so it is kept off every surface of Desk: a level nobody reads,
written past the document so that no Version has it, and taken out before a deleted document is archived.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from frappe_ext.contract import operators
from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.messages import quoted

DOCTYPE = "Edge Operator"


def validate(doc: Any, method: str | None = None) -> None:
	_take_pin(doc)  # first: whatever is refused below, the digits are gone from the document
	doc.operator = (doc.operator or "").strip()
	if not operators.is_operator(doc.operator):
		frappe.throw(_("Operator ID: use 1 to 64 letters, digits or . _ : -"))
	filters = {"site": doc.site, "operator": doc.operator, "name": ("!=", doc.name or "")}
	if frappe.db.exists(DOCTYPE, filters):
		frappe.throw(
			_("{0} is an operator of this site already.").format(quoted(doc.operator)),
			frappe.UniqueValidationError,
		)


def _take_pin(doc: Any) -> None:
	secret, doc.new_pin = doc.new_pin, None
	before = doc.get_doc_before_save()
	doc.pin_hash = before.pin_hash if before else None
	doc.pin_set_at = before.pin_set_at if before else None
	doc.flags.edge_pin_hash = None
	if not secret:
		return
	if not operators.is_pin(secret):
		frappe.throw(_("A PIN has 4 to 12 digits."))
	doc.flags.edge_pin_hash = operators.hash_pin(secret)
	doc.pin_set_at = now_datetime()


def on_update(doc: Any, method: str | None = None) -> None:
	if doc.flags.edge_pin_hash:
		frappe.db.set_value(DOCTYPE, doc.name, "pin_hash", doc.flags.edge_pin_hash, update_modified=False)
		doc.flags.edge_pin_hash = None
	publish(doc)


def on_trash(doc: Any, method: str | None = None) -> None:
	doc.pin_hash = None  # the archive of deleted documents keeps the rest
	publish(doc)


def publish(doc: Any) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})

"""ScaleTicket: what the scale house wrote stays as it is; what is typed in Desk or a CSV is judged by the same rules."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from frappe_ext import immutable, nonconformances, typed_tickets
from frappe_ext.edge.doctype.edge_weighing_order import events as orders
from frappe_ext.edge_records.doctype.lot.events import check_site
from frappe_ext.messages import quoted

# What a gateway writes and nobody else does, not even in a new row.
EDGE_FIELDS = (
	"edge_uid",
	"void_uid",
	"void_epoch",
	"void_seq",
	"identity_hash",
	"gateway",
	"edge_epoch",
	"edge_seq",
	"device_text",
	"gross_weighing",
	"tare_weighing",
	"tare_vehicle",
	"tare_at",
	"corrects",
	"operator",
	"prints",
	"alibi_hash",
	"edge_mismatch",
	"edge_reasons",
)
WRITTEN = (
	*EDGE_FIELDS,
	"ticket_number",
	"site",
	"device",
	"order",
	"ticket_datetime",
	"ticket_datetime_ms",
	"gross_kg",
	"tare_kg",
	"declared_net_kg",
	"vehicle",
	"driver",
	"direction",
	"status",
	"void_reason",
	"origin",
	*typed_tickets.RESULTS,
)
"""All but notes and lot."""
FINAL = ("Void", "Corrected")


def validate(doc: Any, method: str | None = None) -> None:
	doc.ticket_number = (doc.get("ticket_number") or "").strip() or None
	doc.edge_uid = doc.get("edge_uid") or None  # NULL, not empty: the unique indexes let it pass
	doc.void_uid = doc.get("void_uid") or None
	doc.number_key = _number_key(doc)
	if doc.flags.from_edge or doc.edge_uid:
		return
	_check_number(doc)
	_check_status(doc)
	before = doc.get_doc_before_save()
	if before is None or before.get("status") not in FINAL:
		typed_tickets.judge(doc)


def before_save(doc: Any, method: str | None = None) -> None:
	"""The last word before the database, after the rules of every app."""
	if doc.flags.from_edge:
		return
	check_site(doc)
	before = doc.get_doc_before_save()
	if before is not None and before.get("edge_uid"):
		immutable.refuse_changed(doc, WRITTEN)
	else:
		immutable.refuse_forged(doc, EDGE_FIELDS)
		_check_places(doc)


def on_update(doc: Any, method: str | None = None) -> None:
	if doc.flags.nonconformance:
		nonconformances.open_for_ticket(doc, doc.flags.nc_text)
	if doc.flags.corrects:
		_mark_corrected(doc.flags.corrects)
	if not doc.flags.from_edge:
		_close_order(doc)
	before = doc.get_doc_before_save()
	if doc.status == "Void" and doc.get("order") and before is not None and before.get("status") != "Void":
		orders.reopen(doc.order, doc.name, doc.site)


def refuse_loss(doc: Any, method: str | None = None, *args: Any) -> None:
	immutable.refuse_loss(doc, method, *args)


def _check_places(doc: Any) -> None:
	"""Refuses a ticket that names another site's order or device."""
	for fieldname, doctype in (("order", "Edge Weighing Order"), ("device", "Device")):
		named = doc.get(fieldname)
		if named and frappe.db.get_value(doctype, named, "site") not in (doc.site, None, ""):
			frappe.throw(
				_("{0} {1} belongs to another site.").format(_(doc.meta.get_label(fieldname)), quoted(named))
			)


def _number_key(doc: Any) -> str | None:
	"""What makes a number unique within its site, exactly: the database compares text loosely."""
	return nonconformances.key_of(doc.site or "", doc.ticket_number) if doc.ticket_number else None


def _check_number(doc: Any) -> None:
	if not doc.ticket_number:
		return
	before = doc.get_doc_before_save()
	is_new = before is None or (before.get("site"), before.get("ticket_number")) != (
		doc.site,
		doc.ticket_number,
	)
	if is_new:
		typed_tickets.refuse_gateway_number(doc)
	if doc.flags.from_csv:
		return  # the import has looked for all numbers of its file at once; number_key has the last word
	filters = {"site": doc.site, "ticket_number": doc.ticket_number, "name": ("!=", doc.name or "")}
	twins = frappe.get_all("ScaleTicket", filters=filters, pluck="ticket_number")
	if doc.ticket_number in twins and not is_new and not before.get("number_key"):
		doc.number_key = None  # both stood there before this app joined: their owner let it be
	elif doc.ticket_number in twins:
		frappe.throw(
			_("Ticket number {0} is taken within this site.").format(quoted(doc.ticket_number)),
			frappe.UniqueValidationError,
			title=_("Ticket number"),
		)


def _check_status(doc: Any) -> None:
	doc.status = doc.get("status") or "Completed"
	before = doc.get_doc_before_save()
	old = before.get("status") if before else None
	if old in FINAL:
		changed = immutable.changed_labels(doc, WRITTEN)
		if changed:
			frappe.throw(
				_("A ticket that is {0} stays as it is: {1}").format(frappe.bold(_(old)), changed),
				title=_("Final"),
			)
	elif doc.status == "Corrected":
		frappe.throw(_("Only a correction of the scale house makes a ticket Corrected."))
	elif doc.status == "Open" and old == "Completed":
		frappe.throw(_("A completed ticket cannot be opened again: void it and make a new one."))
	if doc.status == "Void" and not (doc.get("void_reason") or "").strip():
		frappe.throw(_("Give a reason for the void."), title=_("Reason needed"))
	if flt(doc.get("declared_net_kg"), 9) < 0:
		frappe.throw(_("{0} must not be negative.").format(_(doc.meta.get_label("declared_net_kg"))))


def _close_order(doc: Any) -> None:
	"""A typed ticket closes its order once, when it becomes the ticket of it (the store closes those of a batch)."""
	before = doc.get_doc_before_save()
	if before is not None and (before.get("order"), before.get("status")) == (doc.get("order"), doc.status):
		return
	if doc.get("order") and doc.status == "Completed":
		orders.close([(doc.order, doc.name, doc.site)])


def _mark_corrected(uid: str) -> None:
	"""A void one stays void."""
	name = frappe.db.get_value("ScaleTicket", {"edge_uid": uid, "status": "Completed"})
	if name:
		doc = frappe.get_doc("ScaleTicket", name)
		doc.status = "Corrected"
		doc.flags.from_edge = True
		doc.flags.ignore_mandatory = True
		doc.save(ignore_permissions=True)  # a gateway's correction: its user has no rights in Desk

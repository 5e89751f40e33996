"""What the print format of a ScaleTicket shows beyond the ticket's own fields. All of it is plain text: the template
escapes it.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _, _lt
from frappe.utils import cint, cstr, flt

from frappe_ext import reasons
from frappe_ext.clock import to_local
from frappe_ext.contract.config_answer import decimal_text

NOTICE = _lt("Not a legal-for-trade device; the indicator's own display or alibi memory is the reference.")
HASH_DIGITS = 12
"""Enough to find the link in the alibi memory; the whole hash stands on the weighing."""
WATERMARKS = ("Void", "Corrected")


def edge_ticket_facts(doc: Any) -> dict[str, Any]:
	"""For the Jinja of the print format; `doc`: a ScaleTicket that the user may print."""
	return {
		"site": _value("Site", doc.site, "site_name"),
		"site_code": _value("Site", doc.site, "site_code"),
		"scale": _value("Device", doc.get("device"), "device_name") or cstr(doc.get("device_text")),
		"lot": _value("Lot", doc.get("lot"), "lot_number") or cstr(doc.get("lot")),
		"weights": [_weight(doc, "gross", _("Gross")), _weight(doc, "tare", _("Tare")), _net(doc)],
		"declared": _kg(doc, "declared_net_kg"),
		"difference": _difference(doc),
		"tolerance": _number(doc, "tolerance_pct"),
		"reasons": reasons.sentences(doc.get("mismatch_reasons"), reasons.OF_WEIGHTS),
		"watermark": _(doc.status).upper() if doc.get("status") in WATERMARKS else "",
		"corrects": _number_of(doc.get("corrects")),
		"corrected_by": _corrected_by(doc),
		"notice": str(NOTICE),
	}


def _value(doctype: str, name: str | None, fieldname: str) -> str:
	return cstr(frappe.db.get_value(doctype, name, fieldname)) if name else ""


def _weight(doc: Any, role: str, label: str) -> dict[str, Any]:
	"""The digits as they were weighed or typed, and the link of the alibi memory that proves them."""
	uid = doc.get(f"{role}_weighing")
	link = _weighing(uid, doc.site) if uid else None
	is_stored_tare = role == "tare" and not uid and doc.get("tare_vehicle")
	return {
		"label": label,
		"text": cstr(doc.get(f"{role}_text")) or _kg(doc, f"{role}_kg"),
		"unit": cstr(doc.get("weight_unit")) or "kg",
		"manual": cint(link.manual if link else doc.get("manual_entry") and not is_stored_tare),
		"stability": _(link.stability) if link and link.stability else _(cstr(doc.get("stability"))),
		"alibi": cstr(link.seq) if link else "",
		"hash": cstr(link.hash)[:HASH_DIGITS] if link else "",
		"at": link.at if link else to_local(cint(doc.get("tare_at"))) if is_stored_tare else None,
		"source": _("stored tare of {0}").format(doc.tare_vehicle) if is_stored_tare else "",
	}


def _net(doc: Any) -> dict[str, Any]:
	text = cstr(doc.get("net_text")) or _kg(doc, "net_kg")
	return {"label": _("Net"), "text": text, "unit": cstr(doc.get("weight_unit")) or "kg", "is_net": True}


def _weighing(uid: str, site: str) -> Any:
	# Of the ticket's own site: the user who may print the ticket may read what it was made of.
	rows = frappe.get_all(
		"Edge Weighing",
		{"edge_uid": uid, "site": site},
		["seq", "hash", "manual", "stability", "at"],
		limit=1,
	)
	return rows[0] if rows else None


def _kg(doc: Any, fieldname: str) -> str:
	return decimal_text(flt(doc.get(fieldname), 9)) or "" if flt(doc.get(fieldname), 9) else ""


def _number(doc: Any, fieldname: str) -> str:
	return decimal_text(flt(doc.get(fieldname), 9)) or "0"


def _difference(doc: Any) -> str:
	if not flt(doc.get("declared_net_kg"), 9):
		return ""
	return f"{_number(doc, 'difference_kg')} kg ({_number(doc, 'difference_pct')} %)"


def _number_of(uid: str | None) -> str:
	return cstr(frappe.db.get_value("ScaleTicket", {"edge_uid": uid}, "ticket_number")) if uid else ""


def _corrected_by(doc: Any) -> str:
	uid = doc.get("edge_uid")
	if not uid or doc.get("status") != "Corrected":
		return ""
	filters = {"corrects": uid, "site": doc.site}
	return cstr(frappe.db.get_value("ScaleTicket", filters, "ticket_number", order_by="creation desc"))

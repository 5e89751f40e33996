"""Tickets typed in Desk or a CSV: judged by the rules that judge the scale house's (protocols/record/mismatch.h)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from frappe_ext import configuration, native, nonconformances
from frappe_ext.clock import to_ms
from frappe_ext.contract.config_answer import decimal_text
from frappe_ext.messages import quoted

RESULTS = (
	"net_kg",
	"mismatch_flag",
	"mismatch_reasons",
	"difference_kg",
	"difference_pct",
	"tolerance_pct",
	"policy_version",
	"manual_entry",
	"stability",
	"gross_text",
	"tare_text",
	"net_text",
	"weight_unit",
)
_UNIT = "kg"
_MOST_KG = 10**9  # a million tonnes, as the rules have it
_GATEWAY_NUMBER = re.compile(r"[A-Z0-9]{1,8}-(0|[1-9][0-9]*|p[0-9a-f]{8})-[0-9]{6,}\Z", re.ASCII)


def judge(doc: Any) -> None:
	"""Fills origin, time and the results of a ticket that no gateway wrote; whatever came in those is replaced."""
	before = doc.get_doc_before_save()
	typed = "csv" if frappe.flags.in_import or doc.flags.from_csv else "desk"
	doc.origin = (before.get("origin") if before else None) or typed
	# A net that a file names is compared with gross - tare at every later save too.
	doc.net_sent = before.get("net_sent") if before else doc.flags.net_sent
	doc.ticket_datetime_ms = to_ms(doc.ticket_datetime) or 0
	gross, tare = weight_text(doc, "gross_kg"), weight_text(doc, "tare_kg")
	verdict = _verdict(doc, gross, tare)
	is_judged = doc.status != "Open"
	doc.update(
		{
			"gross_text": gross,
			"tare_text": tare,
			"net_text": verdict.net,
			"weight_unit": _UNIT,
			"net_kg": flt(verdict.net_kg),
			"manual_entry": 1,
			"stability": "None",
			"mismatch_flag": int(is_judged and verdict.mismatch),
			"mismatch_reasons": "\n".join(verdict.reasons) if is_judged else "",
			"difference_kg": flt(verdict.difference_kg) if is_judged else 0,
			"difference_pct": flt(verdict.difference_pct) if is_judged else 0,
			"tolerance_pct": flt(verdict.tolerance_pct) if is_judged else 0,
			"policy_version": verdict.policy_version if is_judged else "",
		}
	)
	doc.flags.nonconformance = doc.status == "Completed" and verdict.nonconformance
	if doc.flags.nonconformance:
		doc.flags.nc_text = nonconformances.text_of_ticket(doc, verdict.reasons)


def weight_text(doc: Any, fieldname: str) -> str:
	"""Canonical decimal text of a typed weight; what is no weight is refused, because Frappe would read it as 0."""
	typed = doc.get(fieldname)
	label = frappe.bold(_(doc.meta.get_label(fieldname)))
	if typed in (None, ""):
		frappe.throw(_("{0} is missing.").format(label), frappe.MandatoryError)
	text = native.decimal_text(typed.strip()) if isinstance(typed, str) else decimal_text(flt(typed, 9))
	if text is None:
		written = quoted(typed)
		frappe.throw(_("{0} is no number: {1}").format(label, written))
	if not 0 <= Decimal(text) <= _MOST_KG:
		frappe.throw(_("{0} must be from 0 to {1} kg.").format(label, _MOST_KG))
	if not Decimal(text) and (fieldname == "gross_kg" or frappe.flags.in_import):
		frappe.throw(_("{0} is 0, or no number in the file.").format(label))
	return text


def tolerance_book(site: str) -> native.ToleranceBook:
	return native.ToleranceBook(configuration.tolerances({site: (site_code_of(site), "")}))


def site_code_of(site: str) -> str:
	return frappe.db.get_value("Site", site, "site_code", cache=True) or ""


def refuse_gateway_number(doc: Any) -> None:
	"""A number of a scale's own series, taken here, would stand in the way of the ticket that is printed under it."""
	prefix = f"{site_code_of(doc.site)}-"
	number = doc.ticket_number
	if number.startswith(prefix) and _GATEWAY_NUMBER.match(number.removeprefix(prefix)):
		frappe.throw(
			_("Ticket number {0} belongs to the series of a scale; use a number of your own.").format(
				quoted(number)
			),
			title=_("Ticket number"),
		)


def _verdict(doc: Any, gross: str, tare: str) -> native.TicketVerdict:
	site_code = site_code_of(doc.site)
	declared = decimal_text(flt(doc.get("declared_net_kg"), 9))
	ticket = {
		"site": site_code,
		"scale": "",
		"at": doc.ticket_datetime_ms,
		"unit": _UNIT,
		"gross": gross,
		"tare": tare,
		"net": doc.get("net_sent") or None,
		"declared_net_kg": declared if declared != "0" else None,
		"manual": True,
		"stability": "None",
	}
	# A file of tickets brings the book of its site along.
	book = doc.flags.tolerance_book or tolerance_book(doc.site)
	return native.judge_ticket(ticket, None, None, book, origin=doc.origin)

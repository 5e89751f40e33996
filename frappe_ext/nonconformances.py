"""Nonconformances that the rules open: one per ticket or finding, never closed or opened again by a machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import frappe
from frappe.model.naming import make_autoname
from frappe.utils import flt

from frappe_ext.contract.config_answer import decimal_text
from frappe_ext.contract.weighbridge_rows import nonconformance_text

TICKET_TYPE = "Scale ticket mismatch"


def key_of(*parts: str) -> str:
	"""finding_key of what these parts name: 32 hex digits, because the database compares text loosely."""
	return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def known_keys(keys: Sequence[str]) -> set[str]:
	"""Those of the keys that a Nonconformance has, whatever became of it."""
	found = frappe.get_all("Nonconformance", filters={"finding_key": ("in", list(keys))}, pluck="finding_key")
	return set(found)


def open_once(key: str, **fields: Any) -> str | None:
	"""A new Nonconformance with this finding_key: its name, or None where there is one.

	UniqueValidationError: another request has just opened it; this transaction cannot see it yet.
	"""
	if known_keys([key]):
		return None
	doc = frappe.get_doc(
		{
			"doctype": "Nonconformance",
			"status": "Open",
			"severity": "Major",
			"finding_key": key,
			**fields,
		}
	)
	doc.flags.from_rules = True
	doc.flags.ignore_mandatory = True  # another app's mandatory fields are not the rules'
	# A rule speaks, not the user whose request it runs in.
	return doc.insert(ignore_permissions=True, set_name=make_autoname("hash", "Nonconformance")).name


def text_of_ticket(ticket: Any, reasons: Sequence[str]) -> str:
	"""What the Nonconformance of a ScaleTicket says."""
	columns = {
		name: ticket.get(name) or "" for name in ("weight_unit", "gross_text", "tare_text", "net_text")
	}
	for name in ("declared_net_kg", "difference_kg", "difference_pct"):
		columns[name] = decimal_text(flt(ticket.get(name), 9)) if ticket.get(name) else ""
	return nonconformance_text(ticket.ticket_number or ticket.name, columns, reasons)


def open_for_ticket(ticket: Any, text: str) -> str | None:
	"""`ticket`: a stored ScaleTicket."""
	return open_once(
		key_of("ticket", ticket.name),
		nc_type=TICKET_TYPE,
		site=ticket.site,
		lot=ticket.get("lot"),
		capa_description=text,
		reference_doctype="ScaleTicket",
		reference_name=ticket.name,
	)

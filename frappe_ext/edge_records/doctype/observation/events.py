"""Observation: what the edge wrote stays as it is; a person adds a verdict with a reason, or notes."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, now_datetime

from frappe_ext import clock, immutable
from frappe_ext.contract.config_answer import decimal_text

# What a gateway writes and nobody else does, not even in a new row: a foreign edge_uid would pre-empt a real one.
# (raw_payload is not among them: an app that owns the type may have its own use for it.)
EDGE_FIELDS = (
	"edge_uid",
	"identity",
	"identity_hash",
	"gateway",
	"edge_epoch",
	"edge_seq",
	"device_text",
	"edge_flag",
	"edge_reasons",
	"server_flag",
	"server_reasons",
	"raw_sha256",
	"time_source",
	"clock_state",
	"backfilled",
	"received_at",
	"received_at_ms",
	"value_in",
	"unit_in",
	"fold_count",
	"fold_last_ms",
	"excursion",
)
MEASURED = (
	*EDGE_FIELDS,
	"raw_payload",
	"site",
	"observed_at",
	"observed_at_ms",
	"observation_type",
	"value",
	"value_text",
	"has_value",
	"unit",
	"quality_reasons",
	"policy_version",
)


def validate(doc: Any, method: str | None = None) -> None:
	"""Fills what a row typed in Desk or a CSV leaves out, so that every row has a time and a value alike."""
	if doc.flags.from_edge or doc.get("edge_uid"):
		return
	doc.observed_at_ms = clock.to_ms(doc.observed_at) or 0
	if flt(doc.value):
		doc.has_value = 1
	doc.value_text = (decimal_text(flt(doc.value, 9)) or "") if cint(doc.has_value) else ""


def before_save(doc: Any, method: str | None = None) -> None:
	"""The last word before the database, after the rules of every app."""
	if doc.flags.from_edge:
		return
	before = doc.get_doc_before_save()
	if before is not None and before.get("edge_uid"):
		immutable.refuse_changed(doc, MEASURED)
		_check_device(doc, before)
		_note_verdict(doc, before)
	else:
		immutable.refuse_forged(doc, EDGE_FIELDS)


def refuse_loss(doc: Any, method: str | None = None, *args: Any) -> None:
	immutable.refuse_loss(doc, method, *args)


def _check_device(doc: Any, before: Any) -> None:
	"""A device that was unknown may be named once it is registered; never another one than the wire said."""
	if doc.get("device") == before.get("device"):
		return
	registered = doc.get("device") and frappe.db.get_value("Device", doc.device, ["site", "device_id"])
	if before.get("device") or registered != (doc.site, doc.get("device_text")):
		immutable.refuse_changed(doc, ["device"])


def _note_verdict(doc: Any, before: Any) -> None:
	"""A changed flag carries who, when and why; the stamps are ours, whatever a request brought."""
	doc.released_by, doc.released_at = before.get("released_by"), before.get("released_at")
	if doc.quality_flag == before.quality_flag:
		return
	if not (doc.get("released_reason") or "").strip():
		frappe.throw(_("Give a reason for the changed quality flag."), title=_("Reason needed"))
	doc.released_by = frappe.session.user
	doc.released_at = now_datetime()

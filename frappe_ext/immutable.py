"""What the edge wrote is never changed or deleted: corrections are new records or new fields (design.md §3).

The checks are doc_events, so that form, REST, Data Import, bulk edit and deletion all pass them. Our own ingest says
who it is by `doc.flags.from_edge`, which no request can set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import frappe
from frappe import _
from frappe.model import no_value_fields
from frappe.utils import cint, cstr, flt, get_datetime


class EdgeRecordImmutableError(frappe.ValidationError):
	pass


def refuse_change(doc: Any, method: str | None = None) -> None:
	"""doc_event for types that only the edge writes: nothing may change, nobody else may create one."""
	if doc.flags.from_edge:
		return
	if doc.is_new():
		_refuse(_("A {0} is written by its gateway only.").format(_(doc.doctype)))
	refuse_changed(doc, [df.fieldname for df in doc.meta.fields if df.fieldtype not in no_value_fields])


def refuse_loss(doc: Any, method: str | None = None, *args: Any) -> None:
	"""doc_event for on_trash and before_rename."""
	if doc.get("edge_uid"):
		_refuse(
			_("{0} {1} was written by a gateway and cannot be deleted or renamed.").format(
				_(doc.doctype), frappe.bold(doc.name)
			)
		)


def refuse_docstatus(doc: Any, method: str | None = None) -> None:
	"""doc_event of before_submit, before_cancel and before_update_after_submit, which Frappe runs in the place of
	before_save: without it Administrator would write what he likes under "Submit"."""
	if doc.flags.from_edge:
		return
	if doc.get("edge_uid") or not doc.meta.is_submittable:
		_refuse(_("A {0} is neither submitted nor cancelled.").format(_(doc.doctype)))


def refuse_any_loss(doc: Any, method: str | None = None, *args: Any) -> None:
	"""refuse_loss for a type without a uid: every row of it is the server's."""
	_refuse(
		_("{0} {1} was written by the server and cannot be deleted or renamed.").format(
			_(doc.doctype), frappe.bold(doc.name)
		)
	)


def refuse_merge(
	doc: Any, method: str | None = None, old: str = "", new: str = "", merge: bool = False, *args: Any
) -> None:
	"""doc_event for before_rename of what records link to: a merge would say that they were measured elsewhere."""
	if merge:
		frappe.throw(
			_("A {0} cannot be merged with another: its records stay where they were measured.").format(
				_(doc.doctype)
			),
			EdgeRecordImmutableError,
			title=_("Written by a gateway"),
		)


def refuse_changed(doc: Any, fields: Iterable[str]) -> None:
	"""Refuses a document whose value of one of `fields` differs from the stored one."""
	labels = changed_labels(doc, fields)
	if labels:
		_refuse(
			_("{0} was written by a gateway and cannot be changed: {1}").format(frappe.bold(doc.name), labels)
		)


def changed_labels(doc: Any, fields: Iterable[str]) -> str:
	"""Labels of those of `fields` whose value differs from the stored one."""
	before = doc.get_doc_before_save()
	if before is None:
		return ""
	return ", ".join(
		_(doc.meta.get_label(name))
		for name in fields
		if not same_value(doc.meta.get_field(name), doc.get(name), before.get(name))
	)


def refuse_forged(doc: Any, fields: Iterable[str]) -> None:
	"""Refuses a row of Desk or a CSV that carries what only a gateway writes: a foreign uid would pre-empt a real one."""
	forged = [name for name in fields if doc.get(name) not in (None, "", 0, "0", 0.0)]
	if forged:
		labels = ", ".join(_(doc.meta.get_label(name)) for name in forged)
		_refuse(_("Only a gateway writes these: {0}").format(labels))


def same_value(df: Any, new: Any, old: Any) -> bool:
	"""As the column compares: a form sends text, the database gives typed values."""
	kind = df.fieldtype if df else "Data"
	if kind in ("Int", "Long Int", "Check"):
		return cint(new) == cint(old)
	if kind in ("Float", "Currency", "Percent"):
		return flt(new, 9) == flt(old, 9)
	if kind in ("Datetime", "Date"):
		return (get_datetime(new) if new else None) == (get_datetime(old) if old else None)
	return cstr(new) == cstr(old)


def _refuse(message: str) -> None:
	frappe.throw(message, EdgeRecordImmutableError, title=_("Written by a gateway"))

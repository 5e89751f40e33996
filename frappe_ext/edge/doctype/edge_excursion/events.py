"""Edge Excursion: written by ingest and by the actions of frappe_ext.excursions; a form changes nothing in it."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext import immutable


def before_save(doc: Any, method: str | None = None) -> None:
	if not doc.flags.excursion_action:
		immutable.refuse_change(doc)


def refuse_loss(doc: Any, method: str | None = None, *args: Any) -> None:
	frappe.throw(
		_("{0} {1} cannot be deleted or renamed: readings name it.").format(
			_(doc.doctype), frappe.bold(doc.name)
		),
		immutable.EdgeRecordImmutableError,
		title=_("Written by a gateway"),
	)

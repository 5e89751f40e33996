"""Edge Vehicle: what the scale house knows of a plate; one row per site and plate."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites


def validate(doc: Any, method: str | None = None) -> None:
	doc.plate = " ".join((doc.plate or "").split())
	twin = frappe.db.get_value(
		"Edge Vehicle", {"site": doc.site, "plate": doc.plate, "name": ("!=", doc.name or "")}
	)
	if twin:
		frappe.throw(
			_("{0} is a vehicle of this site already.").format(frappe.bold(doc.plate)),
			frappe.UniqueValidationError,
		)


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})

"""Device: device_id is its name on the wire, unique within its site."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.edge_records.doctype.site.events import is_wire_id
from frappe_ext.messages import quoted


def validate(doc: Any, method: str | None = None) -> None:
	doc.device_id = (doc.get("device_id") or "").strip() or None  # NULL: the unique index lets it pass
	if doc.device_id is None:
		return
	if not is_wire_id(doc.device_id):
		frappe.throw(_("Device ID {0}: use 1 to 64 letters, digits or . _ : -").format(quoted(doc.device_id)))
	twin = frappe.db.get_value(
		"Device", {"site": doc.site, "device_id": doc.device_id, "name": ("!=", doc.name or "")}
	)
	if twin:
		frappe.throw(
			_("Device ID {0} is taken within this site by {1}.").format(quoted(doc.device_id), twin),
			frappe.UniqueValidationError,
		)


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})

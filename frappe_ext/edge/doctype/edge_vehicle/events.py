"""Edge Vehicle: what the scale house knows of a plate; one row per site and plate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.messages import quoted


def validate(doc: Any, method: str | None = None) -> None:
	doc.plate = " ".join((doc.plate or "").split())
	twin = frappe.db.get_value(
		"Edge Vehicle", {"site": doc.site, "plate": doc.plate, "name": ("!=", doc.name or "")}
	)
	if twin:
		frappe.throw(
			_("{0} is a vehicle of this site already.").format(quoted(doc.plate)),
			frappe.UniqueValidationError,
		)


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})


def note_ticket(site: str, ticket: str, columns: Mapping[str, Any]) -> bool:
	"""What a completed ticket of a scale says of its vehicle: a newer empty weight that was captured is its stored tare
	from now on; one that was weighed with the stored tare has used it once more. `columns`: of ScaleTicket; True where
	gateways have to hear of it."""
	vehicle = frappe.db.get_value(
		"Edge Vehicle",
		{"site": site, "plate": columns["vehicle"]},
		["name", "tare_at", "uses"],
		as_dict=True,
		for_update=True,
	)
	if vehicle is None:
		return False
	if columns["tare_weighing"]:
		at = columns["ticket_datetime"]
		if vehicle.tare_at and vehicle.tare_at > at:
			return False
		stored = {"tare_kg": columns["tare_kg"], "tare_at": at, "tare_ticket": ticket, "uses": 0}
		frappe.db.set_value("Edge Vehicle", vehicle.name, stored)
		return True
	if columns["tare_vehicle"]:
		frappe.db.set_value("Edge Vehicle", vehicle.name, "uses", cint(vehicle.uses) + 1)
	return False

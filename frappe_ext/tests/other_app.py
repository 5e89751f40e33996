"""Another app that owns shared types; Frappe itself plays it. Each change of a type commits."""

from __future__ import annotations

from collections.abc import Iterable

import frappe

from frappe_ext import install

OWNER = "frappe"
_MODULE = "Core"

FIELDS = {
	"Site": {"site_name", "site_type", "description"},
	"Device": {"device_name", "site", "device_type", "serial_number", "status"},
	"Observation": {
		"site",
		"device",
		"observed_at",
		"observation_type",
		"value",
		"unit",
		"quality_flag",
		"raw_payload",
		"notes",
	},
	"Observation Threshold Policy": {
		"policy_name",
		"site",
		"observation_type",
		"warning_min",
		"warning_max",
		"critical_min",
		"critical_max",
		"active",
	},
	"Lot": {"lot_number", "site", "crop", "qty_kg"},
	"ScaleTicket": {
		"ticket_number",
		"site",
		"device",
		"lot",
		"ticket_datetime",
		"gross_kg",
		"tare_kg",
		"net_kg",
		"vehicle",
		"driver",
		"notes",
	},
	"Site Tolerance Policy": {"policy_name", "site", "tolerance_pct", "active", "from_date", "to_date"},
	"Nonconformance": {"site", "lot", "capa_description", "status"},
	"Certificate": {"cert_type", "site", "lot", "expiry_date"},
}
"""What such an app is known to have of our fields."""
FLAGS = "OK\nQuarantine\nInvalid"
"""Its quality flags: no Warning."""


def give_away(name: str, without: Iterable[str], options: dict[str, str] | None = None) -> None:
	"""`name` becomes the other app's, without some fields and with its own Select options."""
	frappe.db.set_value("DocType", name, "module", _MODULE)
	frappe.db.delete("DocField", {"parent": name, "fieldname": ("in", list(without))})
	for fieldname, text in (options or {}).items():
		frappe.db.set_value("DocField", {"parent": name, "fieldname": fieldname}, "options", text)
	frappe.clear_cache(doctype=name)


def give_all_away() -> None:
	"""All nine, as types without a controller."""
	for name, kept in FIELDS.items():
		fields = {df.fieldname for df in frappe.get_meta(name).fields}
		give_away(name, sorted(fields - kept), {"quality_flag": FLAGS} if name == "Observation" else None)
		frappe.db.set_value("DocType", name, "custom", 1)


def take_back() -> None:
	for name in install.RECORDS:
		frappe.db.set_value("DocType", name, "module", install.MODULE)
		install.import_file_by_path(install.record_path(name), force=True, ignore_version=True)
		install.drop_customizations(name)
	install.ensure_records()
	frappe.db.commit()
	frappe.clear_cache()

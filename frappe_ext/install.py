"""Installing beside another app (design.md, "Records beside another app").

The shared record types lie in `edge_records/doctype/<x>/<x>.record.json`, a name that Frappe's own sync does not read:
whoever owns a type defines it. Where nobody does, or we do, ours is imported; where another app does, we join: our
missing fields and Select options are added as customizations of our module and dropped when the owner ships them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model import no_value_fields
from frappe.modules.import_file import import_file_by_path

APP = "frappe_ext"
MODULE = "Edge Records"
MODULES = ("Edge", MODULE)
# What a type links to stands before it.
RECORDS = (
	"Site",
	"Device",
	"Observation",
	"Observation Threshold Policy",
	"Lot",
	"ScaleTicket",
	"Site Tolerance Policy",
	"Nonconformance",
	"Certificate",
)
# role: desk access. Only what our permissions name; a role of that name that exists already is left as it is.
ROLES = {"QA Manager": 1, "Site Operator": 1, "IT Admin": 1, "Owner": 1, "Edge Gateway": 0}
_FIELD_KEYS = (
	"fieldname",
	"fieldtype",
	"label",
	"options",
	"default",
	"description",
	"length",
	"precision",
	"read_only",
	"no_copy",
	"hidden",
	"unique",
	"search_index",
	"in_standard_filter",
	"non_negative",
	"collapsible",
)


def before_install() -> None:
	"""Roles come first: the permissions of the types that are synced next name them."""
	for role, desk_access in ROLES.items():
		if not frappe.db.exists("Role", role):
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": desk_access}).insert(
				ignore_permissions=True  # the installer runs as Administrator
			)


def after_install() -> None:
	ensure_records()
	ensure_role_profiles()


def after_migrate() -> None:
	ensure_records()
	ensure_role_profiles()


def ensure_role_profiles() -> None:
	"""One per role and by its name, for "Assign Role Profile" of the runbook; one that is there stays as it is."""
	before = frappe.flags.in_install
	# Otherwise each is locked until a worker has looked for users, of whom a new profile has none.
	frappe.flags.in_install = APP
	try:
		for role in ROLES:
			if not frappe.db.exists("Role Profile", role):
				frappe.get_doc(
					{"doctype": "Role Profile", "role_profile": role, "roles": [{"role": role}]}
				).insert(ignore_permissions=True)  # the installer runs as Administrator
	finally:
		frappe.flags.in_install = before


def after_app_install(app: str) -> None:
	"""Another app may just have taken over a type; without its columns the same uid would be stored twice."""
	ensure_records()


def before_uninstall() -> None:
	"""What Frappe leaves behind: jobs that would fail until the next migrate, and settings a later install would find."""
	frappe.db.delete("Scheduled Job Type", {"method": ("like", f"{APP}.%")})
	for single in frappe.get_all("DocType", {"module": ("in", MODULES), "issingle": 1}, pluck="name"):
		frappe.db.delete("Singles", {"doctype": single})


def before_app_uninstall(app: str) -> None:
	"""The tables would leave together with their owner: take the types back first."""
	if app == APP:
		return
	for name in RECORDS:
		if owner_of(name) == app:
			import_file_by_path(record_path(name), force=True, ignore_version=True, reset_permissions=True)
			drop_customizations(name)
	ensure_indexes()


def ensure_records() -> None:
	"""Brings the shared record types to our state; writes nothing where nothing differs."""
	for name in RECORDS:
		if owner_of(name) in (None, APP):
			import_file_by_path(record_path(name), ignore_version=True)
			drop_customizations(name)
		else:
			join(name)
	ensure_indexes()


def owner_of(name: str) -> str | None:
	"""The app of a type's module; None where the type is not there or its app is gone."""
	module = frappe.db.get_value("DocType", name, "module")
	app = frappe.db.get_value("Module Def", module, "app_name") if module else None
	return app if app in frappe.get_installed_apps() or app == APP else None


def record_path(name: str) -> str:
	scrubbed = frappe.scrub(name)
	return frappe.get_app_path(APP, "edge_records", "doctype", scrubbed, f"{scrubbed}.record.json")


def ensure_indexes() -> None:
	"""device_id is unique within its site; tickets are read as the series of a scale and, hourly, as the newest ones.
	Both functions look first."""
	frappe.db.add_unique("Device", ["site", "device_id"], constraint_name="unique_site_device_id")
	series = ["gateway", "device_text(64)", "edge_epoch(20)"]
	frappe.db.add_index("ScaleTicket", series, index_name="edge_series")
	frappe.db.add_index("ScaleTicket", ["creation"], index_name="creation")
	frappe.db.add_index("Observation", ["creation"], index_name="creation")  # what came today, what is old
	# What lists and charts filter by, in the order of time: the place of a plain index of these columns.
	for fieldname in ("site", "device", "quality_flag"):
		frappe.db.add_index("Observation", [fieldname, "observed_at"], index_name=f"{fieldname}_observed_at")
	# Reconcile sums what a gateway sent by its seq.
	for doctype, epoch in (
		("Observation", "edge_epoch"),
		("ScaleTicket", "edge_epoch"),
		("Edge Gap", "edge_epoch"),
		("Edge Amend", "edge_epoch"),
		("Edge Weighing", "epoch"),
	):
		frappe.db.add_index(doctype, ["gateway", epoch, "edge_seq"], index_name="edge_sequence")
	frappe.db.add_index("ScaleTicket", ["gateway", "void_epoch", "void_seq"], index_name="edge_voids")
	# Ingest asks: which excursions of these devices are not over, and which readings stand before and after a row.
	frappe.db.add_index("Edge Excursion", ["stream", "end_ms"], index_name="edge_stream")
	stream = ["site(40)", "device_text(64)", "observation_type(64)", "observed_at_ms"]
	frappe.db.add_index("Observation", stream, index_name="edge_stream")


def join(name: str) -> None:
	"""Adds what another app's type lacks, and takes away what it ships by now."""
	with open(record_path(name)) as file:
		fields = json.load(file)["fields"]
	theirs = {
		row.fieldname: row
		for row in frappe.get_all(
			"DocField",
			filters={"parent": name},
			fields=["fieldname", "fieldtype", "options", "search_index", "unique"],
			order_by="idx",
		)
	}
	_drop_custom_fields(name, theirs)
	_add_custom_fields(name, fields, theirs)
	for field in fields:
		if field["fieldname"] in theirs:
			_join_property(name, field, theirs[field["fieldname"]])


def _add_custom_fields(name: str, fields: list[dict[str, Any]], theirs: dict[str, Any]) -> None:
	"""All in one section behind the owner's last field; only what differs is written."""
	present = {
		row.fieldname: row
		for row in frappe.get_all("Custom Field", filters={"dt": name}, fields=["*"], order_by="idx")
	}
	section = {
		"fieldname": "edge_section",
		"fieldtype": "Section Break",
		"label": "Site Edge",
		"collapsible": 1,
	}
	wanted = [section] + [field for field in fields if field["fieldtype"] not in no_value_fields]
	previous = next(reversed(theirs), None)
	changed = []
	for field in wanted:
		fieldname = field["fieldname"]
		custom = present.get(fieldname)
		if fieldname in theirs or (custom and custom.module != MODULE):
			continue
		values = {key: field.get(key) for key in _FIELD_KEYS} | {"insert_after": previous, "module": MODULE}
		if custom is None or any(_text(custom.get(key)) != _text(value) for key, value in values.items()):
			changed.append({key: value for key, value in values.items() if value is not None})
		previous = fieldname
	if changed:
		create_custom_fields({name: changed}, ignore_validate=True)


def _join_property(name: str, field: dict[str, Any], theirs: Any) -> None:
	"""A Select that lacks one of our values gets it, an unindexed column its index, by Property Setter."""
	if field["fieldtype"] == "Select" and theirs.fieldtype == "Select":
		base, mine = _base_value(name, field["fieldname"], "options", theirs.options)
		have = (base or "").split("\n")
		missing = [option for option in field["options"].split("\n") if option and option not in have]
		_set_property(name, field["fieldname"], "options", "\n".join(have + missing), bool(missing), mine)
	if field.get("search_index") and not theirs.unique:
		base, mine = _base_value(name, field["fieldname"], "search_index", theirs.search_index)
		_set_property(name, field["fieldname"], "search_index", "1", not int(base or 0), mine)


def _base_value(name: str, fieldname: str, prop: str, own: Any) -> tuple[Any, Any]:
	"""(the value without us, our Property Setter or None); someone's Customize Form counts as the base."""
	setter = frappe.db.get_value(
		"Property Setter",
		{"doc_type": name, "field_name": fieldname, "property": prop},
		["name", "value", "module"],
		as_dict=True,
	)
	if setter and setter.module != MODULE:
		return setter.value, None
	return own, setter


def _set_property(name: str, fieldname: str, prop: str, value: str, needed: bool, mine: Any) -> None:
	if not needed:
		if mine:
			frappe.delete_doc("Property Setter", mine.name, force=True, ignore_permissions=True)
		return
	if mine and mine.value == value:
		return
	frappe.get_doc(
		{
			"doctype": "Property Setter",
			"doctype_or_field": "DocField",
			"doc_type": name,
			"field_name": fieldname,
			"property": prop,
			"property_type": "Text" if prop == "options" else "Check",
			"value": value,
			"module": MODULE,
		}
	).insert(ignore_permissions=True)  # its validate takes an older one away; migrate runs as Administrator
	frappe.clear_cache(doctype=name)
	frappe.db.updatedb(name)


def drop_customizations(name: str) -> None:
	"""Takes our customizations off a type that is ours: its own fields say it all."""
	_drop_custom_fields(name, None)
	_delete_all("Property Setter", {"doc_type": name, "module": MODULE})


def _drop_custom_fields(name: str, shipped: Iterable[str] | None) -> None:
	filters: dict[str, Any] = {"dt": name, "module": MODULE}
	if shipped is not None:
		filters["fieldname"] = ("in", list(shipped) or [""])
	_delete_all("Custom Field", filters)


def _delete_all(doctype: str, filters: dict[str, Any]) -> None:
	for row in frappe.get_all(doctype, filters=filters, pluck="name"):
		frappe.delete_doc(doctype, row, force=True, ignore_permissions=True)


def _text(value: Any) -> str:
	return "" if value in (None, 0, "0") else str(value)

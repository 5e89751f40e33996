"""Taking away what the smoke test made: raw, and only what hangs on a Site or gateway with its mark.

The record types refuse deletion by anybody, so this goes below the documents. It also clears what a run left behind
that was killed half-way.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import frappe
from frappe.model import table_fields

from frappe_ext import keys

MARK = "edge-smoke-"
"""Begins the site_code; the gateway's id is `gw-` and the site_code. No person's site is called so."""
ATTEMPTS = 3
"""A worker that is just telling people of one of the records may add a line behind the removal."""
_LOGS = {
	"Version": ("ref_doctype", "docname"),
	"Comment": ("reference_doctype", "reference_name"),
	"Communication": ("reference_doctype", "reference_name"),
	"Email Queue": ("reference_doctype", "reference_name"),
	"Notification Log": ("document_type", "document_name"),
	"ToDo": ("reference_type", "reference_name"),
	"DocShare": ("share_doctype", "share_name"),
	"View Log": ("reference_doctype", "reference_name"),
	"Activity Log": ("reference_doctype", "reference_name"),
	"Deleted Document": ("deleted_doctype", "deleted_name"),
}


def make_user(gateway_id: str) -> str:
	"""The gateway's user as auth would make it, without what a new person sets off (contact, welcome)."""
	email = f"{gateway_id}@edge-gateway.invalid"
	user = frappe.get_doc(
		{
			"doctype": "User",
			"name": email,
			"email": email,
			"first_name": gateway_id,
			"enabled": 1,
			"user_type": "Website User",
			"roles": [{"role": keys.ROLE}],
		}
	)
	user.set_user_and_timestamp()
	user.db_insert()
	for row in user.roles:
		row.parent, row.parentfield, row.parenttype = user.name, "roles", "User"
		row.name = frappe.generate_hash(length=10)
		row.db_insert()
	return email


def remove_all() -> dict[str, int]:
	"""Removes every trace of every run; afterwards {doctype: rows} of what is still there (nothing)."""
	frappe.db.rollback()
	sites = frappe.get_all("Site", filters={"site_code": ("like", f"{MARK}%")}, pluck="name")
	gateways = frappe.get_all(
		"Edge Gateway", filters={"gateway_id": ("like", f"gw-{MARK}%")}, fields=["name", "user"]
	)
	users = frappe.get_all("User", filters={"name": ("like", f"gw-{MARK}%")}, pluck="name")
	if not (sites or gateways or users):
		return {}
	made = _made(sites, [row.name for row in gateways], users)
	for _attempt in range(ATTEMPTS):
		for doctype, names in made.items():
			_remove(doctype, names)
		_remove_searched(made)
		frappe.db.commit()  # nosemgrep: a request's rows were committed, so their removal is
		left = _left(made)
		if not left:
			break
	for name in users:
		frappe.clear_cache(user=name)
	return left


def _made(sites: list[str], gateways: list[str], users: list[str]) -> dict[str, list[str]]:
	"""doctype → names, by every link to the marked Sites and gateways, other apps' types included."""
	found: dict[str, set[str]] = defaultdict(set)
	for target, names in (("Site", sites), ("Edge Gateway", gateways)):
		for doctype, fieldname in _links_to(target):
			found[doctype].update(
				frappe.get_all(doctype, filters={fieldname: ("in", names or [""])}, pluck="name")
			)
		found[target].update(names)
	found["User"].update(users)
	return {doctype: sorted(names) for doctype, names in found.items() if names}


def _links_to(target: str) -> list[tuple[str, str]]:
	fields = {"fieldtype": "Link", "options": target}
	links = frappe.get_all("DocField", filters=fields, fields=["parent", "fieldname"], as_list=True)
	links += frappe.get_all("Custom Field", filters=fields, fields=["dt", "fieldname"], as_list=True)
	return [
		(doctype, fieldname)
		for doctype, fieldname in links
		if frappe.db.table_exists(doctype) and not frappe.get_meta(doctype).istable
	]


def _remove(doctype: str, names: list[str]) -> None:
	for field in frappe.get_meta(doctype).get("fields", {"fieldtype": ("in", table_fields)}):
		frappe.db.delete(field.options, {"parenttype": doctype, "parent": ("in", names)})
	for log, (type_field, name_field) in _LOGS.items():
		rows = frappe.get_all(log, filters={type_field: doctype, name_field: ("in", names)}, pluck="name")
		if rows and log == "Email Queue":
			frappe.db.delete("Email Queue Recipient", {"parent": ("in", rows)})
		if rows:
			frappe.db.delete(log, {"name": ("in", rows)})
	frappe.db.delete(doctype, {"name": ("in", names)})


def _remove_searched(made: dict[str, list[str]]) -> None:
	"""Rows for the search wait in Redis until a job writes them: that is done now, then ours go."""
	from frappe.utils.global_search import sync_global_search

	sync_global_search()
	for doctype, names in made.items():
		frappe.db.delete("__global_search", {"doctype": doctype, "name": ("in", names)})


def _left(made: dict[str, list[str]]) -> dict[str, Any]:
	found: dict[str, int] = {}
	for doctype, names in made.items():
		_count(found, doctype, {"name": ("in", names)})
		for log, (type_field, name_field) in _LOGS.items():
			_count(found, log, {type_field: doctype, name_field: ("in", names)})
		for field in frappe.get_meta(doctype).get("fields", {"fieldtype": ("in", table_fields)}):
			_count(found, field.options, {"parenttype": doctype, "parent": ("in", names)})
	return found


def _count(found: dict[str, int], doctype: str, filters: dict[str, Any]) -> None:
	count = frappe.db.count(doctype, filters)
	if count:
		found[doctype] = found.get(doctype, 0) + count

"""User Access Audit: who can get in, with which roles and keys, and what each of them sees (monthly, both runbooks)."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext import access_audit, reporting
from frappe_ext.reporting import column, safe_rows


def execute(filters: dict[str, Any] | None = None) -> tuple[Any, ...]:
	frappe.only_for(("System Manager", "IT Admin"))
	rows = _rows(dict(filters or {}))
	return columns(), safe_rows(columns(), rows), None, None, _summary(rows)


def columns() -> list[dict[str, Any]]:
	return [
		column("user", _("User"), "Link", 220, options="User"),
		column("enabled", _("Enabled"), "Check", 80),
		column("user_type", _("User type"), width=110),
		column("roles", _("Roles"), width=200),
		column("role_profile", _("Role profile"), width=120),
		column("sites", _("Sites"), width=160),
		column("api_key", _("API key"), "Check", 80),
		column("edge_keys", _("Gateway keys"), width=200),
		column("last_login", _("Last login"), "Datetime", 170),
		column("last_active", _("Last active"), "Datetime", 170),
		column("remark", _("Remark"), "Small Text", 360),
	]


def _rows(wanted: dict[str, Any]) -> list[dict[str, Any]]:
	"""Somebody who does not see every site audits the users of his own, and reads the codes of his own only."""
	own = reporting.sites()
	if own is None:
		return access_audit.rows(wanted)
	codes = set(frappe.get_all("Site", {"name": ("in", own or [""])}, pluck="site_code"))
	found: dict[str, dict[str, Any]] = {}
	for site in own:
		if wanted.get("site") in (None, "", site):
			for row in access_audit.rows(wanted | {"site": site}):
				found[row["user"]] = row
	for row in found.values():
		row["sites"] = ", ".join(sorted(codes & set(row["sites"].split(", "))))
	return sorted(found.values(), key=lambda row: (not row["remark"], row["user"]))


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	remarks = sum(1 for row in rows if row["remark"])
	disabled = sum(1 for row in rows if not row["enabled"] and (row["api_key"] or row["edge_keys"]))
	return [
		{"label": _("Users"), "value": len(rows), "datatype": "Int"},
		{
			"label": _("With a remark"),
			"value": remarks,
			"datatype": "Int",
			"indicator": "Orange" if remarks else "Green",
		},
		{
			"label": _("Disabled with a key"),
			"value": disabled,
			"datatype": "Int",
			"indicator": "Red" if disabled else "Green",
		},
	]

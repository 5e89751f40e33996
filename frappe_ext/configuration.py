"""The content of gateway.config: what a gateway's sites have (wire.md §5)."""

from __future__ import annotations

import re
from typing import Any

import frappe

from frappe_ext.clock import to_ms
from frappe_ext.contract import config_answer

_TYPE = re.compile(r"(\*|[a-z0-9_.]{1,64})\Z", re.ASCII)


def is_wire_type(text: str | None) -> bool:
	"""True for an observation type as gateways send it, whatever its case in Desk, and for `*`."""
	return _TYPE.match((text or "").lower()) is not None


def content(gateway: str) -> dict[str, list[dict[str, Any]]]:
	"""The lists of gateway.config. `gateway`: name of the Edge Gateway. Limits are resolved, ids are the wire's."""
	sites = sites_of(gateway)
	return {
		"sites": [{"site": code, "name": title} for code, title in sites.values()],
		"devices": devices(sites),
		"policies": policies(sites),
	}


def sites_of(gateway: str) -> dict[str, tuple[str, str]]:
	"""name of the Site → (site_code, site_name); a Site without a code does not exist on the wire."""
	rows = frappe.db.sql(
		"""select site.name, site.site_code, site.site_name from `tabEdge Gateway Site` row
		join `tabSite` site on site.name = row.site
		where row.parent = %s and row.parenttype = 'Edge Gateway' and coalesce(site.site_code, '') != ''
		order by site.site_code""",
		gateway,
	)
	return {name: (code, title) for name, code, title in rows}


def devices(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	return [config_answer.device_entry(row, site=sites[row.site][0]) for row in device_rows(sites)]


def device_rows(sites: dict[str, tuple[str, str]]) -> list[Any]:
	"""Devices with a name on the wire."""
	fields = ["name", "site", "device_id", "device_type", "status", "expected_interval_s"]
	return _rows("Device", sites, fields, "site, device_id", device_id=("is", "set"))


def policies(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	"""The active ones that a gateway can judge by."""
	rows = _rows("Observation Threshold Policy", sites, ["*"], "site, observation_type", active=1)
	return [_policy(row, sites) for row in rows if is_wire_type(row.observation_type)]


def _policy(row: Any, sites: dict[str, tuple[str, str]]) -> dict[str, Any]:
	row.observation_type = row.observation_type.lower()
	return config_answer.policy_entry(row, site=sites[row.site][0], version=str(to_ms(row.modified)))


def _rows(doctype: str, sites: dict[str, tuple[str, str]], fields: list[str], order: str, **filters: Any):
	if not sites:
		return []
	return frappe.get_all(
		doctype, filters={"site": ("in", list(sites)), **filters}, fields=fields, order_by=order
	)

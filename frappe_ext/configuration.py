"""The content of gateway.config: what a gateway's sites have (wire.md §5)."""

from __future__ import annotations

import re
from typing import Any

import frappe
from frappe.utils import add_days

from frappe_ext.clock import now_ms, to_ms
from frappe_ext.contract import config_answer
from frappe_ext.contract.operators import RIGHTS, operator_entry

TARES = 20
"""Of one vehicle: enough for a median that one odd weighing does not move."""
TARE_DAYS = 400
"""Older empty weights say nothing of a truck of today."""
MAX_LOTS = 2_000
"""The newest ones of a gateway's sites; a scale house chooses among them."""
ENDED_LOTS = frozenset({"Rejected", "Dispatched"})
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
		"tolerances": tolerances(sites),
		"orders": orders(sites),
		"vehicles": vehicles(sites),
		"operators": operators(sites),
		"lots": lots(sites),
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


def tolerances(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	"""The active ones; their days as UTC ms in the server's zone, `to` exclusive."""
	rows = _rows("Site Tolerance Policy", sites, ["*"], "site, from_date", active=1)
	return [_tolerance(row, sites) for row in rows]


def _tolerance(row: Any, sites: dict[str, tuple[str, str]]) -> dict[str, Any]:
	row.from_ms = to_ms(row.from_date)
	row.to_ms = to_ms(add_days(row.to_date, 1)) if row.to_date else None
	return config_answer.tolerance_entry(row, site=sites[row.site][0], version=str(to_ms(row.modified)))


def orders(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	"""The open ones."""
	fields = ["name", "site", "lot", "vehicle", "driver", "direction", "declared_net_kg"]
	rows = _rows("Edge Weighing Order", sites, fields, "site, name", status="Open")
	names = {row.lot for row in rows if row.lot}
	lots = (
		frappe.get_all("Lot", filters={"name": ("in", list(names))}, fields=["name", "lot_number"])
		if names
		else []
	)
	lot_of = {lot.name: _lot_text(lot) for lot in lots}
	return [
		config_answer.order_entry(
			row | {"order": row.name, "lot": lot_of.get(row.lot)}, site=sites[row.site][0]
		)
		for row in rows
	]


def vehicles(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	fields = ["plate", "site", "tare_kg", "tare_at"]
	rows = _rows("Edge Vehicle", sites, fields, "site, plate")
	tares = _tares(sites) if rows else {}
	return [
		config_answer.vehicle_entry(
			{
				"vehicle": row.plate,
				"tare_kg": row.tare_kg,
				"tare_at": to_ms(row.tare_at),
				"tares": tares.get((row.site, row.plate), ()),
			},
			site=sites[row.site][0],
		)
		for row in rows
	]


def _tares(sites: dict[str, tuple[str, str]]) -> dict[tuple[str, str], list[float]]:
	"""(site, plate) → the last empty weights that a scale captured, newest first."""
	rows = frappe.db.sql(
		"""select site, vehicle, tare_kg from (
			select site, vehicle, tare_kg, row_number() over (
				partition by site, vehicle order by ticket_datetime_ms desc) as place
			from `tabScaleTicket` where site in %(sites)s and status = 'Completed'
			and ticket_datetime_ms > %(since)s and vehicle in (select plate from `tabEdge Vehicle` where site in %(sites)s)
			and coalesce(tare_weighing, '') != '') newest
		where place <= %(count)s order by place""",
		{"sites": tuple(sites), "count": TARES, "since": now_ms() - TARE_DAYS * 86_400_000},
	)
	found: dict[tuple[str, str], list[float]] = {}
	for site, plate, tare_kg in rows:
		found.setdefault((site, plate), []).append(tare_kg)
	return found


def operators(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	"""The active ones."""
	rights = [f"right_{right}" for right in RIGHTS]
	fields = ["operator", "operator_name", "site", "pin_hash", *rights]
	rows = _rows("Edge Operator", sites, fields, "site, operator", active=1)
	return [operator_entry(row, site=sites[row.site][0]) for row in rows]


def lots(sites: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
	"""Those that may still be weighed."""
	if not sites:
		return []
	rows = frappe.get_all(
		"Lot",
		filters={"site": ("in", list(sites)), "status": ("not in", sorted(ENDED_LOTS))},
		fields=["name", "lot_number", "site", "crop"],
		order_by="creation desc",
		limit=MAX_LOTS,
	)
	rows.sort(key=lambda row: (row.site, row.lot_number or "", row.name))
	return [
		config_answer.lot_entry({"lot": _lot_text(row), "crop": row.crop}, site=sites[row.site][0])
		for row in rows
	]


def _lot_text(lot: Any) -> str:
	return lot.lot_number or lot.name


def _rows(doctype: str, sites: dict[str, tuple[str, str]], fields: list[str], order: str, **filters: Any):
	if not sites:
		return []
	return frappe.get_all(
		doctype, filters={"site": ("in", list(sites)), **filters}, fields=fields, order_by=order
	)

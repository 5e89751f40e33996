"""Gateway Fleet: every gateway with what it holds, how old that is, and what a person has to do about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from frappe_ext import reporting
from frappe_ext.reporting import column, safe_rows
from frappe_ext.settings import setting

_FIELDS = (
	"name",
	"gateway_id",
	"enabled",
	"revoked",
	"held",
	"version",
	"last_seen",
	"buffered",
	"oldest_unsent_at",
	"horizon_days",
	"disk_used_pct",
	"drops",
	"clock_offset_s",
	"config_version",
	"config_published",
	"epoch",
)


def execute(filters: dict[str, Any] | None = None) -> tuple[Any, ...]:
	wanted = frappe._dict(filters or {})
	now = now_datetime().replace(tzinfo=None)
	rows = _gateways(wanted)
	names = [row.name for row in rows]
	sites, keys, rejections = _sites(names), _key_ages(names, now), _open_rejections(names)
	for row in rows:
		row.update(_state(row, now))
		row.gateway = row.name
		row.sites = ", ".join(sites[row.name])
		row.key_days, row.live_keys = max(keys[row.name], default=None), len(keys[row.name])
		row.rejections = rejections[row.name]
	if cint(wanted.only_silent):
		rows = [row for row in rows if row.silent]
	return columns(), safe_rows(columns(), rows), None, None, _summary(rows)


def columns() -> list[dict[str, Any]]:
	return [
		column("gateway_id", _("Gateway"), width=140),
		column("sites", _("Sites"), width=160),
		column("state", _("State"), width=110),
		column("silent", _("Silent"), "Check", 70),
		column("last_seen", _("Last seen"), "Datetime", 170),
		column("version", _("Version"), width=80),
		column("buffered", _("Buffered"), "Int", 90),
		column("unsent_min", _("Oldest unsent (min)"), "Int", 130),
		column("horizon_days", _("Horizon (days)"), "Float", 110, precision=1),
		column("disk_used_pct", _("Disk used"), "Percent", 90),
		column("drops", _("Drops"), "Int", 80),
		column("clock_offset_s", _("Clock offset (s)"), "Float", 110, precision=3),
		column("config_state", _("Configuration"), width=130),
		column("live_keys", _("Live keys"), "Int", 85),
		column("key_days", _("Oldest key (days)"), "Int", 120),
		column("rejections", _("Open rejections"), "Int", 115),
		column("epoch", _("Epoch"), width=70),
		column("gateway", _("Record"), "Link", 110, options="Edge Gateway"),
	]


def _gateways(wanted: Any) -> list[Any]:
	"""Those of the user's sites, whatever the permissions of Edge Gateway itself say beyond that."""
	filters: dict[str, Any] = {}
	if wanted.gateway:
		filters["name"] = wanted.gateway
	own = reporting.sites()
	chosen = [wanted.site] if wanted.site else own
	if own is not None and wanted.site and wanted.site not in own:
		chosen = []
	rows = frappe.get_list("Edge Gateway", filters, _FIELDS, order_by="gateway_id", limit_page_length=0)
	if chosen is None:
		return rows
	of_sites = set(
		frappe.get_all(
			"Edge Gateway Site",
			{"parenttype": "Edge Gateway", "site": ("in", chosen or [""])},
			pluck="parent",
		)
	)
	return [row for row in rows if row.name in of_sites]


def _state(row: Any, now: datetime) -> dict[str, Any]:
	silent_s = cint(setting("silent_gateway_minutes")) * 60
	is_on = row.enabled and not row.revoked
	age_s = (now - row.last_seen).total_seconds() if row.last_seen else None
	unsent = (now - row.oldest_unsent_at).total_seconds() if row.buffered and row.oldest_unsent_at else None
	state = _("Revoked") if row.revoked else _("Held") if row.held else None
	return {
		"state": state or (_("Enabled") if row.enabled else _("Disabled")),
		"silent": int(bool(is_on and silent_s and (age_s is None or age_s > silent_s))),
		"unsent_min": int(max(unsent, 0) // 60) if unsent is not None else None,
		"config_state": _config_state(row),
	}


def _config_state(row: Any) -> str:
	"""A version begins with the UTC ms at which it was made."""
	if not row.config_version:
		return _("not pulled yet")
	if row.config_version == row.config_published or not row.config_published:
		return _("current")
	had, due = (cint((text or "").partition("-")[0]) for text in (row.config_version, row.config_published))
	minutes = max(due - had, 0) // 60_000
	return _("behind by {0} min").format(minutes)


def _sites(gateways: list[str]) -> dict[str, list[str]]:
	"""gateway → codes of its sites, as far as the user sees them."""
	own = reporting.sites()
	rows = frappe.get_all(
		"Edge Gateway Site",
		{"parenttype": "Edge Gateway", "parent": ("in", gateways or [""])},
		["parent", "site"],
		order_by="parent, idx",
	)
	seen = [row for row in rows if own is None or row.site in own]
	names = sorted({row.site for row in seen})
	codes = dict(frappe.get_all("Site", {"name": ("in", names or [""])}, ["name", "site_code"], as_list=True))
	found: dict[str, list[str]] = defaultdict(list)
	for row in seen:
		found[row.parent].append(codes.get(row.site) or row.site)
	return found


def _key_ages(gateways: list[str], now: datetime) -> dict[str, list[int]]:
	"""Days since each live key was made."""
	rows = frappe.get_all(
		"Edge Gateway Credential",
		{"parenttype": "Edge Gateway", "parent": ("in", gateways or [""]), "revoked": 0},
		["parent", "creation", "expires"],
	)
	found: dict[str, list[int]] = defaultdict(list)
	for row in rows:
		if not row.expires or row.expires > now:
			found[row.parent].append((now - row.creation).days)
	return found


def _open_rejections(gateways: list[str]) -> Counter[str]:
	"""get_list: a rejection of a site that the user does not see is not counted."""
	if not frappe.has_permission("Edge Rejection", "read"):
		return Counter()
	return Counter(
		frappe.get_list(
			"Edge Rejection",
			{"gateway": ("in", gateways or [""]), "status": "Open"},
			pluck="gateway",
			limit_page_length=0,
		)
	)


def _summary(rows: list[Any]) -> list[dict[str, Any]]:
	silent = sum(row.silent for row in rows)
	held = sum(1 for row in rows if row.held and not row.revoked)
	old = sum(
		1 for row in rows if row.key_days is not None and row.key_days >= cint(setting("key_warn_days"))
	)
	counts = ((_("Gateways"), len(rows), False), (_("Silent"), silent, True), (_("Held"), held, True))
	return [
		{"label": label, "value": value, "datatype": "Int", "indicator": "Red" if bad and value else "Green"}
		for label, value, bad in (*counts, (_("Keys to rotate"), old, True))
	]

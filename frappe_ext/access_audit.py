"""Who can get in, and what they see: the monthly audit of users, roles, sites and keys (both runbooks ask for it)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from frappe_ext import keys as edge_keys
from frappe_ext.settings import setting

MANAGER = "System Manager"
ROLES = ("QA Manager", "Site Operator", "IT Admin", "Owner", edge_keys.ROLE, MANAGER)
COLUMNS = (
	"user",
	"enabled",
	"user_type",
	"roles",
	"role_profile",
	"sites",
	"api_key",
	"edge_keys",
	"last_login",
	"last_active",
	"remark",
)
STALE_DAYS = 30
"""A person who has not logged in for longer is asked about."""
_SEES_NOTHING_WITHOUT_SITE = {"QA Manager", "Site Operator", "Owner"}


def rows(filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
	"""One row per user, those with a remark first. Reads past permissions: the caller checks who asks.

	Filters: user, site (name of a Site), role, enabled (0 or 1), only_remarks.
	"""
	wanted = frappe._dict(filters or {})
	users = _users(wanted)
	names = [user.name for user in users]
	roles, sites, keys = _roles(names), _sites(names), _edge_keys(names)
	found = []
	for user in users:
		row = _row(user, roles[user.name], sites[user.name], keys[user.name])
		if _matches(wanted, row, roles[user.name], sites[user.name]):
			found.append(row)
	return sorted(found, key=lambda row: (not row["remark"], row["user"]))


def _users(wanted: Any) -> list[Any]:
	filters: dict[str, Any] = {"name": ("!=", "Guest")}
	if wanted.user:
		filters["name"] = wanted.user
	if wanted.enabled not in (None, ""):
		filters["enabled"] = cint(wanted.enabled)
	return frappe.get_all(
		"User",
		filters=filters,
		fields=[
			"name",
			"enabled",
			"user_type",
			"role_profile_name",
			"api_key",
			"last_login",
			"last_active",
		],
		order_by="name",
	)


def _matches(wanted: Any, row: dict[str, Any], roles: Iterable[str], sites: dict[str, str]) -> bool:
	return (
		(not wanted.site or wanted.site in sites)
		and (not wanted.role or wanted.role in roles)
		and (not cint(wanted.only_remarks) or bool(row["remark"]))
	)


def _row(user: Any, roles: list[str], sites: dict[str, str], keys: list[dict[str, Any]]) -> dict[str, Any]:
	ours = [role for role in ROLES if role in roles]
	return {
		"user": user.name,
		"enabled": user.enabled,
		"user_type": user.user_type,
		"roles": ", ".join(ours),
		"role_profile": user.role_profile_name or "",
		"sites": ", ".join(sorted(sites.values())),
		"api_key": 1 if user.api_key else 0,
		"edge_keys": "; ".join(_key_text(key) for key in keys),
		"last_login": user.last_login,
		"last_active": user.last_active,
		"remark": " ".join(_remarks(user, set(ours), sites, keys)),
	}


def _key_text(key: dict[str, Any]) -> str:
	used = key["last_used"] or _("never")
	return _("{0} ({1} days, last used {2})").format(key["key_id"], key["age_days"], used)


def _remarks(user: Any, roles: set[str], sites: dict[str, str], keys: list[dict[str, Any]]) -> list[str]:
	"""What a person should look at, worst first."""
	found = []
	if not user.enabled and user.api_key:
		found.append(_("Disabled user with an API key: revoke it."))
	if not user.enabled and keys:
		found.append(_("Disabled user with live edge keys: revoke them."))
	if not user.enabled:
		return found
	if MANAGER in roles and user.name != "Administrator":
		found.append(_("System Manager: sees every site."))
	warn_days = cint(setting("key_warn_days"))
	if warn_days and any(key["age_days"] >= warn_days for key in keys):
		found.append(_("Edge key older than {0} days: rotate it.").format(warn_days))
	if MANAGER not in roles and roles & _SEES_NOTHING_WITHOUT_SITE and not sites:
		found.append(_("No User Permission for a site: sees nothing."))
	if edge_keys.ROLE in roles and user.user_type != "Website User":
		found.append(_("User of a gateway with Desk access."))
	if edge_keys.ROLE not in roles and _is_stale(user):
		found.append(_("Has not logged in for {0} days.").format(STALE_DAYS))
	return found


def _is_stale(user: Any) -> bool:
	if user.name == "Administrator":
		return False
	seen = max(filter(None, (user.last_login, user.last_active)), default=None)
	return seen is None or (now_datetime() - frappe.utils.get_datetime(seen)).days >= STALE_DAYS


def _roles(users: list[str]) -> dict[str, list[str]]:
	found: dict[str, list[str]] = defaultdict(list)
	for user, role in frappe.get_all(
		"Has Role",
		filters={"parenttype": "User", "parent": ("in", users or [""])},
		fields=["parent", "role"],
		as_list=True,
	):
		found[user].append(role)
	return found


def _sites(users: list[str]) -> dict[str, dict[str, str]]:
	"""user → {name of the Site: what people call it}, whatever type the permission is limited to."""
	permissions = frappe.get_all(
		"User Permission",
		filters={"allow": "Site", "user": ("in", users or [""])},
		fields=["user", "for_value"],
	)
	titles = dict(
		frappe.get_all(
			"Site",
			filters={"name": ("in", [row.for_value for row in permissions] or [""])},
			fields=["name", "site_code"],
			as_list=True,
		)
	)
	found: dict[str, dict[str, str]] = defaultdict(dict)
	for row in permissions:
		found[row.user][row.for_value] = titles.get(row.for_value) or row.for_value
	return found


def _edge_keys(users: list[str]) -> dict[str, list[dict[str, Any]]]:
	"""user → the live keys of its gateway."""
	gateways = {
		row.name: row
		for row in frappe.get_all(
			"Edge Gateway",
			filters={"user": ("in", users or [""]), "revoked": 0},
			fields=["name", "user"],
		)
	}
	credentials = frappe.get_all(
		"Edge Gateway Credential",
		filters={"parenttype": "Edge Gateway", "parent": ("in", list(gateways) or [""]), "revoked": 0},
		fields=["parent", "key_id", "creation", "expires", "last_used"],
		order_by="creation",
	)
	now = now_datetime()
	found: dict[str, list[dict[str, Any]]] = defaultdict(list)
	for row in credentials:
		if row.expires and row.expires <= now:
			continue
		found[gateways[row.parent].user].append(
			{
				"key_id": row.key_id,
				"age_days": (now - row.creation).days,
				"last_used": str(row.last_used)[:16] if row.last_used else None,
			}
		)
	return found

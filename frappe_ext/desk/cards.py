"""Numbers of the workspace that a count of documents with a fixed filter cannot say.

Each answers the number, and where a click leads: the list with the filters that were counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe.utils import add_days, now_datetime, nowdate

from frappe_ext import site_access
from frappe_ext.desk import visible

SILENT_AFTER = timedelta(minutes=10)
EXPIRES_SOON_DAYS = 30


@frappe.whitelist()
def silent_gateways() -> dict[str, Any]:
	"""Enabled gateways of the user's sites that were not heard for ten minutes, or never. A person of a site may not
	open an Edge Gateway, but is told that one is silent."""
	frappe.has_permission("Site", "read", throw=True)
	before = now_datetime() - SILENT_AFTER
	card = {"value": _count_silent(before), "fieldtype": "Int"}
	if visible.may_read("Edge Gateway"):
		options = {"enabled": 1, "revoked": 0, "last_seen": ["<", str(before.replace(microsecond=0))]}
		card |= {"route": ["List", "Edge Gateway", "List"], "route_options": options}
	return card


def _count_silent(before: datetime) -> int:
	user = frappe.session.user
	return frappe.db.sql(
		"""select count(*) from `tabEdge Gateway` gateway
		where gateway.enabled = 1 and gateway.revoked = 0
		and (gateway.last_seen is null or gateway.last_seen < %(before)s)
		and (%(all)s = 1 or exists (select 1 from `tabEdge Gateway Site` row where row.parent = gateway.name
			and row.parenttype = 'Edge Gateway' and row.site in %(sites)s))""",
		{
			"before": before,
			"all": int(site_access.sees_everything(user)),
			"sites": tuple(site_access.sites_of(user, "Site")) or ("",),
		},
	)[0][0]


@frappe.whitelist()
def expiring_certificates() -> dict[str, Any]:
	"""Active ones that end within thirty days, or have ended."""
	if not visible.may_read("Certificate"):
		return {"value": 0, "fieldtype": "Int"}
	soon = add_days(nowdate(), EXPIRES_SOON_DAYS)
	counted = frappe.get_list(
		"Certificate",
		filters={"status": "Active", "expiry_date": ("<", soon)},
		fields=["count(name) as number"],
	)
	return {
		"value": counted[0].number,
		"fieldtype": "Int",
		"route": ["List", "Certificate", "List"],
		"route_options": {"status": "Active", "expiry_date": ["<", soon]},
	}

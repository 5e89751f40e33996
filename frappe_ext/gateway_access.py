"""Who sees and changes which Edge Gateway: a person whose sites are all of its sites. It has many, so the rules of
site_access (one `site` column) do not fit; a gateway without a site is IT Admin's. System Managers see all."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from frappe_ext.messages import quoted
from frappe_ext.site_access import SITELESS_ROLE, no_objection, sees_everything, sites_of

DOCTYPE = "Edge Gateway"
OF_GATEWAYS = frozenset({"Edge Enrolment Code", "Edge Retention"})
"""Types that belong to a gateway, in their column `gateway`."""
CHILDREN = frozenset(
	{
		"Edge Gateway Site",
		"Edge Gateway Credential",
		"Edge Gateway Chain Head",
		"Edge Gateway Provisional",
	}
)
"""Its tables: a list of their rows asks for the role at Edge Gateway, not for the gateway."""


def query_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition for permission_query_conditions."""
	user = user or frappe.session.user
	if sees_everything(user):
		return ""
	if doctype == DOCTYPE:
		return f"({_condition(user)})"
	column = "parent" if doctype in CHILDREN else "gateway"
	if doctype in OF_GATEWAYS | CHILDREN:
		return f"`tab{doctype}`.{column} in (select name from `tab{DOCTYPE}` where {_condition(user)})"  # noqa: S608 (names of ours, sites escaped)
	return "1=0"


def has_permission(
	doc: Any, ptype: str = "read", user: str | None = None, debug: bool = False
) -> bool | None:
	"""False to deny; never grants anything."""
	return no_objection() if is_allowed(doc, user or frappe.session.user) else False


def is_allowed(doc: Any, user: str) -> bool:
	if sees_everything(user):
		return True
	if doc.doctype in OF_GATEWAYS:
		return bool(doc.gateway) and _allows(_sites(doc.gateway), user)
	# A gateway as it is, and as it is to become.
	stored = _allows(_sites(doc.name), user) if not doc.is_new() else True
	return stored and _allows({row.site for row in doc.get("sites") or ()}, user)


def may_see(gateway: str, user: str) -> bool:
	"""`gateway`: name of an Edge Gateway. Who sees all of its sites."""
	return sees_everything(user) or _allows(_sites(gateway), user)


def check_write(doc: Any, method: str | None = None) -> None:
	"""doc_event: the same by itself, because has_permission's last word may be another app's."""
	if doc.flags.ignore_permissions or frappe.flags.in_install or frappe.flags.in_migrate:
		return
	user = frappe.session.user
	if not is_allowed(doc, user):
		frappe.throw(
			_("{0} has no User Permission for every site of {1}.").format(
				quoted(user), quoted(doc.get("gateway_id") or doc.name)
			),
			frappe.PermissionError,
			title=_("Not permitted"),
		)


def _allows(sites: set[str], user: str) -> bool:
	if not sites:
		return SITELESS_ROLE in frappe.get_roles(user)
	return sites <= set(sites_of(user, DOCTYPE))


def _sites(gateway: str) -> set[str]:
	return set(frappe.get_all("Edge Gateway Site", filters={"parent": gateway}, pluck="site"))


def _condition(user: str) -> str:
	row = "select 1 from `tabEdge Gateway Site` row where row.parent = `tabEdge Gateway`.name"
	sites = ", ".join(frappe.db.escape(site) for site in sites_of(user, DOCTYPE))
	own = f"exists ({row}) and not exists ({row} and row.site not in ({sites}))" if sites else "1=0"
	return f"({own}) or not exists ({row})" if SITELESS_ROLE in frappe.get_roles(user) else own

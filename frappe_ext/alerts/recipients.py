"""Who gets an alert: enabled users who hold the role and may see the record, so nobody learns of another site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import frappe

from frappe_ext import gateway_access
from frappe_ext.alerts import kinds, settings
from frappe_ext.site_access import SITELESS_ROLE, sees_everything, sites_of


@dataclass(frozen=True, slots=True)
class Person:
	user: str
	email: str
	language: str


def people_for(row: Any) -> list[Person]:
	"""`row`: an Edge Alert."""
	roles = [settings.role(fieldname) for fieldname in kinds.AUDIENCE[row.kind]]
	if not row.site and kinds.IT not in kinds.AUDIENCE[row.kind]:
		# Without a site only these see it (site_access).
		roles = [settings.role(kinds.IT)]
	return [person for person in holders(roles) if _may_know(person.user, row)]


def holders(roles: list[str]) -> list[Person]:
	"""Enabled users in Desk who were given one of these roles; Administrator only if it was."""
	rows = frappe.db.sql(
		"""select distinct user.name, user.email, user.language from `tabUser` user
		join `tabHas Role` role on role.parent = user.name and role.parenttype = 'User'
		where user.enabled = 1 and user.user_type = 'System User' and role.role in %(roles)s
		order by user.name""",
		{"roles": tuple(roles)},
	)
	default = frappe.db.get_single_value("System Settings", "language") or "en"
	return [Person(name, email or "", language or default) for name, email, language in rows]


def _may_know(user: str, row: Any) -> bool:
	if sees_everything(user):
		return True
	if row.site:
		return row.site in sites_of(user, row.reference_doctype)
	if row.reference_doctype == "Edge Gateway":
		return gateway_access.may_see(row.reference_name, user)  # as in Desk
	return row.kind == kinds.BACKUP or SITELESS_ROLE in frappe.get_roles(user)

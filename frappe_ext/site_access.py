"""Who sees which site: nobody sees rows of a site without a User Permission for it, System Managers excepted.

Three doors, because none holds alone beside another app: query conditions (lists, reports, counts), has_permission
(single documents; the last-installed app has the say) and doc_events (writing).
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.user_permission.user_permission import get_user_permissions

# Rows of these without a site belong to the gateway as a whole.
SITELESS = frozenset({"Edge Gap", "Edge Amend", "Edge Rejection", "Edge Alert", "Nonconformance"})
SITELESS_ROLE = "IT Admin"
# Newer versions ask every hook and want a plain yes; v15 takes the first answer there is, so we stay silent.
_NO_OBJECTION = None if int(frappe.__version__.split(".")[0]) < 16 else True


def no_objection() -> bool | None:
	return _NO_OBJECTION


def sees_everything(user: str) -> bool:
	return user == "Administrator" or "System Manager" in frappe.get_roles(user)


def sites_of(user: str, doctype: str) -> list[str]:
	"""Names of the sites a user is assigned to, as far as the assignment counts for this type."""
	return [
		row.get("doc")
		for row in get_user_permissions(user).get("Site", [])
		if not row.get("applicable_for") or row.get("applicable_for") == doctype
	]


def query_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition for permission_query_conditions."""
	user = user or frappe.session.user
	if sees_everything(user):
		return ""
	if not doctype:
		return "1=0"  # a version that does not say of what: better nothing than everything
	column = f"`tab{doctype}`.`{'name' if doctype == 'Site' else 'site'}`"
	sites = ", ".join(frappe.db.escape(site) for site in sites_of(user, doctype))
	condition = f"{column} in ({sites})" if sites else "1=0"
	if doctype in SITELESS and SITELESS_ROLE in frappe.get_roles(user):
		condition = f"({condition} or ifnull({column}, '') = '')"
	return f"({condition})"


def has_permission(
	doc: Any, ptype: str = "read", user: str | None = None, debug: bool = False
) -> bool | None:
	"""False to deny; never grants anything."""
	return _NO_OBJECTION if is_allowed(doc, user or frappe.session.user) else False


def is_allowed(doc: Any, user: str) -> bool:
	if sees_everything(user):
		return True
	if doc.doctype == "Site":
		return doc.is_new() or doc.name in sites_of(user, "Site")
	site = doc.get("site")
	if not site:
		return (doc.doctype in SITELESS and SITELESS_ROLE in frappe.get_roles(user)) or doc.is_new()
	return site in sites_of(user, doc.doctype)


def check_write(doc: Any, method: str | None = None) -> None:
	"""doc_event: refuses writing or deleting in a foreign site, and moving a row between sites by the same measure."""
	if doc.flags.ignore_permissions or frappe.flags.in_install or frappe.flags.in_migrate:
		return
	user = frappe.session.user
	before = None if doc.is_new() else doc.get_doc_before_save()
	if not is_allowed(doc, user) or (before and not is_allowed(before, user)):
		frappe.throw(
			_("{0} has no User Permission for this site.").format(frappe.bold(user)),
			frappe.PermissionError,
			title=_("Not permitted"),
		)

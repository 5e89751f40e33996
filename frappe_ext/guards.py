"""Frappe's own methods that answer, or write, past the permissions of a document: for the types of sites they keep
to what the user may read (design.md: site A never sees site B). Each says what the framework's does otherwise.

Hooked in by `override_whitelisted_methods`, `permission_query_conditions`, `has_permission` and `doc_events`; types
that have no conditions of ours pass through unchanged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import frappe
from frappe import _, client
from frappe.desk import like, listview, search
from frappe.desk.doctype.dashboard_chart import dashboard_chart
from frappe.desk.doctype.tag import tag as framework_tags
from frappe.utils import global_search as full_text
from frappe.utils import goal

from frappe_ext import gateway_access, hooks, site_access

_OWN = ("frappe_ext.site_access.", "frappe_ext.gateway_access.")
GUARDED = frozenset(
	doctype
	for doctype, method in hooks.permission_query_conditions.items()
	if method.startswith(_OWN) and doctype not in gateway_access.CHILDREN
)
"""Types whose rows belong to sites."""
ATTACHED = {
	"File": ("attached_to_doctype", "attached_to_name"),
	"Tag Link": ("document_type", "document_name"),
}
"""Types of Frappe's that say something of another document, and which columns name it."""
_MODULE = "Edge"
_OF_SITES = f"module = '{_MODULE}' or ref_doctype in ({{}})"
_uncached_chart = inspect.unwrap(dashboard_chart.get)


@frappe.whitelist()
def search_link(**options: Any) -> Any:
	"""The request's own word `ignore_user_permissions` would list every site's."""
	return _call(search.search_link, _restricted(options))


@frappe.whitelist()
def search_widget(**options: Any) -> Any:
	"""As search_link."""
	return _call(search.search_widget, _restricted(options))


@frappe.whitelist()
def get_link_title(doctype: str, docname: str) -> Any:
	"""Anybody's title."""
	if doctype in GUARDED and not frappe.get_list(doctype, {"name": docname}, pluck="name"):
		return docname
	return search.get_link_title(doctype, docname)


@frappe.whitelist()
def search_everything(text: str, start: int = 0, limit: int = 20, doctype: str = "") -> list[Any]:
	"""The content of every row whose type the role may read."""
	found = full_text.search(text, start, limit, doctype)
	visible: dict[str, set[str]] = {}
	for each in {row.doctype for row in found} & GUARDED:
		names = [row.name for row in found if row.doctype == each]
		filters = {"name": ("in", names)}
		visible[each] = set(frappe.get_list(each, filters, pluck="name", limit_page_length=0))
	return [row for row in found if row.doctype not in visible or row.name in visible[row.doctype]]


@frappe.whitelist()
def get_chart(**options: Any) -> Any:
	"""Keeps one answer for all users, and counts all rows for a heat map."""
	chart = _chart(options)
	if chart.document_type not in GUARDED and chart.type != "Heatmap":
		return _call(dashboard_chart.get, options)
	if chart.type == "Heatmap" and not site_access.sees_everything(frappe.session.user):
		frappe.has_permission(chart.document_type, "read", throw=True)
		if chart.document_type in GUARDED:
			options["filters"] = _own_rows(chart.document_type, options.get("filters") or chart.filters_json)
	return _call(_uncached_chart, options)


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None, debug: bool = False, cache: bool = False) -> int:
	"""Counts all rows that match, which tells what they say."""
	if doctype not in GUARDED | gateway_access.CHILDREN:
		return client.get_count(doctype, filters, debug, cache)
	fields = ["count(*) as number"]
	return frappe.get_list(doctype, filters=frappe.parse_json(filters), fields=fields)[0].number


@frappe.whitelist()
def get_group_by_count(doctype: str, current_filters: str, field: str) -> list[dict[str, Any]]:
	"""Counts assignments of all rows that match, which tells what they say."""
	if doctype in GUARDED and field == "assigned_to" and not site_access.sees_everything(frappe.session.user):
		current_filters = frappe.as_json(_own_rows(doctype, current_filters))
	return listview.get_group_by_count(doctype, current_filters, field)


@frappe.whitelist()
def get_monthly_goal_graph_data(**options: Any) -> Any:
	"""Sums of all rows."""
	if not site_access.sees_everything(frappe.session.user) and options.get("goal_doctype") in GUARDED:
		_refuse()
	return _call(goal.get_monthly_goal_graph_data, options)


@frappe.whitelist()
def get_tagged_docs(doctype: str, tag: str) -> Any:
	"""Names of every site's."""
	if doctype not in GUARDED:
		return framework_tags.get_tagged_docs(doctype, tag)
	filters = {"_user_tags": ("like", tag)}
	return frappe.get_list(doctype, filters, as_list=True, limit_page_length=0)


@frappe.whitelist()
def add_tag(tag: str, dt: str, dn: str, color: str | None = None) -> Any:
	"""Tags without a look at the document; so do the next two."""
	_check(dt, [dn])
	return framework_tags.add_tag(tag, dt, dn, color)


@frappe.whitelist()
def add_tags(tags: Any, dt: str, docs: Any, color: str | None = None) -> None:
	_check(dt, frappe.parse_json(docs))
	framework_tags.add_tags(tags, dt, docs, color)


@frappe.whitelist()
def remove_tag(tag: str, dt: str, dn: str) -> None:
	_check(dt, [dn])
	framework_tags.remove_tag(tag, dt, dn)


@frappe.whitelist()
def toggle_like(doctype: str, name: str, add: Any = False) -> None:
	"""Writes into any document, and may follow it."""
	_check(doctype, [name])
	like.toggle_like(doctype, name, add)


def refuse_blind_follower(doc: Any, method: str | None = None) -> None:
	"""doc_event of Document Follow: its mails tell of every change, to whoever knows the name."""
	if doc.ref_doctype in GUARDED:
		frappe.has_permission(doc.ref_doctype, "read", doc=doc.ref_docname, user=doc.user, throw=True)


def refuse_foreign_attachment(doc: Any, method: str | None = None) -> None:
	"""doc_event of File: whoever may make a file may hang it on any document whose name he knows."""
	if doc.attached_to_doctype not in GUARDED or doc.flags.ignore_permissions:
		return
	if doc.is_new() or doc.has_value_changed("attached_to_name"):
		frappe.has_permission(doc.attached_to_doctype, "read", doc=doc.attached_to_name, throw=True)


def attached_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""permission_query_conditions of ATTACHED: the framework asks for the type of the other document only."""
	user = user or frappe.session.user
	if site_access.sees_everything(user):
		return ""
	if doctype not in ATTACHED:
		return "1=0"
	type_column, name_column = (f"`tab{doctype}`.`{column}`" for column in ATTACHED[doctype])
	parts = [
		f"ifnull({type_column}, '') not in ({_types()})",
		f"`tab{doctype}`.owner = {frappe.db.escape(user)}",
	]
	present = set(frappe.db.get_tables())
	for each in sorted(doctype for doctype in GUARDED if f"tab{doctype}" in present):
		of_type = f"{type_column} = {frappe.db.escape(each)}"
		own = f"select `tab{each}`.name from `tab{each}` where {_condition(each, user)}"  # noqa: S608 (names of ours)
		parts.append(f"({of_type} and {name_column} in ({own}))")
	return f"({' or '.join(parts)})"


def prepared_report_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""permission_query_conditions: whoever may run a report would read the rows another user got."""
	user = user or frappe.session.user
	if site_access.sees_everything(user):
		return ""
	of_sites = f"select name from `tabReport` where {_OF_SITES.format(_types())}"  # noqa: S608 (names of ours)
	row = "`tabPrepared Report`"
	return f"({row}.report_name not in ({of_sites}) or {row}.owner = {frappe.db.escape(user)})"


def may_read_prepared_report(
	doc: Any, ptype: str = "read", user: str | None = None, debug: bool = False
) -> bool | None:
	"""has_permission of Prepared Report: as its conditions."""
	user = user or frappe.session.user
	if doc.is_new() or doc.owner == user or site_access.sees_everything(user):
		return site_access.no_objection()
	report = frappe.db.get_value("Report", doc.report_name, ["module", "ref_doctype"])
	is_of_sites = bool(report) and (report[0] == _MODULE or report[1] in GUARDED)
	return False if is_of_sites else site_access.no_objection()


def _restricted(options: dict[str, Any]) -> dict[str, Any]:
	return options | {"ignore_user_permissions": 0} if options.get("doctype") in GUARDED else options


def _call(method: Callable[..., Any], options: dict[str, Any]) -> Any:
	return method(**frappe.get_newargs(method, options))


def _chart(options: dict[str, Any]) -> Any:
	if options.get("chart_name"):
		return frappe.get_doc("Dashboard Chart", options["chart_name"])
	return frappe._dict(frappe.parse_json(options.get("chart") or {}))


def _own_rows(doctype: str, filters: Any) -> list[Any]:
	"""`filters` of a request as a list, and the user's own sites beside them."""
	filters = frappe.parse_json(filters or "[]")
	if isinstance(filters, dict):
		filters = [
			[doctype, key, *value] if isinstance(value, list | tuple) else [doctype, key, "=", value]
			for key, value in filters.items()
		]
	user = frappe.session.user
	if doctype in hooks._of_gateways:
		own = [doctype, "name", "in", frappe.get_list(doctype, pluck="name", limit_page_length=0) or [""]]
	else:
		column = "name" if doctype == "Site" else "site"
		own = [doctype, column, "in", site_access.sites_of(user, doctype) or [""]]
	return [*filters, own]


def _types() -> str:
	return ", ".join(frappe.db.escape(each) for each in sorted(GUARDED))


def _condition(doctype: str, user: str) -> str:
	access = gateway_access if doctype in hooks._of_gateways else site_access
	return access.query_conditions(user, doctype) or "1=1"


def _check(doctype: str, names: Iterable[str]) -> None:
	if doctype in GUARDED:
		for name in names:
			frappe.has_permission(doctype, "read", doc=name, throw=True)


def _refuse() -> None:
	frappe.throw(_("Not permitted"), frappe.PermissionError)

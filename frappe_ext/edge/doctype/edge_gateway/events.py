"""Edge Gateway: its form, and the version of the configuration it pulls.

`config_published` is written with every change of what gateway.config answers, in the same transaction: a gateway
that holds another version pulls. One UPDATE, so that an import of many devices stays cheap.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from frappe_ext import keys
from frappe_ext.clock import now_ms
from frappe_ext.contract.limits import MAX_LIVE_KEYS

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z", re.ASCII)
ROLE = "Edge Gateway"
TABLES = ("provisional", "chain_heads")
# What the gateway reports and the server notes: a form that was loaded earlier must not write it back.
STATE = (
	"last_seen",
	"version",
	"epoch",
	"instance",
	"config_version",
	"config_published",
	"buffered",
	"oldest_unsent_at",
	"horizon_days",
	"disk_used_pct",
	"drops",
	"clock_offset_s",
	"held",
	"instance_trail",
	"banned_instances",
	*TABLES,
)


def validate(doc: Any, method: str | None = None) -> None:
	if not _ID.match(doc.gateway_id or ""):
		frappe.throw(_("Gateway ID: use 1 to 64 letters, digits or . _ : -"))
	sites = [row.site for row in doc.sites]
	if len(sites) != len(set(sites)):
		frappe.throw(_("A site is listed twice."))
	if doc.user and not _is_gateway_user(doc.user):
		frappe.throw(_("The user of a gateway has the role {0} and no access to Desk.").format(ROLE))
	if not doc.flags.edge_state:
		_keep_state(doc)
	_check_keys(doc)


def _check_keys(doc: Any) -> None:
	"""At most two live; the age of the oldest one for lists and the form."""
	before = doc.get_doc_before_save()
	used = {row.name: row.last_used for row in before.credentials} if before else {}
	for row in doc.credentials:
		row.last_used = used.get(row.name)
	live = [row for row in doc.credentials if keys.credential_of(row).is_live(now_ms())]
	if len(live) > MAX_LIVE_KEYS:
		frappe.throw(_("At most two keys of a gateway live at a time."))
	doc.oldest_key_at = min((get_datetime(row.creation or now_datetime()) for row in live), default=None)


def _is_gateway_user(user: str) -> bool:
	"""A key must never open more than the gateway's own methods, whatever they come to call."""
	is_website_user = frappe.db.get_value("User", user, "user_type") == "Website User"
	return is_website_user and user != "Guest" and ROLE in frappe.get_roles(user)


def _keep_state(doc: Any) -> None:
	before = doc.get_doc_before_save()
	for fieldname in STATE:
		empty = [] if fieldname in TABLES else None
		doc.set(fieldname, before.get(fieldname) if before else empty)


def refuse_row(doc: Any, method: str | None = None) -> None:
	"""doc_event of TABLES: REST writes a row beside its form, which would not pass _keep_state."""
	frappe.throw(_("A {0} is written by the server only.").format(_(doc.doctype)), frappe.PermissionError)


def publish(doc: Any, method: str | None = None) -> None:
	_publish("name = %(gateway)s", {"gateway": doc.name})


def publish_sites(sites: Collection[str]) -> None:
	"""Tells every gateway of these sites that its configuration changed."""
	if not frappe.db.table_exists("Edge Gateway Site"):
		return  # while the app is being installed
	_publish(
		"name in (select parent from `tabEdge Gateway Site` where site in %(sites)s)", {"sites": tuple(sites)}
	)


def _publish(which: str, values: dict[str, Any]) -> None:
	"""`{now, ms}-{count of changes}`."""
	frappe.db.sql(
		f"""update `tabEdge Gateway`
		set config_published = concat(%(now)s, '-', cast(substring_index(coalesce(config_published, '0'), '-', -1) as unsigned) + 1)
		where {which}""",  # noqa: S608 (the two conditions above)
		values | {"now": now_ms()},
	)

"""Site: site_code is what the wire calls it, the topic segment of its devices."""

from __future__ import annotations

import re
from typing import Any

import frappe
from frappe import _

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.messages import quoted

_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z", re.ASCII)


def is_wire_id(text: str | None) -> bool:
	"""True for an id as topics and configuration carry it."""
	return bool(text) and _CODE.match(text) is not None


def validate(doc: Any, method: str | None = None) -> None:
	"""Fills an empty site_code from the name and keeps one that records were stored under."""
	doc.site_code = (doc.get("site_code") or "").strip() or _code_from(doc)
	if not is_wire_id(doc.site_code):
		frappe.throw(_("Site code {0}: use 1 to 64 letters, digits or . _ : -").format(quoted(doc.site_code)))
	before = doc.get_doc_before_save()
	old = before.get("site_code") if before else None
	if old and old != doc.site_code and _has_records(doc.name):
		frappe.throw(
			_(
				"Site code {0} stands in stored records and in the gateways' topics; it cannot be changed."
			).format(quoted(old))
		)


def _has_records(site: str) -> bool:
	return any(
		frappe.db.exists(doctype, {"site": site})
		for doctype in ("Observation", "Edge Weighing", "ScaleTicket")
	)


def publish(doc: Any, method: str | None = None) -> None:
	publish_sites([doc.name])


def _code_from(doc: Any) -> str:
	slug = re.sub(r"[^a-z0-9._:]+", "-", (doc.site_name or "").lower()).strip("-")[:56] or "site"
	code, number = slug, 1
	while frappe.db.exists("Site", {"site_code": code, "name": ("!=", doc.name or "")}):
		number += 1
		code = f"{slug}-{number}"
	return code

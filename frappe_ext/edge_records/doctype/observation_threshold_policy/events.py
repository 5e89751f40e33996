"""Observation Threshold Policy: refuses what no reading could be judged by."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt

from frappe_ext.configuration import is_wire_type
from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.messages import quoted


def validate(doc: Any, method: str | None = None) -> None:
	if not is_wire_type(doc.observation_type):
		# Not refused: an app that owns the type may know others.
		frappe.msgprint(
			_("No gateway sends {0}: an observation type has 1 to 64 of a-z, 0-9, _ and . (or is *).").format(
				quoted(doc.observation_type)
			),
			indicator="orange",
		)
	for band in ("warning", "critical", "valid"):
		_check_band(doc, band)
	if cint(doc.active):
		_check_only_active(doc)


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})


def _check_band(doc: Any, band: str) -> None:
	low, high = flt(doc.get(f"{band}_min"), 9), flt(doc.get(f"{band}_max"), 9)
	one_sided = cint(doc.get(f"{band}_no_min")) or cint(doc.get(f"{band}_no_max"))
	if low > high and not one_sided:
		frappe.throw(
			_("{0} must not be above {1}. For a band with one end, tick the side that has no limit.").format(
				_(doc.meta.get_label(f"{band}_min")), _(doc.meta.get_label(f"{band}_max"))
			)
		)


def _check_only_active(doc: Any) -> None:
	other = frappe.db.get_value(
		"Observation Threshold Policy",
		{
			"site": doc.site,
			"observation_type": doc.observation_type,
			"active": 1,
			"name": ("!=", doc.name or ""),
		},
		"policy_name",
	)
	if other:
		frappe.throw(
			_(
				"{0} is active for this site and observation type already; one policy judges a reading."
			).format(quoted(other))
		)

"""Site Tolerance Policy: at most one is in force at any time of a site."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, getdate

from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.messages import quoted

_LIMITS = ("tolerance_pct", "tolerance_kg", "tare_drift_pct")


def validate(doc: Any, method: str | None = None) -> None:
	for fieldname in _LIMITS:
		if flt(doc.get(fieldname), 9) < 0:
			frappe.throw(_("{0} must not be negative.").format(_(doc.meta.get_label(fieldname))))
	if doc.from_date and doc.to_date and getdate(doc.from_date) > getdate(doc.to_date):
		frappe.throw(_("{0} must not be after {1}.").format(_("From"), _("To")))
	if cint(doc.active):
		_check_only_one(doc)


def publish(doc: Any, method: str | None = None) -> None:
	before = doc.get_doc_before_save()
	publish_sites({doc.site, before.site if before else doc.site})


def _check_only_one(doc: Any) -> None:
	"""An open end reaches for ever. Under the lock of the site: two people who save at once would not see each other."""
	frappe.db.get_value("Site", doc.site, "name", for_update=True)
	others = frappe.get_all(
		"Site Tolerance Policy",
		filters={"site": doc.site, "active": 1, "name": ("!=", doc.name or "")},
		fields=["policy_name", "from_date", "to_date"],
	)
	for other in others:
		if _begins_by(doc.from_date, other.to_date) and _begins_by(other.from_date, doc.to_date):
			frappe.throw(
				_(
					"{0} is in force in this period already; one policy judges a ticket. End it the day before, or untick Active."
				).format(quoted(other.policy_name))
			)


def _begins_by(first: Any, last: Any) -> bool:
	return not first or not last or getdate(first) <= getdate(last)

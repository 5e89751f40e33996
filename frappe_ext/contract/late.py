"""A ticket that came before its weighings: judged without them (weighbridge.py), compared with them once they are here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frappe_ext import native
from frappe_ext.contract.storage import StoredWeighing
from frappe_ext.contract.weighbridge import weighing_facts

WEIGHT_NOT_CAPTURED = "weight_not_captured"


def differing_reasons(
	ticket: Mapping[str, Any], weighings: Mapping[str, StoredWeighing]
) -> tuple[list[str], bool]:
	"""(reasons that the weighings bring and the ticket's mismatch_reasons do not have yet, whether they set
	mismatch_flag). What was said before stays: it was said of what was known.

	`ticket`: columns of ScaleTicket, site and gateway as on the wire. `weighings`: by uid, what is stored of those that
	it names; one that is not says nothing.
	"""
	site = ticket["site"]
	wire = {
		"site": site,
		"scale": ticket["device_text"],
		"unit": ticket["weight_unit"],
		"at": ticket["ticket_datetime_ms"],
		"direction": ticket.get("direction") or "",
		"gross": ticket["gross_text"],
		"tare": ticket["tare_text"],
		"net": ticket["net_text"],
		"gross_weighing": ticket["gross_weighing"] or "",
		"tare_weighing": ticket["tare_weighing"] or "",
	}
	gross, tare = (
		weighing_facts(weighings.get(wire[name]), ticket["gateway"], site)
		for name in ("gross_weighing", "tare_weighing")
	)
	without = native.judge_ticket(wire, None, None, native.ToleranceBook([]), "edge")
	verdict = native.judge_ticket(wire, gross, tare, native.ToleranceBook([]), "edge")
	known = {*without.reasons, *(ticket.get("mismatch_reasons") or "").split("\n")}
	return [reason for reason in verdict.reasons if reason not in known], verdict.mismatch

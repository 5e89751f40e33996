"""What the form of a ScaleTicket shows beside its own fields."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import cint

from frappe_ext.desk import chain_links
from frappe_ext.desk.chain_links import Link

SIDES = ("gross", "tare")


@frappe.whitelist()
def weighings(ticket: str) -> dict[str, Any]:
	"""Both weighings, and whether their chain verifies: hashes made again, links to the records before them."""
	doc = frappe.get_doc("ScaleTicket", ticket)
	doc.check_permission("read")
	named = {side: doc.get(f"{side}_weighing") for side in SIDES if doc.get(f"{side}_weighing")}
	links = _links(named)
	problems = [
		problem
		for side in named
		for problem in chain_links.problems_of(side, links.get(side), _before(links.get(side)), doc.as_dict())
	]
	problems += chain_links.alibi_problem(links, doc.get("alibi_hash"))
	return {
		"weighings": [_shown(side, links.get(side), side in named) for side in SIDES],
		"verifies": bool(named) and not problems,
		"problems": problems,
	}


def _links(named: dict[str, str]) -> dict[str, Link]:
	"""side → the weighing that the ticket names, where the user may read it."""
	if not named:
		return {}
	rows = _rows({"edge_uid": ("in", list(named.values()))})
	by_uid = {row.edge_uid: row for row in rows}
	return {side: _link(by_uid[uid]) for side, uid in named.items() if uid in by_uid}


def _before(link: Link | None) -> Link | None:
	if link is None or link.seq == 0:
		return None
	row = link.row
	place = {"gateway": row["gateway"], "epoch": row["epoch"], "device_text": row["device_text"]}
	# The database compares without regard to case.
	found = [each for each in _rows(place | {"seq": link.seq - 1}) if each.device_text == row["device_text"]]
	return _link(found[0]) if found else None


def _rows(filters: dict[str, Any]) -> list[Any]:
	return frappe.get_list("Edge Weighing", filters=filters, fields=["*"])


def _link(row: Any) -> Link:
	# Part of what was hashed: who may read the weighing is told nothing that it does not say itself.
	gateway = frappe.db.get_value("Edge Gateway", row.gateway, "gateway_id", cache=True)
	site = frappe.db.get_value("Site", row.site, "site_code", cache=True)
	return Link(row, gateway or "", site or "")


def _shown(side: str, link: Link | None, is_named: bool) -> dict[str, Any]:
	if link is None:
		return {"side": side, "stored_tare": side == "tare" and not is_named}
	row = link.row
	return {
		"side": side,
		"name": row["name"],
		"seq": link.seq,
		"at_ms": cint(row["at_ms"]),
		"value": row["value_text"],
		"manual": cint(row["manual"]),
		**{
			name: row[name] or ""
			for name in (
				"unit",
				"stability",
				"role",
				"mode",
				"operator",
				"override",
				"reason",
				"raw_hex",
				"hash",
			)
		},
	}

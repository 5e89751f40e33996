"""What tickets name, as Links: lots and orders of their site. What Desk does not have is said in the notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import frappe

from frappe_ext.contract.weighbridge_rows import TicketRow, missing_links


class TicketLinks:
	"""Of one batch: two look-ups, not two per ticket."""

	def __init__(self, rows: Sequence[TicketRow], site_of_code: Mapping[str, str]) -> None:
		self._site_of_code = site_of_code
		sites = sorted({site_of_code[row.site] for row in rows if row.site in site_of_code})
		self._lots = lots_named({row.lot for row in rows if row.lot}, sites)
		self._orders = _orders_named({row.order for row in rows if row.order}, sites)

	def columns(self, row: TicketRow) -> dict[str, Any]:
		"""lot, order, vehicle and notes of one ticket. The vehicle is its plate, known in Desk or not."""
		site = self._site_of_code.get(row.site)
		lot = self._lots.get((site, row.lot)) if row.lot else None
		order = self._orders.get((site, row.order)) if row.order else None
		missing = missing_links(lot="" if lot else row.lot, order="" if order else row.order)
		notes = [text for text in (row.columns.get("notes"), missing) if text]
		return {"lot": lot, "order": order, "vehicle": row.vehicle, "notes": "\n".join(notes)}


def lots_named(texts: Collection[str], sites: Collection[str]) -> dict[tuple[str, str], str]:
	"""(name of the Site, lot as the gateway pulled it) → name of the Lot."""
	if not texts or not sites:
		return {}
	rows = frappe.db.sql(
		"""select site, lot_number, name from `tabLot`
		where site in %(sites)s and (lot_number in %(texts)s or name in %(texts)s) order by creation""",
		{"sites": tuple(sites), "texts": tuple(texts)},
	)
	found = {}
	for site, number, name in rows:
		found[(site, name)] = name
		if number:
			found[(site, number)] = name  # of two with one number the newer
	return found


def _orders_named(texts: Collection[str], sites: Collection[str]) -> dict[tuple[str, str], str]:
	if not texts or not sites:
		return {}
	rows = frappe.get_all(
		"Edge Weighing Order",
		filters={"site": ("in", list(sites)), "name": ("in", list(texts))},
		fields=["site", "name"],
	)
	return {(row.site, row.name): row.name for row in rows}

"""Hourly: tickets whose weighings came later or not at all, and weighings that no ticket names.

"Not at all" and "no ticket" hold 24 h after the server got the one that waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import now_datetime

from frappe_ext import native, nonconformances
from frappe_ext.contract import late
from frappe_ext.contract.storage import StoredWeighing
from frappe_ext.store_base import is_deadlock
from frappe_ext.store_weighbridge import stored_weighing

GRACE = timedelta(hours=24)
LOOK_BACK = timedelta(days=60)
"""What is older has been seen by many runs before; a site that stood still for longer says nothing more."""
WITHOUT_TICKET = "capture_without_ticket"
NAMED = 20
"""Weighings that a Nonconformance names one by one."""
_SAVEPOINT = "edge_late"


def check() -> None:
	run = _Run()
	_compare_late_ones(run)
	_flag_missing_ones(run)
	_note_weighings(run)
	run.log()


class _Run:
	"""What cannot be written now (another app's rule, a race) holds up no other; the next run tries it again."""

	def __init__(self) -> None:
		self._failed = 0
		self._trace = ""

	def write(self, write: Callable[[], Any]) -> None:
		frappe.db.savepoint(_SAVEPOINT)
		try:
			write()
		except Exception as error:
			if is_deadlock(error):
				raise
			self._failed += 1
			self._trace = self._trace or frappe.get_traceback()
			frappe.db.rollback(save_point=_SAVEPOINT)
			frappe.clear_messages()
		else:
			frappe.db.release_savepoint(_SAVEPOINT)

	def log(self) -> None:
		if self._failed:
			frappe.log_error(
				title=f"Late weighings: {self._failed} findings could not be written",
				message=f"The next run tries them again. The first:\n\n{self._trace}",
			)


def _compare_late_ones(run: _Run) -> None:
	"""A ticket that came before its weighings was judged without them."""
	tickets = frappe.db.sql(
		"""select ticket.*, site.site_code, gateway.gateway_id from `tabScaleTicket` ticket
		left join `tabEdge Weighing` gross
			on gross.edge_uid = ticket.gross_weighing and gross.creation >= ticket.creation
		left join `tabEdge Weighing` tare
			on tare.edge_uid = ticket.tare_weighing and tare.creation >= ticket.creation
		join `tabSite` site on site.name = ticket.site
		join `tabEdge Gateway` gateway on gateway.name = ticket.gateway
		where ticket.edge_uid is not null and ticket.creation > %(from)s
		and (gross.name is not null or tare.name is not null)""",
		_period(),
		as_dict=True,
	)
	weighings = _weighings({uid for row in tickets for uid in (row.gross_weighing, row.tare_weighing) if uid})
	for row in tickets:
		wire = row | {"site": row.site_code, "gateway": row.gateway_id}
		found, mismatch = late.differing_reasons(wire, weighings)
		if found:
			run.write(
				lambda name=row.name, found=found, bad=mismatch: _flag_ticket(name, found, mismatch=bad)
			)


def _weighings(uids: set[str]) -> dict[str, StoredWeighing]:
	if not uids:
		return {}
	rows = frappe.db.sql(
		"""select weighing.*, site.site_code, gateway.gateway_id from `tabEdge Weighing` weighing
		left join `tabSite` site on site.name = weighing.site
		left join `tabEdge Gateway` gateway on gateway.name = weighing.gateway
		where weighing.edge_uid in %(uids)s""",
		{"uids": tuple(uids)},
		as_dict=True,
	)
	return {row.edge_uid: stored_weighing(row, row.gateway_id or "", row.site_code or "") for row in rows}


def _flag_missing_ones(run: _Run) -> None:
	rows = frappe.db.sql(
		"""select ticket.name, gross.name as gross, tare.name as tare, ticket.gross_weighing, ticket.tare_weighing
		from `tabScaleTicket` ticket
		left join `tabEdge Weighing` gross on gross.edge_uid = ticket.gross_weighing
		left join `tabEdge Weighing` tare on tare.edge_uid = ticket.tare_weighing
		where ticket.edge_uid is not null and ticket.creation between %(from)s and %(to)s
		and ((coalesce(ticket.gross_weighing, '') != '' and gross.name is null)
			or (coalesce(ticket.tare_weighing, '') != '' and tare.name is null))""",
		_period(),
		as_dict=True,
	)
	for row in rows:
		missing = [
			f"{late.WEIGHT_NOT_CAPTURED}:{role}"
			for role in ("gross", "tare")
			if row[f"{role}_weighing"] and not row[role]
		]
		run.write(lambda name=row.name, missing=missing: _flag_ticket(name, missing))


def _flag_ticket(name: str, found: list[str], *, mismatch: bool = True) -> None:
	"""Adds the reasons that a stored ticket does not have yet."""
	ticket = frappe.get_doc("ScaleTicket", name)
	known = ticket.mismatch_reasons.split("\n") if ticket.mismatch_reasons else []
	if set(found) <= set(known):
		return
	reasons = list(dict.fromkeys([*found, *known]))
	ticket.update(
		{"mismatch_flag": int(mismatch or ticket.mismatch_flag), "mismatch_reasons": "\n".join(reasons)}
	)
	ticket.flags.from_edge = True
	ticket.flags.ignore_mandatory = True
	bad = any(native.is_nonconformance(reason) for reason in found)
	ticket.flags.nonconformance = bad and ticket.status == "Completed"
	ticket.flags.nc_text = nonconformances.text_of_ticket(ticket, reasons)
	ticket.save(ignore_permissions=True)  # the scheduler's user is Administrator


def _note_weighings(run: _Run) -> None:
	rows = frappe.db.sql(
		"""select weighing.site, weighing.gateway, gateway.gateway_id, weighing.device_text,
			weighing.epoch, weighing.seq, weighing.value_text, weighing.unit, weighing.at
		from `tabEdge Weighing` weighing left join `tabEdge Gateway` gateway on gateway.name = weighing.gateway
		where weighing.creation between %(from)s and %(to)s and weighing.role != 'genesis'
		and not exists (select 1 from `tabScaleTicket` where gross_weighing = weighing.edge_uid)
		and not exists (select 1 from `tabScaleTicket` where tare_weighing = weighing.edge_uid)
		order by weighing.at_ms""",
		_period(),
		as_dict=True,
	)
	days: dict[str, list[Any]] = {}
	for row in rows:
		days.setdefault(_key(row), []).append(row)
	known = nonconformances.known_keys(list(days)) if days else set()
	for key, members in days.items():
		if key not in known:
			run.write(lambda key=key, members=members: _note_weighings_of_day(key, members))


def _note_weighings_of_day(key: str, rows: list[Any]) -> None:
	"""One per scale and day: a scale that is used without tickets makes no hundred Nonconformances."""
	first = rows[0]
	named = ", ".join(
		f"{row.device_text}/{row.epoch}/{row.seq} {row.value_text} {row.unit}" for row in rows[:NAMED]
	)
	more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
	stand = "stand" if len(rows) > 1 else "stands"
	nonconformances.open_once(
		key,
		nc_type=WITHOUT_TICKET,
		site=first.site,
		capa_description=(
			f"{WITHOUT_TICKET}: of scale {first.device_text} of {first.gateway_id} on {first.at.date()} "
			f"{named}{more} {stand} in no ticket."
		),
		reference_doctype="Edge Gateway",
		reference_name=first.gateway,
	)


def _key(row: Any) -> str:
	"""Of a scale and a day."""
	return nonconformances.key_of(
		row.gateway_id or "", WITHOUT_TICKET, f"{row.device_text}/{row.at.date().isoformat()}"
	)


def _period() -> dict[str, Any]:
	now = now_datetime()
	return {"from": now - LOOK_BACK, "to": now - GRACE}

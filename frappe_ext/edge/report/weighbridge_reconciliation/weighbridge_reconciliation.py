"""Weighbridge Reconciliation: does every captured weight have its ticket, every ticket its weights, every number a ticket?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import frappe
from frappe import _

from frappe_ext import native, reasons
from frappe_ext.clock import to_ms
from frappe_ext.reporting import Period, column, condition, period, safe_rows

CAPTURE = "Capture without ticket"
TICKET = "Ticket without capture"
GAP = "Number gap"
VOID = "Void"
CORRECTED = "Corrected"
MISMATCH = "Mismatch"
KINDS = (CAPTURE, TICKET, GAP, VOID, CORRECTED, MISMATCH)
_COLORS = {CAPTURE: "Red", TICKET: "Red", GAP: "Red", VOID: "Grey", CORRECTED: "Grey", MISMATCH: "Orange"}

_TICKETS = """
	select `tabScaleTicket`.name ticket, `tabScaleTicket`.site, `tabScaleTicket`.device, `tabScaleTicket`.device_text,
		`tabScaleTicket`.edge_epoch epoch, `tabScaleTicket`.ticket_number number,
		`tabScaleTicket`.ticket_datetime at, `tabScaleTicket`.vehicle, `tabScaleTicket`.status,
		`tabScaleTicket`.mismatch_flag, `tabScaleTicket`.mismatch_reasons, `tabScaleTicket`.void_reason,
		`tabScaleTicket`.gross_text, `tabScaleTicket`.tare_text, `tabScaleTicket`.net_text,
		`tabScaleTicket`.weight_unit unit, `tabScaleTicket`.gateway, `tabScaleTicket`.edge_uid,
		`tabScaleTicket`.gross_weighing, `tabScaleTicket`.tare_weighing,
		gross.name gross_name, tare.name tare_name
	from `tabScaleTicket`
	left join `tabEdge Weighing` gross on gross.edge_uid = nullif(`tabScaleTicket`.gross_weighing, '')
	left join `tabEdge Weighing` tare on tare.edge_uid = nullif(`tabScaleTicket`.tare_weighing, '')
	where `tabScaleTicket`.ticket_datetime >= %(start)s and `tabScaleTicket`.ticket_datetime < %(end)s
		and {conditions}
	order by `tabScaleTicket`.ticket_datetime
"""

# A capture counts as on a ticket whatever became of that ticket since.
_CAPTURES = """
	select `tabEdge Weighing`.name weighing, `tabEdge Weighing`.site, `tabEdge Weighing`.device,
		`tabEdge Weighing`.device_text, `tabEdge Weighing`.epoch, `tabEdge Weighing`.seq,
		`tabEdge Weighing`.at, `tabEdge Weighing`.value_text, `tabEdge Weighing`.unit, `tabEdge Weighing`.role
	from `tabEdge Weighing`
	left join `tabScaleTicket` as_gross on as_gross.gross_weighing = `tabEdge Weighing`.edge_uid
	left join `tabScaleTicket` as_tare on as_tare.tare_weighing = `tabEdge Weighing`.edge_uid
	where `tabEdge Weighing`.at_ms >= %(start_ms)s and `tabEdge Weighing`.at_ms < %(end_ms)s
		and `tabEdge Weighing`.role != 'genesis' and as_gross.name is null and as_tare.name is null
		and {conditions}
	order by `tabEdge Weighing`.at_ms
"""


def execute(filters: dict[str, Any] | None = None) -> tuple[Any, ...]:
	wanted = frappe._dict(filters or {})
	days = period(wanted)
	tickets = _tickets(wanted, days)
	rows = [*_captures(wanted, days), *_of_tickets(tickets), *_number_gaps(tickets)]
	_add_nonconformances(rows)
	_add_site_names(rows)
	if wanted.kind:
		rows = [row for row in rows if row["code"] == wanted.kind]
	rows.sort(
		key=lambda row: (row["site"] or "", row["device_text"] or "", str(row["at"] or ""), row["code"])
	)
	return columns(), safe_rows(columns(), rows), None, None, _summary(rows)


def columns() -> list[dict[str, Any]]:
	return [
		column("kind", _("Finding"), width=170),
		column("site", _("Site"), "Link", options="Site", hidden=1),
		column("site_name", _("Site"), width=120),
		column("device_text", _("Scale"), width=90),
		column("epoch", _("Epoch"), width=70),
		column("number", _("Number"), width=170),
		column("at", _("Time"), "Datetime", 170),
		column("vehicle", _("Vehicle"), width=100),
		column("gross_text", _("Gross"), width=90),
		column("tare_text", _("Tare"), width=90),
		column("net_text", _("Net"), width=90),
		column("unit", _("Unit"), width=60),
		column("why", _("Why"), "Small Text", 320),
		column("ticket", _("Ticket"), "Link", 120, options="ScaleTicket"),
		column("weighing", _("Weighing"), "Link", 120, options="Edge Weighing"),
		column("nonconformance", _("Nonconformance"), "Link", 120, options="Nonconformance"),
	]


def _values(wanted: Any, days: Period) -> dict[str, Any]:
	return {
		"start": days.start,
		"end": days.end,
		"start_ms": to_ms(days.start),
		"end_ms": to_ms(days.end),
		"site": wanted.get("site"),
		"scale": wanted.get("scale"),
		"epoch": wanted.get("epoch"),
	}


def _conditions(doctype: str, wanted: Any, epoch: str) -> str:
	columns_of = {"site": "site", "scale": "device_text", "epoch": epoch}
	chosen = [f"`tab{doctype}`.`{name}` = %({key})s" for key, name in columns_of.items() if wanted.get(key)]
	return " and ".join([condition(doctype), *chosen])


def _tickets(wanted: Any, days: Period) -> list[Any]:
	query = _TICKETS.format(conditions=_conditions("ScaleTicket", wanted, "edge_epoch"))
	return frappe.db.sql(query, _values(wanted, days), as_dict=True)


def _captures(wanted: Any, days: Period) -> list[dict[str, Any]]:
	query = _CAPTURES.format(conditions=_conditions("Edge Weighing", wanted, "epoch"))
	found = []
	for row in frappe.db.sql(query, _values(wanted, days), as_dict=True):
		weight = {"tare_text": row.value_text} if row.role == "tare" else {"gross_text": row.value_text}
		number = _("alibi no. {0}").format(row.seq)
		found.append(_row(CAPTURE, row, weight | {"number": number, "weighing": row.weighing}))
	return found


def _of_tickets(tickets: Iterable[Any]) -> Iterable[dict[str, Any]]:
	"""A ticket may be several findings."""
	for ticket in tickets:
		missing = [
			name for name in ("gross", "tare") if ticket[f"{name}_weighing"] and not ticket[f"{name}_name"]
		]
		weighing = {"weighing": ticket.gross_name or ticket.tare_name}
		if missing:
			why = " ".join(reasons.sentence(f"weight_not_captured:{name}") for name in missing)
			yield _row(TICKET, ticket, weighing | {"why": why})
		if ticket.status in (VOID, CORRECTED):
			yield _row(ticket.status, ticket, weighing | {"why": ticket.void_reason or ""})
		elif ticket.mismatch_flag:
			why = " ".join(reasons.sentences(ticket.mismatch_reasons, reasons.OF_WEIGHTS))
			yield _row(MISMATCH, ticket, weighing | {"why": why})


def _number_gaps(tickets: Iterable[Any]) -> Iterable[dict[str, Any]]:
	"""Within an epoch a scale's numbers are dense, from 1 on."""
	series: dict[tuple[str, str], dict[int, Any]] = defaultdict(dict)
	for ticket in tickets:
		parsed = native.parse_ticket_number(ticket.number or "") if ticket.edge_uid else None
		if parsed:
			series[(ticket.gateway, parsed[0])][parsed[1]] = ticket
	for (_gateway, name), known in series.items():
		previous = _last_before(name, min(known), known[min(known)])
		for serial in sorted(known):
			if serial > previous + 1:
				yield _gap(name, previous + 1, serial - 1, known[serial])
			previous = serial


def _last_before(series: str, serial: int, ticket: Any) -> int:
	"""The newest number of the series below this one, in or out of the period; 0 where there is none."""
	if serial <= 1:
		return 0
	# Numbers alone, of a series of which the user sees a ticket.
	numbers = frappe.get_all(
		"ScaleTicket",
		{"gateway": ticket.gateway, "device_text": ticket.device_text, "edge_epoch": ticket.epoch},
		pluck="ticket_number",
	)
	parsed = (native.parse_ticket_number(number or "") for number in numbers)
	return max((each[1] for each in parsed if each and each[0] == series and each[1] < serial), default=0)


def _gap(series: str, first: int, last: int, after: Any) -> dict[str, Any]:
	count = last - first + 1
	number = f"{series}-{first:06d}" + (f" … {last:06d}" if count > 1 else "")
	place = frappe._dict({name: after[name] for name in ("site", "device_text", "epoch", "at")})
	return _row(GAP, place, {"number": number, "why": _("{0} numbers without a ticket").format(count)})


def _add_nonconformances(rows: list[dict[str, Any]]) -> None:
	names = sorted({row["ticket"] for row in rows if row["ticket"]})
	found = (
		dict(
			frappe.get_list(  # what the user may not see is not linked
				"Nonconformance",
				{"reference_doctype": "ScaleTicket", "reference_name": ("in", names)},
				["reference_name", "name"],
				as_list=True,
				limit_page_length=0,
			)
		)
		if names and frappe.has_permission("Nonconformance", "read")
		else {}
	)
	for row in rows:
		row["nonconformance"] = found.get(row["ticket"])


def _add_site_names(rows: list[dict[str, Any]]) -> None:
	names = sorted({row["site"] for row in rows})
	titles = dict(
		frappe.get_all("Site", {"name": ("in", names or [""])}, ["name", "site_name"], as_list=True)
	)
	for row in rows:
		row["site_name"] = titles.get(row["site"])


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	counts = Counter(row["code"] for row in rows)
	return [
		{
			"label": _(kind),
			"value": counts[kind],
			"datatype": "Int",
			"indicator": _COLORS[kind] if counts[kind] else "Green",
		}
		for kind in KINDS
	]


def _row(code: str, source: Any, more: dict[str, Any]) -> dict[str, Any]:
	names = ("site", "device_text", "epoch", "at", "vehicle", "number", "unit", "ticket")
	weights = ("gross_text", "tare_text", "net_text")
	row = {name: source.get(name) for name in (*names, *weights)}
	return row | {"code": code, "kind": _(code), "why": "", "weighing": None} | more

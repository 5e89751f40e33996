"""From a checked weighing or ticket to the columns of Edge Weighing and ScaleTicket (design.md §3, wire.md §8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from frappe_ext import native
from frappe_ext.contract.fields import flag_of, record_epoch, text_of, time_of

COMPLETED = "Completed"
CORRECTED = "Corrected"
VOID = "Void"
EDGE = "edge"
DUPLICATE_TICKET = "duplicate_ticket"


@dataclass(slots=True)
class WeighingRow:
	"""`columns`: fieldname → value. The store adds the Link device and the naive `at` beside at_ms."""

	uid: str
	site: str
	"""site_code"""
	scale: str
	"""device_id as on the wire, also in columns["device_text"]."""
	epoch: str
	seq: int
	"""alibi_seq"""
	columns: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class TicketRow:
	"""`columns`: fieldname → value. The store adds the Links site, device, lot, order, vehicle and the naive
	ticket_datetime beside ticket_datetime_ms. Links whose target does not exist stay empty: their text is in notes."""

	uid: str
	site: str
	scale: str
	action: str
	"""complete, correct or void"""
	number: str
	target: str | None = None
	"""uid of the ticket that a correction or void names."""
	lot: str = ""
	order: str = ""
	vehicle: str = ""
	at_ms: int = 0
	nonconformance: bool = False
	nc_text: str = ""
	"""What the Nonconformance says: codes and the sentence, one line."""
	columns: dict[str, Any] = field(default_factory=dict)


def weighing_row(
	record: Mapping[str, Any], *, gateway: str, batch_epoch: str, identity_hash: str
) -> WeighingRow:
	"""`record` passed native's form check: kg, uid and hash are right."""
	epoch = record_epoch(record, batch_epoch)
	genesis = record.get("genesis")
	kg = text_of(record, "kg")
	columns = {
		"gateway": gateway,
		"device_text": record["scale"],
		"edge_uid": record["uid"],
		"identity_hash": identity_hash,
		"epoch": epoch,
		"edge_seq": record["seq"],
		"seq": record["alibi_seq"],
		"at_ms": time_of(record, "at"),
		"clock": text_of(record, "clock"),
		"value_text": text_of(record, "value"),
		"unit": text_of(record, "unit"),
		"kg_text": kg,
		# A Frappe Float cannot be empty: kg_text says whether there is a weight (a genesis has none).
		"kg": float(kg or 0),
		"e": text_of(record, "e"),
		"range": text_of(record, "range"),
		"role": text_of(record, "role"),
		"mode": text_of(record, "mode"),
		"stability": text_of(record, "stability"),
		"stable_ms": record.get("stable_ms"),
		"spread": text_of(record, "spread"),
		"zero_seen_ms": record.get("zero_seen_at"),
		"profile": text_of(record, "profile"),
		"checksum": text_of(record, "checksum"),
		"raw_hex": record.get("raw_hex") or "",
		"tare_text": text_of(record, "tare"),
		"alibi_id": text_of(record, "indicator_alibi"),
		"manual": int(flag_of(record, "manual")),
		"operator": text_of(record, "operator"),
		"override": record.get("override") or "",
		"reason": record.get("reason") or "",
		"genesis": json.dumps(genesis, sort_keys=True) if genesis else "",
		"prev_hash": record["prev_hash"],
		"hash": record["hash"],
	}
	return WeighingRow(record["uid"], record["site"], record["scale"], epoch, record["alibi_seq"], columns)


def ticket_row(
	record: Mapping[str, Any],
	*,
	gateway: str,
	batch_epoch: str,
	identity_hash: str,
	verdict: native.TicketVerdict,
	replaced: bool = False,
) -> TicketRow:
	"""A complete or correct that passed native's form check, with the server's verdict.

	`replaced`: what it corrects has another correction already: kept, because it was printed, and said.
	"""
	reasons = [*verdict.reasons]
	if replaced:
		reasons.insert(0, DUPLICATE_TICKET)
	nonconformance = verdict.nonconformance or replaced
	columns = {
		"gateway": gateway,
		"device_text": record["scale"],
		"edge_uid": record["uid"],
		"identity_hash": identity_hash,
		"edge_epoch": record_epoch(record, batch_epoch),
		"edge_seq": record["seq"],
		"origin": EDGE,
		"status": COMPLETED,
		"ticket_number": record["number"],
		"ticket_datetime_ms": time_of(record, "at"),
		"direction": text_of(record, "direction"),
		"weight_unit": text_of(record, "unit"),
		"gross_text": text_of(record, "gross"),
		"tare_text": text_of(record, "tare"),
		"net_text": text_of(record, "net"),
		"gross_kg": verdict.gross_kg or None,
		"tare_kg": verdict.tare_kg or None,
		"net_kg": verdict.net_kg or None,
		"declared_net_kg": text_of(record, "declared_net_kg") or None,
		"gross_weighing": text_of(record, "gross_weighing"),
		"tare_weighing": text_of(record, "tare_weighing"),
		"tare_at": record.get("tare_at"),
		"tare_vehicle": text_of(record, "tare_vehicle"),
		"corrects": text_of(record, "corrects"),
		"driver": text_of(record, "driver"),
		"operator": text_of(record, "operator"),
		"stability": text_of(record, "stability"),
		"manual_entry": int(flag_of(record, "manual")),
		"prints": record.get("prints") or 0,
		"alibi_hash": record.get("alibi_hash") or "",
		"edge_mismatch": int(flag_of(record, "mismatch")),
		"edge_reasons": "\n".join(record.get("reasons") or ()),
		"mismatch_flag": int(verdict.mismatch or replaced),
		"mismatch_reasons": "\n".join(reasons),
		"difference_kg": verdict.difference_kg or None,
		"difference_pct": verdict.difference_pct or None,
		"tolerance_pct": verdict.tolerance_pct,
		"policy_version": verdict.policy_version,
	}
	return TicketRow(
		uid=record["uid"],
		site=record["site"],
		scale=record["scale"],
		action=record["action"],
		number=record["number"],
		target=record.get("corrects"),
		lot=text_of(record, "lot"),
		order=text_of(record, "order"),
		vehicle=text_of(record, "vehicle"),
		at_ms=columns["ticket_datetime_ms"],
		nonconformance=nonconformance,
		nc_text=nonconformance_text(record["number"], columns, reasons) if nonconformance else "",
		columns=columns,
	)


def nonconformance_text(number: str, columns: Mapping[str, Any], reasons: Sequence[str]) -> str:
	"""What a Nonconformance of a ticket says, one line: the codes and the weights. `columns`: of ScaleTicket."""
	unit = columns["weight_unit"]
	weights = [f"{name} {columns[f'{name}_text'] or 'missing'} {unit}" for name in ("gross", "tare", "net")]
	if columns.get("declared_net_kg"):
		weights.append(f"declared {columns['declared_net_kg']} kg")
	if columns.get("difference_kg"):
		weights.append(f"difference {columns['difference_kg']} kg ({columns['difference_pct']} %)")
	return f"{', '.join(reasons)}: ticket {number}, {', '.join(weights)}."


def void_row(record: Mapping[str, Any], number: str, *, batch_epoch: str) -> TicketRow:
	"""A void that passed native's form check; `number`: of the ticket it names."""
	columns = {
		"status": VOID,
		"void_uid": record["uid"],
		"void_epoch": record_epoch(record, batch_epoch),
		"void_seq": record["seq"],
		"void_reason": record["reason"],
	}
	return TicketRow(
		uid=record["uid"],
		site=record["site"],
		scale=record.get("scale") or "",
		action=record["action"],
		number=number,
		target=record["voids"],
		columns=columns,
	)


def missing_links(**texts: str) -> str:
	"""Line of notes for what a ticket names and nobody has in Desk, e.g. "not found: lot LOT-1, order EWO-2"."""
	named = ", ".join(f"{name} {text}" for name, text in texts.items() if text)
	return f"not found: {named}" if named else ""

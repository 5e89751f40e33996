"""From a checked weighing or ticket to the columns of Edge Weighing and ScaleTicket (design.md §3, wire.md §8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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

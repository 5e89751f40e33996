"""Time as the wire has it, beside Frappe's naive local time."""

from __future__ import annotations

import time
from datetime import datetime

from frappe.utils import get_datetime, get_system_timezone

from frappe_ext.contract import times


def now_ms() -> int:
	"""UTC milliseconds."""
	return time.time_ns() // 1_000_000


def to_local(utc_ms: int | None) -> datetime | None:
	"""A Datetime column's value; None and 0 are no time."""
	return times.naive_local(utc_ms, get_system_timezone()) if utc_ms else None


def to_ms(local: datetime | str | None) -> int | None:
	"""UTC milliseconds of a Datetime column's value."""
	return times.utc_ms(get_datetime(local), get_system_timezone()) if local else None

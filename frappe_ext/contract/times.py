"""Times: the wire has UTC milliseconds, Frappe's columns are naive in System Settings.time_zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MAX_MS = 253_402_300_799_000 - 86_400_000
"""One day before the end of year 9999: a zone may add to it."""


def naive_local(utc_ms: int, zone: str) -> datetime:
	"""The column's value. Not unique around a change of summer time: `*_ms` is the truth for order."""
	return (_EPOCH + timedelta(milliseconds=utc_ms)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def utc_ms(naive: datetime, zone: str) -> int:
	"""The reverse, for `modified` and the like (of an hour that occurs twice: the first)."""
	return (naive.replace(tzinfo=ZoneInfo(zone)) - _EPOCH) // timedelta(milliseconds=1)

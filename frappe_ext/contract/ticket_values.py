"""Numbers and times as people write them into a CSV: read exactly, or refused with a code that says why."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from frappe_ext import native

MOST_KG = 10**9
"""A million tonnes, as the rules have it."""
# Arabic-Indic and Persian digits and the Arabic decimal point mean one thing only.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.")
# What a spreadsheet makes of a long number; the last digits are gone.
_ROUNDED = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+\Z")
_CLOCK = r"(?:[ T]+(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:\.(?P<f>[0-9]{1,6})[0-9]*)?)?)?"
_ISO = re.compile(
	r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})" + _CLOCK + r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_PARTS = {"dd": r"(?P<d>[0-9]{1,2})", "mm": r"(?P<m>[0-9]{1,2})", "yyyy": r"(?P<y>[0-9]{4})"}
_YEARS = range(2001, 2100)
"""As for the times of devices (wire.md §3)."""


class BadValue(ValueError):
	"""The code of a Fault."""


def weight(text: str, *, least: Decimal | int = 0) -> str:
	"""Canonical decimal text of a weight in kg. Raises BadValue: comma, rounded, not_a_number, out_of_range."""
	plain = text.translate(_DIGITS).strip()
	if "," in plain or "\u066c" in plain:
		raise BadValue("comma")
	if _ROUNDED.match(plain):
		raise BadValue("rounded")
	decimal = native.decimal_text(plain)
	if decimal is None:
		raise BadValue("not_a_number")
	if not least <= Decimal(decimal) <= MOST_KG:
		raise BadValue("out_of_range")
	return decimal


def is_rounded(text: str) -> bool:
	"""Whether a spreadsheet took a ticket number for a number and cut it (1.23E+15)."""
	return bool(_ROUNDED.match(text)) and "+" in text[1:]


def moment(text: str, *, date_format: str, zone: str) -> datetime:
	"""Naive local time of `zone`. ISO, with or without a zone of its own, or exactly `date_format` (Frappe's, e.g.
	dd-mm-yyyy) with an ISO clock; a date alone is its midnight. Raises BadValue: not_a_time.
	"""
	plain = text.translate(_DIGITS).strip()
	found = _ISO.match(plain) or _pattern(date_format).match(plain)
	if not found:
		raise BadValue("not_a_time")
	try:
		at = _datetime(found.groupdict())
	except ValueError as error:
		raise BadValue("not_a_time") from error
	if at.tzinfo is not None:
		at = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
	if at.year not in _YEARS:
		raise BadValue("not_a_time")
	return at


def _pattern(date_format: str) -> re.Pattern[str]:
	parts = re.split(r"(dd|mm|yyyy)", date_format.lower())
	return re.compile("".join(_PARTS.get(part, re.escape(part)) for part in parts) + _CLOCK + r"\Z")


def _datetime(parts: dict[str, str | None]) -> datetime:
	year, month, day = (int(parts[name] or 0) for name in "ymd")
	zone = parts.get("zone")
	return datetime(
		year,
		month,
		day,
		int(parts["H"] or 0),
		int(parts["M"] or 0),
		int(parts["S"] or 0),
		int((parts["f"] or "").ljust(6, "0")),
		tzinfo=_zone(zone) if zone else None,
	)


def _zone(text: str) -> timezone:
	if text == "Z":
		return timezone.utc
	return datetime.strptime(text, "%z").tzinfo  # type: ignore[return-value]

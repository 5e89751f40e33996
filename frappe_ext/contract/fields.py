"""The fields of a record that native's form check does not look at: a fault rejects the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frappe_ext.contract import epochs, times
from frappe_ext.contract.limits import MAX_TEXT
from frappe_ext.contract.statuses import MALFORMED, TOO_LONG

_MAX_COUNT = 2**31 - 1


class FieldFault(ValueError):
	"""A field that the form check does not look at is wrong: the record is rejected."""

	def __init__(self, code: str, field: str, message: str) -> None:
		super().__init__(message)
		self.code = code
		self.field = field
		self.message = message


def record_epoch(record: Mapping[str, Any], batch_epoch: str) -> str:
	"""The epoch a record belongs to: its own where it names one, else the batch's."""
	epoch = record.get("epoch")
	if epoch is None:
		return batch_epoch
	if not epochs.is_epoch(epoch):
		raise FieldFault(
			MALFORMED, "epoch", "epoch must be decimal digits as granted, or p and 8 hex digits."
		)
	return epoch


def is_unicode(text: str) -> bool:
	"""False for lone surrogates, which no column holds."""
	try:
		text.encode()
	except UnicodeEncodeError:
		return False
	return True


def text_of(record: Mapping[str, Any], key: str) -> str:
	"""Text for a Data column; "" where it is missing."""
	value = record.get(key)
	if value is None:
		return ""
	if not isinstance(value, str) or not is_unicode(value):
		raise FieldFault(MALFORMED, key, f"{key} must be text.")
	if len(value) > MAX_TEXT:
		raise FieldFault(TOO_LONG, key, f"{key} is longer than {MAX_TEXT} characters.")
	return value


def flag_of(record: Mapping[str, Any], key: str) -> bool:
	"""True or false; missing is false."""
	value = record.get(key)
	if value is not None and not isinstance(value, bool):
		raise FieldFault(MALFORMED, key, f"{key} must be true or false.")
	return bool(value)


def time_of(record: Mapping[str, Any], key: str, name: str | None = None) -> int:
	"""A time in UTC ms that a Datetime column can hold. `name`: as the fault calls it."""
	value = record.get(key)
	if type(value) is not int or not 0 <= value <= times.MAX_MS:
		raise FieldFault(MALFORMED, name or key, f"{name or key} must be a time in UTC ms.")
	return value


def count_of(record: Mapping[str, Any], key: str, name: str) -> int:
	"""A count for an Int column; `name`: the object it stands in."""
	value = record.get(key)
	if type(value) is not int or not 0 <= value <= _MAX_COUNT:
		raise FieldFault(MALFORMED, f"{name}.{key}", f"{name}.{key} must be a count.")
	return value

"""The results of a batch while they are found out: one per record, in order, and what is kept of the refused ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from frappe_ext.contract import statuses
from frappe_ext.contract.fields import FieldFault
from frappe_ext.contract.limits import MAX_MESSAGE, MAX_QUOTE
from frappe_ext.contract.rows import ServerVerdict
from frappe_ext.contract.statuses import Result
from frappe_ext.contract.storage import Known, Outcome, Rejected

Row = TypeVar("Row")


@dataclass(slots=True)
class Item:
	"""A record that passed the form check."""

	index: int
	record: dict[str, Any]
	kind: str
	"""As Store.find knows it: a void is a kind of its own."""
	uid: str
	identity_hash: str | None
	"""None for a void: its uid names its target."""
	server: ServerVerdict


class ResultSheet:
	"""Each step of a batch settles some results; what nobody settled is a retry."""

	def __init__(self, records: Sequence[Any]) -> None:
		self._records = records
		self._results: list[Result | None] = [None] * len(records)
		self.rejected: list[Rejected] = []

	def settled(self, index: int) -> Result:
		"""The result of one record."""
		result = self._results[index]
		if result is None:  # a bug of ours must never lose a record: the gateway keeps it
			return Result(_uid_of(self._records[index]), statuses.RETRY, code=statuses.SERVER_ERROR)
		return result

	def all(self) -> list[Result]:
		"""One result per record, in order."""
		return [self.settled(index) for index in range(len(self._results))]

	def reject(self, index: int, code: str, field: str, message: str) -> None:
		"""Not stored, never will be; kept for Edge Rejection."""
		record = self._records[index]
		uid = _uid_of(record)
		message = message[:MAX_MESSAGE]
		self._results[index] = Result(uid, statuses.REJECTED, code=code, field=field or None, message=message)
		self.rejected.append(Rejected(record, uid, code, field or None, message, statuses.REJECTED))

	def retry(self, index: int, code: str, message: str | None) -> None:
		"""Not stored now."""
		self._results[index] = Result(
			_uid_of(self._records[index]),
			statuses.RETRY,
			code=code,
			message=(message or "")[:MAX_MESSAGE] or None,
		)

	def answer_known(self, item: Item, known: Known) -> None:
		"""A record with this uid is stored: duplicate or conflict."""
		if known.identity_hash == item.identity_hash:
			self._results[item.index] = Result(item.uid, statuses.DUPLICATE, name=known.name)
			return
		message = "A record with this uid is stored already, with another content."
		self._results[item.index] = Result(
			item.uid, statuses.CONFLICT, known.name, statuses.CONFLICT, "uid", message
		)
		self.rejected.append(
			Rejected(item.record, item.uid, statuses.CONFLICT, "uid", message, statuses.CONFLICT)
		)

	def answer_outcomes(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
		"""What inserts came to."""
		for item, outcome in zip(items, outcomes, strict=True):
			if outcome.exists is not None:
				self.answer_known(item, outcome.exists)
			elif outcome.name is not None:
				self._results[item.index] = Result(item.uid, statuses.STORED, name=outcome.name)
			else:
				self.retry(item.index, statuses.SERVER_ERROR, outcome.error)

	def made(self, items: Sequence[Item], make: Callable[[Item], Row]) -> list[tuple[Item, Row]]:
		"""The items with their rows, where a row could be made."""
		made = []
		for item in items:
			try:
				made.append((item, make(item)))
			except FieldFault as fault:
				self.reject(item.index, fault.code, fault.field, fault.message)
			except Exception as error:  # a bug of ours: the gateway keeps the record
				self.retry(item.index, statuses.SERVER_ERROR, type(error).__name__)
		return made


def quote(text: str) -> str:
	"""Text from outside for a sentence: printable, cut at 64 characters."""
	return "".join(char if char.isprintable() else "?" for char in text[:MAX_QUOTE])


def _uid_of(record: Any) -> str | None:
	"""The uid as sent, for the answer; None where it is no short text that JSON can carry."""
	uid = record.get("uid") if isinstance(record, dict) else None
	if not isinstance(uid, str) or len(uid) > MAX_QUOTE or not uid.isascii():
		return None
	return uid

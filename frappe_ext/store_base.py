"""What every record type's part of the store stands on: who sends, links by wire ids, inserts under savepoints.

Deadlocks pass through: the whole batch runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import frappe
from frappe.model.naming import make_autoname
from frappe.utils import now, sanitize_html

from frappe_ext import faults
from frappe_ext.auth import Sender
from frappe_ext.contract.limits import MAX_TEXT
from frappe_ext.contract.storage import Known, Outcome
from frappe_ext.registry import Registry, registry_of

_SAVEPOINT = "edge_row"
_ROWS_SAVEPOINT = "edge_rows"
_LOST_SAVEPOINT = 1305  # a hook swallowed a deadlock: the transaction it was set in is gone
_DUPLICATE_KEY = 1062


def is_deadlock(error: BaseException) -> bool:
	"""True where the database has rolled the transaction back (or given up on a lock)."""
	if isinstance(error, frappe.QueryDeadlockError | frappe.QueryTimeoutError):
		return True
	return bool(error.args) and error.args[0] == _LOST_SAVEPOINT


class StoreBase:
	"""One batch of one gateway, inside one transaction under the gateway's lock."""

	def __init__(self, sender: Sender) -> None:
		self._sender = sender
		self._faults = faults.Faults()

	@cached_property
	def _registry(self) -> Registry:
		return registry_of(self._sender)

	def log_faults(self) -> None:
		"""One Error Log per cause, after the batch: a row's own writes may have been rolled back."""
		self._faults.log(self._sender.gateway.gateway_id)

	def _links(self, site: str | None, device: str | None) -> dict[str, Any]:
		links = {"site": self._registry.site_of_code.get(site), "gateway": self._sender.name}
		if device is not None:
			links["device"] = self._registry.device_names.get((site, device))
		return links

	def _gateway_id(self, name: str | None) -> str | None:
		"""What is looked up concerns the gateway's own records, so others need no look-up."""
		return self._sender.gateway.gateway_id if name == self._sender.name else name

	def _find(self, doctype: str, uids: Sequence[str], *, lock: bool = False) -> dict[str, Known]:
		"""`lock`: sees rows that were committed after this transaction's first look."""
		rows = frappe.db.sql(
			f"select name, edge_uid, identity_hash from `tab{doctype}` where edge_uid in %(uids)s"  # noqa: S608
			+ (" for update" if lock else ""),
			{"uids": tuple(uids)},
		)
		return {uid: Known(name, identity) for name, uid, identity in rows}

	def _insert_many(self, doctype: str, rows: list[dict[str, Any]]) -> list[Outcome]:
		"""One statement; where it fails, row by row: the fault is one row's, the others are stored."""
		if not rows:
			return []
		names = [make_autoname("hash", doctype) for _ in rows]
		frappe.db.savepoint(_SAVEPOINT)
		try:
			_insert_rows(doctype, names, rows)
		except Exception as error:
			if is_deadlock(error):
				raise
			frappe.db.rollback(save_point=_SAVEPOINT)
			return [self._insert_plain(doctype, row) for row in rows]
		return [Outcome(name=name) for name in names]

	def _insert_one(
		self, doctype: str, columns: dict[str, Any], flags: dict[str, Any] | None = None
	) -> Outcome:
		"""With full document life; `flags`: for our own doc_events."""
		return self._attempt(
			lambda: _insert_document(doctype, columns, flags or {}),
			lambda: self._twin(doctype, columns["edge_uid"]),
		)

	def _insert_documents(self, doctype: str, rows: list[dict[str, Any]]) -> list[Outcome]:
		"""`_insert_one` of each, but one look for a swallowed deadlock at the end of all: it spares a round trip a row."""
		if not rows:
			return []
		frappe.db.savepoint(_ROWS_SAVEPOINT)
		outcomes = [self._insert_watched(doctype, columns) for columns in rows]
		frappe.db.release_savepoint(_ROWS_SAVEPOINT)  # fails where a hook swallowed a deadlock
		return outcomes

	def _insert_watched(self, doctype: str, columns: dict[str, Any]) -> Outcome:
		return self._attempt(
			lambda: _insert_document(doctype, columns, {}),
			lambda: self._twin(doctype, columns["edge_uid"]),
			release=False,
		)

	def _insert_plain(self, doctype: str, columns: dict[str, Any]) -> Outcome:
		return self._attempt(
			lambda: _insert_plain(doctype, columns), lambda: self._twin(doctype, columns["edge_uid"])
		)

	def _twin(self, doctype: str, uid: str) -> Known | None:
		return self._find(doctype, [uid], lock=True).get(uid)

	def _attempt(
		self, write: Callable[[], str], twin: Callable[[], Known | None], *, release: bool = True
	) -> Outcome:
		"""One row under a savepoint. `write` gives its name; `twin`: who won where a unique column says no. `release`
		False: the next row's savepoint takes its place, and the caller looks whether the transaction still stands."""
		frappe.db.savepoint(_SAVEPOINT)
		try:
			name = write()
		except Exception as error:
			if is_deadlock(error):
				raise
			frappe.db.rollback(save_point=_SAVEPOINT)
			frappe.clear_messages()
			known = twin() if _is_duplicate(error) else None
			return Outcome(exists=known) if known else Outcome(error=self._faults.note(error))
		if release:
			frappe.db.release_savepoint(_SAVEPOINT)  # fails where a hook swallowed a deadlock
		return Outcome(name=name)


def has_markup(columns: dict[str, Any]) -> bool:
	"""Text from outside that Frappe's document life would clean: then it goes that way."""
	return any(
		isinstance(value, str) and "<" in value for key, value in columns.items() if key != "raw_payload"
	)


def _insert_document(doctype: str, columns: dict[str, Any], flags: dict[str, Any]) -> str:
	doc = frappe.get_doc({"doctype": doctype, **_clean(doctype, columns)})
	doc.flags.update(flags)
	doc.flags.from_edge = True
	# The key names the gateway and ingest checked its sites; another app's mandatory fields are not the wire's.
	doc.flags.ignore_mandatory = True
	return doc.insert(ignore_permissions=True, set_name=make_autoname("hash", doctype)).name


def _insert_plain(doctype: str, columns: dict[str, Any]) -> str:
	name = make_autoname("hash", doctype)
	_insert_rows(doctype, [name], [columns])
	return name


def _insert_rows(doctype: str, names: list[str], rows: list[dict[str, Any]]) -> None:
	stamp, user = now(), frappe.session.user
	columns = list(rows[0])
	head = ["name", "creation", "modified", "owner", "modified_by", *columns]
	marks = f"({', '.join(['%s'] * len(head))})"
	values: list[Any] = []
	for name, row in zip(names, rows, strict=True):
		values += [name, stamp, stamp, user, user]
		values += [row[column] for column in columns]
	frappe.db.sql(
		f"insert into `tab{doctype}` ({', '.join(f'`{column}`' for column in head)}) values "  # noqa: S608
		+ ", ".join([marks] * len(rows)),
		values,
	)


def _clean(doctype: str, columns: dict[str, Any]) -> dict[str, Any]:
	"""Cleaned here, because escaping makes text longer than its column; raw_payload (a Code field) stays as it came."""
	meta = frappe.get_meta(doctype)
	short = {df.fieldname for df in meta.fields if df.fieldtype == "Data"}
	return {
		key: sanitize_html(value)[:MAX_TEXT]
		if key in short and isinstance(value, str) and "<" in value
		else value
		for key, value in columns.items()
	}


def _is_duplicate(error: Exception) -> bool:
	if isinstance(error, frappe.UniqueValidationError | frappe.DuplicateEntryError):
		return True
	return bool(error.args) and error.args[0] == _DUPLICATE_KEY

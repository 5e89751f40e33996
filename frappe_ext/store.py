"""The database of one ingest request: contract.ingestion's Store over Frappe.

OK observations go in by one multi-row INSERT (6 to 10 times as fast as documents); what is flagged lives a full
document life, so that notifications and other apps' rules see it. Deadlocks pass through: the whole batch runs again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

import frappe
from frappe.model.naming import make_autoname
from frappe.utils import now, sanitize_html

from frappe_ext import faults, native, rejections
from frappe_ext.auth import Sender
from frappe_ext.clock import to_local
from frappe_ext.contract import statuses
from frappe_ext.contract.limits import MAX_TEXT
from frappe_ext.contract.rows import AmendRow, GapRow, ObservationRow
from frappe_ext.contract.storage import Known, Outcome, Rejected, StoredAmend, Target
from frappe_ext.registry import Registry, registry_of

DOCTYPES = {"observation": "Observation", "gap": "Edge Gap", "amend": "Edge Amend"}
_SAVEPOINT = "edge_row"
_LOST_SAVEPOINT = 1305  # a hook swallowed a deadlock: the transaction it was set in is gone
_DUPLICATE_KEY = 1062


def is_deadlock(error: BaseException) -> bool:
	"""True where the database has rolled the transaction back (or given up on a lock)."""
	if isinstance(error, frappe.QueryDeadlockError | frappe.QueryTimeoutError):
		return True
	return bool(error.args) and error.args[0] == _LOST_SAVEPOINT


class FrappeStore:
	"""One batch of one gateway, inside one transaction under the gateway's lock."""

	def __init__(self, sender: Sender) -> None:
		self._sender = sender
		self._faults = faults.Faults()

	@cached_property
	def _registry(self) -> Registry:
		return registry_of(self._sender)

	def book(self, sites: Collection[str]) -> native.Book:
		return self._registry.book

	def existing_sites(self, codes: Collection[str]) -> set[str]:
		found = frappe.get_all("Site", filters={"site_code": ("in", list(codes))}, pluck="site_code")
		return set(found) & set(codes)  # the database compares without regard to case

	def find(self, kind: str, uids: Sequence[str]) -> dict[str, Known]:
		return self._find(DOCTYPES[kind], uids)

	def targets(self, uids: Sequence[str]) -> dict[str, Target]:
		rows = frappe.get_all(
			"Observation",
			filters={"edge_uid": ("in", list(uids))},
			fields=["name", "edge_uid", "gateway", "site", "server_flag", "server_reasons", "released_by"],
		)
		codes = self._registry.code_of_site
		return {
			row.edge_uid: Target(
				name=row.name,
				gateway=self._gateway_id(row.gateway),
				site=codes.get(row.site, ""),
				server_flag=row.server_flag or statuses.OK,
				server_reasons=tuple((row.server_reasons or "").split("\n")) if row.server_reasons else (),
				person_decided=bool(row.released_by),
			)
			for row in rows
		}

	def amends_of(self, targets: Sequence[str]) -> dict[str, list[StoredAmend]]:
		rows = frappe.get_all(
			"Edge Amend",
			filters={"target_uid": ("in", list(targets))},
			fields=[
				"edge_uid",
				"target_uid",
				"gateway",
				"edge_epoch",
				"edge_seq",
				"flag",
				"reasons",
				"observed_at_ms",
				"policy_version",
			],
		)
		found: dict[str, list[StoredAmend]] = {}
		for row in rows:
			amend = AmendRow(
				uid=row.edge_uid,
				target=row.target_uid,
				epoch=row.edge_epoch,
				seq=row.edge_seq,
				flag=row.flag,
				reasons=row.reasons.split("\n") if row.reasons else [],
				observed_at_ms=row.observed_at_ms or 0,
				policy_version=row.policy_version or "",
			)
			found.setdefault(row.target_uid, []).append(StoredAmend(self._gateway_id(row.gateway), amend))
		return found

	def insert_observations(self, rows: Sequence[ObservationRow]) -> list[Outcome]:
		outcomes: dict[int, Outcome] = {}
		# By uid: two requests that hold the same rows then take the index entries in the same order.
		order = sorted(range(len(rows)), key=lambda index: rows[index].uid)
		columns = {index: self._observation_columns(rows[index]) for index in order}
		plain = [i for i in order if rows[i].quality_flag == statuses.OK and not _has_markup(columns[i])]
		documents = [i for i in order if i not in set(plain)]
		done = self._insert_many("Observation", [columns[index] for index in plain])
		outcomes.update(zip(plain, done, strict=True))
		for index in documents:
			outcomes[index] = self._insert_one("Observation", columns[index])
		self._mark_applied([uid for i in order if outcomes[i].name for uid in rows[i].amended_by])
		return [outcomes[index] for index in range(len(rows))]

	def insert_gaps(self, rows: Sequence[GapRow]) -> list[Outcome]:
		return [self._insert_one("Edge Gap", self._gap_columns(row)) for row in rows]

	def insert_amends(self, rows: Sequence[AmendRow]) -> list[Outcome]:
		return [self._insert_one("Edge Amend", row.columns | self._links(row.site, None)) for row in rows]

	def apply_amend(self, target: Target, columns: dict[str, Any]) -> None:
		columns = dict(columns)
		if "observed_at_ms" in columns:
			columns["observed_at"] = to_local(columns["observed_at_ms"])
		frappe.db.set_value("Observation", target.name, columns)

	def note_rejections(self, rejected: Sequence[Rejected]) -> None:
		rejections.note(self._sender, self._registry, rejected)

	def log_faults(self) -> None:
		"""One Error Log per cause, after the batch: a row's own writes may have been rolled back."""
		self._faults.log(self._sender.gateway.gateway_id)

	def _observation_columns(self, row: ObservationRow) -> dict[str, Any]:
		return (
			row.columns
			| self._links(row.site, row.device)
			| {
				"observed_at": to_local(row.columns["observed_at_ms"]),
				"received_at": to_local(row.columns["received_at_ms"]),
			}
		)

	def _gap_columns(self, row: GapRow) -> dict[str, Any]:
		return (
			row.columns
			| self._links(row.site, row.device)
			| {
				"from_at": to_local(row.columns["from_at_ms"]),
				"to_at": to_local(row.columns["to_at_ms"]),
			}
		)

	def _links(self, site: str | None, device: str | None) -> dict[str, Any]:
		links = {"site": self._registry.site_of_code.get(site), "gateway": self._sender.name}
		if device is not None:
			links["device"] = self._registry.device_names.get((site, device))
		return links

	def _gateway_id(self, name: str | None) -> str | None:
		"""Amends concern their own gateway's observations only, so others need no look-up."""
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
			return [self._insert_one(doctype, row, plain=True) for row in rows]
		return [Outcome(name=name) for name in names]

	def _insert_one(self, doctype: str, columns: dict[str, Any], *, plain: bool = False) -> Outcome:
		insert = _insert_plain if plain else _insert_document
		frappe.db.savepoint(_SAVEPOINT)
		try:
			name = insert(doctype, columns)
		except Exception as error:
			if is_deadlock(error):
				raise
			frappe.db.rollback(save_point=_SAVEPOINT)
			frappe.clear_messages()
			return self._outcome_of(error, doctype, columns)
		frappe.db.release_savepoint(_SAVEPOINT)  # fails where a hook swallowed a deadlock
		return Outcome(name=name)

	def _outcome_of(self, error: Exception, doctype: str, columns: dict[str, Any]) -> Outcome:
		if _is_duplicate(error):
			known = self._find(doctype, [columns["edge_uid"]], lock=True).get(columns["edge_uid"])
			if known:
				return Outcome(exists=known)
		return Outcome(error=self._faults.note(error))

	def _mark_applied(self, uids: list[str]) -> None:
		if uids:
			frappe.db.set_value("Edge Amend", {"edge_uid": ("in", uids)}, "applied", 1)


def _insert_document(doctype: str, columns: dict[str, Any]) -> str:
	doc = frappe.get_doc({"doctype": doctype, **_clean(doctype, columns)})
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


def _has_markup(columns: dict[str, Any]) -> bool:
	"""Text from outside that Frappe's document life would clean: then it goes that way."""
	return any(
		isinstance(value, str) and "<" in value for key, value in columns.items() if key != "raw_payload"
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

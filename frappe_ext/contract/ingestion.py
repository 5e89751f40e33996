"""The algorithm of a batch over a `Store`: form, site, known uids, duplicates, amends, results in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from frappe_ext import native
from frappe_ext.contract import rows, statuses
from frappe_ext.contract.body import Batch
from frappe_ext.contract.envelope import Gateway
from frappe_ext.contract.limits import MAX_MESSAGE, MAX_QUOTE
from frappe_ext.contract.refusals import Refusal
from frappe_ext.contract.rows import AmendRow, FieldFault, GapRow, ObservationRow, ServerVerdict
from frappe_ext.contract.statuses import Result
from frappe_ext.contract.storage import Known, Outcome, Rejected, Store, Target


def store_batch(batch: Batch, gateway: Gateway, store: Store) -> list[Result]:
	"""One result per record, in order. `gateway` has passed envelope.check_sender. Refusal: native_missing.

	Two batches of one gateway must not run at once (the store locks the gateway's row): an amend and its target
	in two open transactions would not see each other.
	"""
	try:
		return _BatchRun(batch, gateway, store).run()
	except native.NativeMissing as error:
		raise Refusal("native_missing", str(error), gateway=gateway.gateway_id) from error


@dataclass(slots=True)
class _Item:
	"""A record that passed the form check."""

	index: int
	record: dict[str, Any]
	kind: str
	uid: str
	identity_hash: str
	server: ServerVerdict


class _BatchRun:
	"""One batch on its way through; each step settles some results and passes the rest on."""

	def __init__(self, batch: Batch, gateway: Gateway, store: Store) -> None:
		self._batch = batch
		self._gateway = gateway
		self._store = store
		self._results: list[Result | None] = [None] * len(batch.records)
		self._rejected: list[Rejected] = []

	def run(self) -> list[Result]:
		items = self._judge()
		items = self._check_sites(items)
		items, twins = self._part_twins(items)
		fresh = self._part_known(items)
		self._store_observations([item for item in fresh if item.kind == "observation"])
		self._store_amends([item for item in fresh if item.kind == "amend"])
		self._store_gaps([item for item in fresh if item.kind == "gap"])
		self._answer_twins(twins)
		if self._rejected:
			self._store.note_rejections(self._rejected)
		return [self._settled(index) for index in range(len(self._results))]

	def _settled(self, index: int) -> Result:
		result = self._results[index]
		if result is None:  # a bug of ours must never lose a record: the gateway keeps it
			return Result(_uid_of(self._batch.records[index]), statuses.RETRY, code=statuses.SERVER_ERROR)
		return result

	def _judge(self) -> list[_Item]:
		records = self._batch.records
		verdict = native.validate_batch(records, self._store.book(self._gateway.sites))
		for index, code, field, message in verdict.rejections:
			if code in statuses.RETRY_CODES:
				self._retry(index, code, message)
			else:
				self._reject(index, code, field, message)
		server = {index: ServerVerdict(flag, reasons) for index, flag, reasons, _ in verdict.verdicts}
		fine = ServerVerdict()
		return [
			_Item(
				index,
				records[index],
				records[index]["kind"],
				records[index]["uid"],
				hash_,
				server.get(index, fine),
			)
			for index, hash_ in enumerate(verdict.identity_hashes)
			if hash_ is not None
		]

	def _check_sites(self, items: list[_Item]) -> list[_Item]:
		allowed = self._gateway.sites
		foreign = {item.record["site"] for item in items if item.record.get("site") not in (None, *allowed)}
		if not foreign:
			return items
		existing = self._store.existing_sites(sorted(foreign))
		passed = []
		for item in items:
			site = item.record.get("site")
			if site is None or site not in foreign:
				passed.append(item)
				continue
			code = statuses.SITE_NOT_ALLOWED if site in existing else statuses.UNKNOWN_SITE
			self._reject(item.index, code, "site", self._site_message(site, code))
		return passed

	def _site_message(self, site: str, code: str) -> str:
		name = self._gateway.gateway_id
		if code == statuses.UNKNOWN_SITE:
			return f"Site {quote(site)} does not exist or is not one of {name}'s sites."
		return f"Site {quote(site)} is not one of {name}'s sites."

	def _part_twins(self, items: list[_Item]) -> tuple[list[_Item], list[tuple[_Item, _Item]]]:
		"""The first of each uid, and (later, first) pairs of one batch."""
		first: dict[str, _Item] = {}
		twins = []
		for item in items:
			if item.uid in first:
				twins.append((item, first[item.uid]))
			else:
				first[item.uid] = item
		return list(first.values()), twins

	def _part_known(self, items: list[_Item]) -> list[_Item]:
		uids: dict[str, list[str]] = defaultdict(list)
		for item in items:
			uids[item.kind].append(item.uid)
		known = {kind: self._store.find(kind, sorted(wanted)) for kind, wanted in uids.items()}
		fresh = []
		for item in items:
			match = known[item.kind].get(item.uid)
			if match is None:
				fresh.append(item)
			else:
				self._answer_known(item, match)
		return fresh

	def _answer_known(self, item: _Item, known: Known) -> None:
		if known.identity_hash == item.identity_hash:
			self._results[item.index] = Result(item.uid, statuses.DUPLICATE, name=known.name)
			return
		message = "A record with this uid is stored already, with another content."
		self._results[item.index] = Result(
			item.uid, statuses.CONFLICT, known.name, statuses.CONFLICT, "uid", message
		)
		self._rejected.append(
			Rejected(item.record, item.uid, statuses.CONFLICT, "uid", message, statuses.CONFLICT)
		)

	def _answer_twins(self, twins: list[tuple[_Item, _Item]]) -> None:
		for item, first in twins:
			result = self._settled(first.index)
			if result.name is not None:
				self._answer_known(item, Known(result.name, self._stored_hash(first, result)))
			elif result.status == statuses.REJECTED:
				self._reject(
					item.index, result.code or statuses.MALFORMED, result.field or "", result.message or ""
				)
			else:
				self._retry(item.index, result.code or statuses.SERVER_ERROR, result.message)

	def _stored_hash(self, first: _Item, result: Result) -> str | None:
		"""The identity that is stored under the first's uid: its own, unless it is a conflict itself."""
		if result.status != statuses.CONFLICT:
			return first.identity_hash
		known = self._store.find(first.kind, [first.uid]).get(first.uid)
		return known.identity_hash if known else None

	def _store_observations(self, items: list[_Item]) -> None:
		made = self._rows(items, self._observation_row)
		if not made:
			return
		stored = self._store.amends_of(sorted(row.uid for _, row in made))
		for _, row in made:
			amends = [
				amend.row for amend in stored.get(row.uid, ()) if amend.gateway == self._gateway.gateway_id
			]
			if amends:
				self._amend_row(row, amends)
		outcomes = self._store.insert_observations([row for _, row in made])
		self._answer_outcomes([item for item, _ in made], outcomes)

	def _observation_row(self, item: _Item) -> ObservationRow:
		return rows.observation_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._batch.epoch,
			identity_hash=item.identity_hash,
			server=item.server,
		)

	def _amend_row(self, row: ObservationRow, amends: list[AmendRow]) -> None:
		"""The target of amends that came first: it is stored as they left it."""
		columns, standing = rows.amended_columns(
			amends,
			self._gateway.provisional,
			server_flag=row.columns["server_flag"],
			server_reasons=_lines(row.columns["server_reasons"]),
			person_decided=False,
		)
		row.columns.update(columns)
		row.quality_flag = columns["quality_flag"]
		row.amended_by = sorted(standing)

	def _store_amends(self, items: list[_Item]) -> None:
		made = self._rows(items, self._amend_row_of)
		if not made:
			return
		targets = self._store.targets(sorted({row.target for _, row in made}))
		made = [(item, row) for item, row in made if self._is_own_target(item, row, targets.get(row.target))]
		by_target: dict[str, list[AmendRow]] = defaultdict(list)
		for _, row in made:
			if row.target in targets:
				by_target[row.target].append(row)
		stored = self._store.amends_of(sorted(by_target))
		changes = []
		for uid, amends in by_target.items():
			target = targets[uid]
			earlier = [each.row for each in stored.get(uid, ()) if each.gateway == self._gateway.gateway_id]
			columns, standing = rows.amended_columns(
				[*earlier, *amends],
				self._gateway.provisional,
				server_flag=target.server_flag,
				server_reasons=target.server_reasons,
				person_decided=target.person_decided,
			)
			new = [amend for amend in amends if amend.uid in standing]
			for amend in new:
				amend.columns["applied"] = 1
			if new:
				changes.append((target, columns))
		outcomes = self._store.insert_amends([row for _, row in made])
		for target, columns in changes:
			self._store.apply_amend(target, columns)
		self._answer_outcomes([item for item, _ in made], outcomes)

	def _amend_row_of(self, item: _Item) -> AmendRow:
		return rows.amend_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._batch.epoch,
			identity_hash=item.identity_hash,
		)

	def _is_own_target(self, item: _Item, row: AmendRow, target: Target | None) -> bool:
		"""Nobody amends what another gateway measured."""
		if target is None:
			return True
		if target.gateway == self._gateway.gateway_id:
			row.site = target.site
			return True
		message = f"The target is no record of {self._gateway.gateway_id}."
		self._reject(item.index, statuses.SITE_NOT_ALLOWED, "target", message)
		return False

	def _store_gaps(self, items: list[_Item]) -> None:
		made = self._rows(items, self._gap_row)
		if made:
			outcomes = self._store.insert_gaps([row for _, row in made])
			self._answer_outcomes([item for item, _ in made], outcomes)

	def _gap_row(self, item: _Item) -> GapRow:
		return rows.gap_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._batch.epoch,
			identity_hash=item.identity_hash,
		)

	def _rows(self, items: list[_Item], make: Callable[[_Item], Any]) -> list[tuple[_Item, Any]]:
		made = []
		for item in items:
			try:
				made.append((item, make(item)))
			except FieldFault as fault:
				self._reject(item.index, fault.code, fault.field, fault.message)
			except Exception as error:  # a bug of ours: the gateway keeps the record
				self._retry(item.index, statuses.SERVER_ERROR, type(error).__name__)
		return made

	def _answer_outcomes(self, items: list[_Item], outcomes: list[Outcome]) -> None:
		for item, outcome in zip(items, outcomes, strict=True):
			if outcome.exists is not None:
				self._answer_known(item, outcome.exists)
			elif outcome.name is not None:
				self._results[item.index] = Result(item.uid, statuses.STORED, name=outcome.name)
			else:
				self._retry(item.index, statuses.SERVER_ERROR, outcome.error)

	def _reject(self, index: int, code: str, field: str, message: str) -> None:
		record = self._batch.records[index]
		uid = _uid_of(record)
		message = message[:MAX_MESSAGE]
		self._results[index] = Result(uid, statuses.REJECTED, code=code, field=field or None, message=message)
		self._rejected.append(Rejected(record, uid, code, field or None, message, statuses.REJECTED))

	def _retry(self, index: int, code: str, message: str | None) -> None:
		uid = _uid_of(self._batch.records[index])
		self._results[index] = Result(
			uid, statuses.RETRY, code=code, message=(message or "")[:MAX_MESSAGE] or None
		)


def quote(text: str) -> str:
	"""Text from outside for a sentence: printable, cut at 64 characters."""
	return "".join(char if char.isprintable() else "?" for char in text[:MAX_QUOTE])


def _lines(text: str) -> list[str]:
	return text.split("\n") if text else []


def _uid_of(record: Any) -> str | None:
	"""The uid as sent, for the answer; None where it is no short text that JSON can carry."""
	uid = record.get("uid") if isinstance(record, dict) else None
	if not isinstance(uid, str) or len(uid) > MAX_QUOTE or not uid.isascii():
		return None
	return uid

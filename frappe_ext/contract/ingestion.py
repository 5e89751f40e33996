"""The algorithm of a batch over a `Store`: form, site, known uids, duplicates, amends, results in order."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from frappe_ext import native
from frappe_ext.contract import epochs, statuses
from frappe_ext.contract.body import Batch
from frappe_ext.contract.envelope import Gateway
from frappe_ext.contract.refusals import Refusal
from frappe_ext.contract.results import Item, ResultSheet, quote
from frappe_ext.contract.rows import ServerVerdict
from frappe_ext.contract.statuses import Result
from frappe_ext.contract.storage import Known, Store
from frappe_ext.contract.telemetry import Telemetry
from frappe_ext.contract.weighbridge import Weighbridge


def store_batch(batch: Batch, gateway: Gateway, store: Store) -> list[Result]:
	"""One result per record, in order. `gateway` has passed envelope.check_sender. Refusal: native_missing.

	Two batches of one gateway must not run at once (the store locks the gateway's row): an amend and its target
	in two open transactions would not see each other.
	"""
	try:
		return _BatchRun(batch, gateway, store).run()
	except native.NativeMissing as error:
		raise Refusal("native_missing", str(error), gateway=gateway.gateway_id) from error


class _BatchRun:
	"""One batch on its way through; each step settles some results and passes the rest on."""

	def __init__(self, batch: Batch, gateway: Gateway, store: Store) -> None:
		self._batch = batch
		self._gateway = gateway
		self._store = store
		self._sheet = ResultSheet(batch.records)

	def run(self) -> list[Result]:
		items = self._judge()
		items = self._check_sites(items)
		items, twins = self._part_twins(items)
		fresh: dict[str, list[Item]] = defaultdict(list)
		for item in self._part_known(items):
			fresh[item.kind].append(item)
		telemetry = Telemetry(self._sheet, self._gateway, self._batch.epoch, self._store)
		telemetry.observations(fresh["observation"])
		telemetry.amends(fresh["amend"])
		telemetry.gaps(fresh["gap"])
		weighbridge = Weighbridge(self._sheet, self._gateway, self._batch.epoch, self._store)
		weighbridge.weighings(fresh["weighing"])
		weighbridge.tickets(fresh["scale_ticket"])
		weighbridge.voids(fresh["void"])
		self._answer_twins(twins)
		if self._sheet.rejected:
			self._store.note_rejections(self._sheet.rejected)
		return self._sheet.all()

	def _judge(self) -> list[Item]:
		records = self._batch.records
		verdict = native.validate_batch(
			records, self._store.book(self._gateway.sites), self._gateway.gateway_id, self._batch.epoch
		)
		for index, code, field, message in verdict.rejections:
			self._sheet.reject(index, code, field, message)
		server = {index: ServerVerdict(flag, reasons) for index, flag, reasons, _ in verdict.verdicts}
		fine = ServerVerdict()
		return [
			_item(index, records[index], hash_, server.get(index, fine))
			for index, hash_ in enumerate(verdict.identity_hashes)
			if hash_ is not None
		]

	def _check_sites(self, items: list[Item]) -> list[Item]:
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
			self._sheet.reject(item.index, code, "site", self._site_message(site, code))
		return passed

	def _site_message(self, site: str, code: str) -> str:
		name = self._gateway.gateway_id
		if code == statuses.UNKNOWN_SITE:
			return f"Site {quote(site)} does not exist or is not one of {name}'s sites."
		return f"Site {quote(site)} is not one of {name}'s sites."

	def _part_twins(self, items: list[Item]) -> tuple[list[Item], list[tuple[Item, Item]]]:
		"""The first of each uid, and (later, first) pairs of one batch."""
		first: dict[str, Item] = {}
		twins = []
		for item in items:
			if item.uid in first:
				twins.append((item, first[item.uid]))
			else:
				first[item.uid] = item
		return list(first.values()), twins

	def _part_known(self, items: list[Item]) -> list[Item]:
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
				self._sheet.answer_known(item, match)
		return self._part_removed(fresh)

	def _part_removed(self, items: list[Item]) -> list[Item]:
		"""An observation that retention took away and that comes again, from an old disk, say, is still known."""
		sequences = {}
		for item in items:
			epoch = item.record.get("epoch", self._batch.epoch)
			if item.kind == "observation" and epochs.is_epoch(epoch):  # else the row is refused later
				sequences[item.index] = (epoch, item.record["seq"])
		removed = self._store.removed(set(sequences.values())) if sequences else {}
		if not removed:
			return items
		fresh = []
		for item in items:
			name = removed.get(sequences.get(item.index, ("", 0)))
			if name is None:
				fresh.append(item)
			else:
				self._sheet.answer_known(item, Known(name, item.identity_hash))
		return fresh

	def _answer_twins(self, twins: list[tuple[Item, Item]]) -> None:
		for item, first in twins:
			result = self._sheet.settled(first.index)
			if result.name is not None:
				self._sheet.answer_known(item, Known(result.name, self._stored_hash(first, result)))
			elif result.status == statuses.REJECTED:
				self._sheet.reject(
					item.index, result.code or statuses.MALFORMED, result.field or "", result.message or ""
				)
			else:
				self._sheet.retry(item.index, result.code or statuses.SERVER_ERROR, result.message)

	def _stored_hash(self, first: Item, result: Result) -> str | None:
		"""The identity that is stored under the first's uid: its own, unless it is a conflict itself."""
		if result.status != statuses.CONFLICT:
			return first.identity_hash
		known = self._store.find(first.kind, [first.uid]).get(first.uid)
		return known.identity_hash if known else None


def _item(index: int, record: dict[str, Any], identity_hash: str, server: ServerVerdict) -> Item:
	kind = record["kind"]
	if kind == "scale_ticket" and record["action"] == "void":
		return Item(index, record, "void", record["uid"], None, server)
	return Item(index, record, kind, record["uid"], identity_hash, server)

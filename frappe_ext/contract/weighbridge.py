"""Weighings and scale tickets of a batch: fresh ones; weighings first, so that a ticket finds those beside it.

The server's verdict on a ticket is the one of record (design.md §3 "Mismatch"); what the edge said stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frappe_ext import native
from frappe_ext.contract import statuses, weighbridge_rows
from frappe_ext.contract.envelope import Gateway
from frappe_ext.contract.results import Item, ResultSheet, quote
from frappe_ext.contract.storage import Known, Store, StoredTicket, StoredWeighing
from frappe_ext.contract.weighbridge_rows import CORRECTED, VOID, TicketRow, WeighingRow

COMPLETE = "complete"
CORRECT = "correct"


class Weighbridge:
	"""`epoch`: the batch's; a record may name its own."""

	def __init__(self, sheet: ResultSheet, gateway: Gateway, epoch: str, store: Store) -> None:
		self._sheet = sheet
		self._gateway = gateway
		self._epoch = epoch
		self._store = store

	def weighings(self, items: list[Item]) -> None:
		"""Kept whatever the chain looks like: chain.py says what is wrong with it."""
		made = self._sheet.made(items, self._weighing_row)
		if made:
			outcomes = self._store.insert_weighings([row for _, row in made])
			self._sheet.answer_outcomes([item for item, _ in made], outcomes)

	def tickets(self, items: list[Item]) -> None:
		"""Complete ones, then corrections, then voids: a target may stand in the same batch, in any place."""
		items = self._with_free_numbers(items)
		if not items:
			return
		judge = _TicketJudge(self._gateway, self._store, items)
		self._insert([item for item in items if item.record["action"] == COMPLETE], judge)
		for item in items:
			if item.record["action"] == CORRECT:
				self._correct(item, judge)

	def voids(self, items: list[Item]) -> None:
		"""A void makes no row of its own: it is written on its target."""
		for item in items:
			target = self._own_target(item, "voids")
			if target is None:
				continue
			if target.status == VOID:  # by a person, or before the epoch of this void began
				self._sheet.answer_known(item, Known(target.name, None))
			elif target.status == CORRECTED:
				message = f"{quote(target.number)} has been corrected: its correction is what counts."
				self._sheet.reject(item.index, statuses.MALFORMED, "voids", message)
			else:
				self._void(item, target)

	def _weighing_row(self, item: Item) -> WeighingRow:
		return weighbridge_rows.weighing_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._epoch,
			identity_hash=item.identity_hash or "",
		)

	def _with_free_numbers(self, items: list[Item]) -> list[Item]:
		"""Those whose (site, number) nobody else has; the others are rejected."""
		if not items:
			return []
		taken = dict(self._store.taken_numbers(sorted({_number(item) for item in items})))
		free = []
		for item in items:
			if taken.setdefault(_number(item), item.uid) == item.uid:
				free.append(item)
				continue
			site, number = _number(item)
			message = f"Another ticket of {site} has the number {quote(number)}."
			self._sheet.reject(item.index, statuses.DUPLICATE_NUMBER, "number", message)
		return free

	def _correct(self, item: Item, judge: _TicketJudge) -> None:
		target = self._own_target(item, "corrects")
		if target is not None:
			self._insert([item], judge, replaced=target.status == CORRECTED)

	def _insert(self, items: list[Item], judge: _TicketJudge, *, replaced: bool = False) -> None:
		def row(item: Item) -> TicketRow:
			return weighbridge_rows.ticket_row(
				item.record,
				gateway=self._gateway.gateway_id,
				batch_epoch=self._epoch,
				identity_hash=item.identity_hash or "",
				verdict=judge.verdict(item.record),
				replaced=replaced,
			)

		made = self._sheet.made(items, row)
		if made:
			outcomes = self._store.insert_tickets([row for _, row in made])
			self._sheet.answer_outcomes([item for item, _ in made], outcomes)

	def _own_target(self, item: Item, field: str) -> StoredTicket | None:
		"""The stored ticket that a correction or a void names. None: the item is settled."""
		uid = item.record[field]
		target = self._store.stored_tickets([uid]).get(uid)
		if target is None:
			message = "The ticket that it names is not here yet."
			self._sheet.retry(item.index, statuses.TARGET_MISSING, message)
		elif target.gateway != self._gateway.gateway_id or target.site != item.record["site"]:
			message = f"The target is no ticket of {self._gateway.gateway_id} at {item.record['site']}."
			self._sheet.reject(item.index, statuses.SITE_NOT_ALLOWED, field, message)
			return None
		return target

	def _void(self, item: Item, target: StoredTicket) -> None:
		for _, row in self._sheet.made(
			[item],
			lambda each: weighbridge_rows.void_row(each.record, target.number, batch_epoch=self._epoch),
		):
			self._sheet.answer_outcomes([item], [self._store.void_ticket(target, row)])


class _TicketJudge:
	"""The rules with what they need: tolerances, and the stored weighings that the tickets name."""

	def __init__(self, gateway: Gateway, store: Store, items: list[Item]) -> None:
		self._gateway = gateway.gateway_id
		self._book = store.tolerances(gateway.sites)
		named = {item.record.get(name) for item in items for name in ("gross_weighing", "tare_weighing")}
		uids = sorted(uid for uid in named if uid)
		self._weighings = store.stored_weighings(uids) if uids else {}

	def verdict(self, record: Mapping[str, Any]) -> native.TicketVerdict:
		gross, tare = (
			weighing_facts(self._weighings.get(record.get(name) or ""), self._gateway, record["site"])
			for name in ("gross_weighing", "tare_weighing")
		)
		return native.judge_ticket(record, gross, tare, self._book, "edge")


def weighing_facts(stored: StoredWeighing | None, gateway: str | None, site: str) -> dict[str, Any] | None:
	"""A stored weighing as native.judge_ticket takes it, for a ticket of that gateway and site."""
	if stored is None:
		return None
	own = stored.gateway == gateway and stored.site == site
	return {
		# What another gateway or site weighed is not this scale's, whatever its name: no id has a slash.
		"scale": stored.scale if own else f"{stored.site}/{stored.scale}",
		"value": stored.value,
		"unit": stored.unit,
		"stability": stored.stability,
		"override": stored.override,
		"manual": stored.manual,
		"at": stored.at_ms,
	}


def _number(item: Item) -> tuple[str, str]:
	return item.record["site"], item.record["number"]

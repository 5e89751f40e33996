"""Observations, amends and gaps of a batch: fresh ones, in this order."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from frappe_ext.contract import rows, statuses
from frappe_ext.contract.envelope import Gateway
from frappe_ext.contract.excursion_rows import Sighting, sighting
from frappe_ext.contract.excursions import Excursions
from frappe_ext.contract.results import Item, ResultSheet
from frappe_ext.contract.rows import AmendRow, GapRow, ObservationRow
from frappe_ext.contract.storage import Store, Target


class Telemetry:
	"""`epoch`: the batch's; a record may name its own."""

	def __init__(self, sheet: ResultSheet, gateway: Gateway, epoch: str, store: Store) -> None:
		self._sheet = sheet
		self._gateway = gateway
		self._epoch = epoch
		self._store = store

	def observations(self, items: list[Item]) -> None:
		"""With the amends that came before them."""
		made = self._sheet.made(items, self._observation_row)
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
		self._sheet.answer_outcomes([item for item, _ in made], outcomes)
		stored_rows = [
			sighting(outcome.name, (row.site, row.device, row.columns["observation_type"]), row.columns)
			for (_, row), outcome in zip(made, outcomes, strict=True)
			if outcome.name is not None and outcome.exists is None
		]
		Excursions(self._gateway.sites, self._store).saw(stored_rows)

	def _observation_row(self, item: Item) -> ObservationRow:
		return rows.observation_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._epoch,
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

	def amends(self, items: list[Item]) -> None:
		"""Applied where their target is stored."""
		made = self._sheet.made(items, self._amend_row_of)
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
		self._sheet.answer_outcomes([item for item, _ in made], outcomes)
		seen = [_seen(target, columns) for target, columns in changes if not target.person_decided]
		Excursions(self._gateway.sites, self._store).changed(seen)

	def _amend_row_of(self, item: Item) -> AmendRow:
		return rows.amend_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._epoch,
			identity_hash=item.identity_hash,
		)

	def _is_own_target(self, item: Item, row: AmendRow, target: Target | None) -> bool:
		"""Nobody amends what another gateway measured."""
		if target is None:
			return True
		if target.gateway == self._gateway.gateway_id:
			row.site = target.site
			return True
		message = f"The target is no record of {self._gateway.gateway_id}."
		self._sheet.reject(item.index, statuses.SITE_NOT_ALLOWED, "target", message)
		return False

	def gaps(self, items: list[Item]) -> None:
		"""As they are."""
		made = self._sheet.made(items, self._gap_row)
		if made:
			outcomes = self._store.insert_gaps([row for _, row in made])
			self._sheet.answer_outcomes([item for item, _ in made], outcomes)

	def _gap_row(self, item: Item) -> GapRow:
		return rows.gap_row(
			item.record,
			gateway=self._gateway.gateway_id,
			batch_epoch=self._epoch,
			identity_hash=item.identity_hash,
		)


def _seen(target: Target, columns: dict[str, Any]) -> tuple[Sighting, Sighting]:
	"""The target as it was and as the amends leave it."""
	old = target.seen
	changed = {
		"observed_at_ms": old.from_ms,
		"fold_last_ms": old.until_ms,
		"quality_flag": old.flag,
		"quality_reasons": old.code,
		"value_text": old.value,
		"unit": old.unit,
		"fold_count": old.count,
		"policy_version": old.policy_version,
		**columns,
	}
	return old, sighting(old.name, old.stream, changed)


def _lines(text: str) -> list[str]:
	return text.split("\n") if text else []

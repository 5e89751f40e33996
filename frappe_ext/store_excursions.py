"""The excursions' part of the store (contract.storage says what each does; the algorithm is contract.excursions)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import frappe
from frappe.model.naming import make_autoname
from frappe.utils import cint

from frappe_ext.clock import to_local
from frappe_ext.contract import statuses
from frappe_ext.contract.excursion_rows import (
	CLEARED,
	NEVER,
	OPEN,
	Excursion,
	Sighting,
	Stream,
	sighting,
	stream_key,
)
from frappe_ext.store_base import StoreBase

SIGHTING_FIELDS = (
	"name",
	"site",
	"device_text",
	"observation_type",
	"observed_at_ms",
	"fold_last_ms",
	"quality_flag",
	"quality_reasons",
	"value_text",
	"unit",
	"fold_count",
	"policy_version",
	"excursion",
)
_TIMES = ("opened_at", "last_at", "cleared_at")


class ExcursionStore(StoreBase):
	def excursions(self, streams: Sequence[Stream], from_ms: int) -> list[Excursion]:
		keys = {stream_key(stream): stream for stream in streams}
		names = frappe.db.sql(
			"""select name from `tabEdge Excursion`
			where stream in %(keys)s and end_ms >= %(from_ms)s and status in %(living)s""",
			{"keys": tuple(keys), "from_ms": from_ms, "living": (OPEN, CLEARED)},
			pluck=True,
		)
		if not names:
			return []
		# By name, so that no gap is locked: another gateway may hear the same device.
		rows = frappe.db.sql(
			"select * from `tabEdge Excursion` where name in %(names)s and status in %(living)s for update",
			{"names": tuple(sorted(names)), "living": (OPEN, CLEARED)},
			as_dict=True,
		)
		return [_excursion(row, keys[row.stream]) for row in rows]

	def calm_rows(self, stream: Stream, at_ms: int, *, later: bool, limit: int) -> list[tuple[int, str]]:
		return frappe.db.sql(
			f"""select observed_at_ms, value_text from `tabObservation` where {_OF_STREAM}
			and observed_at_ms {">" if later else "<"} %(at_ms)s
			and edge_flag = %(ok)s and server_flag = %(ok)s
			order by observed_at_ms {"asc" if later else "desc"} limit %(limit)s""",  # noqa: S608 (literals above)
			self._of_stream(stream) | {"at_ms": at_ms, "ok": statuses.OK, "limit": limit},
		)

	def flagged_rows(self, stream: Stream, from_ms: int, until_ms: int) -> list[Sighting]:
		rows = frappe.db.sql(
			f"""select {", ".join(SIGHTING_FIELDS)} from `tabObservation` where {_OF_STREAM}
			and observed_at_ms > %(from_ms)s and observed_at_ms < %(until_ms)s
			and quality_flag != %(ok)s and coalesce(excursion, '') = '' order by observed_at_ms""",  # noqa: S608
			self._of_stream(stream) | {"from_ms": from_ms, "until_ms": until_ms, "ok": statuses.OK},
			as_dict=True,
		)
		return [self._sighting(row) for row in rows]

	def rows_of_excursion(self, excursion: Excursion) -> list[Sighting]:
		rows = frappe.db.sql(
			f"select {', '.join(SIGHTING_FIELDS)} from `tabObservation` where excursion = %s",  # noqa: S608
			excursion.name,
			as_dict=True,
		)
		return [self._sighting(row) for row in rows]

	def write_excursion(self, excursion: Excursion) -> None:
		columns = excursion.columns()
		for name in _TIMES:
			columns[name] = to_local(columns[f"{name}_ms"])
		if excursion.name is None:
			self._raise(excursion, columns)
		elif excursion.loud:
			self._save(excursion.name, columns)
		else:
			# A count is state, not an edit: no version, no new `modified` under a form that a person has open.
			frappe.db.set_value("Edge Excursion", excursion.name, columns, update_modified=False)

	def assign_rows(self, excursion: str | None, rows: Sequence[str]) -> None:
		frappe.db.sql(
			"update `tabObservation` set excursion = %(excursion)s where name in %(rows)s",
			{"excursion": excursion, "rows": tuple(rows)},
		)

	def _raise(self, excursion: Excursion, columns: dict[str, Any]) -> None:
		"""One that is over already is raised and cleared: whoever listens hears both."""
		site, device, _ = excursion.stream
		opened = columns | self._links(site, device)
		if excursion.status != OPEN:
			opened |= {"status": OPEN, "cleared_at": None, "cleared_at_ms": 0, "end_ms": NEVER}
		outcome = self._attempt(lambda: _insert(opened), lambda: None)
		excursion.name = outcome.name
		if outcome.name and excursion.status != OPEN:
			self._save(outcome.name, columns)

	def _save(self, name: str, columns: dict[str, Any]) -> None:
		def write() -> str:
			doc = frappe.get_doc("Edge Excursion", name)
			doc.update(columns)
			doc.flags.from_edge = True
			doc.flags.ignore_mandatory = True
			doc.save(ignore_permissions=True)  # the key names the gateway; its user has no rights in Desk
			return name

		if self._attempt(write, lambda: None).name is None:
			# A listener's fault: the state is right all the same.
			frappe.db.set_value("Edge Excursion", name, columns, update_modified=False)

	def _of_stream(self, stream: Stream) -> dict[str, Any]:
		site, device, observation_type = stream
		return {"site": self._registry.site_of_code.get(site), "device": device, "type": observation_type}

	def _sighting(self, row: Any) -> Sighting:
		site = self._registry.code_of_site.get(row.site, "")
		return sighting(row.name, (site, row.device_text or "", row.observation_type), row)


# The database compares without regard to case.
_OF_STREAM = """site = %(site)s and device_text = %(device)s and device_text = binary %(device)s
			and observation_type = %(type)s"""


def _insert(columns: dict[str, Any]) -> str:
	doc = frappe.get_doc({"doctype": "Edge Excursion", **columns})
	doc.flags.from_edge = True
	doc.flags.ignore_mandatory = True
	# The key names the gateway and ingest checked its sites; its user has no rights in Desk.
	return doc.insert(ignore_permissions=True, set_name=make_autoname("hash", "Edge Excursion")).name


def _excursion(row: Any, stream: Stream) -> Excursion:
	return Excursion(
		name=row.name,
		stream=stream,
		matter=row.matter or "",
		code=row.code or "",
		severity=row.severity or statuses.OK,
		status=row.status,
		opened_ms=cint(row.opened_at_ms),
		last_ms=cint(row.last_at_ms),
		cleared_ms=cint(row.cleared_at_ms),
		peak=row.peak or "",
		unit=row.unit or "",
		count=cint(row["count"]),
		policy_version=row.policy_version or "",
		last_observation=row.last_observation or "",
	)

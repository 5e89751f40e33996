"""The weighbridge's part of the store: weighings, tickets, chains of the scales (contract.storage says what each does)."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

import frappe
from frappe.utils import cint

from frappe_ext import native, nonconformances
from frappe_ext.clock import to_local
from frappe_ext.contract.storage import ChainHead, Finding, Known, Outcome, StoredTicket, StoredWeighing
from frappe_ext.contract.weighbridge_rows import TicketRow, WeighingRow
from frappe_ext.edge.doctype.edge_gateway.events import publish_sites
from frappe_ext.edge.doctype.edge_vehicle import events as vehicles
from frappe_ext.edge.doctype.edge_weighing_order import events as orders
from frappe_ext.store_base import StoreBase
from frappe_ext.ticket_links import TicketLinks

_HEAD_FIELDS = [field.name for field in dataclasses.fields(ChainHead)]


class WeighbridgeStore(StoreBase):
	def tolerances(self, sites: Collection[str]) -> native.ToleranceBook:
		return self._registry.tolerances

	def find_voids(self, uids: Sequence[str]) -> dict[str, Known]:
		rows = frappe.get_all(
			"ScaleTicket", filters={"void_uid": ("in", list(uids))}, fields=["name", "void_uid"]
		)
		return {row.void_uid: Known(row.name, None) for row in rows}

	def stored_weighings(self, uids: Sequence[str]) -> dict[str, StoredWeighing]:
		rows = self._weighings({"edge_uid": ("in", list(uids))})
		return {row.uid: row for row in rows}

	def stored_tickets(self, uids: Sequence[str]) -> dict[str, StoredTicket]:
		rows = frappe.get_all(
			"ScaleTicket",
			filters={"edge_uid": ("in", list(uids))},
			fields=["name", "edge_uid", "gateway", "site", "ticket_number", "status", "void_uid"],
		)
		return {
			row.edge_uid: StoredTicket(
				name=row.name,
				uid=row.edge_uid,
				gateway=self._gateway_id(row.gateway),
				site=self._registry.code_of_site.get(row.site, ""),
				number=row.ticket_number or "",
				status=row.status or "",
				void_uid=row.void_uid or "",
			)
			for row in rows
		}

	def taken_numbers(self, numbers: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
		rows = frappe.db.sql(
			"""select site.site_code, ticket.ticket_number, ticket.edge_uid from `tabScaleTicket` ticket
			join `tabSite` site on site.name = ticket.site where ticket.ticket_number in %(numbers)s""",
			{"numbers": tuple(number for _, number in numbers)},
		)
		# The database compares without regard to case.
		return {(site, number): uid or "" for site, number, uid in rows if (site, number) in set(numbers)}

	def insert_weighings(self, rows: Sequence[WeighingRow]) -> list[Outcome]:
		return [
			self._insert_one(
				"Edge Weighing",
				row.columns
				| self._links(row.site, row.scale)
				| {"epoch": row.epoch, "at": to_local(row.columns["at_ms"])},
			)
			for row in rows
		]

	def insert_tickets(self, rows: Sequence[TicketRow]) -> list[Outcome]:
		links = TicketLinks(rows, self._registry.site_of_code)
		outcomes = []
		closed = []
		weighed_anew = set()
		for row in rows:
			columns = (
				row.columns
				| self._links(row.site, row.scale)
				| {"ticket_datetime": to_local(row.at_ms)}
				| links.columns(row)
			)
			flags = {
				"nonconformance": row.nonconformance,
				"nc_text": row.nc_text,
				"corrects": row.target if row.action == "correct" else None,
			}
			outcome = self._insert_one("ScaleTicket", columns, flags)
			outcomes.append(outcome)
			if outcome.name and columns["order"]:
				closed.append((columns["order"], outcome.name, columns["site"]))
			# A weight that is in doubt is nobody's stored tare.
			if outcome.name and row.vehicle and not row.nonconformance:
				if vehicles.note_ticket(columns["site"], outcome.name, columns):
					weighed_anew.add(columns["site"])
		orders.close(closed)
		if weighed_anew:
			publish_sites(weighed_anew)
		return outcomes

	def void_ticket(self, target: StoredTicket, row: TicketRow) -> Outcome:
		def write() -> str:
			doc = frappe.get_doc("ScaleTicket", target.name)
			doc.update(row.columns)
			doc.flags.from_edge = True
			doc.flags.ignore_mandatory = True
			doc.save(ignore_permissions=True)  # the key names the gateway; its user has no rights in Desk
			return doc.name

		return self._attempt(write, lambda: self.find_voids([row.uid]).get(row.uid))

	def chain_of(self, scale: str, epoch: str, from_seq: int = 0) -> list[StoredWeighing]:
		filters = {
			"gateway": self._sender.name,
			"device_text": scale,
			"epoch": epoch,
			"seq": (">=", from_seq),
		}
		# The database compares without regard to case.
		return [row for row in self._weighings(filters, "seq") if (row.scale, row.epoch) == (scale, epoch)]

	def last_link(self, scale: str, epoch: str) -> StoredWeighing | None:
		last = frappe.db.sql(
			"""select max(seq) from `tabEdge Weighing` where gateway = %(gateway)s
			and device_text = %(scale)s and device_text = binary %(scale)s and epoch = %(epoch)s""",
			{"gateway": self._sender.name, "scale": scale, "epoch": epoch},
		)[0][0]
		links = self.chain_of(scale, epoch, last) if last is not None else []
		return links[-1] if links else None

	def chain_epochs(self, scale: str) -> list[str]:
		return frappe.db.sql(
			"""select distinct epoch from `tabEdge Weighing`
			where gateway = %s and device_text = %s and device_text = binary %s""",
			(self._sender.name, scale, scale),
			pluck=True,
		)

	def numbers_of(self, scale: str, epoch: str, after: str = "") -> list[tuple[str, int]]:
		rows = frappe.db.sql(
			"""select ticket_number, ticket_datetime_ms from `tabScaleTicket`
			where gateway = %(gateway)s and device_text = binary %(scale)s and edge_epoch = %(epoch)s
			and (char_length(ticket_number) > char_length(%(after)s)
				or (char_length(ticket_number) = char_length(%(after)s) and ticket_number > binary %(after)s))""",
			{"gateway": self._sender.name, "scale": scale, "epoch": epoch, "after": after},
		)
		return [(number, at_ms) for number, at_ms in rows]

	def chain_heads(self) -> list[ChainHead]:
		rows = frappe.get_all(
			"Edge Gateway Chain Head",
			filters={"parent": self._sender.name, "parenttype": "Edge Gateway"},
			fields=_HEAD_FIELDS,
			order_by="idx",
		)
		return [ChainHead(**{name: _typed(name, row[name]) for name in _HEAD_FIELDS}) for row in rows]

	def save_chain_heads(self, heads: Sequence[ChainHead]) -> None:
		# State, not an edit: no version, no new `modified` under a form that a person has open.
		parent = {"parent": self._sender.name, "parenttype": "Edge Gateway", "parentfield": "chain_heads"}
		frappe.db.delete("Edge Gateway Chain Head", parent)
		for index, head in enumerate(heads, start=1):
			row = frappe.get_doc(
				{"doctype": "Edge Gateway Chain Head", **parent, "idx": index, **dataclasses.asdict(head)}
			)
			row.db_insert()
		frappe.clear_document_cache("Edge Gateway", self._sender.name)

	def note_findings(self, findings: Sequence[Finding]) -> None:
		found = {nonconformances.key_of(each.gateway, each.code, each.key): each for each in findings}
		known = nonconformances.known_keys(list(found)) if found else set()
		for key, finding in found.items():
			if key not in known:
				self._note_finding(key, finding)

	def _note_finding(self, key: str, finding: Finding) -> None:
		def write() -> str:
			name = nonconformances.open_once(
				key,
				nc_type=finding.code,
				site=self._registry.site_of_code.get(finding.site),
				capa_description=finding.message,
				reference_doctype="Edge Gateway",
				reference_name=self._sender.name,
			)
			return name or key

		# One that another request has just opened is as good as ours.
		self._attempt(write, lambda: Known(key, None))

	def _weighings(self, filters: dict[str, Any], order_by: str | None = None) -> list[StoredWeighing]:
		rows = frappe.get_all("Edge Weighing", filters=filters, fields=["*"], order_by=order_by)
		codes = self._registry.code_of_site
		return [
			stored_weighing(row, self._gateway_id(row.gateway) or "", codes.get(row.site, "")) for row in rows
		]


def stored_weighing(row: Any, gateway_id: str, site_code: str) -> StoredWeighing:
	"""`row`: columns of Edge Weighing."""
	return StoredWeighing(
		name=row.name,
		uid=row.edge_uid,
		gateway=gateway_id,
		site=site_code,
		scale=row.device_text or "",
		epoch=row.epoch or "",
		seq=cint(row.seq),
		at_ms=cint(row.at_ms),
		value=row.value_text or "",
		unit=row.unit or "",
		role=row.role or "",
		stability=row.stability or "",
		manual=bool(row.manual),
		override=row.override or "",
		prev_hash=row.prev_hash or "",
		hash=row.hash or "",
		genesis=row.genesis or "",
	)


def _typed(name: str, value: Any) -> Any:
	return (value or "") if name in ("scale", "epoch", "hash", "number_checked") else cint(value)

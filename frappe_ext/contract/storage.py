"""What the algorithm of a batch (ingestion.py) needs of a database: one class each in the app and in the stand-in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from frappe_ext import native
from frappe_ext.contract.excursion_rows import Excursion, Sighting, Stream
from frappe_ext.contract.rows import AmendRow, GapRow, ObservationRow
from frappe_ext.contract.weighbridge_rows import TicketRow, WeighingRow


@dataclass(frozen=True, slots=True)
class Known:
	"""A stored record of ours."""

	name: str
	identity_hash: str | None


@dataclass(frozen=True, slots=True)
class Target:
	"""A stored observation that an amend names."""

	name: str
	gateway: str | None
	site: str
	"""site_code."""
	server_flag: str
	server_reasons: tuple[str, ...]
	person_decided: bool
	"""A person or a policy run wrote the verdict (released_by …): quality_flag stays."""
	seen: Sighting
	"""As excursions see it."""


@dataclass(frozen=True, slots=True)
class StoredAmend:
	"""An amend the store has for a target."""

	gateway: str | None
	row: AmendRow


@dataclass(frozen=True, slots=True)
class StoredWeighing:
	"""A weighing of the alibi memory as it stands in Edge Weighing; texts as on the wire."""

	name: str
	uid: str
	gateway: str
	site: str
	"""site_code."""
	scale: str
	epoch: str
	seq: int
	"""alibi_seq."""
	at_ms: int
	value: str
	unit: str
	role: str
	stability: str
	manual: bool
	override: str
	prev_hash: str
	hash: str
	genesis: str = ""
	"""JSON text of what the first link of an epoch names, as in Edge Weighing."""


@dataclass(frozen=True, slots=True)
class ChainHead:
	"""What a gateway said last of one chain, and how far the server has looked at it (table Edge Gateway.chain_heads)."""

	scale: str
	epoch: str
	seq: int
	hash: str
	reported_at: int = 0
	"""`at` of the first heartbeat that said so, UTC ms (Long Int)."""
	links_checked: int = -1
	"""alibi_seq up to which chain.py has said what there is to say."""
	number_checked: str = ""
	"""Ticket number up to which it has looked for gaps in the scale's series of this epoch."""


@dataclass(frozen=True, slots=True)
class StoredTicket:
	"""A ticket that a correction or a void names."""

	name: str
	uid: str
	gateway: str | None
	site: str
	"""site_code."""
	number: str
	status: str
	void_uid: str


@dataclass(frozen=True, slots=True)
class Finding:
	"""Something wrong with a gateway as a whole: one Nonconformance without a ticket (design.md §3)."""

	gateway: str
	site: str
	"""site_code."""
	code: str
	"""chain_gap, chain_fork, chain_cut, chain_restarted, number_gap or capture_without_ticket."""
	key: str
	"""What it is about, e.g. "ws1/3/412": the same code and key are noted once."""
	message: str


@dataclass(frozen=True, slots=True)
class Outcome:
	"""What an insert came to. Exactly one of: `name` (stored), `exists` (lost a race), `error` (server fault)."""

	name: str | None = None
	exists: Known | None = None
	error: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
	"""A record that was not stored, for Edge Rejection."""

	record: Any
	uid: str | None
	code: str
	field: str | None
	message: str
	status: str
	"""rejected or conflict."""


class Store(Protocol):
	"""The database of one request.

	Per-row faults come back as `Outcome.error`; what ends the whole transaction (deadlock, lock timeout, lost
	connection) is raised and passes through `store_batch` untouched: the caller rolls back and runs it again.
	"""

	def book(self, sites: Collection[str]) -> native.Book:
		"""Policies and devices of these sites (may be a cached one of more sites)."""

	def existing_sites(self, codes: Collection[str]) -> set[str]:
		"""Those of the codes that are a Site; asked only about codes that are not the gateway's."""

	def find(self, kind: str, uids: Sequence[str]) -> dict[str, Known]:
		"""One SELECT by edge_uid among the table of `kind` (observation, gap, amend, weighing, scale_ticket); uids come
		sorted. Kind "void": by void_uid among the tickets; identity_hash None (the uid names its target)."""

	def removed(self, sequences: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
		"""Of (epoch, seq) of this gateway's observations those that arrived once and that retention has taken away,
		with the name of what remembers them."""

	def targets(self, uids: Sequence[str]) -> dict[str, Target]:
		"""The stored observations that amends of this batch name."""

	def amends_of(self, targets: Sequence[str]) -> dict[str, list[StoredAmend]]:
		"""Every stored amend of these target uids (few: read by index on target_uid); targets come sorted."""

	def insert_observations(self, rows: Sequence[ObservationRow]) -> list[Outcome]:
		"""Outcomes in the same order: OK rows by one multi-row insert, flagged ones with full document life.

		`row.amended_by`: uids of stored amends that stand on the row now; set their `applied`.
		"""

	def insert_gaps(self, rows: Sequence[GapRow]) -> list[Outcome]: ...

	def insert_amends(self, rows: Sequence[AmendRow]) -> list[Outcome]:
		"""`columns["applied"]` says whether the amend stands on its target now."""

	def apply_amend(self, target: Target, columns: dict[str, Any]) -> None:
		"""Writes the columns on the stored observation (observed_at beside a new observed_at_ms is the store's)."""

	def excursions(self, streams: Sequence[Stream], from_ms: int) -> list[Excursion]:
		"""Those of these streams, Open or Cleared (not Released), whose end_ms >= from_ms: one SELECT by index, and where
		it finds any, they are locked until the end of the transaction."""

	def calm_rows(self, stream: Stream, at_ms: int, *, later: bool, limit: int) -> list[tuple[int, str]]:
		"""(observed_at_ms, value_text) of rows that edge and server call OK, later or earlier than at_ms, nearest first."""

	def flagged_rows(self, stream: Stream, from_ms: int, until_ms: int) -> list[Sighting]:
		"""Rows between these times (both exclusive) whose quality_flag is not OK and that name no excursion."""

	def rows_of_excursion(self, excursion: Excursion) -> list[Sighting]:
		"""Every row that names it."""

	def write_excursion(self, excursion: Excursion) -> None:
		"""Stores it and sets its name where it has none: raise, and clear where it is over already, each with full
		document life; else a save where `loud`, else plain columns. What fails leaves the name None and is logged."""

	def assign_rows(self, excursion: str | None, rows: Sequence[str]) -> None:
		"""Writes the excursion on these observations (names)."""

	def tolerances(self, sites: Collection[str]) -> native.ToleranceBook:
		"""Site Tolerance Policies of these sites (may be a cached one of more sites)."""

	def stored_weighings(self, uids: Sequence[str]) -> dict[str, StoredWeighing]:
		"""The stored weighings that tickets of this batch name; uids come sorted."""

	def stored_tickets(self, uids: Sequence[str]) -> dict[str, StoredTicket]:
		"""The stored tickets that corrections and voids of this batch name; uids come sorted."""

	def taken_numbers(self, numbers: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
		"""Of (site_code, ticket_number) those that a ScaleTicket has, with its edge_uid ("" for Desk and CSV)."""

	def insert_weighings(self, rows: Sequence[WeighingRow]) -> list[Outcome]:
		"""Full document life, in order."""

	def insert_tickets(self, rows: Sequence[TicketRow]) -> list[Outcome]:
		"""Full document life; one Nonconformance beside each with `nonconformance`, in the same savepoint; of a
		correction the Completed ticket with edge_uid `row.target` becomes Corrected (a Void one stays Void)."""

	def void_ticket(self, target: StoredTicket, row: TicketRow) -> Outcome:
		"""Writes row.columns (status, void_uid, void_reason) on the target; name = the target's."""

	def chain_of(self, scale: str, epoch: str, from_seq: int = 0) -> list[StoredWeighing]:
		"""The stored weighings of one scale and epoch of this gateway with seq >= from_seq, by seq."""

	def last_link(self, scale: str, epoch: str) -> StoredWeighing | None:
		"""The stored weighing with the greatest seq of one scale and epoch of this gateway."""

	def chain_epochs(self, scale: str) -> list[str]:
		"""The epochs that weighings of this scale of this gateway are stored of, in any order."""

	def numbers_of(self, scale: str, epoch: str, after: str = "") -> list[tuple[str, int]]:
		"""(ticket_number, ticket_datetime_ms) of the edge tickets of one scale and epoch of this gateway whose number,
		compared by length and then as text, is greater than `after`: 1000000 comes after 999999."""

	def chain_heads(self) -> list[ChainHead]:
		"""The heads as saved last (Edge Gateway.chain_heads), earlier epochs too."""

	def save_chain_heads(self, heads: Sequence[ChainHead]) -> None:
		"""Replaces them all; called only where one has changed."""

	def note_findings(self, findings: Sequence[Finding]) -> None:
		"""One Nonconformance each, once per gateway, code and key."""

	def block_sums(self, epoch: str, firsts: Sequence[int]) -> dict[int, tuple[int, int]]:
		"""Of blocks of 4,096 seq of this gateway (named by their first seq, sorted): count and XOR of the uids stored, of
		every kind together, voids by void_uid and void_seq. A block with none may be left out."""

	def note_rejections(self, rejected: Sequence[Rejected]) -> None:
		"""Keeps what was refused (Edge Rejection). May raise: the batch then fails as a whole."""

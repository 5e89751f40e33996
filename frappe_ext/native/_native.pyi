"""Types of the compiled module `_frappe_ext_native` (bindings.cc and its neighbours)."""

from collections.abc import Sequence
from typing import Any, Literal

class Book:
	"""Policies and devices that judge readings (edge::PolicyBook). Immutable: build one and share it.

	`policies`: as in gateway.config (wire.md §5). `devices`: (site_code, device_id); None = no device is unknown.
	Raises ValueError for a policy that is not of that shape.
	"""

	def __init__(
		self, policies: Sequence[dict[str, Any]], devices: Sequence[tuple[str, str]] | None = None
	) -> None: ...

class ToleranceBook:
	"""Tolerance policies that judge tickets (edge::ToleranceBook). Immutable: build one and share it.

	`tolerances`: as in gateway.config (wire.md §5). Raises ValueError for a policy that is not of that shape.
	"""

	def __init__(self, tolerances: Sequence[dict[str, Any]]) -> None: ...

class BatchVerdict:
	"""What the rules say of a batch; objects only where something is wrong. Indexes are those of the records."""

	@property
	def identity_hashes(self) -> list[str | None]:
		"""identity_hash per record; None where it was rejected."""
	@property
	def rejections(self) -> list[tuple[int, str, str, str]]:
		"""(index, code, field, message)."""
	@property
	def verdicts(self) -> list[tuple[int, str, list[str], str]]:
		"""(index, server_flag, server_reasons, policy_version) of observations whose server flag is not OK."""
	@property
	def flags(self) -> bytes:
		"""Per record the worse of edge's and server's flag, 0 OK … 3 Invalid; 255 where it is no observation."""

def validate_batch(
	records: list[Any], book: Book, gateway: str = "", epoch: str = "", identities: bool = True
) -> BatchVerdict:
	"""Form, identity and stateless verdict of every record, in order. Takes any Python values; raises only
	TypeError where `records` is no list. `gateway` and `epoch` are the batch's: uid and hash of weighings and
	tickets are checked with them (a record's own epoch wins). `identities` False: observations get no identity
	hash (None), for judging alone."""

def identity_hash(record: Any, gateway: str = "", epoch: str = "") -> str | None:
	"""identity_hash of one record (wire.md §2); None where its form is wrong."""

def weighing_hash(record: dict[str, Any], gateway: str, epoch: str) -> str:
	"""`hash` of a weighing record as its other fields make it (wire.md §3), whatever they say."""

def uid_of_content(site: str, device: str, metric: str, index: int, payload: bytes | str) -> str: ...
def uid_of_sequence(gateway: str, epoch: str, kind: str, key: str) -> str: ...

class TicketVerdict:
	"""The mismatch rules' word on a ticket (edge::TicketVerdict). Numbers are decimal text; empty = there is none."""

	@property
	def mismatch(self) -> bool: ...
	@property
	def nonconformance(self) -> bool: ...
	@property
	def reasons(self) -> list[str]:
		"""Worst first."""
	@property
	def gross_kg(self) -> str:
		"""Rounded to the gram, three decimals; as tare_kg, net_kg and difference_kg."""
	@property
	def tare_kg(self) -> str: ...
	@property
	def net(self) -> str:
		"""gross - tare in the ticket's unit, exact."""
	@property
	def net_kg(self) -> str: ...
	@property
	def difference_kg(self) -> str:
		"""net_kg - declared_net_kg; empty = not declared."""
	@property
	def difference_pct(self) -> str:
		"""Without sign, two decimals."""
	@property
	def tolerance_pct(self) -> str: ...
	@property
	def policy_version(self) -> str: ...

def judge_ticket(
	ticket: dict[str, Any],
	gross_stored: dict[str, Any] | None,
	tare_stored: dict[str, Any] | None,
	book: ToleranceBook,
	origin: Literal["edge", "desk", "csv"] = "edge",
) -> TicketVerdict:
	"""Judges a ticket by the policy of its site at its time (edge::judge_ticket).

	`ticket`: keys of wire.md §3: site, scale, unit, at, gross, tare, net, declared_net_kg, manual, stability,
	direction, gross_weighing, tare_weighing. Stored weighings: scale, value, unit, stability, override, manual,
	at. `at` is UTC ms and must be there, all else may be missing; numbers are text. Raises TypeError for
	another type (a float is no weight), ValueError for another origin.
	"""

def is_nonconformance(reason: str) -> bool:
	"""Whether a reason (`code` or `code:detail`) makes a Nonconformance."""

def decimal_text(written: str) -> str | None:
	"""Canonical decimal text of a number as somebody wrote it (wire.md §1); None where it is none or not storable."""

def kg_text(value: str, unit: str) -> str | None:
	"""Kilograms of a weight in kg, g, t or lb, rounded to the gram; None where it is no weight."""

def parse_ticket_number(number: str) -> tuple[str, int] | None:
	"""(series, serial) of a number that a gateway gave; None for other numbers."""

def excursion_matter(code: str) -> str:
	"""What an excursion with this code is about: max, min, or the code itself (edge::excursion_matter)."""

def ends_excursion(book: Book, site: str, type: str, code: str, value: str | None) -> bool:
	"""Whether an OK reading ends an excursion of this code (clear_hysteresis)."""

def excursion_delay_ms(book: Book, site: str, type: str, code: str) -> int:
	"""How long a band must be left before that is an excursion (on_delay_s)."""

def excursion_quiet_ms(type: str) -> int:
	"""How long after the last flagged row a good one ends an excursion of this type; 0: any later one."""

def is_worse_peak(matter: str, value: str, peak: str) -> bool: ...
def rejudge(book: Book, row: dict[str, Any]) -> dict[str, Any]:
	"""A stored observation by the policy of today (edge::rejudge).

	`row`: site, device, type, unit, value (text or None), edge_flag, edge_reasons (list). The answer: server_flag,
	server_reasons, policy_version, and flag and reasons of both.
	"""

class HealthReport:
	"""One verdict of several probes (edge::HealthReport). A probe later than `deadline_ms` failed."""

	def __init__(self, deadline_ms: int = 2000) -> None: ...
	def add(self, check: str, passed: bool, latency_ms: float) -> None: ...
	@property
	def healthy(self) -> bool: ...
	@property
	def status(self) -> str:
		"""healthy or degraded."""
	@property
	def http_status(self) -> int:
		"""200 or 503."""
	@property
	def checks(self) -> dict[str, bool]: ...

def version() -> str: ...

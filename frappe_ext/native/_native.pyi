"""Types of the compiled module `_frappe_ext_native` (bindings.cc)."""

from collections.abc import Sequence
from typing import Any

class Book:
	"""Policies and devices that judge readings (edge::PolicyBook). Immutable: build one and share it.

	`policies`: as in gateway.config (wire.md §5). `devices`: (site_code, device_id); None = no device is unknown.
	Raises ValueError for a policy that is not of that shape.
	"""

	def __init__(
		self, policies: Sequence[dict[str, Any]], devices: Sequence[tuple[str, str]] | None = None
	) -> None: ...

class BatchVerdict:
	"""What the rules say of a batch; objects only where something is wrong. Indexes are those of the records."""

	@property
	def identity_hashes(self) -> list[str | None]:
		"""identity_hash per record; None where it was rejected."""
	@property
	def rejections(self) -> list[tuple[int, str, str, str]]:
		"""(index, code, field, message); code `not_supported_yet` is a retry, the others a rejection."""
	@property
	def verdicts(self) -> list[tuple[int, str, list[str], str]]:
		"""(index, server_flag, server_reasons, policy_version) of observations whose server flag is not OK."""
	@property
	def flags(self) -> bytes:
		"""Per record the worse of edge's and server's flag, 0 OK … 3 Invalid; 255 where it is no observation."""

def validate_batch(records: list[Any], book: Book) -> BatchVerdict:
	"""Form, identity and stateless verdict of every record, in order. Takes any Python values; raises only
	TypeError where `records` is no list."""

def identity_hash(record: Any) -> str | None:
	"""identity_hash of one record (wire.md §2); None where its form is wrong."""

def uid_of_content(site: str, device: str, metric: str, index: int, payload: bytes | str) -> str: ...
def uid_of_sequence(gateway: str, epoch: str, kind: str, key: str) -> str: ...

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

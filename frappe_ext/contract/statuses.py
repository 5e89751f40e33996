"""Status and code words of an answer (wire.md §4)."""

from __future__ import annotations

from dataclasses import dataclass

STORED = "stored"
DUPLICATE = "duplicate"
CONFLICT = "conflict"
REJECTED = "rejected"
RETRY = "retry"

MALFORMED = "malformed"
UNKNOWN_KIND = "unknown_kind"
BAD_UID = "bad_uid"
UNKNOWN_SITE = "unknown_site"
SITE_NOT_ALLOWED = "site_not_allowed"
TOO_LONG = "too_long"
DUPLICATE_NUMBER = "duplicate_number"
SERVER_ERROR = "server_error"
TARGET_MISSING = "target_missing"
"""A correction or a void came before its ticket: a retry."""

OK = "OK"
WARNING = "Warning"
QUARANTINE = "Quarantine"
INVALID = "Invalid"
FLAGS = (OK, WARNING, QUARANTINE, INVALID)
"""Better to worse; the index is the byte in native.BatchVerdict.flags."""


def worse(a: str, b: str) -> str:
	"""The worse of two flags."""
	return a if FLAGS.index(a) >= FLAGS.index(b) else b


@dataclass(slots=True)
class Result:
	"""What became of one record. `uid` is None where the record carried no text there."""

	uid: str | None
	status: str
	name: str | None = None
	code: str | None = None
	field: str | None = None
	message: str | None = None

	def as_dict(self) -> dict[str, str | None]:
		"""The wire form: only what is known."""
		answer: dict[str, str | None] = {"uid": self.uid, "status": self.status}
		for key in ("name", "code", "field", "message"):
			value = getattr(self, key)
			if value is not None:
				answer[key] = value
		return answer

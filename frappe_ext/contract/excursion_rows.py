"""Edge Excursion as it stands and as it grows: one per device, type and matter, from the first flagged row to the clear."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from frappe_ext import native
from frappe_ext.contract.statuses import FLAGS, OK

OPEN = "Open"
CLEARED = "Cleared"
UNPARSED = "unparsed"
NEVER = 2**62
"""end_ms of an open one, so that one range finds whatever ends after a row."""

Stream = tuple[str, str, str]
"""site_code, device id as on the wire, observation type."""


def stream_key(stream: Stream) -> str:
	"""32 hex digits: the database compares text loosely."""
	return hashlib.sha256(json.dumps(stream).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Sighting:
	"""A stored observation as excursions see it."""

	name: str
	stream: Stream
	from_ms: int
	until_ms: int
	"""Of a folded row its last one's time, else from_ms."""
	flag: str
	code: str
	"""Of the worst reason; "" where there is none."""
	value: str
	"""value_text; "" = no value."""
	unit: str
	count: int
	policy_version: str
	excursion: str = ""


def sighting(name: str, stream: Stream, columns: Mapping[str, Any]) -> Sighting:
	"""`columns`: of Observation."""
	at_ms = columns["observed_at_ms"]
	return Sighting(
		name=name,
		stream=stream,
		from_ms=at_ms,
		until_ms=max(at_ms, columns["fold_last_ms"] or 0),
		flag=columns["quality_flag"],
		code=(columns["quality_reasons"] or "").split("\n", 1)[0].split(":", 1)[0],
		value=columns["value_text"] or "",
		unit=columns["unit"] or "",
		count=columns["fold_count"] or 1,
		policy_version=columns["policy_version"] or "",
		excursion=columns.get("excursion") or "",
	)


@dataclass(slots=True, eq=False)
class Excursion:
	"""`name` None: not stored yet. Changes collect until they are written; `loud`: with full document life (raise,
	escalation, clear), because alerts hang on it."""

	name: str | None
	stream: Stream
	matter: str
	code: str = ""
	severity: str = OK
	status: str = OPEN
	opened_ms: int = NEVER
	last_ms: int = 0
	cleared_ms: int = 0
	peak: str = ""
	unit: str = ""
	count: int = 0
	policy_version: str = ""
	last_observation: str = ""
	changed: bool = False
	loud: bool = False
	rows: list[str] = field(default_factory=list)
	"""Names of observations that do not name it yet."""

	@property
	def end_ms(self) -> int:
		return NEVER if self.status == OPEN else self.cleared_ms

	def holds(self, at_ms: int) -> bool:
		return self.opened_ms <= at_ms < self.end_ms

	def take(self, row: Sighting) -> None:
		"""One more row, wherever it lies."""
		self._count(row)
		self.rows.append(row.name)

	def judge_anew(self, row: Sighting) -> None:
		"""A row it has is worse than it was."""
		self._worsen(row)
		self.changed = True

	def restart(self, rows: Iterable[Sighting]) -> None:
		"""What it comes to from these rows alone, which name it already."""
		self.severity, self.code, self.peak = OK, "", ""
		self.opened_ms, self.last_ms, self.count = NEVER, 0, 0
		loud = self.loud
		for row in sorted(rows, key=lambda each: each.from_ms):
			self._count(row)
		self.loud = loud or self.name is None

	def clear(self, at_ms: int) -> None:
		self.loud = self.loud or self.status == OPEN
		self.status, self.cleared_ms, self.changed = CLEARED, at_ms, True

	def reopen(self) -> None:
		self.loud = self.loud or self.status != OPEN
		self.status, self.cleared_ms, self.changed = OPEN, 0, True

	def columns(self) -> dict[str, Any]:
		"""Of Edge Excursion; the store adds the Links, the naive times and what is known from the stream."""
		key = stream_key(self.stream)
		return {
			"stream": key,
			"matter": self.matter,
			"open_key": stream_key((key, self.matter, OPEN)) if self.status == OPEN else None,
			"device_text": self.stream[1],
			"observation_type": self.stream[2],
			"code": self.code,
			"severity": self.severity,
			"status": self.status,
			"opened_at_ms": self.opened_ms,
			"last_at_ms": self.last_ms,
			"cleared_at_ms": self.cleared_ms,
			"end_ms": self.end_ms,
			"peak": self.peak,
			# A Frappe Float cannot be empty: peak says whether there is a value.
			"peak_value": float(self.peak or 0),
			"unit": self.unit,
			"count": self.count,
			"policy_version": self.policy_version,
			"last_observation": self.last_observation,
		}

	def _count(self, row: Sighting) -> None:
		self.changed = True
		self.count += row.count
		self.opened_ms = min(self.opened_ms, row.from_ms)
		if row.until_ms >= self.last_ms:
			self.last_ms, self.last_observation = row.until_ms, row.name
		self._worsen(row)

	def _worsen(self, row: Sighting) -> None:
		if FLAGS.index(row.flag) > FLAGS.index(self.severity):
			self.severity, self.code = row.flag, row.code
			self.policy_version = row.policy_version
			self.loud = True
		if native.is_worse_peak(self.matter, row.value, self.peak):
			self.peak, self.unit = row.value, row.unit

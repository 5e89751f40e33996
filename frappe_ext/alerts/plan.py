"""Which waiting alerts go at once and which are gathered into a digest. Framework-free: rows in, groups out.

At once: what is news, as long as it is not many. A storm (a dead compressor, a scale that lost its zero) becomes one
digest at once; a backlog after an outage becomes one digest when it has come in, then one each digest_every.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from frappe_ext.alerts.kinds import CLEARED

REPEAT = timedelta(hours=1)
"""For so long the same thing of the same step is not told at once again."""
AT_ONCE_PER_HOUR = 5
"""Of one kind and site; the next ones are gathered."""
BURST_DIGEST_EVERY = timedelta(minutes=15)
"""Between two digests that hold news."""
SETTLED = timedelta(minutes=10)
"""Old news is told once nothing more of it has come for so long,"""
SETTLED_AT_MOST = timedelta(hours=1)
"""or after this."""


@dataclass(slots=True)
class Past:
	"""What went out lately."""

	at_once: list[Any] = field(default_factory=list)
	"""Rows (site, kind, about, step) of the last hour."""
	last_digest: dict[str, datetime] = field(default_factory=dict)
	"""Site or "" → time."""


@dataclass(slots=True)
class Group:
	"""Rows that go out together."""

	rows: list[Any]
	is_digest: bool


def plan(
	rows: Sequence[Any], past: Past, now: datetime, *, window: timedelta, every: timedelta
) -> list[Group]:
	"""`rows`: waiting ones (name, site, kind, about, step, reference_name, occurred_at, creation), oldest first."""
	single, gathered = _split(rows, past, now, window)
	groups = [Group([row], is_digest=False) for row in single]
	for site, waiting in gathered.items():
		if _is_due(waiting, past.last_digest.get(site), now, (window, every)):
			groups.append(Group(waiting, is_digest=True))
	return groups


def _split(
	rows: Sequence[Any], past: Past, now: datetime, window: timedelta
) -> tuple[list[Any], dict[str, list[Any]]]:
	counts = Counter((row.site or "", row.kind) for row in past.at_once)
	told = {_topic(row) for row in past.at_once}
	held_back: set[tuple[str, str | None]] = set()
	news: dict[tuple[str, str], list[Any]] = defaultdict(list)
	gathered: dict[str, list[Any]] = defaultdict(list)
	for row in rows:
		thing = (row.kind, row.reference_name)
		# An end whose beginning waits for the digest waits with it.
		follows = row.step == CLEARED and thing in held_back
		if now - row.occurred_at > window or _topic(row) in told or follows:
			gathered[row.site or ""].append(row)
			held_back.add(thing)
		else:
			news[row.site or "", row.kind].append(row)
			told.add(_topic(row))
	single: list[Any] = []
	for (site, kind), found in news.items():
		if counts[site, kind] + len(found) > AT_ONCE_PER_HOUR:
			gathered[site] += found
		else:
			single += found
	return single, gathered


def _topic(row: Any) -> tuple[str, str, str, str]:
	return (row.site or "", row.kind, row.about or "", row.step)


def _is_due(
	rows: Iterable[Any], last: datetime | None, now: datetime, pace: tuple[timedelta, timedelta]
) -> bool:
	window, every = pace
	rows = list(rows)
	if any(now - row.occurred_at <= window for row in rows):
		return last is None or now - last >= BURST_DIGEST_EVERY
	came = [row.creation for row in rows]
	settled = now - max(came) >= SETTLED or now - min(came) >= SETTLED_AT_MOST
	return settled and (last is None or now - last >= every)

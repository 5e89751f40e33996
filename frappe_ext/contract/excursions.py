"""Which excursion each flagged row belongs to (design.md §3), whatever order rows arrive in.

An excursion is what the stored rows say: the flagged ones of one device, type and matter between two OK rows that end
one (rules: protocols/record/excursion.h). So a week that comes late opens, splits, joins and clears what it must, and a
record that comes twice changes nothing, because it is not stored again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from frappe_ext import native
from frappe_ext.contract.excursion_rows import (
	CLEARED,
	NEVER,
	OPEN,
	UNPARSED,
	Excursion,
	Sighting,
	Stream,
)
from frappe_ext.contract.statuses import FLAGS, OK
from frappe_ext.contract.storage import Store

PAGE = 200
MAX_PAGES = 25
"""Of OK rows within the hysteresis that are looked through for one that ends an excursion; a later one will."""


class Excursions:
	"""Of one batch. Call after the rows are stored: what ends an excursion is looked for among them too."""

	def __init__(self, sites: Collection[str], store: Store) -> None:
		self._sites = sites
		self._store = store
		self._book: native.Book | None = None
		self._known: dict[Stream, list[Excursion]] = {}
		self._placed: set[str] = set()
		self._empty: dict[tuple[Stream, str], Excursion] = {}

	def saw(self, rows: Sequence[Sighting]) -> None:
		"""Fresh rows, of any flag. One SELECT where all is well."""
		self._load(rows)
		flagged = {row.stream for row in rows if row.flag != OK}
		if flagged or any(self._known.values()):
			self._follow(rows)

	def changed(self, changes: Sequence[tuple[Sighting, Sighting]]) -> None:
		"""Rows whose verdict or time an amend has changed: (as it was, as it is)."""
		changes = [(old, new) for old, new in changes if _differ(old, new)]
		if not changes:
			return
		self._load([row for pair in changes for row in pair])
		self._leave([pair for pair in changes if pair[0].excursion and not self._stays(*pair)])
		self._miss([old for old, _ in changes if old.flag == OK])
		self._follow([new for _, new in changes])
		for each in self._empty.values():  # nothing is left of it: its rows were judged otherwise
			each.clear(each.cleared_ms or each.last_ms)
		self._write_all()

	def _load(self, rows: Sequence[Sighting]) -> None:
		"""The excursions that a row of this batch may lie in or before."""
		streams = {row.stream for row in rows}
		streams |= {(site, device, UNPARSED) for site, device, _ in streams}
		self._known = {stream: [] for stream in streams}
		if rows:
			first = min(row.from_ms for row in rows)
			for each in self._store.excursions(sorted(streams), first):
				self._known[each.stream].append(each)

	def _follow(self, rows: Sequence[Sighting]) -> None:
		if self._book is None:
			self._book = self._store.book(self._sites)
		for row in sorted(rows, key=lambda each: each.from_ms):
			if row.flag != OK:
				self._place(row)
			else:
				self._calm(row.stream, row)
			site, device, kind = row.stream
			if kind != UNPARSED and self._known[site, device, UNPARSED]:
				self._calm((site, device, UNPARSED), row)
		self._write_all()

	def _place(self, row: Sighting) -> None:
		if row.name in self._placed:
			return
		matter = native.excursion_matter(row.code)
		for each in self._known[row.stream]:
			if each.matter == matter and each.holds(row.from_ms):
				self._take(each, [row])
				return
		self._begin(row, matter)

	def _take(self, each: Excursion, rows: Sequence[Sighting]) -> None:
		for row in rows:
			each.take(row)
			self._placed.add(row.name)

	def _begin(self, row: Sighting, matter: str) -> None:
		"""A row that lies in none: it belongs to the next one, unless an OK row stands between, or is a new one."""
		known = self._known[row.stream]
		end = self._next_calm(row.stream, row.code, row.until_ms)
		later = min(
			(each for each in known if each.matter == matter and each.opened_ms > row.from_ms),
			key=lambda each: each.opened_ms,
			default=None,
		)
		until = min(end or NEVER, later.opened_ms if later else NEVER)
		delay = native.excursion_delay_ms(self._book, row.stream[0], row.stream[2], row.code)
		rows = self._waiting(row, matter, until) if delay else [row]
		if later is not None and (end is None or end > later.opened_ms):
			self._take(later, rows)
			return
		if _span(rows) < delay:
			return
		new = self._empty.pop((row.stream, matter), None) or Excursion(None, row.stream, matter)
		if new.name is not None:
			new.restart(())
			new.reopen()
		self._take(new, rows)
		if end is not None:
			new.clear(end)
		if new not in known:
			known.append(new)

	def _waiting(self, row: Sighting, matter: str, until: int) -> list[Sighting]:
		"""The flagged rows of this run that wait for on_delay_s, this one among them."""
		since = self._last_calm(row.stream, row.code, row.from_ms)
		found = self._store.flagged_rows(row.stream, since, until)
		rows = [
			each
			for each in found
			if native.excursion_matter(each.code) == matter and each.name not in self._placed
		]
		return rows if any(each.name == row.name for each in rows) else [*rows, row]

	def _calm(self, stream: Stream, row: Sighting) -> None:
		"""An OK row, or for what could not be read any that was."""
		quiet = native.excursion_quiet_ms(stream[2])
		for each in list(self._known[stream]):
			if not (each.opened_ms < row.from_ms < each.end_ms):
				continue
			if not native.ends_excursion(self._book, stream[0], stream[2], each.code, row.value or None):
				continue
			if row.from_ms > each.last_ms + quiet:
				each.clear(row.from_ms)
			elif row.from_ms < each.last_ms and not quiet:
				self._split(each, row.from_ms)

	def _split(self, each: Excursion, at_ms: int) -> None:
		"""An OK row that comes late stands between rows that looked like one excursion."""
		self._write(each)
		if each.name is None:
			return
		rows = self._store.rows_of_excursion(each)
		before = [row for row in rows if row.from_ms <= at_ms]
		after = [row for row in rows if row.from_ms > at_ms]
		if not before or not after or max(row.until_ms for row in before) >= at_ms:
			return
		rest = Excursion(None, each.stream, each.matter)
		self._take(rest, after)
		if each.status == CLEARED:
			rest.clear(each.cleared_ms)
		each.restart(before)
		each.clear(at_ms)
		self._write(each)  # before the rest: only one of them may be open
		self._known[each.stream].append(rest)

	def _stays(self, old: Sighting, new: Sighting) -> bool:
		"""A row that is only worse than it was, where it was."""
		if new.flag == OK or (old.from_ms, old.until_ms) != (new.from_ms, new.until_ms):
			return False
		same = native.excursion_matter(old.code) == native.excursion_matter(new.code)
		if not same or FLAGS.index(new.flag) < FLAGS.index(old.flag):
			return False
		for each in self._known[new.stream]:
			if each.name == old.excursion:
				each.judge_anew(new)
				self._placed.add(new.name)
				return True
		return False

	def _leave(self, changes: Sequence[tuple[Sighting, Sighting]]) -> None:
		leaving: dict[str, list[str]] = defaultdict(list)
		for old, _ in changes:
			leaving[old.excursion].append(old.name)
		for each in [each for found in self._known.values() for each in found if each.name in leaving]:
			self._store.assign_rows(None, leaving[each.name])
			rows = self._store.rows_of_excursion(each)
			if rows:
				each.restart(rows)
			else:
				each.count, each.changed = 0, True
				self._known[each.stream].remove(each)
				self._empty[each.stream, each.matter] = each

	def _miss(self, olds: Sequence[Sighting]) -> None:
		"""OK rows that are not where they were: what they cleared is cleared by the next one, or open again."""
		gone = {(row.stream, row.from_ms) for row in olds}
		for stream, found in self._known.items():
			for each in found:
				if each.status != CLEARED or (stream, each.cleared_ms) not in gone:
					continue
				end = self._next_calm(stream, each.code, each.last_ms)
				later = [one.opened_ms for one in found if one.matter == each.matter]
				end = min((at for at in (end, *later) if at is not None and at > each.last_ms), default=None)
				each.clear(end) if end is not None else each.reopen()

	def _next_calm(self, stream: Stream, code: str, after_ms: int) -> int | None:
		return self._search(stream, code, after_ms, later=True)

	def _last_calm(self, stream: Stream, code: str, before_ms: int) -> int:
		return self._search(stream, code, before_ms, later=False) or 0

	def _search(self, stream: Stream, code: str, at_ms: int, *, later: bool) -> int | None:
		"""Time of the nearest stored OK row that ends an excursion of this code. What could not be read has no OK rows:
		those of the device that come next will speak."""
		if stream[2] == UNPARSED:
			return None
		if self._book is None:
			self._book = self._store.book(self._sites)
		for found_ms, value in self._calm_rows(stream, at_ms, later=later):
			if native.ends_excursion(self._book, stream[0], stream[2], code, value or None):
				return found_ms
		return None

	def _calm_rows(self, stream: Stream, at_ms: int, *, later: bool) -> Iterator[tuple[int, str]]:
		for _ in range(MAX_PAGES):
			page = self._store.calm_rows(stream, at_ms, later=later, limit=PAGE)
			yield from page
			if len(page) < PAGE:
				return
			at_ms = page[-1][0]

	def _write_all(self) -> None:
		"""Those that clear first: only one of a matter may be open."""
		touched = [each for found in (*self._known.values(), list(self._empty.values())) for each in found]
		for each in sorted(touched, key=lambda one: one.status == OPEN):
			self._write(each)

	def _write(self, each: Excursion) -> None:
		if each.changed:
			self._store.write_excursion(each)
			each.changed = each.loud = False
		if each.rows and each.name is not None:
			self._store.assign_rows(each.name, each.rows)
		each.rows.clear()


def _span(rows: Sequence[Sighting]) -> int:
	return max(row.until_ms for row in rows) - min(row.from_ms for row in rows)


def _differ(old: Sighting, new: Sighting) -> bool:
	return (old.flag, old.code, old.from_ms) != (new.flag, new.code, new.from_ms)

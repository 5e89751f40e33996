"""Observations leave after the time that Edge Settings give, never before they are in an archive file (if wanted).

What stays whatever its age: tickets and weighings, flagged observations that nobody has released, and those that a
Nonconformance is about. A row goes when both its own time and its arrival are past the horizon, so a gateway that was
away for long is not robbed of what it has just brought. Edge Retention keeps which records went: one that a gateway
sends again (an old disk, a backup) is a duplicate, not a new row.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from frappe_ext.clock import now_ms, to_local
from frappe_ext.contract import statuses
from frappe_ext.contract.stretches import clusters, stretches
from frappe_ext.settings import DOCTYPE as SETTINGS
from frappe_ext.settings import setting

CHUNK = 1000
MAX_PER_JOB = 20_000
"""One transaction; the next job goes on."""
MIN_DAYS = 30
"""Agents keep what they sent for 7 days and send it again after a restore: retention stays well behind that."""
FOLDER = "edge-archive"
JOB = "frappe_ext.retention.run"
_DAY_MS = 86_400_000
_ARRIVED = {
	"Observation": "edge_epoch",
	"Edge Weighing": "epoch",
	"ScaleTicket": "edge_epoch",
	"Edge Gap": "edge_epoch",
	"Edge Amend": "edge_epoch",
}
"""What a sequence number may belong to, with its column for the epoch."""
WIDEST_HOLE = 100
_TRACES = {"Version": ("ref_doctype", "docname"), "Comment": ("reference_doctype", "reference_name")}
_DUE = """from `tabObservation` row where row.site = %(site)s
	and row.observed_at_ms < %(horizon_ms)s and row.creation < %(horizon)s
	and (row.quality_flag = %(ok)s or coalesce(row.released_by, '') != '')
	and not exists (select 1 from `tabNonconformance` about
		where about.reference_name = row.name and about.reference_doctype = 'Observation')"""


def run() -> None:
	"""scheduler_events, daily. Where more is due than one job takes, another follows it."""
	if sum(run_once().values()) >= MAX_PER_JOB:
		frappe.enqueue(
			JOB, queue="long", job_id="edge_retention", deduplicate=True, enqueue_after_commit=True
		)


def run_to_end() -> dict[str, int]:
	"""For the command line: {site_code: rows removed}."""
	total: dict[str, int] = defaultdict(int)
	while True:
		removed = run_once()
		frappe.db.commit()  # nosemgrep: each round is a job of its own
		for site, count in removed.items():
			total[site] += count
		if sum(removed.values()) < MAX_PER_JOB:
			return dict(total)


def due() -> dict[str, int]:
	"""{site_code: rows that run() would remove by and by}."""
	found = {}
	for site, code, days in _limited_sites():
		((count,),) = frappe.db.sql(f"select count(*) {_DUE}", _due_values(site, days))  # noqa: S608
		if count:
			found[code] = count
	return found


def run_once() -> dict[str, int]:
	"""Removes up to MAX_PER_JOB rows in this transaction: {site_code: rows}."""
	found: dict[str, int] = {}
	room = MAX_PER_JOB
	for site, code, days in _limited_sites():
		removed = _clear_site(site, code, days, room)
		if removed:
			found[code] = removed
			room -= removed
		if room <= 0:
			break
	return found


def validate_settings(doc: Any, method: str | None = None) -> None:
	"""doc_event of Edge Settings."""
	days = [doc.retention_days, *(row.retention_days for row in doc.retention_of_sites)]
	if any(0 < cint(each) < MIN_DAYS for each in days):
		frappe.throw(_("Observations are kept for at least {0} days; 0 is for ever.").format(MIN_DAYS))
	sites = [row.site for row in doc.retention_of_sites]
	if len(sites) != len(set(sites)):
		frappe.throw(_("A site is listed twice."))


def removed_records(gateway: str, sequences: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
	"""Of (epoch, seq) of this gateway those that retention has taken away, with the Edge Retention's name."""
	by_epoch: dict[str, list[int]] = defaultdict(list)
	for epoch, seq in sequences:
		by_epoch[epoch].append(seq)
	found = {}
	for epoch, wanted in by_epoch.items():
		rows = frappe.get_all(
			"Edge Retention",
			filters={
				"gateway": gateway,
				"edge_epoch": epoch,
				"from_seq": ("<=", max(wanted)),
				"to_seq": (">=", min(wanted)),
			},
			fields=["name", "from_seq", "to_seq"],
			order_by="from_seq",
		)
		for row in rows:
			found |= {(epoch, seq): row.name for seq in wanted if row.from_seq <= seq <= row.to_seq}
	return found


def _limited_sites() -> list[tuple[str, str, int]]:
	"""(name, site_code, days) of the sites whose observations do not stay for ever."""
	general = cint(setting("retention_days"))
	own = {
		row.site: cint(row.retention_days)
		for row in frappe.get_cached_doc(SETTINGS).get("retention_of_sites") or []
	}
	sites = frappe.get_all("Site", fields=["name", "site_code"], order_by="name", as_list=True)
	limited = [(name, code or name, own.get(name, general)) for name, code in sites]
	return [(name, code, max(days, MIN_DAYS)) for name, code, days in limited if days > 0]


def _due_values(site: str, days: int) -> dict[str, Any]:
	return {
		"site": site,
		"horizon_ms": now_ms() - days * _DAY_MS,
		"horizon": now_datetime() - timedelta(days=days),
		"ok": statuses.OK,
		"chunk": CHUNK,
	}


def _clear_site(site: str, code: str, days: int, room: int) -> int:
	gone: dict[tuple[str | None, str | None], list[tuple[int, int]]] = defaultdict(list)
	values = _due_values(site, days)
	with _archive(code) as archive:
		count = 0
		while count < room:
			rows = frappe.db.sql(
				f"select row.* {_DUE} order by row.observed_at_ms limit %(chunk)s",  # noqa: S608
				values,
				as_dict=True,
			)
			archive.write(rows)
			_delete([row.name for row in rows])
			for row in rows:
				gone[(row.gateway, row.edge_epoch)].append((row.edge_seq or 0, row.observed_at_ms or 0))
			count += len(rows)
			if len(rows) < CHUNK:
				break
	for (gateway, epoch), removed in gone.items():
		_note(gateway, epoch, removed, archive.name)
	return count


def _delete(names: list[str]) -> None:
	"""Raw and by name: the documents refuse deletion, and a search for the rows would lock their neighbours."""
	if not names:
		return
	for log, (type_field, name_field) in _TRACES.items():
		frappe.db.delete(log, {type_field: "Observation", name_field: ("in", names)})
	frappe.db.delete("Observation", {"name": ("in", names)})


def _note(
	gateway: str | None, epoch: str | None, removed: list[tuple[int, int]], archive: str | None
) -> None:
	"""One Edge Retention per stretch; of rows that people had typed one without a stretch."""
	if not gateway or not epoch:
		_insert({"archive": archive}, [time for _seq, time in removed])
		return
	observed = dict(removed)
	for cluster in clusters(observed, WIDEST_HOLE):
		present = _present(gateway, epoch, cluster)
		position = 0
		for first, last in stretches(cluster, present):
			times = []
			while position < len(cluster) and cluster[position] <= last:
				times.append(observed[cluster[position]])
				position += 1
			stretch = {"gateway": gateway, "edge_epoch": epoch, "from_seq": first, "to_seq": last}
			_insert(stretch | {"archive": archive}, times)


def _present(gateway: str, epoch: str, cluster: list[int]) -> set[int]:
	"""Numbers of stored records between the first and the last of the cluster."""
	first, last = cluster[0], cluster[-1]
	if last - first + 1 == len(cluster):
		return set()
	found: set[int] = set()
	for doctype, epoch_field in _ARRIVED.items():
		filters = [
			["gateway", "=", gateway],
			[epoch_field, "=", epoch],
			["edge_seq", ">=", first],  # Frappe's "between" is for dates
			["edge_seq", "<=", last],
		]
		found.update(frappe.get_all(doctype, filters=filters, pluck="edge_seq"))
	return found


def _insert(columns: dict[str, Any], times: list[int]) -> None:
	doc = frappe.get_doc(
		{
			"doctype": "Edge Retention",
			"count": len(times),
			"first_observed_at": to_local(min(times)),
			"last_observed_at": to_local(max(times)),
			**columns,
		}
	)
	doc.flags.from_edge = True
	doc.insert(ignore_permissions=True)  # nobody may write these by hand


class _Archive:
	"""JSON lines of whole rows; no file before the first row, none at all where the settings want none."""

	def __init__(self, code: str) -> None:
		self.name: str | None = None
		self._folder = frappe.get_site_path("private", FOLDER)
		self._wanted = bool(cint(setting("archive_before_delete")))
		self._code = frappe.scrub(code)
		self._raw: BinaryIO | None = None

	def write(self, rows: list[dict[str, Any]]) -> None:
		if not (rows and self._wanted):
			return
		if self._raw is None:
			self._open()
		# A member of its own per chunk: gzip files may be strung together.
		lines = "".join(json.dumps(row, default=str) + "\n" for row in rows)
		self._raw.write(gzip.compress(lines.encode()))

	def keep(self) -> None:
		"""Whole, on the disk, by its name: before the transaction can be committed."""
		if self._raw is not None:
			self._raw.flush()
			os.fsync(self._raw.fileno())
			self._raw.close()
			os.rename(f"{self._path}.part", self._path)

	def discard(self) -> None:
		if self._raw is not None:
			self._raw.close()
			os.unlink(f"{self._path}.part")

	def _open(self) -> None:
		os.makedirs(self._folder, mode=0o700, exist_ok=True)
		stamp = now_datetime().strftime("%Y%m%d-%H%M%S")
		self.name = f"observations-{self._code}-{stamp}-{frappe.generate_hash(length=6)}.jsonl.gz"
		self._raw = open(f"{self._path}.part", "xb")

	@property
	def _path(self) -> str:
		return os.path.join(self._folder, self.name or "")


@contextmanager
def _archive(code: str) -> Iterator[_Archive]:
	archive = _Archive(code)
	try:
		yield archive
		archive.keep()
	except BaseException:
		archive.discard()
		raise

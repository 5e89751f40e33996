"""What the site knows of itself and of its gateways: one answer for `details` and for the metrics.

Each section is asked in a thread of its own (probes.py); one that gets no answer in time is None, the others stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe.utils import cint

import frappe_ext
from frappe_ext import auth_failures, native
from frappe_ext.contract import limits
from frappe_ext.monitoring import probes
from frappe_ext.monitoring.probes import Probes
from frappe_ext.settings import setting

MANAGER = "System Manager"
MOST = 100
"""Of a list that is there to be looked at; counts are of all."""
TABLES = (
	"Observation",
	"ScaleTicket",
	"Edge Weighing",
	"Nonconformance",
	"Edge Excursion",
	"Edge Amend",
	"Edge Gap",
	"Edge Rejection",
	"Edge Retention",
)
"""The record types that grow."""


@dataclass(frozen=True, slots=True)
class Bounds:
	"""Of Edge Settings; 0 = never."""

	silent_minutes: int
	key_warn_days: int
	certificate_warn_days: int


def answer(outcomes: dict[str, probes.Outcome]) -> dict[str, Any]:
	"""Of `sections`, with the versions."""
	found = {name: outcome.value for name, outcome in outcomes.items()}
	# Counted in the cache by Frappe's own connection, which knows no deadline.
	failures = auth_failures.today() if found["redis_cache"] else None
	return {"versions": versions(), "auth_failures_today": failures} | found


def bounds() -> Bounds:
	return Bounds(
		silent_minutes=cint(setting("silent_gateway_minutes")),
		key_warn_days=cint(setting("key_warn_days")),
		certificate_warn_days=cint(setting("certificate_warn_days")),
	)


def sections(limit: Bounds) -> dict[str, Callable[[Probes], Any]]:
	return {
		"database_state": database,
		"redis_cache": lambda present: redis(present.redis_cache),
		"redis_queue": lambda present: redis(present.redis_queue),
		"queues": queues,
		"worker_count": probes.live_workers,
		"scheduler_state": scheduler,
		"email_queue": email_queue,
		"gateways": lambda present: gateways(present, limit.silent_minutes),
		"keys": lambda present: keys(present, limit.key_warn_days),
		"certificates": lambda present: certificates(present, limit.certificate_warn_days),
		"sites_without_code": sites_without_code,
		"ingest_today": ingest_today,
	}


def versions() -> dict[str, Any]:
	try:
		compiled = native.version()
	except native.NativeMissing:
		compiled = None
	return {
		"app": frappe_ext.__version__,
		"frappe": frappe.__version__,
		"contract": limits.VERSION,
		"native": compiled,
	}


def database(present: Probes) -> dict[str, Any]:
	"""Bytes and rows as the engine estimates them; a count would read every row."""
	started = datetime.now()
	probes.scalar(present, "select 1")
	latency = (datetime.now() - started) / timedelta(milliseconds=1)
	rows = probes.query(
		present,
		"""select table_name, table_rows, data_length + index_length from information_schema.tables
		where table_schema = database()""",
	)
	ours = {f"tab{name}": name for name in TABLES}
	return {
		"latency_ms": round(latency, 2),
		"bytes": int(sum(size or 0 for _, _, size in rows)),
		"tables": {
			ours[table]: {"rows": int(count or 0), "bytes": int(size or 0)}
			for table, count, size in sorted(rows)
			if table in ours
		},
	}


def redis(opener: Callable[[], Any]) -> dict[str, Any]:
	connection = opener()
	started = datetime.now()
	connection.ping()
	latency = (datetime.now() - started) / timedelta(milliseconds=1)
	return {"latency_ms": round(latency, 2), "used_bytes": int(connection.info("memory")["used_memory"])}


def queues(present: Probes) -> dict[str, dict[str, int]]:
	"""By their real names in Redis, `<bench>:default` and so on; the bench's, not the site's alone."""
	from rq import Queue

	connection = present.redis_queue()
	return {
		name: {"waiting": queue.count, "failed": queue.failed_job_registry.count}
		for name in sorted(present.queues)
		for queue in [Queue(name, connection=connection)]
	}


def scheduler(present: Probes) -> dict[str, Any]:
	"""Dormant: nobody used the site for days, and Frappe runs its jobs once a day only."""
	setting_of = "select value from tabSingles where doctype = 'System Settings' and field = "
	((enabled, dormant_days, active, ran),) = probes.query(
		present,
		f"""select ({setting_of} 'enable_scheduler'), ({setting_of} 'dormant_days'),
		(select max(modified) from `tabActivity Log`),
		(select max(last_execution) from `tabScheduled Job Type`)""",  # noqa: S608
	)
	dormant_after = timedelta(days=int(dormant_days or 4))
	return {
		"enabled": str(enabled) == "1" and not present.scheduler_off,
		"dormant": not present.never_dormant
		and (active is None or present.local_now - active >= dormant_after),
		"last_run_seconds": _seconds_since(ran, present),
	}


def email_queue(present: Probes) -> dict[str, Any]:
	rows = probes.query(
		present,
		"""select status, count(*), min(creation) from `tabEmail Queue`
		where status in ('Error', 'Not Sent', 'Sending', 'Partially Sent') group by status""",
	)
	counts = {status: count for status, count, _ in rows}
	waiting = [oldest for status, _, oldest in rows if status != "Error"]
	return {
		"error": counts.pop("Error", 0),
		"waiting": sum(counts.values()),
		"oldest_waiting_seconds": _seconds_since(min(waiting, default=None), present),
	}


def gateways(present: Probes, silent_minutes: int) -> list[dict[str, Any]]:
	"""All of them. Silent: enabled, not revoked, and no heartbeat for `silent_minutes` (never seen counts)."""
	rows = probes.query(
		present,
		"""select gateway_id, enabled, revoked, held, version, last_seen, buffered, oldest_unsent_at,
		horizon_days, disk_used_pct, drops, clock_offset_s from `tabEdge Gateway` order by gateway_id""",
	)
	return [_gateway(row, present, silent_minutes) for row in rows]


def _gateway(row: tuple, present: Probes, silent_minutes: int) -> dict[str, Any]:
	name, enabled, revoked, held, version, seen, buffered, oldest, horizon, disk, drops, offset = row
	age = _seconds_since(seen, present)
	expected = bool(enabled and not revoked and silent_minutes)
	return {
		"gateway": name,
		"enabled": bool(enabled),
		"revoked": bool(revoked),
		"held": bool(held),
		"version": version,
		"last_seen_seconds": age,
		"silent": expected and (age is None or age > silent_minutes * 60),
		"buffered": int(buffered or 0),
		"oldest_unsent_seconds": _seconds_since(oldest, present),
		"horizon_days": float(horizon or 0),
		"disk_used_pct": float(disk or 0),
		"drops": int(drops or 0),
		"clock_offset_seconds": float(offset or 0),
	}


def keys(present: Probes, warn_days: int) -> list[dict[str, Any]]:
	"""Live keys of gateways that are not revoked, oldest first."""
	rows = probes.query(
		present,
		"""select gateway.gateway_id, credential.key_id, credential.creation, credential.expires
		from `tabEdge Gateway Credential` credential
		join `tabEdge Gateway` gateway on gateway.name = credential.parent
		where credential.parenttype = 'Edge Gateway' and credential.revoked = 0 and gateway.revoked = 0
		and (credential.expires is null or credential.expires > %s)
		order by credential.creation""",
		present.local_now,
	)
	return [
		{
			"gateway": gateway,
			"key_id": key_id,
			"age_days": (present.local_now - created).days,
			"due": bool(warn_days) and (present.local_now - created).days >= warn_days,
			"expires_seconds": None if expires is None else -_seconds_since(expires, present),
		}
		for gateway, key_id, created, expires in rows
	]


def certificates(present: Probes, warn_days: int) -> dict[str, Any]:
	"""Active ones that expire within `warn_days` or have expired, soonest first."""
	today = present.local_now.date()
	rows = probes.query(
		present,
		"""select name, certificate_number, expiry_date from `tabCertificate`
		where status = 'Active' and expiry_date is not null and expiry_date < %s order by expiry_date""",
		today + timedelta(days=warn_days),
	)
	soonest = [
		{"name": name, "certificate_number": number, "days": (expiry - today).days}
		for name, number, expiry in rows[:MOST]
	]
	return {"count": len(rows), "soonest": soonest}


def sites_without_code(present: Probes) -> dict[str, Any]:
	"""A Site that another app made has no code: no gateway can send for it."""
	rows = probes.query(
		present, "select name from `tabSite` where coalesce(site_code, '') = '' order by name"
	)
	return {"count": len(rows), "names": [name for (name,) in rows[:MOST]]}


def ingest_today(present: Probes) -> dict[str, Any]:
	"""Rows that came since midnight, by flag; what was refused and nobody has looked at."""
	midnight = present.local_now.replace(hour=0, minute=0, second=0, microsecond=0)
	flags = probes.query(
		present,
		"select quality_flag, count(*) from `tabObservation` where creation >= %s group by quality_flag",
		midnight,
	)
	open_rejections = probes.scalar(
		present, "select coalesce(sum(count), 0) from `tabEdge Rejection` where status = 'Open'"
	)
	return {
		"observations": {flag: int(count) for flag, count in flags},
		"open_rejections": int(open_rejections),
	}


def _seconds_since(then: datetime | None, present: Probes) -> float | None:
	return None if then is None else (present.local_now - then).total_seconds()

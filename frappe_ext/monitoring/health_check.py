"""The health check of the operations playbook: four booleans for anybody, 200 or 503, never late.

Each probe has a thread, sockets of its own with timeouts, and a deadline: Redis or MariaDB being away is an answer, not
a wait. frappe.local does not reach into threads, so everything site-specific is gathered before they start.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import frappe
from frappe.utils import now_datetime
from frappe.utils.background_jobs import generate_qname, get_queues_timeout

from frappe_ext import native

CHECKS = ("database", "redis", "scheduler", "workers")
DEADLINE_MS = 1200
SOCKET_TIMEOUT_S = 1
CACHE_S = 5
WORKER_SILENT = timedelta(minutes=10)
# Jobs of the kind "All" run every four minutes and later on a busy host.
SCHEDULER_SILENT = timedelta(minutes=20)
_SETTING = "select value from tabSingles where doctype = 'System Settings' and field = %s"

_cache: dict[str, tuple[float, dict[str, Any], int]] = {}
_lock = threading.Lock()
# Few and kept: a probe that hangs in spite of its timeouts holds one thread, not one per request.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="edge-health")


@dataclass(frozen=True, slots=True)
class Probes:
	"""What the threads need of the site."""

	database: Callable[[], Any]
	"""Opens a connection of its own."""
	redis_cache: Callable[[], Any]
	redis_queue: Callable[[], Any]
	local_now: datetime
	scheduler_off: bool
	never_dormant: bool
	queues: frozenset[str]


@frappe.whitelist(allow_guest=True, methods=["GET"])
def health_check() -> None:
	"""`{"message": {"status": "healthy"|"degraded", "checks": {...}}}`; the answer is kept for a few seconds."""
	with _lock:
		kept = _cache.get(frappe.local.site)
		if kept is None or kept[0] < time.monotonic():
			message, status = report(run(gather()))
			kept = _cache[frappe.local.site] = (time.monotonic() + CACHE_S, message, status)
	frappe.response["message"] = kept[1]
	frappe.response.http_status_code = kept[2]


def report(outcomes: dict[str, tuple[bool, float]]) -> tuple[dict[str, Any], int]:
	"""(message, HTTP status) of probes as (passed, latency in ms); the verdict is the C++ rules'."""
	try:
		verdict = native.HealthReport(DEADLINE_MS)
	except native.NativeMissing:
		checks = {name: passed for name, (passed, _) in outcomes.items()}
		return {"status": "degraded", "checks": checks}, 503
	for name, (passed, latency_ms) in outcomes.items():
		verdict.add(name, passed, latency_ms)
	return {"status": verdict.status, "checks": verdict.checks}, verdict.http_status


def run(probes: Probes) -> dict[str, tuple[bool, float]]:
	"""All probes side by side; one that is not done by the deadline has failed."""
	functions = {
		"database": check_database,
		"redis": check_redis,
		"scheduler": check_scheduler,
		"workers": check_workers,
	}
	futures = {name: _threads.submit(_timed, functions[name], probes) for name in CHECKS}
	wait(futures.values(), timeout=DEADLINE_MS / 1000)
	return {name: _outcome(future) for name, future in futures.items()}


def check_database(probes: Probes) -> bool:
	return _query(probes, "select 1") == 1


def check_redis(probes: Probes) -> bool:
	"""Cache and queue."""
	return bool(probes.redis_cache().ping() and probes.redis_queue().ping())


def check_scheduler(probes: Probes) -> bool:
	"""Switched on, not dormant, and something was run lately: the switch alone says nothing of the process."""
	if probes.scheduler_off:
		return False
	enabled = _query(probes, _SETTING, "enable_scheduler")
	dormant_after = timedelta(days=int(_query(probes, _SETTING, "dormant_days") or 4))
	active = _query(probes, "select max(modified) from `tabActivity Log`")
	ran = _query(probes, "select max(last_execution) from `tabScheduled Job Type`")
	return (
		str(enabled) == "1"
		and (probes.never_dormant or (active is not None and probes.local_now - active < dormant_after))
		and ran is not None
		and probes.local_now - ran < SCHEDULER_SILENT
	)


def check_workers(probes: Probes) -> bool:
	"""One worker of this bench with a fresh heartbeat; dead ones stay listed for a while."""
	from rq import Worker

	oldest = datetime.now(timezone.utc).replace(tzinfo=None) - WORKER_SILENT
	return any(
		worker.last_heartbeat and worker.last_heartbeat > oldest and probes.queues & set(worker.queue_names())
		for worker in Worker.all(connection=probes.redis_queue())
	)


def gather() -> Probes:
	"""Everything that needs frappe.local; touches neither Redis nor the database."""
	conf = frappe.conf
	off = bool(conf.maintenance_mode or conf.pause_scheduler or conf.disable_scheduler)
	return Probes(
		database=_database_opener(),
		redis_cache=_redis_opener(conf.redis_cache),
		redis_queue=_redis_opener(conf.redis_queue, conf.rq_username, conf.rq_password),
		local_now=now_datetime(),
		scheduler_off=off,
		never_dormant=bool(conf.developer_mode),
		queues=frozenset(generate_qname(name) for name in get_queues_timeout()),
	)


def _database_opener() -> Callable[[], Any]:
	import pymysql

	settings = frappe.db.get_connection_settings() | {
		"connect_timeout": SOCKET_TIMEOUT_S,
		"read_timeout": SOCKET_TIMEOUT_S,
		"write_timeout": SOCKET_TIMEOUT_S,
	}
	return lambda: pymysql.connect(**settings)


def _redis_opener(url: str, username: str | None = None, password: str | None = None) -> Callable[[], Any]:
	import redis
	from redis.backoff import NoBackoff
	from redis.retry import Retry

	return lambda: redis.Redis.from_url(
		url,
		username=username,
		password=password,
		socket_connect_timeout=SOCKET_TIMEOUT_S,
		socket_timeout=SOCKET_TIMEOUT_S,
		retry=Retry(NoBackoff(), 0),
	)


def _query(probes: Probes, sql: str, *values: str) -> Any:
	connection = probes.database()
	try:
		with connection.cursor() as cursor:
			cursor.execute(sql, values)
			row = cursor.fetchone()
		return row[0] if row else None
	finally:
		connection.close()


def _timed(function: Callable[[Probes], bool], probes: Probes) -> tuple[bool, float]:
	start = time.monotonic()
	try:
		passed = bool(function(probes))
	except Exception:  # whatever keeps a probe from its answer is the answer
		passed = False
	return passed, (time.monotonic() - start) * 1000


def _outcome(future: Future[tuple[bool, float]]) -> tuple[bool, float]:
	return future.result() if future.done() else (False, float(DEADLINE_MS))

"""What the monitoring endpoints ask with: connections of their own with timeouts, in threads with a deadline.

Redis or MariaDB being away is an answer, not a wait. frappe.local does not reach into threads, so everything
site-specific is gathered before they start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import frappe
from frappe.utils import now_datetime
from frappe.utils.background_jobs import generate_qname, get_queues_timeout

DEADLINE_MS = 1200
SOCKET_TIMEOUT_S = 1
WORKER_SILENT = timedelta(minutes=10)
# Few and kept: a probe that hangs in spite of its timeouts holds one thread, not one per request.
_threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="edge-health")


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
	"""Under the names they have in Redis: `<bench>:default`."""


@dataclass(frozen=True, slots=True)
class Outcome:
	"""Of one probe."""

	value: Any
	"""None: no answer by the deadline, or none at all."""
	latency_ms: float


def gather() -> Probes:
	"""Everything that needs frappe.local; touches neither Redis nor the database."""
	conf = frappe.conf
	off = bool(conf.maintenance_mode or conf.pause_scheduler or conf.disable_scheduler)
	return Probes(
		database=database_opener(),
		redis_cache=redis_opener(conf.redis_cache),
		redis_queue=redis_opener(conf.redis_queue, conf.rq_username, conf.rq_password),
		local_now=now_datetime(),
		scheduler_off=off,
		never_dormant=bool(conf.developer_mode),
		queues=frozenset(generate_qname(name) for name in get_queues_timeout()),
	)


def run(functions: Mapping[str, Callable[[Probes], Any]], probes: Probes) -> dict[str, Outcome]:
	"""All functions side by side; one that is not done by the deadline has no value."""
	futures = {name: _threads.submit(_timed, function, probes) for name, function in functions.items()}
	wait(futures.values(), timeout=DEADLINE_MS / 1000)
	return {name: _outcome(future) for name, future in futures.items()}


def query(probes: Probes, sql: str, *values: Any) -> list[tuple]:
	"""All rows of one statement on a connection of its own."""
	connection = probes.database()
	try:
		with connection.cursor() as cursor:
			cursor.execute(sql, values)
			return list(cursor.fetchall())
	finally:
		connection.close()


def scalar(probes: Probes, sql: str, *values: Any) -> Any:
	"""First column of the first row, None without one."""
	rows = query(probes, sql, *values)
	return rows[0][0] if rows else None


def live_workers(probes: Probes) -> int:
	"""Workers of this bench with a fresh heartbeat; dead ones stay listed for a while."""
	from rq import Worker

	oldest = datetime.now(timezone.utc).replace(tzinfo=None) - WORKER_SILENT
	return sum(
		bool(
			worker.last_heartbeat
			and worker.last_heartbeat > oldest
			and probes.queues & set(worker.queue_names())
		)
		for worker in Worker.all(connection=probes.redis_queue())
	)


def database_opener() -> Callable[[], Any]:
	import pymysql

	settings = frappe.db.get_connection_settings() | {
		"connect_timeout": SOCKET_TIMEOUT_S,
		"read_timeout": SOCKET_TIMEOUT_S,
		"write_timeout": SOCKET_TIMEOUT_S,
	}
	return lambda: pymysql.connect(**settings)


def redis_opener(url: str, username: str | None = None, password: str | None = None) -> Callable[[], Any]:
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


def _timed(function: Callable[[Probes], Any], probes: Probes) -> Outcome:
	start = time.monotonic()
	try:
		value = function(probes)
	except Exception:  # whatever keeps a probe from its answer is the answer
		value = None
	return Outcome(value, (time.monotonic() - start) * 1000)


def _outcome(future: Future[Outcome]) -> Outcome:
	return future.result() if future.done() else Outcome(None, float(DEADLINE_MS))

"""Wakes the job that sends alerts: once per transaction that noted one, and by heartbeats.

Frappe's scheduler sleeps on a dormant site (nobody logged in for some days), heartbeats do not: they wake the job, and
the job notes the site's activity once a day, so that a site with living gateways stays awake. Nothing here fails a
request: with the queue away the rows wait in Edge Alert for the next wake.
"""

from __future__ import annotations

import time

import frappe

JOB = "frappe_ext.alerts.run.run"
JOB_ID = "edge_alerts"
HEARTBEAT_EVERY_S = 180
"""With the worker's time this keeps an alert of a sleeping site below five minutes."""
QUEUE_REST_S = 30
"""A queue that did not answer is not asked again for so long: each try costs its request a connection."""

_last_beat: dict[str, float] = {}
_rest_until: dict[str, float] = {}


def after_commit() -> None:
	"""Once this transaction is committed, one job."""
	if getattr(frappe.local, "edge_alerts_noted", False):
		return
	frappe.local.edge_alerts_noted = True
	frappe.db.after_commit.add(_committed)
	frappe.db.after_rollback.add(_forget)


def on_heartbeat() -> None:
	"""At most one job per process and HEARTBEAT_EVERY_S."""
	site, now = frappe.local.site, time.monotonic()
	if now - _last_beat.get(site, -HEARTBEAT_EVERY_S) >= HEARTBEAT_EVERY_S:
		_last_beat[site] = now
		after_commit()


def _committed() -> None:
	_forget()
	site = frappe.local.site
	if time.monotonic() < _rest_until.get(site, 0):
		return
	try:
		_ask_queue()
		frappe.enqueue(JOB, queue="short", job_id=JOB_ID, deduplicate=True)
	except (
		Exception
	) as error:  # the row that caused it is committed: whatever fails here must not say otherwise
		_rest_until[site] = time.monotonic() + QUEUE_REST_S
		frappe.logger("edge").warning(f"alerts wait for the queue: {type(error).__name__}")


def _forget() -> None:
	frappe.local.edge_alerts_noted = False


def _ask_queue() -> None:
	"""Refuses within a second where Frappe's own connection would try for five."""
	import redis
	from redis.backoff import NoBackoff
	from redis.retry import Retry

	redis.Redis.from_url(
		frappe.conf.redis_queue, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0)
	).ping()

"""The health check of the operations playbook: four booleans for anybody, 200 or 503, never late.

`details` says the rest, to System Managers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import frappe

from frappe_ext import native
from frappe_ext.monitoring import facts, probes
from frappe_ext.monitoring.probes import DEADLINE_MS, Outcome, Probes, gather

CACHE_S = 5
# Jobs of the kind "All" run every four minutes and later on a busy host.
SCHEDULER_SILENT = timedelta(minutes=20)

_cache: dict[str, tuple[float, dict[str, Any], int]] = {}
_lock = threading.Lock()


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


@frappe.whitelist(methods=["GET"])
def details() -> dict[str, Any]:
	"""What the four booleans are made of, and the state of the gateways; System Manager only."""
	frappe.only_for(facts.MANAGER)
	outcomes = probes.run(checks() | facts.sections(facts.bounds()), gather())
	message, _status = report({name: outcomes.pop(name) for name in checks()})
	return message | facts.answer(outcomes)


def report(outcomes: dict[str, Outcome]) -> tuple[dict[str, Any], int]:
	"""(message, HTTP status) of the four probes; the verdict is the C++ rules'."""
	try:
		verdict = native.HealthReport(DEADLINE_MS)
	except native.NativeMissing:
		checks = {name: bool(outcome.value) for name, outcome in outcomes.items()}
		return {"status": "degraded", "checks": checks}, 503
	for name, outcome in outcomes.items():
		verdict.add(name, bool(outcome.value), outcome.latency_ms)
	return {"status": verdict.status, "checks": verdict.checks}, verdict.http_status


def run(present: Probes) -> dict[str, Outcome]:
	"""The four checks side by side."""
	return probes.run(checks(), present)


def checks() -> dict[str, Callable[[Probes], bool]]:
	return {
		"database": check_database,
		"redis": check_redis,
		"scheduler": check_scheduler,
		"workers": check_workers,
	}


def check_database(present: Probes) -> bool:
	return probes.scalar(present, "select 1") == 1


def check_redis(present: Probes) -> bool:
	"""Cache and queue."""
	return bool(present.redis_cache().ping() and present.redis_queue().ping())


def check_scheduler(present: Probes) -> bool:
	"""Switched on, not dormant, and something was run lately: the switch alone says nothing of the process."""
	state = facts.scheduler(present)
	ran = state["last_run_seconds"]
	return (
		state["enabled"]
		and not state["dormant"]
		and ran is not None
		and ran < SCHEDULER_SILENT.total_seconds()
	)


def check_workers(present: Probes) -> bool:
	"""One live worker of this bench."""
	return probes.live_workers(present) > 0

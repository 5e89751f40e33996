"""`metrics`: the facts (facts.py) as Prometheus reads them, for System Manager and IT Admin.

It tells of every gateway and site, so an IT Admin who is not assigned to every site is refused. A scrape names its user by an API
key of Frappe: `Authorization: token <api_key>:<api_secret>`.
"""

from __future__ import annotations

from typing import Any

import frappe
from werkzeug.wrappers import Response

from frappe_ext import site_access
from frappe_ext.monitoring import facts, health_check, probes
from frappe_ext.monitoring.exposition import CONTENT_TYPE, Page

DAY_SECONDS = 86_400
READERS = (facts.MANAGER, "IT Admin")
_GAUGES = {
	"site_edge_up": "1 where the site answers at all; the parts are site_edge_check_passed.",
	"site_edge_info": "Versions of app, Frappe and compiled rules; always 1.",
	"site_edge_check_passed": "One check of the health check: 1 passed.",
	"site_edge_check_duration_seconds": "How long that check took.",
	"site_edge_section_up": "1 where this section's metrics could be read in time.",
	"site_edge_database_bytes": "Data and indexes of the whole site.",
	"site_edge_table_bytes": "Data and indexes of one record type.",
	"site_edge_table_rows": "Rows of one record type as the engine estimates them.",
	"site_edge_database_latency_seconds": "A connection and one statement.",
	"site_edge_redis_latency_seconds": "One ping.",
	"site_edge_redis_used_bytes": "used_memory.",
	"site_edge_queue_jobs": "Jobs waiting in a queue of the bench.",
	"site_edge_queue_failed_jobs": "Failed jobs that a queue keeps.",
	"site_edge_workers": "Workers of the bench with a fresh heartbeat.",
	"site_edge_scheduler_enabled": "1 where jobs are scheduled.",
	"site_edge_scheduler_dormant": "1 where nobody used the site for days: jobs run once a day.",
	"site_edge_scheduler_last_run_seconds": "Since a scheduled job was last started.",
	"site_edge_email_queue": "Mails by state.",
	"site_edge_email_oldest_waiting_seconds": "Age of the oldest mail that is not sent.",
	"site_edge_gateway_enabled": "1 where the gateway may send.",
	"site_edge_gateway_held": "1 while two instances alternate.",
	"site_edge_gateway_silent": "1 where an enabled gateway sends no heartbeat.",
	"site_edge_gateway_last_seen_seconds": "Since its last heartbeat.",
	"site_edge_gateway_buffered_records": "Records waiting at the gateway, as last reported.",
	"site_edge_gateway_oldest_unsent_seconds": "Age of the oldest of them.",
	"site_edge_gateway_horizon_seconds": "How long its store lasts.",
	"site_edge_gateway_disk_used_ratio": "Of its disk, 0 to 1.",
	"site_edge_gateway_clock_offset_seconds": "Its clock against the server's.",
	"site_edge_gateway_dropped_records": "Records it has dropped, with a counted gap each, as last reported.",
	"site_edge_key_age_seconds": "Of a live key.",
	"site_edge_key_expires_seconds": "Until a key with an end expires.",
	"site_edge_certificates_expiring": "Active certificates that expire within the days of Edge Settings.",
	"site_edge_sites_without_code": "Sites that no gateway can send for.",
	"site_edge_observations_today": "Observations that came since midnight, by flag.",
	"site_edge_auth_failures_today": "Requests of gateways with an unknown key or a wrong secret since midnight.",
	"site_edge_rejections_open": "Refused records that nobody has looked at.",
}


@frappe.whitelist(methods=["GET"])
def metrics() -> Response:
	frappe.only_for(READERS)
	if not _sees_every_site():
		raise frappe.PermissionError
	functions = health_check.checks() | facts.sections(facts.bounds())
	outcomes = probes.run(functions, health_check.gather())
	found = facts.answer(outcomes)
	return Response(page(outcomes, found), content_type=CONTENT_TYPE)


def _sees_every_site() -> bool:
	user = frappe.session.user
	if site_access.sees_everything(user):
		return True
	return set(frappe.get_all("Site", pluck="name")) <= set(site_access.sites_of(user, "Site"))


def page(outcomes: dict[str, probes.Outcome], found: dict[str, Any]) -> str:
	"""The whole text; `found`: facts.answer of the outcomes. A section without an answer has no samples but site_edge_section_up 0."""
	out = Page()
	for name, text in _GAUGES.items():
		out.family(name, "gauge", text)
	out.add("site_edge_up", 1)
	out.add("site_edge_info", 1, {name: version or "missing" for name, version in found["versions"].items()})
	out.add("site_edge_auth_failures_today", found["auth_failures_today"])
	checks = health_check.checks()
	for name in checks:
		out.add("site_edge_check_passed", bool(outcomes[name].value), {"check": name})
		out.add("site_edge_check_duration_seconds", outcomes[name].latency_ms / 1000, {"check": name})
	for name, write in _SECTIONS.items():
		value = found[name]
		out.add("site_edge_section_up", value is not None, {"section": name})
		if value is not None:
			write(out, value)
	return out.text()


def _database(out: Page, state: dict[str, Any]) -> None:
	out.add("site_edge_database_latency_seconds", state["latency_ms"] / 1000)
	out.add("site_edge_database_bytes", state["bytes"])
	for name, table in state["tables"].items():
		out.add("site_edge_table_bytes", table["bytes"], {"doctype": name})
		out.add("site_edge_table_rows", table["rows"], {"doctype": name})


def _redis_cache(out: Page, state: dict[str, Any]) -> None:
	_redis(out, state, "cache")


def _redis_queue(out: Page, state: dict[str, Any]) -> None:
	_redis(out, state, "queue")


def _redis(out: Page, state: dict[str, Any], role: str) -> None:
	out.add("site_edge_redis_latency_seconds", state["latency_ms"] / 1000, {"redis": role})
	out.add("site_edge_redis_used_bytes", state["used_bytes"], {"redis": role})


def _queues(out: Page, state: dict[str, dict[str, int]]) -> None:
	for name, queue in state.items():
		out.add("site_edge_queue_jobs", queue["waiting"], {"queue": name})
		out.add("site_edge_queue_failed_jobs", queue["failed"], {"queue": name})


def _workers(out: Page, count: int) -> None:
	out.add("site_edge_workers", count)


def _scheduler(out: Page, state: dict[str, Any]) -> None:
	out.add("site_edge_scheduler_enabled", state["enabled"])
	out.add("site_edge_scheduler_dormant", state["dormant"])
	out.add("site_edge_scheduler_last_run_seconds", state["last_run_seconds"])


def _email_queue(out: Page, state: dict[str, Any]) -> None:
	for name in ("error", "waiting"):
		out.add("site_edge_email_queue", state[name], {"state": name})
	out.add("site_edge_email_oldest_waiting_seconds", state["oldest_waiting_seconds"])


def _gateways(out: Page, rows: list[dict[str, Any]]) -> None:
	for row in rows:
		of = {"gateway": row["gateway"]}
		out.add("site_edge_gateway_enabled", row["enabled"] and not row["revoked"], of)
		out.add("site_edge_gateway_held", row["held"], of)
		out.add("site_edge_gateway_silent", row["silent"], of)
		out.add("site_edge_gateway_last_seen_seconds", row["last_seen_seconds"], of)
		if row["last_seen_seconds"] is None:
			continue  # it has never said anything
		out.add("site_edge_gateway_buffered_records", row["buffered"], of)
		out.add("site_edge_gateway_oldest_unsent_seconds", row["oldest_unsent_seconds"], of)
		out.add("site_edge_gateway_horizon_seconds", row["horizon_days"] * DAY_SECONDS, of)
		out.add("site_edge_gateway_disk_used_ratio", row["disk_used_pct"] / 100, of)
		out.add("site_edge_gateway_clock_offset_seconds", row["clock_offset_seconds"], of)
		out.add("site_edge_gateway_dropped_records", row["drops"], of)


def _keys(out: Page, rows: list[dict[str, Any]]) -> None:
	for row in rows:
		of = {"gateway": row["gateway"], "key_id": row["key_id"]}
		out.add("site_edge_key_age_seconds", row["age_days"] * DAY_SECONDS, of)
		out.add("site_edge_key_expires_seconds", row["expires_seconds"], of)


def _certificates(out: Page, state: dict[str, Any]) -> None:
	out.add("site_edge_certificates_expiring", state["count"])


def _sites_without_code(out: Page, state: dict[str, Any]) -> None:
	out.add("site_edge_sites_without_code", state["count"])


def _ingest_today(out: Page, state: dict[str, Any]) -> None:
	for flag, count in state["observations"].items():
		out.add("site_edge_observations_today", count, {"flag": flag})
	out.add("site_edge_rejections_open", state["open_rejections"])


_SECTIONS = {
	"database_state": _database,
	"redis_cache": _redis_cache,
	"redis_queue": _redis_queue,
	"queues": _queues,
	"worker_count": _workers,
	"scheduler_state": _scheduler,
	"email_queue": _email_queue,
	"gateways": _gateways,
	"keys": _keys,
	"certificates": _certificates,
	"sites_without_code": _sites_without_code,
	"ingest_today": _ingest_today,
}

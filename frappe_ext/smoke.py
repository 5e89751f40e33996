"""AT-01, the acceptance test after an incident: one record through every stage, on the real site.

Site → Device → Lot → policies → gateway with key → observation and scale ticket through the real ingest (Frappe's own
request handling, inside this process) → mismatch → Nonconformance → health. What it makes is marked, committed as
requests demand, and taken away again whatever happens (smoke_traces.py).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import frappe
import frappe.app
from werkzeug.test import Client, TestResponse

from frappe_ext import keys, native, smoke_records, smoke_traces
from frappe_ext.clock import now_ms
from frappe_ext.monitoring import health_check

GROSS, TARE, DECLARED = "38440", "14580", "24800"
"""Net 23,860 kg: 3.79 % below the declared weight, beyond the 2.5 % allowed."""
CRITICAL_VALUE = "48.50"


class SmokeFailed(Exception):
	"""A stage did not do what it must; the sentence says which."""


@dataclass
class Smoke:
	"""One run. `say`: takes one line per stage."""

	say: Callable[[str], None]
	with_health: bool = True
	code: str = field(default_factory=lambda: f"{smoke_traces.MARK}{secrets.token_hex(4)}")
	site: str = ""
	gateway: str = ""
	key: str = ""
	records: Any = None

	def run(self) -> bool:
		"""True where every stage passed and nothing of it is left."""
		smoke_traces.remove_all()
		passed = self._stages()
		left = smoke_traces.remove_all()
		self.say("ok   cleaned up: nothing is left" if not left else f"FAIL left behind: {left}")
		return passed and not left

	def _stages(self) -> bool:
		for name, stage in self._plan():
			try:
				found = stage()
			except Exception as error:
				frappe.db.rollback()
				self.say(f"FAIL {name}: {_sentence(error)}")
				return False
			self.say(f"ok   {name}: {found}")
		return True

	def _plan(self) -> Iterator[tuple[str, Callable[[], str]]]:
		yield "masters", self._make_masters
		yield "gateway", self._make_gateway
		yield "observation", self._send_observation
		yield "same again", self._send_twice
		yield "scale ticket", self._send_ticket
		yield "nonconformance", self._find_nonconformance
		yield "heartbeat", self._send_heartbeat
		if self.with_health:
			yield "health", self._check_health

	def _make_masters(self) -> str:
		with quiet():
			self.site = _insert("Site", site_name=self.code, site_code=self.code, site_type="Silo")
			for device, kind in (
				(smoke_records.SENSOR, "Temperature Sensor"),
				(smoke_records.SCALE, "Scale"),
			):
				_insert("Device", device_name=device, device_id=device, device_type=kind, site=self.site)
			_insert("Lot", lot_number=self.code, site=self.site, crop="wheat", qty_kg=1, status="Accepted")
			_insert(
				"Site Tolerance Policy", policy_name=self.code, site=self.site, tolerance_pct=2.5, active=1
			)
			_insert(
				"Observation Threshold Policy",
				policy_name=self.code,
				site=self.site,
				observation_type="temperature",
				unit="C",
				warning_min=10,
				warning_max=30,
				critical_min=5,
				critical_max=35,
				active=1,
			)
		return f"Site {self.code} with two devices, a lot and both policies"

	def _make_gateway(self) -> str:
		gateway_id = f"gw-{self.code}"
		with quiet():
			user = smoke_traces.make_user(gateway_id)
			self.gateway = _insert(
				"Edge Gateway", gateway_id=gateway_id, sites=[{"site": self.site}], user=user
			)
			key = keys.issue_key(self.gateway)
		self.key = f"{key['key_id']}:{key['secret']}"
		self.records = smoke_records.Records(gateway_id, self.code, now_ms())
		frappe.db.commit()  # nosemgrep: requests have transactions of their own
		return f"{gateway_id} with a key"

	def _send_observation(self) -> str:
		record = self.records.observation(CRITICAL_VALUE)
		self._store([record], ["stored"])
		row = self._stored("Observation", record["uid"])
		_require(row.quality_flag == "Quarantine", f"{CRITICAL_VALUE} °C is {row.quality_flag}")
		return f"{CRITICAL_VALUE} °C is Quarantine ({row.quality_reasons.splitlines()[0]})"

	def _send_twice(self) -> str:
		self._store([self.records.observation(CRITICAL_VALUE)], ["duplicate"])
		count = frappe.db.count("Observation", {"site": self.site})
		_require(count == 1, f"{count} rows of one reading")
		return "a duplicate, one row"

	def _send_ticket(self) -> str:
		records = self.records.weighed(GROSS, TARE, DECLARED)
		self._store(records, ["stored"] * len(records))
		row = self._stored("ScaleTicket", records[-1]["uid"])
		_require(bool(row.mismatch_flag), "the ticket is not flagged")
		return f"{row.ticket_number}: {row.mismatch_reasons.splitlines()[0]}"

	def _find_nonconformance(self) -> str:
		found = frappe.get_all("Nonconformance", filters={"site": self.site}, fields=["name", "status"])
		about = frappe.get_all(
			"Nonconformance",
			filters={"site": self.site, "reference_doctype": "ScaleTicket"},
			pluck="name",
		)
		_require(len(about) == 1, f"{len(about)} Nonconformances of one ticket, {len(found)} of the site")
		return f"{about[0]}, {found[0].status}"

	def _send_heartbeat(self) -> str:
		answer = self._request("POST", "gateway.heartbeat", self.records.heartbeat())
		_require(answer.status_code == 200, f"HTTP {answer.status_code}")
		frappe.db.rollback()
		_require(bool(frappe.db.get_value("Edge Gateway", self.gateway, "last_seen")), "not noted")
		return "noted on the gateway"

	def _check_health(self) -> str:
		message, status = health_check.report(health_check.run(health_check.gather()))
		failed = [name for name, passed in message["checks"].items() if not passed]
		_require(status == 200, f"{message['status']}: {', '.join(failed) or 'compiled rules'}")
		return message["status"]

	def _store(self, records: list[dict[str, Any]], wanted: list[str]) -> None:
		answer = self._request("POST", "ingest.submit", self.records.batch(records))
		_require(answer.status_code == 200, f"HTTP {answer.status_code} {answer.text[:200]}")
		results = answer.json["message"]["results"]
		got = [result["status"] for result in results]
		_require(got == wanted, f"answered {', '.join(got)}: {_words(results)}")

	def _request(self, verb: str, method: str, body: dict[str, Any]) -> TestResponse:
		"""Through the whole of Frappe, in a thread: a request has frappe.local of its own."""
		headers = {
			"X-Frappe-Site-Name": frappe.local.site,
			"Authorization": f"EdgeKey {self.key}",
			"Content-Type": "application/json",
		}
		path = f"/api/method/frappe_ext.api.{method}"
		answers: list[TestResponse] = []

		def send() -> None:
			client = Client(frappe.app.application)
			answers.append(
				client.open(path, method=verb, headers=headers, data=json.dumps(body), buffered=True)
			)

		thread = Thread(target=send)
		thread.start()
		thread.join()
		_require(bool(answers), "the request died")
		return answers[0]

	def _stored(self, doctype: str, uid: str) -> Any:
		frappe.db.rollback()  # a request's commit is seen from a new transaction on
		names = frappe.get_all(doctype, filters={"edge_uid": uid}, pluck="name")
		_require(len(names) == 1, f"{len(names)} rows of one uid")
		return frappe.get_doc(doctype, names[0])


@contextmanager
def quiet() -> Iterator[None]:
	"""No search index, no mails of what is only here for a second."""
	muted, searched = frappe.flags.mute_emails, frappe.local.conf.get("disable_global_search")
	frappe.flags.mute_emails = True
	frappe.local.conf.disable_global_search = 1
	try:
		yield
	finally:
		frappe.flags.mute_emails = muted
		frappe.local.conf.disable_global_search = searched


def _insert(doctype: str, **fields: Any) -> str:
	return frappe.get_doc({"doctype": doctype, **fields}).insert().name


def _words(results: list[dict[str, Any]]) -> str:
	return "; ".join(result["message"] for result in results if result.get("message"))[:300]


def _require(fine: bool, sentence: str) -> None:
	if not fine:
		raise SmokeFailed(sentence)


def _sentence(error: Exception) -> str:
	if isinstance(error, SmokeFailed | native.NativeMissing):
		return str(error)
	return f"{type(error).__name__}: {str(error)[:300]}"

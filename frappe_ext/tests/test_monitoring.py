import socket
import time
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import now_datetime

from frappe_ext import native
from frappe_ext.monitoring import facts, health_check, metrics, probes
from frappe_ext.tests.support import make_world, request, user_with

DETAILS = "/api/method/frappe_ext.monitoring.health_check.details"
METRICS = "/api/method/frappe_ext.monitoring.metrics.metrics"
SECTIONS = {
	"database_state",
	"redis_cache",
	"redis_queue",
	"queues",
	"worker_count",
	"scheduler_state",
	"email_queue",
	"gateways",
	"keys",
	"certificates",
	"sites_without_code",
	"ingest_today",
}


class TestMonitoring(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)
		cls.tokens = {}
		cls.addClassCleanup(remove_users, cls.tokens)

	def setUp(self):
		frappe.db.rollback()
		before = frappe.db.get_value(
			"Edge Gateway", self.world.gateway, ["last_seen", "revoked", "buffered"], as_dict=True
		)
		self.addCleanup(self.set_gateway, **before)

	def token(self, *roles, sites=()):
		"""A person's API key, committed: requests have transactions of their own."""
		if (roles, sites) not in self.tokens:
			user = user_with(*roles, sites=sites)
			doc = frappe.get_doc("User", user)
			doc.api_key, doc.api_secret = frappe.generate_hash(length=15), "s3cret-of-a-test"
			doc.save()
			frappe.db.commit()
			self.tokens[roles, sites] = (user, f"token {doc.api_key}:s3cret-of-a-test")
		return {"Authorization": self.tokens[roles, sites][1]}

	def details(self):
		answer = request("GET", DETAILS, headers=self.token("System Manager"))
		self.assertEqual(answer.status_code, 200, answer.text)
		return answer.json["message"]

	def gateway(self, message):
		(found,) = [row for row in message["gateways"] if row["gateway"] == self.world.gateway_id]
		return found

	def set_gateway(self, **columns):
		frappe.db.set_value("Edge Gateway", self.world.gateway, columns)
		frappe.db.commit()

	def born(self, when):
		"""The key."""
		of = {"parent": self.world.gateway}
		frappe.db.set_value("Edge Gateway Credential", of, "creation", when, update_modified=False)
		frappe.db.commit()

	def set_code(self, code):
		frappe.db.set_value("Site", self.world.site, "site_code", code)
		frappe.db.commit()

	def test_details_of_a_whole_site(self):
		self.world.submit([self.world.observation(1)])
		message = self.details()
		self.assertEqual(set(message), {"status", "checks", "versions", "auth_failures_today"} | SECTIONS)
		self.assertEqual([name for name in SECTIONS if message[name] is None], [])
		self.assertEqual(
			message["versions"],
			{"app": "0.1.0", "frappe": frappe.__version__, "contract": 1, "native": native.version()},
		)
		self.assertGreaterEqual(message["ingest_today"]["observations"]["OK"], 1)
		self.assertGreater(message["database_state"]["tables"]["Observation"]["bytes"], 0)

	def test_queues_under_their_real_names(self):
		from frappe.utils.background_jobs import get_queue

		queues = self.details()["queues"]
		self.assertEqual({name.split(":")[-1] for name in queues}, {"default", "short", "long"})
		name = get_queue("long").name
		self.assertIn(":", name)
		before = queues[name]["waiting"]
		frappe.enqueue("frappe.ping", queue="long", now=False)
		self.addCleanup(lambda: [job.delete() for job in get_queue("long").jobs if _is_ping(job)])
		waiting = facts.queues(probes.gather())[name]["waiting"]
		self.assertIn(waiting, (before, before + 1))  # a worker may have taken it

	def test_a_silent_gateway(self):
		self.assertTrue(self.gateway(self.details())["silent"], "never seen")
		self.set_gateway(last_seen=now_datetime())
		self.assertFalse(self.gateway(self.details())["silent"])
		self.set_gateway(last_seen=now_datetime() - timedelta(minutes=11), buffered=7)
		found = self.gateway(self.details())
		self.assertEqual((found["silent"], found["buffered"]), (True, 7))
		self.set_gateway(revoked=1)
		self.assertFalse(self.gateway(self.details())["silent"], "nobody waits for a revoked one")

	def test_an_old_key(self):
		(key,) = [row for row in self.details()["keys"] if row["gateway"] == self.world.gateway_id]
		self.assertEqual((key["age_days"], key["due"]), (0, False))
		self.addCleanup(self.born, now_datetime())
		self.born(now_datetime() - timedelta(days=80))
		(key,) = [row for row in self.details()["keys"] if row["gateway"] == self.world.gateway_id]
		self.assertEqual((key["age_days"], key["due"]), (80, True))
		self.assertNotIn(self.world.key.split(":")[1], frappe.as_json(key))

	def test_a_site_without_code(self):
		self.addCleanup(self.set_code, self.world.code)
		self.set_code(None)
		self.assertIn(self.world.site, self.details()["sites_without_code"]["names"])

	def test_mails_that_failed(self):
		before = self.details()["email_queue"]["error"]
		mail = frappe.get_doc({"doctype": "Email Queue", "status": "Error", "sender": "a@example.com"})
		mail.insert(ignore_permissions=True)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Email Queue", {"name": mail.name})
		self.assertEqual(self.details()["email_queue"]["error"], before + 1)

	def test_details_are_for_system_managers(self):
		self.assertEqual(request("GET", DETAILS).status_code, 403)
		for role in ("IT Admin", "QA Manager"):
			headers = self.token(role, sites=(self.world.site,))
			self.assertEqual(request("GET", DETAILS, headers=headers).status_code, 403, role)
		keyed = {"Authorization": f"EdgeKey {self.world.key}"}
		self.assertIn(request("GET", DETAILS, headers=keyed).status_code, (401, 403))

	def test_metrics_are_for_those_who_see_everything(self):
		self.assertEqual(request("GET", METRICS).status_code, 403)
		headers = self.token("QA Manager", "Site Operator", sites=(self.world.site,))
		self.assertEqual(request("GET", METRICS, headers=headers).status_code, 403)
		# Of IT, but not assigned to every site.
		self.assertEqual(request("GET", METRICS, headers=self.token("IT Admin")).status_code, 403)
		every = tuple(frappe.get_all("Site", pluck="name"))
		answer = request("GET", METRICS, headers=self.token("IT Admin", sites=every))
		self.assertEqual(answer.status_code, 200)
		self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
		self.assertIn(f'site_edge_gateway_silent{{gateway="{self.world.gateway_id}"}} 1', answer.text)

	def test_a_batch_enqueues_one_job_at_most(self):
		"""Not one per row: flagged rows and new excursions included."""
		from rq import Queue

		records = [
			self.world.observation(seq, value="48.50" if seq % 20 == 0 else "21.50")
			for seq in range(100, 300)
		]
		with patch.object(Queue, "enqueue_call", autospec=True, side_effect=Queue.enqueue_call) as enqueue:
			self.assertEqual(self.world.statuses(records), ["stored"] * 200)
		self.assertLessEqual(enqueue.call_count, 1, enqueue.call_args_list)

	def test_redis_away(self):
		"""What can be known is answered, in time; what cannot is null, and absent from the metrics."""
		headers = self.token("System Manager")
		with patch.object(probes, "redis_opener", return_value=_refuse):
			started = time.monotonic()
			message = request("GET", DETAILS, headers=headers).json["message"]
			text = request("GET", METRICS, headers=headers).text
		self.assertLess(time.monotonic() - started, 4)
		self.assertEqual(
			[message[name] for name in ("redis_cache", "redis_queue", "queues", "worker_count")], [None] * 4
		)
		self.assertEqual((message["status"], message["checks"]["redis"]), ("degraded", False))
		self.assertIsNotNone(message["gateways"])
		self.assertIn('site_edge_section_up{section="queues"} 0\n', text)
		self.assertNotIn("site_edge_queue_jobs{", text)
		self.assertIn("site_edge_gateway_silent{", text)

	def test_a_silent_port_does_not_hold_it_up(self):
		headers = self.token("System Manager")
		with socket.create_server(("127.0.0.1", 0)) as silent:
			opener = probes.redis_opener(f"redis://127.0.0.1:{silent.getsockname()[1]}")
			with patch.object(probes, "redis_opener", return_value=opener):
				started = time.monotonic()
				answer = request("GET", DETAILS, headers=headers)
		self.assertLess(time.monotonic() - started, 2.5)
		self.assertEqual((answer.status_code, answer.json["message"]["queues"]), (200, None))

	def test_without_the_compiled_rules(self):
		with patch.object(native, "version", side_effect=native.NativeMissing("not built"), create=True):
			self.assertIsNone(facts.versions()["native"])
			outcomes = probes.run(
				health_check.checks() | facts.sections(facts.bounds()), health_check.gather()
			)
			self.assertIn('native="missing"', metrics.page(outcomes, facts.answer(outcomes)))


def remove_users(tokens):
	"""Raw: Frappe keeps the last System Manager of a site."""
	frappe.db.rollback()
	users = [user for user, _token in tokens.values()] or [""]
	for doctype, field in (("User Permission", "user"), ("Has Role", "parent"), ("User", "name")):
		frappe.db.delete(doctype, {field: ("in", users)})
	frappe.db.commit()


def _is_ping(job):
	return job.kwargs.get("method") == "frappe.ping"


def _refuse():
	raise ConnectionRefusedError

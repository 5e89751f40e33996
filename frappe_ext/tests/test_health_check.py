import socket
import time
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import native
from frappe_ext.monitoring import health_check, probes
from frappe_ext.tests.support import request

PATH = "/api/method/frappe_ext.monitoring.health_check.health_check"
CHECKS = ("database", "redis", "scheduler", "workers")


class TestHealthCheck(FrappeTestCase):
	def setUp(self):
		health_check._cache.clear()
		self.addCleanup(health_check._cache.clear)

	def get(self):
		started = time.monotonic()
		answer = request("GET", PATH)
		return answer, time.monotonic() - started

	def test_shape(self):
		answer, _ = self.get()
		message = answer.json["message"]
		self.assertEqual(set(answer.json), {"message"})
		self.assertEqual(set(message), {"status", "checks"})
		self.assertEqual(set(message["checks"]), {"database", "redis", "scheduler", "workers"})
		self.assertTrue(all(isinstance(value, bool) for value in message["checks"].values()))
		self.assertTrue(message["checks"]["database"])
		healthy = all(message["checks"].values())
		self.assertEqual(
			(message["status"], answer.status_code), ("healthy", 200) if healthy else ("degraded", 503)
		)

	def test_redis_refuses(self):
		with patch.object(probes, "redis_opener", return_value=_refuse):
			answer, seconds = self.get()
		checks = answer.json["message"]["checks"]
		self.assertEqual((answer.status_code, checks["redis"], checks["workers"]), (503, False, False))
		self.assertTrue(checks["database"])
		self.assertLess(seconds, 2)

	def test_redis_does_not_answer(self):
		"""A port that accepts and stays silent."""
		with socket.create_server(("127.0.0.1", 0)) as silent:
			url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
			opener = probes.redis_opener(url)
			with patch.object(probes, "redis_opener", return_value=opener):
				answer, seconds = self.get()
		self.assertEqual((answer.status_code, answer.json["message"]["checks"]["redis"]), (503, False))
		self.assertLess(seconds, 2)

	def test_a_hanging_probe_has_failed_by_the_deadline(self):
		present = health_check.gather()
		with patch.object(health_check, "check_workers", lambda present: time.sleep(3) or True):
			started = time.monotonic()
			outcomes = health_check.run(present)
		self.assertLess(time.monotonic() - started, 2)
		self.assertFalse(outcomes["workers"].value)
		self.assertEqual(health_check.report(outcomes)[1], 503)

	def test_kept_for_a_few_seconds(self):
		with patch.object(health_check, "run", wraps=health_check.run) as run:
			for _ in range(3):
				self.get()
		self.assertEqual(run.call_count, 1)

	def test_without_the_compiled_rules(self):
		outcomes = {name: probes.Outcome(True, 1.0) for name in CHECKS}
		with patch.object(native, "HealthReport", side_effect=native.NativeMissing("not built")):
			message, status = health_check.report(outcomes)
		self.assertEqual((message["status"], status), ("degraded", 503))
		self.assertEqual(list(message["checks"]), list(CHECKS))

	def test_scheduler_switched_off(self):
		with patch.dict(frappe.conf, {"pause_scheduler": 1}):
			present = health_check.gather()
		self.assertFalse(health_check.check_scheduler(present))

	def test_only_get(self):
		self.assertEqual(request("POST", PATH).status_code, 403)


def _refuse():
	raise ConnectionRefusedError

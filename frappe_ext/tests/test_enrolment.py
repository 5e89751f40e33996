import hashlib
import socket
import ssl
import subprocess
from tempfile import TemporaryDirectory
from threading import Thread
from unittest.mock import patch

import frappe
import redis
from frappe.tests.utils import FrappeTestCase

from frappe_ext import auth, enrolment, server_certificate
from frappe_ext.contract.limits import MAX_LIVE_KEYS
from frappe_ext.tests.support import INSTANCE, insert, make_world, request, user_with

ENROLL = "/api/method/frappe_ext.api.gateway.enroll"
CONFIG = "/api/method/frappe_ext.api.gateway.config"


class TestEnrolment(FrappeTestCase):
	def setUp(self):
		self.world = make_world()
		self.addCleanup(self.world.wipe)
		frappe.cache.delete_value("edge_count:enrol:127.0.0.1")

	def code(self, gateway=None):
		made = enrolment.new_code(gateway or self.world.gateway_id)
		frappe.db.commit()
		return made["code"]

	def enroll(self, code, headers=None, **fields):
		body = {"code": code, "host": "gw1", "version": "0.1.0", "instance": INSTANCE, **fields}
		return request("POST", ENROLL, headers=headers, json=body)

	def assertBad(self, answer):
		self.assertEqual(answer.status_code, 403, answer.text)
		self.assertEqual(
			answer.json["message"],
			{
				"code": "bad_code",
				"detail": "This code is not valid. Make a new one on the Edge Gateway in Desk.",
				"gateway": None,
				"site": None,
			},
		)

	def gateway(self):
		frappe.db.rollback()
		return frappe.get_doc("Edge Gateway", self.world.gateway)

	def test_a_code_becomes_a_key_that_works(self):
		code = self.code()
		answer = self.enroll(code)
		self.assertEqual(answer.status_code, 200, answer.text)
		message = answer.json["message"]
		self.assertEqual((message["gateway"], message["epoch"]), (self.world.gateway_id, "1"))
		self.assertEqual((message["sites"], len(message["secret"])), ([self.world.code], 43))
		self.assertTrue(message["url"] and message["server_time"])
		header = {"Authorization": f"EdgeKey {message['key_id']}:{message['secret']}"}
		self.assertEqual(request("GET", CONFIG, headers=header).status_code, 200)
		row = frappe.get_doc("Edge Enrolment Code", {"key_id": message["key_id"]})
		self.assertEqual((row.status, row.host, row.address), ("Used", "gw1", "127.0.0.1"))
		self.assertBad(self.enroll(code))

	def test_a_new_gateway_gets_its_user_with_its_first_key(self):
		gateway = insert(
			"Edge Gateway", gateway_id=f"new-{self.world.gateway_id}", sites=[{"site": self.world.site}]
		)
		answer = self.enroll(self.code(gateway))
		self.assertEqual(answer.status_code, 200, answer.text)
		frappe.db.rollback()
		user = frappe.get_doc("User", frappe.db.get_value("Edge Gateway", gateway, "user"))
		self.assertEqual((user.user_type, [row.role for row in user.roles]), ("Website User", [auth.ROLE]))
		frappe.delete_doc(
			"Edge Enrolment Code", frappe.get_value("Edge Enrolment Code", {"gateway": gateway}), force=True
		)
		frappe.delete_doc("Edge Gateway", gateway, force=True)
		frappe.delete_doc("User", user.name, force=True, ignore_on_trash=True)
		frappe.db.commit()

	def test_wrong_used_late_replaced_and_cancelled_are_one_answer(self):
		self.assertBad(self.enroll("0000000000"))
		self.assertBad(self.enroll(None))
		first, second = self.code(), self.code()
		self.assertBad(self.enroll(first))
		frappe.db.set_value(
			"Edge Enrolment Code", {"gateway": self.world.gateway, "status": "Open"}, "expires_ms", 1
		)
		frappe.db.commit()
		self.assertBad(self.enroll(second))
		third = self.code()
		auth.revoke_keys(self.world.gateway)
		frappe.db.commit()
		self.assertBad(self.enroll(third))

	def test_as_people_type_it(self):
		code = self.code()
		typed = f"{code[:5]}-{code[5:]}".lower().replace("1", "l").replace("0", "o")
		self.assertEqual(self.enroll(typed).status_code, 200)

	def test_five_wrong_codes_an_address(self):
		codes = [self.enroll("0000000000").status_code for _ in range(5)]
		self.assertEqual(codes, [403] * 5)
		code = self.code()
		answer = self.enroll(code)
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (429, "rate_limited"))
		self.assertTrue(1 <= int(answer.headers["Retry-After"]) <= 60)
		elsewhere = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
		self.assertEqual(self.enroll(code, headers=elsewhere).status_code, 200)

	def test_a_forged_address_is_the_same_address(self):
		frappe.cache.delete_value("edge_count:enrol:203.0.113.77")
		codes = []
		for index in range(6):
			forged = {"X-Forwarded-For": f"10.0.0.{index}, 203.0.113.77", "X-Forwarded-Proto": "https"}
			codes.append(self.enroll("0000000000", headers=forged).status_code)
		self.assertEqual(codes, [403] * 5 + [429])

	def test_without_https_the_code_is_spent(self):
		code = self.code()
		plain = {"X-Forwarded-For": "203.0.113.8"}
		answer = self.enroll(code, headers=plain)
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (400, "malformed"))
		self.assertEqual(self.enroll("0000000000", headers=plain).json, answer.json)
		self.assertBad(self.enroll(code))

	def test_without_redis_nobody_enrols(self):
		code = self.code()
		away = redis.exceptions.ConnectionError("away")
		with (
			patch("frappe_ext.throttle._away_until", 0),
			patch("frappe.utils.redis_wrapper.RedisWrapper.pipeline", side_effect=away),
		):
			answer = self.enroll(code)
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (503, "not_ready"))
		self.assertTrue(answer.headers["Retry-After"])
		self.assertEqual(self.enroll(code).status_code, 200)

	def test_the_same_code_at_once_gives_one_key(self):
		code, answers = self.code(), []
		threads = [
			Thread(target=self._enroll_in_thread, args=(frappe.local.site, code, answers)) for _ in range(4)
		]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		self.assertEqual(sorted(answers), [200, 403, 403, 403])
		self.assertEqual(len(self.gateway().credentials), 2)

	def _enroll_in_thread(self, site, code, answers):
		frappe.init(site=site)
		try:
			answers.append(self.enroll(code).status_code)
		finally:
			frappe.destroy()

	def test_enrolling_again_fences_and_ends_held(self):
		frappe.db.set_value(
			"Edge Gateway", self.world.gateway, {"epoch": "3", "held": 1, "instance_trail": "[]"}
		)
		frappe.db.commit()
		self.assertEqual(self.enroll(self.code()).json["message"]["epoch"], "4")
		doc = self.gateway()
		self.assertEqual((doc.epoch, doc.held, doc.instance_trail), ("4", 0, None))
		answer = self.world.submit([], epoch="3")
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (403, "fenced"))
		self.assertEqual(answer.json["message"]["site"], self.world.code)

	def test_of_two_live_keys_the_one_in_use_stays(self):
		auth.issue_key(self.world.gateway_id)  # newer, on no machine
		frappe.db.commit()
		self.world.submit([])
		answer = self.enroll(self.code()).json["message"]
		live = {row.key_id for row in self.gateway().credentials if not row.revoked}
		self.assertEqual(live, {self.world.key.split(":")[0], answer["key_id"]})
		self.assertEqual(len(live), MAX_LIVE_KEYS)

	def test_who_makes_codes(self):
		other = make_world()
		self.addCleanup(other.wipe)
		for user in (
			user_with("QA Manager", sites=(self.world.site,)),
			user_with("IT Admin"),
			user_with("IT Admin", sites=(other.site,)),
		):
			with self.set_user(user):
				self.assertRaises(frappe.PermissionError, enrolment.new_code, self.world.gateway)
		ours = user_with("IT Admin", sites=(self.world.site,))
		with self.set_user(ours):
			self.assertEqual(len(enrolment.new_code(self.world.gateway)["code"]), 10)
			self.assertEqual(frappe.get_list("Edge Enrolment Code", pluck="gateway"), [self.world.gateway])
			self.assertEqual(frappe.get_list("Edge Gateway", pluck="name"), [self.world.gateway])
			self.assertFalse(frappe.get_doc("Edge Gateway", other.gateway).has_permission("read"))
			doc = frappe.get_doc("Edge Gateway", self.world.gateway)
			doc.append("sites", {"site": other.site})
			self.assertRaises(frappe.PermissionError, doc.save)
		for field, value in (("revoked", 1), ("enabled", 0)):
			with self.subTest(field):
				frappe.db.set_value("Edge Gateway", self.world.gateway, field, value)
				self.assertRaises(frappe.ValidationError, enrolment.new_code, self.world.gateway)
				frappe.db.rollback()

	def test_the_code_is_nowhere(self):
		code = self.code()
		answer = self.enroll(code).json["message"]
		frappe.db.rollback()
		self.assertEqual(found_anywhere(code), [])
		self.assertEqual(found_anywhere(answer["secret"]), [])

	def test_fingerprint_is_said_or_said_to_be_unknown(self):
		self.assertIsNone(server_certificate.fingerprint("http://erp.example.org")["sha256"])
		unseen = server_certificate.fingerprint("https://127.0.0.1:1")
		self.assertIsNone(unseen["sha256"])
		self.assertIn("Not known", unseen["note"])
		with patch.dict(frappe.conf, {"edge_ca_sha256": "AB:" * 31 + "AB"}):
			self.assertEqual(server_certificate.fingerprint("http://x")["sha256"], "ab" * 32)

	def test_fingerprint_of_a_server_is_read_from_the_server(self):
		with TemporaryDirectory() as folder:
			subprocess.run(
				[
					"openssl",
					"req",
					"-x509",
					"-newkey",
					"rsa:2048",
					"-nodes",
					"-days",
					"2",
					"-subj",
					"/CN=edge test",
				]
				+ ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
				check=True,
				capture_output=True,
			)
			context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
			context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
			with open(f"{folder}/cert.pem") as file:
				want = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
			with socket.create_server(("127.0.0.1", 0)) as listener:
				server = Thread(
					target=lambda: context.wrap_socket(listener.accept()[0], server_side=True).close()
				)
				server.start()
				seen = server_certificate.fingerprint(f"https://localhost:{listener.getsockname()[1]}")
				server.join()
		self.assertEqual((seen["sha256"], seen["subject"]), (want, "CN=edge test"))


def found_anywhere(text):
	"""Tables and columns whose rows hold this text."""
	columns = frappe.db.sql(
		"""select table_name, column_name from information_schema.columns
		where table_schema = database() and data_type in ('varchar', 'text', 'longtext', 'mediumtext', 'json')""",
	)
	return [
		(table, column)
		for table, column in columns
		if frappe.db.sql(f"select 1 from `{table}` where `{column}` like %s limit 1", f"%{text}%")
	]

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import auth
from frappe_ext.contract import edge_key
from frappe_ext.tests.support import make_world, request

CONFIG = "/api/method/frappe_ext.api.gateway.config"


class TestAuth(FrappeTestCase):
	def setUp(self):
		self.world = make_world()
		self.addCleanup(self.world.wipe)

	def config(self, authorization=None):
		headers = {"Authorization": authorization} if authorization else {}
		return request("GET", CONFIG, headers=headers)

	def set_gateway(self, **fields):
		frappe.db.set_value("Edge Gateway", self.world.gateway, fields)
		frappe.db.commit()

	def set_key(self, **fields):
		frappe.db.set_value("Edge Gateway Credential", {"parent": self.world.gateway}, fields)
		frappe.db.commit()

	def assertRefused(self, code):
		answer = self.config(f"EdgeKey {self.world.key}")
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (403, code))
		self.assertEqual(answer.json["message"]["gateway"], self.world.gateway_id)

	def test_key_opens_the_gateway_methods(self):
		self.assertEqual(self.config(f"EdgeKey {self.world.key}").status_code, 200)

	def test_unknown_keys_are_401(self):
		key_id, secret = self.world.key.split(":")
		other = edge_key.generate()
		for header in (
			None,
			f"EdgeKey {key_id}:{other.secret}",
			f"EdgeKey {key_id.upper()}:{secret}",
			f"EdgeKey {other.key_id}:{secret}",
			"EdgeKey x",
		):
			with self.subTest(header):
				answer = self.config(header)
				self.assertEqual((answer.status_code, answer.json["exc_type"]), (401, "AuthenticationError"))

	def test_another_scheme_is_refused_even_where_it_is_right(self):
		user = frappe.get_doc("User", "Administrator")
		user.api_key, user.api_secret = frappe.generate_hash(), "right"
		user.save()
		frappe.db.commit()
		self.assertEqual(
			request(
				"GET",
				"/api/method/frappe.auth.get_logged_user",
				headers={"Authorization": f"token {user.api_key}:right"},
			).status_code,
			200,
		)
		self.assertEqual(self.config(f"token {user.api_key}:right").status_code, 401)

	def test_key_opens_nothing_else(self):
		header = {"Authorization": f"EdgeKey {self.world.key}"}
		for path in (
			"/api/method/frappe.auth.get_logged_user",
			"/api/resource/Observation",
			"/api/v1/method/frappe_ext.api.gateway.config",
			"/api/v2/method/frappe_ext.api.gateway.config",
		):
			with self.subTest(path):
				self.assertEqual(request("GET", path, headers=header).status_code, 401)

	def test_cmd_does_not_run_another_method(self):
		answer = request(
			"POST",
			"/api/method/frappe_ext.api.ingest.submit",
			headers={"Authorization": f"EdgeKey {self.world.key}"},
			json={"cmd": "frappe.auth.get_logged_user"},
		)
		self.assertEqual(answer.status_code, 401)

	def test_states_of_gateway_and_user(self):
		for fields, code in (
			({"enabled": 0}, "gateway_disabled"),
			({"enabled": 1, "revoked": 1}, "revoked"),
		):
			with self.subTest(code):
				self.set_gateway(**fields)
				self.assertRefused(code)

	def test_disabled_user(self):
		user = frappe.db.get_value("Edge Gateway", self.world.gateway, "user")
		frappe.db.set_value("User", user, "enabled", 0)
		frappe.db.commit()
		self.assertRefused("user_disabled")

	def test_states_of_a_key(self):
		now = frappe.utils.now_datetime()
		for fields, code in (
			({"expires": frappe.utils.add_to_date(now, hours=-1)}, "expired"),
			({"expires": None, "not_before": frappe.utils.add_to_date(now, hours=1)}, "expired"),
			({"not_before": None, "revoked": 1}, "revoked"),
		):
			with self.subTest(fields):
				self.set_key(**fields)
				self.assertRefused(code)

	def test_two_live_keys_and_rotation(self):
		second = auth.issue_key(self.world.gateway_id)
		self.assertRaises(frappe.ValidationError, auth.issue_key, self.world.gateway_id)
		frappe.db.commit()
		for key in (self.world.key, f"{second['key_id']}:{second['secret']}"):
			self.assertEqual(self.config(f"EdgeKey {key}").status_code, 200)
		frappe.db.set_value("Edge Gateway Credential", {"key_id": self.world.key.split(":")[0]}, "revoked", 1)
		auth.issue_key(self.world.gateway_id)

	def test_only_the_hash_is_stored(self):
		key_id, secret = self.world.key.split(":")
		row = frappe.get_doc("Edge Gateway", self.world.gateway).as_json()
		self.assertNotIn(secret, row)
		self.assertIn(edge_key.hash_secret(secret), row)

	def test_the_user_of_a_gateway_has_no_desk(self):
		user = frappe.get_doc("User", frappe.db.get_value("Edge Gateway", self.world.gateway, "user"))
		self.assertEqual(user.user_type, "Website User")
		self.assertEqual([row.role for row in user.roles], ["Edge Gateway"])
		gateway = frappe.get_doc("Edge Gateway", self.world.gateway)
		gateway.user = "Administrator"
		self.assertRaises(frappe.ValidationError, gateway.save)

	def test_only_system_managers_issue_keys(self):
		with self.set_user("Guest"):
			self.assertRaises(frappe.PermissionError, auth.issue_key, self.world.gateway_id)

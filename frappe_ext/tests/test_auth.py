from unittest.mock import patch

import frappe
import redis
from frappe.deferred_insert import save_to_db
from frappe.tests.utils import FrappeTestCase

from frappe_ext import auth, auth_failures
from frappe_ext.contract import edge_key
from frappe_ext.tests.support import make_world, request, user_with

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

	def test_no_third_live_key_by_any_path(self):
		doc = frappe.get_doc("Edge Gateway", self.world.gateway)
		for _ in range(2):
			key = edge_key.generate()
			doc.append("credentials", {"key_id": key.key_id, "hash": key.hash})
		self.assertRaises(frappe.ValidationError, doc.save)

	def row(self):
		frappe.db.rollback()
		key_id = self.world.key.split(":")[0]
		return frappe.get_doc("Edge Gateway Credential", {"key_id": key_id})

	def test_last_use_is_noted_by_get_and_post_and_seldom(self):
		before = frappe.db.get_value("Edge Gateway", self.world.gateway, "modified")
		self.assertIsNone(self.row().last_used)
		self.config(f"EdgeKey {self.world.key}")
		first = self.row().last_used
		self.assertIsNotNone(first)
		self.world.submit([])
		self.assertEqual(self.row().last_used, first)
		earlier = frappe.utils.add_to_date(first, minutes=-11)
		self.set_key(last_used=earlier)
		self.world.submit([])
		self.assertGreater(self.row().last_used, earlier)
		self.assertEqual(frappe.db.get_value("Edge Gateway", self.world.gateway, "modified"), before)
		doc = frappe.get_doc("Edge Gateway", self.world.gateway)
		doc.credentials[0].last_used = None
		doc.save()
		self.assertIsNotNone(self.row().last_used)

	def test_refused_keys_are_not_used_keys(self):
		self.set_key(revoked=1)
		self.config(f"EdgeKey {self.world.key}")
		self.assertIsNone(self.row().last_used)

	def test_age_of_keys(self):
		def mine(days):
			return [key for key in auth.aged_keys(days) if key["gateway"] == self.world.gateway_id]

		self.assertEqual(mine(80), [])
		self.set_key(creation=frappe.utils.add_days(frappe.utils.now_datetime(), -81))
		(key,) = mine(80)
		self.assertEqual((key["sites"], key["age_days"]), ([self.world.site], 81))
		self.assertEqual(key["key_id"], self.world.key.split(":")[0])
		self.assertTrue(any(self.world.gateway_id in text for text in auth.key_age_warnings()))
		doc = frappe.get_doc("Edge Gateway", self.world.gateway)
		doc.save()
		self.assertEqual((frappe.utils.now_datetime() - doc.oldest_key_at).days, 81)
		self.set_key(revoked=1)
		self.assertEqual(mine(80), [])

	def test_revoking_every_key_of_a_gateway(self):
		second = auth.issue_key(self.world.gateway_id)
		self.assertEqual(auth.revoke_keys(self.world.gateway_id, "stolen <b>laptop</b>"), 2)
		frappe.db.commit()
		for key in (self.world.key, f"{second['key_id']}:{second['secret']}"):
			answer = self.config(f"EdgeKey {key}")
			self.assertEqual((answer.status_code, answer.json["message"]["code"]), (403, "revoked"))
		comment = frappe.get_last_doc("Comment", {"reference_name": self.world.gateway})
		self.assertIn("stolen", comment.content)
		self.assertNotIn("<b>", comment.content)
		version = frappe.get_last_doc("Version", {"docname": self.world.gateway})
		self.assertIn("revoked", version.data)

	def test_breach_revokes_the_keys_of_every_gateway(self):
		other = make_world()
		self.addCleanup(other.wipe)
		with self.assertRaises(frappe.ValidationError):
			auth.revoke_all_keys("some other site")
		# One whose site is gone stops nothing.
		frappe.db.set_value("Edge Gateway Site", {"parent": other.gateway}, "site", "gone")
		done = auth.revoke_all_keys(frappe.local.site, "breach")
		frappe.db.set_value("Edge Gateway Site", {"parent": other.gateway}, "site", other.site)
		self.assertGreaterEqual(done["keys"], 2)
		frappe.db.commit()
		for world in (self.world, other):
			self.assertEqual(world.submit([]).json["message"]["code"], "revoked")
		with self.set_user(user_with("IT Admin", sites=(self.world.site,))):
			self.assertRaises(frappe.PermissionError, auth.revoke_all_keys, frappe.local.site)
			self.assertRaises(frappe.PermissionError, auth.revoke_keys, self.world.gateway)

	def test_a_flooding_gateway_waits_and_no_other_does(self):
		other = make_world()
		self.addCleanup(other.wipe)
		with patch("frappe_ext.throttle.requests_per_minute", return_value=3):
			codes = [self.world.submit([]).status_code for _ in range(5)]
			refused = self.world.submit([])
			self.assertEqual(other.submit([]).status_code, 200)
		self.assertEqual(codes, [200, 200, 200, 429, 429])
		message = refused.json["message"]
		self.assertEqual((message["code"], message["gateway"]), ("rate_limited", self.world.gateway_id))
		self.assertEqual(message["site"], self.world.code)
		self.assertTrue(1 <= int(refused.headers["Retry-After"]) <= 60)

	def test_redis_away_never_fails_a_request(self):
		away = redis.exceptions.ConnectionError("away")
		with (
			patch("frappe_ext.throttle._away_until", 0),
			patch("frappe.utils.redis_wrapper.RedisWrapper.pipeline", side_effect=away),
			patch("frappe_ext.throttle.requests_per_minute", return_value=1),
		):
			self.assertEqual([self.world.submit([]).status_code for _ in range(3)], [200] * 3)
			self.assertEqual(self.config(f"EdgeKey {edge_key.generate().key_id}:{'x' * 43}").status_code, 401)

	def test_wrong_secrets_are_slowed_down_and_the_right_one_elsewhere_is_not(self):
		key_id = self.world.key.split(":")[0]
		wrong = {"Authorization": f"EdgeKey {key_id}:{'x' * 43}", "X-Forwarded-For": "203.0.113.7"}
		codes = [request("GET", CONFIG, headers=wrong).status_code for _ in range(22)]
		self.assertEqual(codes, [401] * 20 + [429] * 2)
		spoofed = {**wrong, "X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
		self.assertEqual(request("GET", CONFIG, headers=spoofed).status_code, 429)
		self.assertEqual(self.config(f"EdgeKey {self.world.key}").status_code, 200)

	def test_failures_are_counted_and_logged_once(self):
		before = auth_failures.today()
		key = edge_key.generate()
		address = f"2001:db8:{key.key_id[1:5]}:{key.key_id[5:9]}::1"
		header = {"Authorization": f"EdgeKey {key.key_id}:{key.secret}", "X-Forwarded-For": address}
		for _ in range(3):
			request("GET", CONFIG, headers=header)
		self.assertEqual(auth_failures.today() - (before or 0), 3)
		save_to_db()
		rows = frappe.get_all(
			"Activity Log",
			filters={"subject": ("like", f"%{key.key_id}%")},
			fields=["subject", "status", "ip_address"],
		)
		self.assertEqual(len(rows), 1)
		self.assertEqual(rows[0].status, "Failed")
		self.assertTrue(rows[0].ip_address.startswith(f"2001:db8:{key.key_id[1:5].lstrip('0')}"[:9]))
		self.assertNotIn(key.secret, str(rows))

	def test_an_it_admin_touches_no_key_through_its_row(self):
		row = self.row()
		with self.set_user(user_with("IT Admin", sites=(self.world.site,))):
			row.hash = "0" * 64
			self.assertRaises(frappe.PermissionError, row.save)

	def test_only_system_managers_issue_keys(self):
		with self.set_user("Guest"):
			self.assertRaises(frappe.PermissionError, auth.issue_key, self.world.gateway_id)

import csv
import io
from unittest.mock import patch

import frappe
from click.testing import CliRunner
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, now_datetime

from frappe_ext import access_audit, baseline, commands, smoke, smoke_traces
from frappe_ext.tests.support import insert, make_world, user_with

COUNTED = (
	"Site",
	"Device",
	"Lot",
	"Observation",
	"Edge Weighing",
	"ScaleTicket",
	"Nonconformance",
	"Edge Gateway",
	"Edge Gateway Credential",
	"Edge Gateway Site",
	"Edge Gateway Chain Head",
	"Observation Threshold Policy",
	"Site Tolerance Policy",
	"Edge Rejection",
	"User",
	"Has Role",
	"Contact",
	"Version",
	"Comment",
	"Communication",
	"Email Queue",
	"Error Log",
	"Notification Log",
	"Deleted Document",
	"Activity Log",
)


class TestSmoke(FrappeTestCase):
	def setUp(self):
		self.lines = []

	def smoke(self):
		return smoke.Smoke(say=self.lines.append, with_health=False)

	def counts(self):
		frappe.db.rollback()
		counts = {name: frappe.db.count(name) for name in COUNTED if frappe.db.table_exists(name)}
		# The day's row by which the site stays awake is no trace of the smoke test.
		counts["Activity Log"] -= frappe.db.count("Activity Log", {"subject": "Edge gateways report"})
		return counts

	def test_passes_and_leaves_nothing(self):
		before = self.counts()
		one = self.smoke()
		self.assertTrue(one.run(), self.lines)
		self.assertEqual(self.counts(), before)
		self.assertEqual([line.split()[0] for line in self.lines], ["ok"] * len(self.lines))
		stages = [line.split(":")[0].removeprefix("ok").strip() for line in self.lines]
		self.assertEqual(
			stages,
			[
				"masters",
				"gateway",
				"observation",
				"same again",
				"scale ticket",
				"nonconformance",
				"heartbeat",
				"cleaned up",
			],
		)
		found = frappe.db.sql("select count(*) from __global_search where name = %s", one.gateway)
		self.assertEqual(found, ((0,),))

	def test_fails_where_a_mismatch_is_not_seen_and_still_cleans_up(self):
		"""The test of the test: with a declared weight that fits, the ticket is not flagged."""
		before = self.counts()
		with patch.object(smoke, "DECLARED", "23860"):
			self.assertFalse(self.smoke().run())
		self.assertIn("FAIL scale ticket: the ticket is not flagged", self.lines)
		self.assertEqual(self.counts(), before)

	def test_fails_where_the_gateway_is_refused(self):
		make = smoke.Smoke._make_gateway

		def revoked(one):
			done = make(one)
			frappe.db.set_value("Edge Gateway", one.gateway, "revoked", 1)
			frappe.db.commit()
			return done

		with patch.object(smoke.Smoke, "_make_gateway", revoked):
			self.assertFalse(self.smoke().run())
		self.assertTrue(self.lines[2].startswith("FAIL observation: HTTP 403"), self.lines)

	def test_the_next_run_clears_what_a_killed_one_left(self):
		before = self.counts()
		one = self.smoke()
		one._make_masters()
		one._make_gateway()
		self.assertNotEqual(self.counts(), before)
		self.assertEqual(smoke_traces.remove_all(), {})
		self.assertEqual(self.counts(), before)

	def test_touches_no_other_site(self):
		world = make_world()
		self.addCleanup(world.wipe)
		world.submit([world.observation(1)])
		self.assertTrue(self.smoke().run())
		frappe.db.rollback()
		self.assertEqual(frappe.db.count("Observation", {"site": world.site}), 1)
		self.assertTrue(frappe.db.exists("Edge Gateway", world.gateway))

	def test_health_counts(self):
		one = smoke.Smoke(say=self.lines.append)
		with patch.object(smoke.health_check, "check_workers", lambda present: False):
			self.assertFalse(one.run())
		self.assertTrue(any(line.startswith("FAIL health: degraded: ") for line in self.lines), self.lines)


class TestAccessAudit(FrappeTestCase):
	def person(self, *roles, sites=()):
		"""Worlds are committed, and people with them: raw, because Frappe keeps the last System Manager."""
		user = user_with(*roles, sites=sites)
		self.addCleanup(frappe.db.commit)
		for doctype, field in (("User Permission", "user"), ("Has Role", "parent"), ("User", "name")):
			self.addCleanup(frappe.db.delete, doctype, {field: user})
		return user

	def row(self, user, **filters):
		found = [row for row in access_audit.rows(filters) if row["user"] == user]
		return found[0] if found else None

	def test_columns(self):
		for row in access_audit.rows({}):
			self.assertEqual(tuple(row), access_audit.COLUMNS)

	def test_a_disabled_user_with_an_api_key(self):
		user = self.person("QA Manager")
		frappe.db.set_value("User", user, {"api_key": frappe.generate_hash(length=15), "enabled": 0})
		row = self.row(user)
		self.assertEqual((row["enabled"], row["api_key"]), (0, 1))
		self.assertEqual(row["remark"], "Disabled user with an API key: revoke it.")

	def test_sees_nothing_without_a_site(self):
		world = make_world()
		self.addCleanup(world.wipe)
		without, within = self.person("QA Manager"), self.person("QA Manager", sites=(world.site,))
		for user in (without, within):
			frappe.db.set_value("User", user, "last_active", now_datetime())
		self.assertEqual(self.row(without)["remark"], "No User Permission for a site: sees nothing.")
		self.assertEqual((self.row(within)["remark"], self.row(within)["sites"]), ("", world.code))
		self.assertIsNotNone(self.row(within, site=world.site))
		self.assertIsNone(self.row(without, site=world.site))
		self.assertIsNone(self.row(within, only_remarks=1))

	def test_a_system_manager_and_a_stale_user(self):
		user = self.person("System Manager", "IT Admin")
		frappe.db.set_value("User", user, "last_login", add_days(now_datetime(), -31))
		row = self.row(user, role="IT Admin")
		self.assertEqual(row["roles"], "IT Admin, System Manager")
		self.assertEqual(row["remark"], "System Manager: sees every site. Has not logged in for 30 days.")
		self.assertIsNone(self.row(user, role="QA Manager"))

	def test_keys_of_a_gateway(self):
		world = make_world()
		self.addCleanup(world.wipe)
		user = frappe.db.get_value("Edge Gateway", world.gateway, "user")
		key_id, secret = world.key.split(":")
		row = self.row(user)
		self.assertEqual(row["edge_keys"], f"{key_id} (0 days, last used never)")
		self.assertEqual((row["roles"], row["remark"]), ("Edge Gateway", ""))
		born = {"creation": add_days(now_datetime(), -80)}
		frappe.db.set_value("Edge Gateway Credential", {"key_id": key_id}, born, update_modified=False)
		row = self.row(user)
		self.assertEqual(row["remark"], "Edge key older than 80 days: rotate it.")
		self.assertNotIn(secret, str(access_audit.rows({})))
		frappe.db.set_value("User", user, "enabled", 0)
		self.assertEqual(self.row(user)["remark"], "Disabled user with live edge keys: revoke them.")

	def test_as_csv_nothing_is_a_formula(self):
		user = self.person("QA Manager")
		frappe.db.set_value("User", user, "role_profile_name", "=1+1")
		rows = list(csv.DictReader(io.StringIO(commands._as_csv(access_audit.COLUMNS, [self.row(user)]))))
		self.assertEqual((rows[0]["user"], rows[0]["role_profile"]), (user, "'=1+1"))


class TestBaseline(FrappeTestCase):
	def test_counts_and_sizes(self):
		insert("Site", site_name="Baseline", site_code="baseline-of-a-test")
		found = baseline.measure()
		self.assertEqual(found["rows"]["Site"], frappe.db.count("Site"))
		self.assertGreater(found["database_bytes"], sum(found["bytes"].values()))
		self.assertLessEqual(found["list_ms"]["Observation by flag"]["p50"], 500)
		text = baseline.text(found)
		self.assertIn(f"{found['rows']['Site']:,} rows", text)

	def test_analyze(self):
		self.assertEqual(set(baseline.analyze().values()), {"OK"})


class TestCommands(FrappeTestCase):
	def test_registered(self):
		self.assertEqual(
			[command.name for command in commands.commands],
			[
				"edge-smoke",
				"edge-access-audit",
				"edge-baseline",
				"edge-analyze-tables",
				"edge-retention",
				"edge-report-backup-failure",
			],
		)

	def test_help_of_each(self):
		for command in commands.commands:
			done = CliRunner().invoke(command, ["--help"])
			self.assertEqual(done.exit_code, 0, done.output)

"""What Desk shows beside the documents: numbers, charts, trends and chain checks, for the user's sites only."""

import json

import frappe
from frappe.desk.desktop import Workspace
from frappe.desk.doctype.number_card import number_card
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_to_date, now_datetime

from frappe_ext.clock import now_ms
from frappe_ext.desk import cards, charts, observations, tickets, trend
from frappe_ext.native import weighing_hash
from frappe_ext.tests.support import insert, make_world, user_with
from frappe_ext.tests.weighbridge import ScaleHouse

WORKSPACE = "Site Edge"
HOUR_MS = 3_600_000


class DeskTest(FrappeTestCase):
	"""Two sites with the same in both, and a QA Manager of each."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.worlds = [make_world(), make_world()]
		for world in cls.worlds:
			cls.addClassCleanup(world.wipe)
		cls.users = [user_with("QA Manager", sites=(world.site,)) for world in cls.worlds]
		frappe.db.commit()
		for user in cls.users:
			cls.addClassCleanup(cls.drop_user, user)

	@classmethod
	def drop_user(cls, user):
		frappe.db.rollback()
		for name in frappe.get_all("User Permission", filters={"user": user}, pluck="name"):
			frappe.delete_doc("User Permission", name, force=True)
		frappe.delete_doc("User", user, force=True, flags={"in_patch": True}, ignore_on_trash=True)
		frappe.db.commit()


class TestNumbers(DeskTest):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		now = now_ms()
		for count, world in enumerate(cls.worlds, start=1):
			rows = [
				world.observation(seq, "50.0", observed_at=now - seq, received_at=now)
				for seq in range(1, count + 1)
			]
			rows.append(world.observation(90, "21.0", observed_at=now - 90, received_at=now))
			rows.append(world.observation(91, "50.0", observed_at=now - 3 * 24 * HOUR_MS, received_at=now))
			assert set(world.statuses(rows)) == {"stored"}
			insert("Nonconformance", site=world.site, nc_type="x", severity="Critical", status="Open")
			insert("Nonconformance", site=world.site, nc_type="x", severity="Critical", status="Closed")
			insert("Nonconformance", site=world.site, nc_type="x", severity="Major", status="Open")
		frappe.db.commit()

	def card(self, name):
		doc = frappe.get_doc("Number Card", name)
		return number_card.get_result(doc.as_json(), doc.filters_json)

	def of_users(self, measure):
		counted = []
		for user in self.users:
			with self.set_user(user):
				counted.append(measure())
		return counted

	def test_quarantined_today_counts_the_users_sites(self):
		frappe.db.rollback()
		self.assertEqual(self.of_users(lambda: self.card("Edge Quarantined Today")), [1, 2])

	def test_critical_nonconformances_are_the_runbooks_filter(self):
		self.assertEqual(self.of_users(lambda: self.card("Edge Critical Nonconformances")), [1, 1])

	def test_a_user_without_a_site_counts_nothing(self):
		with self.set_user(user_with("QA Manager")):
			self.assertEqual(self.card("Edge Quarantined Today"), 0)
			self.assertEqual(self.card("Edge Critical Nonconformances"), 0)
			self.assertEqual(cards.silent_gateways()["value"], 0)
			self.assertEqual(
				sum(sum(each["values"]) for each in charts.observations_by_flag()["datasets"]), 0
			)

	def test_silent_gateways(self):
		first, second = self.worlds
		frappe.db.set_value(
			"Edge Gateway", first.gateway, "last_seen", add_to_date(now_datetime(), minutes=-11)
		)
		frappe.db.set_value(
			"Edge Gateway", second.gateway, "last_seen", add_to_date(now_datetime(), minutes=-9)
		)
		self.assertEqual(self.of_users(lambda: cards.silent_gateways()["value"]), [1, 0])
		frappe.db.set_value("Edge Gateway", first.gateway, "enabled", 0)
		self.assertEqual(self.of_users(lambda: cards.silent_gateways()["value"]), [0, 0])
		frappe.db.rollback()

	def test_only_who_may_open_gateways_is_led_to_them(self):
		with self.set_user(self.users[0]):
			self.assertNotIn("route", cards.silent_gateways())
		with self.set_user(user_with("IT Admin", sites=(self.worlds[0].site,))):
			card = cards.silent_gateways()
		self.assertEqual(card["route"], ["List", "Edge Gateway", "List"])

	def test_expiring_certificates(self):
		today = now_datetime().date()
		for days, status in ((-1, "Active"), (29, "Active"), (30, "Active"), (5, "Revoked")):
			insert(
				"Certificate",
				site=self.worlds[0].site,
				cert_type="Organic",
				expiry_date=add_to_date(today, days=days),
				status=status,
			)
		self.assertEqual(self.of_users(lambda: cards.expiring_certificates()["value"]), [2, 0])
		with self.set_user(self.users[0]):
			options = cards.expiring_certificates()["route_options"]
			self.assertEqual(len(frappe.get_list("Certificate", filters=options)), 2)
		frappe.db.rollback()

	def test_observations_by_flag(self):
		def by_flag():
			chart = charts.observations_by_flag()
			self.assertEqual(len(chart["labels"]), charts.HOURS)
			return [sum(series["values"]) for series in chart["datasets"]]

		self.assertEqual(self.of_users(by_flag), [[1, 0, 1, 0], [1, 0, 2, 0]])

	def test_mismatches_per_week(self):
		for declared in (1000, 20):
			insert(
				"ScaleTicket",
				site=self.worlds[0].site,
				ticket_number=f"M-{declared}",
				ticket_datetime=now_datetime(),
				gross_kg=30,
				tare_kg=10,
				declared_net_kg=declared,
				status="Completed",
			)
		series = self.of_users(lambda: charts.mismatches_per_week()["datasets"][0]["values"])
		self.assertEqual([values[-1] for values in series], [1, 0])
		frappe.db.rollback()

	def test_charts_want_the_role(self):
		with self.set_user(user_with()):
			self.assertRaises(frappe.PermissionError, charts.observations_by_flag)
			self.assertRaises(frappe.PermissionError, charts.mismatches_per_week)


class TestWorkspace(FrappeTestCase):
	def page_of(self, user):
		with self.set_user(user):
			frappe.clear_cache(user=user)
			page = Workspace({"name": WORKSPACE, "title": WORKSPACE, "public": 1})
			self.assertTrue(page.is_permitted())
			page.build_workspace()
			return page

	def test_every_block_of_the_content_is_there(self):
		page = self.page_of("Administrator")
		shown = {
			"number_card": {card.label for card in page.number_cards["items"]},
			"chart": {chart.label for chart in page.charts["items"]},
			"shortcut": {shortcut["label"] for shortcut in page.shortcuts["items"]},
			"card": {card["label"] for card in page.cards["items"]},
		}
		for block in json.loads(page.doc.content):
			if block["type"] in shown:
				self.assertIn(block["data"][f"{block['type']}_name"], shown[block["type"]])

	def test_a_qa_manager_has_all_numbers_and_charts(self):
		page = self.page_of(user_with("QA Manager"))
		self.assertEqual(len(page.number_cards["items"]), 6)
		self.assertEqual(len(page.charts["items"]), 2)

	def test_the_runbooks_filters(self):
		shortcuts = {row.label: row for row in frappe.get_doc("Workspace", WORKSPACE).shortcuts}
		found = {label: row.stats_filter for label, row in shortcuts.items() if row.stats_filter}
		self.assertEqual(
			json.loads(found["Open critical nonconformances"]),
			[
				["Nonconformance", "status", "=", "Open", False],
				["Nonconformance", "severity", "=", "Critical", False],
			],
		)
		self.assertEqual(
			json.loads(found["Quarantined observations"]),
			[["Observation", "quality_flag", "=", "Quarantine", False]],
		)
		self.assertIn('"expiry_date","<",frappe.datetime.add_days(', found["Certificates that expire"])
		self.assertEqual(shortcuts["User access audit"].link_to, "User Access Audit")


class TestObservation(DeskTest):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		for world in cls.worlds:
			rows = [world.observation(seq, f"{20 + seq / 10:.2f}") for seq in range(1, 101)]
			rows.append(world.observation(101, "51.50"))
			rows.append(world.observation(102, flag="Invalid", reasons=["not_a_number:x"], value=None))
			assert set(world.statuses(rows)) == {"stored"}
		frappe.db.rollback()

	def around(self, seq, user=0):
		name = self.worlds[0].stored(seq).name
		with self.set_user(self.users[user]):
			return name, observations.around(name)

	def test_the_trend_stands_around_the_reading(self):
		name, found = self.around(50)
		points = found["trend"]["points"]
		self.assertEqual(len(points), 2 * trend.AROUND + 1)
		self.assertEqual(points[trend.AROUND]["name"], name)
		self.assertEqual([point["at"] for point in points], sorted(point["at"] for point in points))
		self.assertEqual(points[trend.AROUND]["text"], "25.00")

	def test_rows_without_a_value_are_no_points(self):
		name, found = self.around(102)
		self.assertNotIn(name, {point["name"] for point in found["trend"]["points"]})
		self.assertEqual(found["trend"]["points"][-1]["flag"], "Quarantine")

	def test_the_bands_are_the_policys(self):
		_, found = self.around(50)
		policy = found["trend"]["policy"]
		self.assertEqual(
			(policy["title"], policy["warning"], policy["critical"]), ("Bin", ["10", "30"], ["5", "35"])
		)

	def test_limits_that_were_not_applied_are_not_drawn(self):
		frappe.db.set_value("Observation Threshold Policy", self.worlds[0].policy, "unit", "F")
		doc = self.worlds[0].stored(50)
		doc.quality_reasons = "unit_mismatch:C"
		self.assertIsNone(trend.around(doc)["policy"])

	def test_another_sites_reading(self):
		name = self.worlds[1].stored(50).name
		with self.set_user(self.users[0]):
			self.assertRaises(frappe.PermissionError, observations.around, name)

	def test_the_history_says_who_judged(self):
		doc = self.worlds[0].stored(101)
		doc.quality_flag = "OK"
		doc.released_reason = "calibration"
		doc.save()
		history = observations.history(doc)
		self.assertEqual([entry["author"] for entry in history], ["gateway", "server", "person"])
		self.assertEqual(history[1]["reasons"], ["critical_max:35"])
		self.assertEqual((history[2]["flag"], history[2]["words"]), ("OK", "calibration"))

	def test_the_raw_payload_is_checked_against_its_hash(self):
		_, found = self.around(50)
		self.assertTrue(found["raw"]["is_whole"])
		self.assertEqual(observations.bytes_of("hex:00ff"), b"\x00\xff")
		self.assertEqual(observations.bytes_of("base64:AP8="), b"\x00\xff")
		self.assertEqual(observations.bytes_of("base64:A"), b"base64:A")

	def test_thinning_keeps_the_worst(self):
		rows = [{"quality_flag": "OK", "n": n} for n in range(1000)]
		rows[501]["quality_flag"] = "Quarantine"
		kept = trend.thinned(rows, 100)
		self.assertEqual(len(kept), 100)
		self.assertIn(rows[501], kept)
		self.assertEqual(trend.thinned(rows[:5], 100), rows[:5])


class TestTicketChain(DeskTest):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		world = cls.worlds[0]
		house = ScaleHouse(world)
		gross, tare = house.weighing("38440"), house.weighing("14580", "tare")
		cls.records = [house.genesis, gross, tare, house.ticket(1, gross, tare)]
		assert set(world.statuses(cls.records)) == {"stored"}
		frappe.db.rollback()
		cls.ticket = frappe.db.get_value("ScaleTicket", {"edge_uid": cls.records[-1]["uid"]})

	def tearDown(self):
		frappe.db.rollback()

	def check(self, user=0):
		with self.set_user(self.users[user]):
			return tickets.weighings(self.ticket)

	def codes(self):
		return {(problem["code"], problem["role"]) for problem in self.check()["problems"]}

	def tamper(self, record, **columns):
		"""Past every door that the app has."""
		frappe.db.set_value("Edge Weighing", {"edge_uid": record["uid"]}, columns, update_modified=False)

	def test_a_whole_chain_verifies(self):
		found = self.check()
		self.assertEqual((found["verifies"], found["problems"]), (True, []))
		self.assertEqual([each["value"] for each in found["weighings"]], ["38440", "14580"])

	def test_a_changed_weight(self):
		self.tamper(self.records[1], value_text="38400")
		self.assertEqual(
			self.codes(),
			{("hash_differs", "gross"), ("weight_differs", "gross"), ("predecessor_changed", "tare")},
		)

	def test_a_changed_weight_with_a_hash_made_anew(self):
		gross = {**self.records[1], "value": "38400"}
		forged = weighing_hash(gross, self.worlds[0].gateway_id, "1")
		self.tamper(self.records[1], value_text="38400", hash=forged)
		frappe.db.set_value("ScaleTicket", self.ticket, "gross_text", "38400")
		self.assertEqual(self.codes(), {("link_differs", "tare")})

	def test_a_missing_predecessor(self):
		frappe.db.delete("Edge Weighing", {"edge_uid": self.records[0]["uid"]})
		self.assertEqual(self.codes(), {("predecessor_missing", "gross")})

	def test_a_missing_weighing(self):
		frappe.db.delete("Edge Weighing", {"edge_uid": self.records[2]["uid"]})
		found = self.check()
		self.assertFalse(found["verifies"])
		self.assertIn({"code": "missing", "role": "tare", "seq": None}, found["problems"])

	def test_another_alibi_hash(self):
		frappe.db.set_value("ScaleTicket", self.ticket, "alibi_hash", "0" * 64)
		self.assertEqual(self.codes(), {("alibi_differs", "tare")})

	def test_another_sites_ticket(self):
		self.assertRaises(frappe.PermissionError, self.check, 1)

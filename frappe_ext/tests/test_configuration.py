import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import configuration
from frappe_ext.tests.support import INSTANCE, insert, make_world


class TestConfiguration(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def version(self):
		return frappe.db.get_value("Edge Gateway", self.world.gateway, "config_published")

	def assertNewVersion(self, change):
		before = self.version()
		change()
		after = self.version()
		self.assertNotEqual(after, before)
		self.assertEqual(int(after.split("-")[1]), int(before.split("-")[1]) + 1)

	def test_every_change_that_a_gateway_sees(self):
		device = {}
		self.assertNewVersion(
			lambda: device.update(name=insert("Device", device_name="n", device_id="n", site=self.world.site))
		)
		self.assertNewVersion(
			lambda: frappe.get_doc("Device", device["name"]).update({"status": "Inactive"}).save()
		)
		self.assertNewVersion(lambda: frappe.delete_doc("Device", device["name"]))
		self.assertNewVersion(
			lambda: (
				frappe.get_doc("Observation Threshold Policy", self.world.policy)
				.update({"warning_max": 31})
				.save()
			)
		)
		self.assertNewVersion(
			lambda: frappe.get_doc("Site", self.world.site).update({"site_name": "Other"}).save()
		)
		self.assertNewVersion(lambda: frappe.get_doc("Edge Gateway", self.world.gateway).save())
		frappe.db.rollback()

	def test_a_foreign_site_changes_nothing(self):
		before = self.version()
		insert("Device", device_name="n", device_id="n", site=insert("Site", site_name="elsewhere"))
		self.assertEqual(self.version(), before)
		frappe.db.rollback()

	def test_answer_and_unchanged(self):
		answer = self.world.call("GET", "gateway.config").json["message"]
		self.assertEqual(answer["sites"], [{"site": self.world.code, "name": self.world.code}])
		self.assertEqual(answer["devices"][0]["device"], "bin3-t1")
		(policy,) = answer["policies"]
		self.assertEqual(
			(policy["warning"], policy["critical"], policy["valid"]), (["10", "30"], ["5", "35"], None)
		)
		self.assertIsNone(policy["spike_max"])
		again = self.world.call("GET", f"gateway.config?have={answer['version']}").json["message"]
		self.assertEqual(again, {"unchanged": True, "version": answer["version"]})
		self.assertEqual(self.world.submit([]).json["message"]["config_version"], answer["version"])

	def test_heartbeat_is_no_edit(self):
		before = frappe.db.get_value("Edge Gateway", self.world.gateway, ["modified", "config_published"])
		beat = {
			"gateway": self.world.gateway_id,
			"epoch": "1",
			"instance": INSTANCE,
			"at": 1771840860000,
			"buffered": 212,
			"drops": {"thinned": 1, "folded": 3},
			"config_version": "x-1",
		}
		answer = self.world.call("POST", "gateway.heartbeat", json=beat)
		self.assertEqual(answer.json["message"]["config_version"], before[1])
		frappe.db.rollback()
		doc = frappe.get_doc("Edge Gateway", self.world.gateway)
		self.assertEqual((doc.buffered, doc.drops, doc.config_version), (212, 4, "x-1"))
		self.assertEqual((doc.modified, doc.config_published), before)
		self.assertTrue(doc.last_seen)

	def test_a_form_does_not_write_state_back(self):
		doc = frappe.get_doc("Edge Gateway", self.world.gateway)
		doc.update({"held": 1, "epoch": "99", "config_published": "x", "banned_instances": INSTANCE})
		doc.save()
		kept = frappe.db.get_value("Edge Gateway", self.world.gateway, ["held", "epoch", "banned_instances"])
		self.assertEqual((kept[0], kept[1] == "99", kept[2]), (0, False, None))
		frappe.db.rollback()

	def test_epochs(self):
		world = make_world()
		self.addCleanup(world.wipe)

		def ask(**fields):
			body = {"gateway": world.gateway_id, "instance": INSTANCE, "reason": "restore", **fields}
			return world.call("POST", "gateway.new_epoch", json=body).json["message"]["epoch"]

		first = int(ask())
		self.assertEqual(ask(provisional="p5f0c9a1e"), str(first + 1))
		self.assertEqual(ask(provisional="p5f0c9a1e"), str(first + 1))
		self.assertEqual(ask(last_epoch="40"), "41")
		refused = world.submit([], epoch="40").json["message"]
		self.assertEqual((refused["code"], refused["epoch"]), ("fenced", "41"))

	def test_policies_that_nobody_could_judge_by(self):
		def policy(**fields):
			return insert("Observation Threshold Policy", policy_name="p", site=self.world.site, **fields)

		for fields in (
			{"observation_type": "humidity", "warning_min": 5, "warning_max": 1},
			{"observation_type": "humidity", "warning_min": 5},
			{"observation_type": "temperature", "warning_max": 5},
		):
			with self.subTest(fields):
				self.assertRaises(frappe.ValidationError, policy, **fields)
		policy(observation_type="humidity", warning_min=5, warning_no_max=1)
		policy(observation_type="temperature", active=0)
		frappe.db.rollback()

	def test_a_type_that_no_gateway_sends_stays_here(self):
		for name, kind in (("Moisture", "Grain.Moisture"), ("Words", "grain moisture")):
			insert(
				"Observation Threshold Policy",
				policy_name=name,
				site=self.world.site,
				observation_type=kind,
				warning_max=14,
			)
		sent = configuration.content(self.world.gateway)["policies"]
		self.assertEqual({policy["type"] for policy in sent}, {"temperature", "grain.moisture"})
		frappe.db.rollback()

	def test_what_the_scale_house_pulls(self):
		def new(doctype, **fields):
			return insert(doctype, site=self.world.site, **fields)

		new(
			"Site Tolerance Policy",
			policy_name="March",
			tolerance_pct=1.5,
			tolerance_kg=200,
			from_date="2026-03-01",
			to_date="2026-03-31",
		)
		new("Site Tolerance Policy", policy_name="old", tolerance_pct=9, active=0)
		lot = new("Lot", lot_number="LOT-2026-14", qty_kg=1, crop="wheat")
		new("Lot", lot_number="LOT-gone", qty_kg=1, status="Dispatched")
		order = new("Edge Weighing Order", vehicle="AB-123-C", driver="A", lot=lot, declared_net_kg=24800)
		new("Edge Weighing Order", vehicle="XY-1", status="Closed")
		new("Edge Vehicle", plate="AB-123-C", tare_kg=14560, tare_at="2026-02-13 19:26:40")
		for day, tare_kg in ((1, 14540), (2, 14560)):
			ticket = new(
				"ScaleTicket",
				vehicle="AB-123-C",
				ticket_datetime=f"2026-02-0{day}",
				gross_kg=38000,
				tare_kg=tare_kg,
			)
			frappe.db.set_value("ScaleTicket", ticket, "tare_weighing", f"w{day}")
		code = self.world.code
		content = configuration.content(self.world.gateway)
		(tolerance,) = content["tolerances"]
		self.assertRegex(tolerance.pop("version"), r"^\d{13}$")
		self.assertEqual(
			tolerance,
			{
				"name": "March",
				"site": code,
				"tolerance_pct": "1.5",
				"tolerance_kg": "200",
				"from": 1772312400000,
				"to": 1774990800000,
				"tare_drift_pct": None,
				"stored_tare_max_days": None,
			},
		)
		self.assertEqual(content["lots"], [{"lot": "LOT-2026-14", "site": code, "crop": "wheat"}])
		self.assertEqual(
			content["orders"],
			[
				{
					"order": order,
					"site": code,
					"lot": "LOT-2026-14",
					"vehicle": "AB-123-C",
					"driver": "A",
					"direction": "Receive",
					"declared_net_kg": "24800",
				}
			],
		)
		self.assertEqual(
			content["vehicles"],
			[
				{
					"vehicle": "AB-123-C",
					"site": code,
					"tare_kg": "14560",
					"tare_at": 1771000000000,
					"tares": ["14560", "14540"],
				}
			],
		)
		frappe.db.rollback()

	def test_sites_and_devices(self):
		for name, code in (("Silo B", "silo-b"), ("Silo B", "silo-b-2"), ("صومعة", "site")):
			self.assertEqual(frappe.db.get_value("Site", insert("Site", site_name=name), "site_code"), code)
		self.assertRaises(frappe.ValidationError, insert, "Site", site_name="x", site_code="a/b")
		again = {"device_name": "x", "device_id": "bin3-t1"}
		self.assertRaises(frappe.UniqueValidationError, insert, "Device", site=self.world.site, **again)
		insert("Device", site=insert("Site", site_name="other"), **again)
		for _ in range(2):
			insert("Device", device_name="no id", site=self.world.site)
		frappe.db.rollback()

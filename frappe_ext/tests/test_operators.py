import secrets

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext.contract import operators
from frappe_ext.tests.support import insert, make_world, request, user_with
from frappe_ext.tests.test_enrolment import found_anywhere

CONFIG = "gateway.config"


class TestOperators(FrappeTestCase):
	def setUp(self):
		self.world = make_world()
		self.addCleanup(self.world.wipe)
		self.addCleanup(self._wipe_operators)

	def _wipe_operators(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		for name in frappe.get_all("Edge Operator", filters={"site": self.world.site}, pluck="name"):
			frappe.delete_doc("Edge Operator", name, force=True)
		frappe.db.commit()

	def make(self, **fields):
		values = {"operator": "op-7", "operator_name": "Op Seven", "site": self.world.site, **fields}
		return frappe.get_doc("Edge Operator", insert("Edge Operator", **values))

	def pulled(self):
		frappe.db.commit()
		return self.world.call("GET", CONFIG).json["message"]

	def test_a_gateway_pulls_its_operators(self):
		before = self.pulled()["version"]
		doc = self.make(new_pin="4711", right_override=1, right_tare=1)
		self.make(operator="op-8", active=0)
		message = self.pulled()
		self.assertNotEqual(message["version"], before)
		(entry,) = message["operators"]
		self.assertEqual(
			(entry["operator"], entry["site"], entry["name"]), ("op-7", self.world.code, "Op Seven")
		)
		self.assertEqual(entry["rights"], ["capture", "override", "tare"])
		self.assertTrue(entry["pin"].startswith("scrypt$16384$8$1$"))
		self.assertTrue(operators.pin_matches("4711", entry["pin"]))
		self.assertFalse(operators.pin_matches("4712", entry["pin"]))
		doc.reload()
		doc.active = 0
		doc.save()
		self.assertEqual(self.pulled()["operators"], [])

	def test_a_change_without_a_pin_keeps_it_and_a_new_pin_replaces_it(self):
		doc = self.make(new_pin="4711")
		(first,) = self.pulled()["operators"]
		doc.reload()
		doc.operator_name, doc.pin_hash = "Renamed", "scrypt$forged"
		doc.save()
		(second,) = self.pulled()["operators"]
		self.assertEqual((second["name"], second["pin"]), ("Renamed", first["pin"]))
		doc.reload()
		doc.new_pin = "123456789012"
		doc.save()
		self.assertTrue(operators.pin_matches("123456789012", self.pulled()["operators"][0]["pin"]))

	def test_pins_that_are_none(self):
		for pin in ("123", "1234567890123", "12a4", " 1234", "١٢٣٤", "****"):
			with self.subTest(pin), self.assertRaises(frappe.ValidationError):
				self.make(new_pin=pin)
		frappe.db.rollback()

	def test_the_pin_and_its_hash_are_nowhere_else(self):
		pin = str(secrets.randbelow(9 * 10**11) + 10**11)
		doc = self.make(new_pin=pin)
		doc.db_set("pin_set_at", "2026-01-01")  # a change within one second is none to Frappe's Version
		doc.reload()
		second = str(secrets.randbelow(9 * 10**11) + 10**11)
		doc.new_pin = second
		doc.save(ignore_version=False)
		for each in (pin, second):
			self.assertEqual(found_anywhere(each), [])
		pin_hash = frappe.db.get_value("Edge Operator", doc.name, "pin_hash")
		self.assertTrue(operators.pin_matches(second, pin_hash))
		self.assertIn("pin_set_at", frappe.get_last_doc("Version", {"docname": doc.name}).data)
		self.assertEqual(found_anywhere(pin_hash), [("tabEdge Operator", "pin_hash")])
		frappe.delete_doc("Edge Operator", doc.name)
		self.assertTrue(frappe.db.exists("Deleted Document", {"deleted_name": doc.name}))
		self.assertEqual(found_anywhere(pin_hash), [])

	def test_nobody_in_desk_reads_the_hash(self):
		doc = self.make(new_pin="4711")
		for role in ("System Manager", "QA Manager", "Site Operator"):
			with self.subTest(role), self.set_user(user_with(role, sites=(self.world.site,))):
				seen = frappe.get_doc("Edge Operator", doc.name)
				seen.apply_fieldlevel_read_permissions()
				self.assertIsNone(seen.get("pin_hash"))
				(row,) = frappe.get_list("Edge Operator", filters={"name": doc.name}, fields=["*"])
				self.assertIsNone(row.get("pin_hash"))

	def test_sites_and_roles(self):
		other = make_world()
		self.addCleanup(other.wipe)
		doc = self.make()
		with self.set_user(user_with("QA Manager", sites=(other.site,))):
			self.assertEqual(frappe.get_list("Edge Operator"), [])
			self.assertFalse(frappe.get_doc("Edge Operator", doc.name).has_permission("read"))
			self.assertRaises(frappe.PermissionError, self.make, operator="op-9")
		with self.set_user(user_with("Site Operator", sites=(self.world.site,))):
			self.assertEqual(frappe.get_list("Edge Operator", pluck="name"), [doc.name])
			self.assertRaises(frappe.PermissionError, self.make, operator="op-9")
		with self.set_user(user_with("QA Manager", sites=(self.world.site,))):
			self.make(operator="op-9", new_pin="1234")

	def test_ids_are_unique_in_a_site_and_pins_are_not(self):
		self.make(new_pin="4711")
		self.assertRaises(frappe.ValidationError, self.make)
		self.assertRaises(frappe.ValidationError, self.make, operator="op 7<b>")
		self.make(operator="op-8", new_pin="4711")

	def test_a_pin_by_rest(self):
		doc = self.make()
		user = frappe.get_doc("User", "Administrator")
		user.api_key, user.api_secret = frappe.generate_hash(), "right"
		user.save()
		frappe.db.commit()
		answer = request(
			"PUT",
			f"/api/resource/Edge Operator/{doc.name}",
			headers={"Authorization": f"token {user.api_key}:right"},
			json={"new_pin": "918273645"},
		)
		self.assertEqual(answer.status_code, 200, answer.text)
		self.assertNotIn("918273645", answer.text)
		frappe.db.rollback()
		self.assertEqual(found_anywhere("918273645"), [])

import frappe
from frappe.tests.utils import FrappeTestCase, patch_hooks

from frappe_ext import guards
from frappe_ext.tests.support import insert, make_world, user_with


class TestSiteAccess(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.worlds = [make_world(), make_world()]
		for world in cls.worlds:
			cls.addClassCleanup(world.wipe)
			world.statuses([world.observation(1), world.observation(2, site="nowhere")])
		frappe.db.rollback()

	def visible(self, doctype, user):
		with self.set_user(user):
			try:
				rows = frappe.get_list(doctype, fields=["name"], limit_page_length=0)
			except frappe.PermissionError:
				return set()  # a type this role has nothing to do with
			return {row.name for row in rows}

	def test_nobody_without_a_site_sees_anything(self):
		for role in ("QA Manager", "Site Operator"):
			user = user_with(role)
			for doctype in sorted(guards.GUARDED - {"Edge Settings Retention"}):
				with self.subTest((role, doctype)):
					self.assertEqual(self.visible(doctype, user), set())

	def test_a_site_and_nothing_of_another(self):
		ours, theirs = self.worlds
		own, foreign = ours.stored(1).name, theirs.stored(1).name
		user = user_with("Site Operator", sites=(ours.site,))
		self.assertEqual(self.visible("Site", user), {ours.site})
		self.assertEqual(self.visible("Device", user), {ours.device})
		self.assertIn(own, self.visible("Observation", user))
		self.assertNotIn(foreign, self.visible("Observation", user))
		with self.set_user(user):
			self.assertTrue(frappe.get_doc("Observation", own).has_permission("read"))
			self.assertFalse(frappe.get_doc("Observation", foreign).has_permission("read"))
			self.assertFalse(frappe.get_doc("Site", theirs.site).has_permission("read"))
			self.assertEqual(frappe.get_list("Observation", filters={"name": foreign}), [])

	def test_writing_in_a_foreign_site(self):
		ours, theirs = self.worlds
		user = user_with("QA Manager", sites=(ours.site,))
		with self.set_user(user):
			device = insert("Device", device_name="x", device_id="x", site=ours.site)
			with self.assertRaises(frappe.PermissionError):
				insert("Device", device_name="y", device_id="y", site=theirs.site)
			doc = frappe.get_doc("Device", device)
			doc.site = theirs.site
			self.assertRaises(frappe.PermissionError, doc.save)

	def test_writing_where_another_app_grants_everything(self):
		"""The doc_event denies by itself: has_permission's last word may be another app's."""
		ours, theirs = self.worlds
		user = user_with("QA Manager")
		with self.set_user(user), patch_hooks({"has_permission": {}}):
			with self.assertRaises(frappe.PermissionError):
				insert("Device", device_name="y", device_id="y", site=theirs.site)

	def test_what_belongs_to_a_weighbridge(self):
		fields = {
			"Lot": {"lot_number": "L-1", "qty_kg": 1},
			"ScaleTicket": {"ticket_datetime": "2026-01-01", "gross_kg": 2, "tare_kg": 1},
			"Nonconformance": {"nc_type": "Security Incident"},
			"Site Tolerance Policy": {"policy_name": "p"},
			"Edge Weighing Order": {"vehicle": "AB-123-C"},
			"Edge Vehicle": {"plate": "AB-123-C"},
		}
		own, foreign = (
			{doctype: insert(doctype, site=world.site, **values) for doctype, values in fields.items()}
			for world in self.worlds
		)
		user = user_with("QA Manager", sites=(self.worlds[0].site,))
		for doctype, values in fields.items():
			with self.subTest(doctype):
				visible = self.visible(doctype, user)
				self.assertIn(own[doctype], visible)
				self.assertNotIn(foreign[doctype], visible)
				with self.set_user(user):
					self.assertFalse(frappe.get_doc(doctype, foreign[doctype]).has_permission("read"))
					with self.assertRaises(frappe.PermissionError):
						insert(doctype, site=self.worlds[1].site, **values)
		frappe.db.rollback()

	def test_rows_without_a_site(self):
		ours, _ = self.worlds
		filters = {"gateway": ours.gateway, "site": ("is", "not set")}
		(siteless,) = frappe.get_all("Edge Rejection", filters=filters, pluck="name")
		self.assertIn(siteless, self.visible("Edge Rejection", user_with("IT Admin")))
		self.assertIn(siteless, self.visible("Edge Rejection", user_with("System Manager")))
		for role in ("QA Manager", "Site Operator"):
			user = user_with(role, sites=(ours.site,))
			self.assertNotIn(siteless, self.visible("Edge Rejection", user))
			with self.set_user(user):
				self.assertFalse(frappe.get_doc("Edge Rejection", siteless).has_permission("read"))

	def test_an_assignment_for_one_type_counts_for_that_type(self):
		ours, _ = self.worlds
		user = user_with("QA Manager")
		insert(
			"User Permission",
			user=user,
			allow="Site",
			for_value=ours.site,
			apply_to_all_doctypes=0,
			applicable_for="Device",
		)
		self.assertEqual(self.visible("Device", user), {ours.device})
		self.assertEqual(self.visible("Observation", user), set())

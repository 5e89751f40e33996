"""Roles and role profiles of the runbook: there once, left as they are, and each role may do its work."""

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import guards, install
from frappe_ext.tests.support import insert, make_world, user_with

READERS = ("QA Manager", "Site Operator", "IT Admin", "Owner")
OF_IT = {"Edge Gateway", "Edge Enrolment Code", "Edge Retention", "Edge Settings Retention"}


class TestRoles(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def test_profiles(self):
		for role in install.ROLES:
			roles = frappe.get_all("Has Role", {"parent": role, "parenttype": "Role Profile"}, pluck="role")
			self.assertEqual(roles, [role])

	def test_a_profile_that_is_there_stays(self):
		doc = frappe.get_doc("Role Profile", "QA Manager")
		doc.append("roles", {"role": "Report Manager"})
		doc.save()
		frappe.delete_doc("Role Profile", "Owner")
		install.ensure_role_profiles()
		install.ensure_role_profiles()
		kept = frappe.get_all(
			"Has Role", {"parent": "QA Manager", "parenttype": "Role Profile"}, pluck="role"
		)
		self.assertIn("Report Manager", kept)
		self.assertTrue(frappe.db.exists("Role Profile", "Owner"))

	def test_a_role_of_somebody_else_stays(self):
		frappe.db.set_value("Role", "Owner", "desk_access", 0)
		install.before_install()
		self.assertEqual(frappe.db.get_value("Role", "Owner", "desk_access"), 0)

	def test_gateways_have_nothing_in_desk(self):
		self.assertEqual(frappe.db.get_value("Role", "Edge Gateway", "desk_access"), 0)
		for table in ("DocPerm", "Custom DocPerm"):
			self.assertFalse(frappe.db.exists(table, {"role": "Edge Gateway"}))
		user = frappe.db.get_value("Edge Gateway", self.world.gateway, "user")
		self.assertEqual(frappe.db.get_value("User", user, "user_type"), "Website User")
		for doctype in guards.GUARDED:
			self.assertFalse(frappe.has_permission(doctype, "read", user=user), doctype)

	def test_everybody_reads_the_records_of_the_site(self):
		for role in READERS:
			user = user_with(role, sites=(self.world.site,))
			for doctype in sorted(guards.GUARDED - OF_IT):
				with self.subTest(role=role, doctype=doctype):
					self.assertTrue(frappe.has_permission(doctype, "read", user=user))

	def test_work_of_each_role(self):
		site = self.world.site
		operators = (
			("ScaleTicket", {"ticket_datetime": "2026-02-23 10:00:00", "gross_kg": "2", "tare_kg": "1"}),
			("Edge Weighing Order", {"vehicle": "AB-123-C"}),
			("Edge Vehicle", {"plate": "AB-123-C"}),
		)
		managers = (
			*operators,
			("Lot", {"lot_number": "L", "qty_kg": 1}),
			("Device", {"device_name": "d", "device_id": "d"}),
			("Nonconformance", {"nc_type": "x"}),
			("Certificate", {"cert_type": "x", "expiry_date": "2027-01-01"}),
			("Observation Threshold Policy", {"policy_name": "p", "observation_type": "co2"}),
			("Site Tolerance Policy", {"policy_name": "p"}),
		)
		for role, allowed in (
			("Site Operator", operators),
			("QA Manager", managers),
			("IT Admin", (("Device", {"device_name": "e", "device_id": "e"}),)),
			("Owner", ()),
		):
			with self.set_user(user_with(role, sites=(site,))):
				for doctype, fields in managers:
					with self.subTest(role=role, doctype=doctype):
						frappe.db.savepoint("work")
						if doctype in dict(allowed):
							insert(doctype, site=site, **fields)
						else:
							with self.assertRaises(frappe.PermissionError):
								insert(doctype, site=site, **fields)
						frappe.db.rollback(save_point="work")

	def test_it_admins_make_gateways_of_their_sites(self):
		foreign = insert("Site", site_name="elsewhere")
		with self.set_user(user_with("IT Admin", sites=(self.world.site,))):
			insert("Edge Gateway", gateway_id="gw-new", sites=[{"site": self.world.site}])
			with self.assertRaises(frappe.PermissionError):
				insert("Edge Gateway", gateway_id="gw-other", sites=[{"site": foreign}])

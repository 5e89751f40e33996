import json

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import hooks, install
from frappe_ext.smoke import Smoke
from frappe_ext.tests import other_app
from frappe_ext.tests.support import insert, make_world

STATE = (
	"DocType",
	"DocField",
	"DocPerm",
	"Custom Field",
	"Property Setter",
	"Custom DocPerm",
	"Role",
	"Role Profile",
	"Has Role",
	"Module Def",
	"Workspace",
	"Report",
	"Number Card",
	"Dashboard Chart",
	"Print Format",
)


def state():
	"""What a migrate may write, with the time of its last change."""
	return {name: set(frappe.get_all(name, fields=["name", "modified"], as_list=True)) for name in STATE}


def indexes():
	rows = frappe.db.sql(
		"""select table_name, index_name, column_name, seq_in_index from information_schema.statistics
		where table_schema = database()"""
	)
	return set(rows)


def settings_of(single):
	return frappe.db.sql("select field from tabSingles where doctype = %s", single)


class TestInstall(FrappeTestCase):
	def tearDown(self):
		frappe.db.rollback()

	def test_a_second_migrate_writes_nothing(self):
		install.after_migrate()
		before, keys = state(), indexes()
		install.after_migrate()
		self.assertEqual(state(), before)
		self.assertEqual(indexes(), keys)

	def test_uninstalling_leaves_no_job_and_no_setting(self):
		ours = {"method": ("like", "frappe_ext.%")}
		others = frappe.db.count("Scheduled Job Type") - frappe.db.count("Scheduled Job Type", ours)
		named = {method for methods in hooks.scheduler_events.values() for method in methods}
		self.assertEqual(set(frappe.get_all("Scheduled Job Type", ours, pluck="method")), named)
		frappe.get_doc("Edge Settings").save()
		self.assertTrue(settings_of("Edge Settings"))

		install.before_uninstall()

		self.assertEqual(frappe.db.count("Scheduled Job Type"), others)
		self.assertFalse(settings_of("Edge Settings"))
		self.assertTrue(settings_of("System Settings"))

	def test_a_role_profile_that_comes_with_a_migrate_is_not_locked(self):
		"""Frappe's lock is a file: it would stay where the migrate fails afterwards."""
		frappe.get_doc("Role Profile", "IT Admin").unlock()  # of an older migrate, where no worker runs
		frappe.delete_doc("Role Profile", "IT Admin")
		frappe.flags.in_test = False  # as in a migrate
		self.addCleanup(frappe.flags.update, in_test=True)
		install.ensure_role_profiles()
		profile = frappe.get_doc("Role Profile", "IT Admin")
		self.assertEqual([row.role for row in profile.roles], ["IT Admin"])
		self.assertFalse(profile.is_locked)

	def test_roles_are_there_once_and_left_alone(self):
		frappe.db.set_value("Role", "Owner", "desk_access", 0)  # as another app, or a person, wants it
		install.before_install()
		self.assertEqual(frappe.db.get_value("Role", "Owner", "desk_access"), 0)
		self.assertEqual(frappe.db.count("Role", {"name": ("in", list(install.ROLES))}), len(install.ROLES))


class TestBesideAnotherApp(FrappeTestCase):
	"""All nine types belong to another app, as they would after it was installed first, or second."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		other_app.give_all_away()
		install.after_app_install("other_app")
		frappe.db.commit()
		frappe.clear_cache()
		cls.addClassCleanup(other_app.take_back)

	def test_every_field_is_there_once(self):
		for name in install.RECORDS:
			with self.subTest(name):
				self.assertEqual(install.owner_of(name), other_app.OWNER)
				with open(install.record_path(name)) as file:
					ours = {
						field["fieldname"]
						for field in json.load(file)["fields"]
						if field["fieldtype"] not in frappe.model.no_value_fields
					}
				fieldnames = [df.fieldname for df in frappe.get_meta(name).fields]
				self.assertEqual(len(fieldnames), len(set(fieldnames)))
				self.assertLessEqual(ours, set(fieldnames))

	def test_a_second_migrate_writes_nothing(self):
		before = state()
		install.after_migrate()
		self.assertEqual(state(), before)

	def test_readings_are_judged_and_excursions_open(self):
		world = make_world()
		self.addCleanup(world.wipe)
		records = [world.observation(1), world.observation(2, "32.00"), world.observation(3, "48.50")]
		self.assertEqual(world.statuses(records), ["stored"] * 3)
		stored = [world.stored(seq) for seq in (1, 2, 3)]
		self.assertEqual([row.quality_flag for row in stored], ["OK", "Warning", "Quarantine"])
		self.assertEqual([bool(row.excursion) for row in stored], [False, True, True])
		self.assertEqual(frappe.db.count("Observation", {"gateway": world.gateway}), 3)
		self.assertEqual(world.statuses(records), ["duplicate"] * 3)

	def test_the_smoke_test_passes(self):
		lines = []
		self.assertTrue(Smoke(say=lines.append, with_health=False).run(), lines)

	def test_old_tickets_of_one_number_can_still_be_edited(self):
		self.addCleanup(frappe.db.rollback)
		site = insert("Site", site_name="old tickets")
		weights = {"gross_kg": 1000, "tare_kg": 200, "ticket_datetime": "2026-01-01"}
		first = insert("ScaleTicket", site=site, ticket_number="T-1", **weights)
		second = insert("ScaleTicket", site=site, ticket_number="T-2", **weights)
		for name in (first, second):  # as they stood before this app came
			frappe.db.set_value("ScaleTicket", name, {"ticket_number": "T-1", "number_key": None})

		for name in (first, second):
			ticket = frappe.get_doc("ScaleTicket", name)
			ticket.notes = "seen"
			ticket.save()
			self.assertIsNone(ticket.number_key)
		with self.assertRaises(frappe.UniqueValidationError):
			insert("ScaleTicket", site=site, ticket_number="T-1", **weights)

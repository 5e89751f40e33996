import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import install
from frappe_ext.tests import other_app
from frappe_ext.tests.support import insert


class TestRecords(FrappeTestCase):
	"""Joins a type that belongs to another app (here Frappe itself plays it); each change of a type commits."""

	def setUp(self):
		self.addCleanup(other_app.take_back)

	def customizations(self, name):
		fields = ["name", "modified"]
		return (
			frappe.get_all("Custom Field", {"dt": name, "module": install.MODULE}, fields, order_by="name"),
			frappe.get_all(
				"Property Setter", {"doc_type": name, "module": install.MODULE}, fields, order_by="name"
			),
		)

	def test_joins_and_takes_back(self):
		flags = "OK\nQuarantine\nInvalid"
		other_app.give_away(
			"Observation", ["edge_uid", "observed_at_ms", "raw_payload"], {"quality_flag": flags}
		)
		self.assertEqual(install.owner_of("Observation"), other_app.OWNER)

		install.ensure_records()
		meta = frappe.get_meta("Observation")
		self.assertEqual((meta.module, meta.get_field("edge_uid").unique), ("Core", 1))
		self.assertEqual(meta.get_field("quality_flag").options, flags + "\nWarning")
		self.assertTrue(meta.get_field("observed_at_ms").search_index)
		fields, setters = self.customizations("Observation")
		self.assertEqual(
			{row.name for row in fields},
			{
				"Observation-edge_uid",
				"Observation-observed_at_ms",
				"Observation-raw_payload",
			},
		)
		self.assertEqual([row.name for row in setters], ["Observation-quality_flag-options"])

		install.ensure_records()  # as each migrate does
		self.assertEqual(self.customizations("Observation"), (fields, setters))

		install.before_app_uninstall(other_app.OWNER)
		self.assertEqual(install.owner_of("Observation"), install.APP)
		self.assertEqual(self.customizations("Observation"), ([], []))
		self.assertEqual(frappe.get_meta("Observation").get_field("edge_uid").unique, 1)

	def test_drops_what_the_owner_ships_by_now(self):
		other_app.give_away("Device", ["device_id", "model"], {"status": "Active"})
		install.ensure_records()
		self.assertEqual(
			{row.name for row in self.customizations("Device")[0]},
			{"Device-edge_section", "Device-device_id", "Device-model"},
		)
		field = frappe.copy_doc(frappe.get_meta("Device").get_field("device_id"))
		frappe.get_doc(
			{
				"doctype": "DocField",
				"parent": "Device",
				"parenttype": "DocType",
				"parentfield": "fields",
				"fieldname": "device_id",
				"fieldtype": "Data",
				"label": field.label,
			}
		).db_insert()
		frappe.db.set_value(
			"DocField", {"parent": "Device", "fieldname": "status"}, "options", "Active\nInactive"
		)
		frappe.clear_cache(doctype="Device")
		install.ensure_records()
		fields, setters = self.customizations("Device")
		self.assertEqual({row.name for row in fields}, {"Device-edge_section", "Device-model"})
		self.assertNotIn("Device-status-options", [row.name for row in setters])

	def test_the_types_of_the_weighbridge(self):
		names = ("ScaleTicket", "Nonconformance", "Lot", "Site Tolerance Policy")
		theirs = {name: other_app.FIELDS[name] for name in names}
		for name, kept in theirs.items():
			fields = {df.fieldname for df in frappe.get_meta(name).fields}
			other_app.give_away(name, sorted(fields - kept))
			frappe.db.set_value("DocType", name, "custom", 1)  # such a type has no controller
		for _ in range(2):
			install.ensure_records()
		for name in theirs:
			with self.subTest(name):
				ours = {df.fieldname for df in frappe.get_meta(name).fields if df.fieldtype != "Column Break"}
				self.assertEqual(frappe.get_meta(name).module, "Core")
				self.assertLessEqual(theirs[name], ours)
		meta = frappe.get_meta("ScaleTicket")
		for fieldname in ("edge_uid", "void_uid", "number_key"):
			self.assertEqual(meta.get_field(fieldname).unique, 1)
		self.assertEqual(meta.get_field("number_key").hidden, 1)
		self.assertTrue(meta.get_field("tare_weighing").search_index)
		site = insert("Site", site_name="joined")
		fields = {"site": site, "ticket_datetime": "2026-01-01", "gross_kg": 1000, "tare_kg": 12000}
		ticket = insert("ScaleTicket", **fields)
		self.assertEqual(frappe.db.get_value("ScaleTicket", ticket, "mismatch_flag"), 1)
		self.assertEqual(frappe.db.count("Nonconformance", {"reference_name": ticket}), 1)
		frappe.db.rollback()

	def test_nothing_differs_nothing_is_written(self):
		before = frappe.get_all("DocType", {"name": ("in", install.RECORDS)}, ["name", "modified"])
		install.ensure_records()
		self.assertEqual(
			frappe.get_all("DocType", {"name": ("in", install.RECORDS)}, ["name", "modified"]), before
		)

	def test_our_files_are_not_read_by_frappes_own_sync(self):
		from frappe.model.sync import get_doc_files

		self.assertEqual(get_doc_files([], frappe.get_app_path(install.APP, "edge_records")), [])

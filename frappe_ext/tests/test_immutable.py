import json

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext.immutable import EdgeRecordImmutableError
from frappe_ext.tests.support import insert, make_world, user_with


class TestImmutable(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)
		cls.world.statuses([cls.world.observation(1), cls.world.observation(2, device="later")])

	def setUp(self):
		self.doc = self.world.stored(1)
		self.addCleanup(frappe.db.rollback)

	def test_every_measured_field(self):
		for fieldname, value in {
			"value": 99,
			"value_text": "99",
			"has_value": 0,
			"unit": "F",
			"observed_at": "2020-01-01 00:00:00",
			"observed_at_ms": 1,
			"observation_type": "humidity",
			"raw_payload": "{}",
			"edge_uid": "0" * 32,
			"device": None,
			"device_text": "x",
			"edge_flag": "Invalid",
			"quality_reasons": "none",
			"backfilled": 1,
			"edge_seq": 7,
			"gateway": None,
		}.items():
			with self.subTest(fieldname):
				doc = frappe.get_doc("Observation", self.doc.name)
				doc.set(fieldname, value)
				self.assertRaises(EdgeRecordImmutableError, doc.save)

	def test_every_path(self):
		from frappe.client import set_value
		from frappe.desk.doctype.bulk_update.bulk_update import submit_cancel_or_update_docs
		from frappe.desk.form.save import savedocs

		form = self.doc.as_dict() | {"value": 99}
		for name, write in {
			"set_value": lambda: set_value("Observation", self.doc.name, "value", 99),
			"savedocs": lambda: savedocs(frappe.as_json(form), "Save"),
			"flags in the document": lambda: savedocs(
				frappe.as_json(form | {"flags": {"from_edge": 1}}), "Save"
			),
		}.items():
			with self.subTest(name):
				self.assertRaises(EdgeRecordImmutableError, write)
		submit_cancel_or_update_docs("Observation", json.dumps([self.doc.name]), "update", {"value": 99})
		self.assertEqual(frappe.db.get_value("Observation", self.doc.name, "value"), 21.5)

	def test_data_import(self):
		frappe.flags.in_import = True
		self.addCleanup(frappe.flags.update, {"in_import": False})
		doc = frappe.get_doc("Observation", self.doc.name)
		doc.update({"value": "99"})
		self.assertRaises(EdgeRecordImmutableError, doc.save)

	def test_text_of_a_form_is_the_same_value(self):
		doc = frappe.get_doc("Observation", self.doc.name)
		doc.update(
			{"value": "21.500000000", "observed_at": str(doc.observed_at), "backfilled": "0", "notes": "seen"}
		)
		doc.save()
		self.assertEqual(frappe.db.get_value("Observation", doc.name, "notes"), "seen")

	def test_deleting_and_renaming(self):
		self.assertRaises(EdgeRecordImmutableError, self.doc.delete)
		self.assertRaises(
			EdgeRecordImmutableError, frappe.delete_doc, "Observation", self.doc.name, force=True
		)
		self.assertRaises(
			EdgeRecordImmutableError, frappe.rename_doc, "Observation", self.doc.name, "x", force=True
		)

	def test_nobody_forges_a_record(self):
		fields = {"site": self.world.site, "observed_at": "2026-01-01", "observation_type": "temperature"}
		for forged in ({"edge_uid": "f" * 32}, {"gateway": self.world.gateway}, {"edge_seq": 5}):
			with self.subTest(forged):
				self.assertRaises(EdgeRecordImmutableError, insert, "Observation", **fields, **forged)

	def test_a_row_typed_in_desk(self):
		name = insert(
			"Observation",
			site=self.world.site,
			observed_at="2026-02-23 13:00:00",
			observation_type="temperature",
			value=28.5,
		)
		doc = frappe.get_doc("Observation", name)
		self.assertEqual((doc.value_text, doc.has_value, doc.edge_uid), ("28.5", 1, None))
		self.assertGreater(doc.observed_at_ms, 0)
		doc.value = 29
		doc.save()
		doc.delete()

	def test_a_verdict_needs_a_reason_and_is_signed(self):
		doc = frappe.get_doc("Observation", self.doc.name)
		doc.quality_flag = "Quarantine"
		self.assertRaises(frappe.ValidationError, doc.save)
		reviewer = user_with("QA Manager", sites=(self.world.site,))
		with self.set_user(reviewer):
			doc = frappe.get_doc("Observation", self.doc.name)
			doc.update(
				{"quality_flag": "Quarantine", "released_reason": "sample is wet", "released_by": "Guest"}
			)
			doc.save()
		self.assertEqual((doc.released_by, doc.quality_flag), (reviewer, "Quarantine"))
		self.assertTrue(doc.released_at)

	def test_an_unknown_device_may_be_named_later(self):
		name = self.world.stored(2).name
		wrong = insert("Device", device_name="other", device_id="other", site=self.world.site)
		right = insert("Device", device_name="later", device_id="later", site=self.world.site)
		doc = frappe.get_doc("Observation", name)
		doc.device = wrong
		self.assertRaises(EdgeRecordImmutableError, doc.save)
		doc = frappe.get_doc("Observation", name)
		doc.device = right
		doc.save()

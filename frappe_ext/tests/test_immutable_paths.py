"""What a gateway or the server wrote, against every way in which Frappe writes: none of them changes it."""

from __future__ import annotations

import csv
import json
import tempfile

import frappe
from frappe import client
from frappe.core.doctype.data_import.data_import import import_file
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.desk import calendar, reportview
from frappe.desk.doctype.bulk_update.bulk_update import submit_cancel_or_update_docs
from frappe.desk.form import assign_to
from frappe.desk.form.save import cancel, savedocs
from frappe.model.rename_doc import update_document_title
from frappe.tests.utils import FrappeTestCase

from frappe_ext.immutable import EdgeRecordImmutableError
from frappe_ext.tests.support import insert, request, user_with
from frappe_ext.tests.two_sites import make_place, token_of, wipe

CHANGES = {
	"Observation": {"value": 99, "raw_payload": "{}", "quality_reasons": "none", "edge_uid": "0" * 32},
	"ScaleTicket": {"gross_kg": 1, "net_kg": 1, "status": "Void", "driver": "x", "mismatch_flag": 0},
	"Edge Weighing": {"value_text": "1", "raw_hex": "00", "hash": "0" * 64},
	"Edge Gap": {"reason": "x", "count": 7},
	"Edge Amend": {"cause": "x", "flag": "OK"},
	"Edge Excursion": {"status": "Released", "severity": "Warning", "count": 99},
	"Edge Retention": {"to_seq": 999, "archive": "x"},
}
FIRST = {doctype: next(iter(fields.items())) for doctype, fields in CHANGES.items()}
IMPORTED = ("Observation", "ScaleTicket")
RENAMED_TO = "another-name"


class TestPaths(FrappeTestCase):
	"""As Administrator, who may do everything that roles allow, and by an API key of a System Manager."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.place = make_place()
		cls.manager = user_with("System Manager")
		cls.addClassCleanup(wipe, [cls.place], {"manager": cls.manager})
		cls.token = token_of(cls.manager)
		frappe.db.commit()

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def rows(self):
		for doctype, (fieldname, value) in FIRST.items():
			yield doctype, self.place.names[doctype], fieldname, value

	def assert_kept(self, doctype, name, write, /, *arguments, **options):
		"""`write` fails, or changes nothing but who looked at it last."""
		before = self.stored(doctype, name)
		frappe.db.commit()
		try:
			write(*arguments, **options)
		except (frappe.ValidationError, frappe.PermissionError, frappe.DoesNotExistError):
			frappe.clear_messages()
		self.assertEqual(self.stored(doctype, name), before)
		frappe.db.rollback()
		self.assertEqual(self.stored(doctype, name), before)

	def stored(self, doctype, name):
		row = frappe.db.get_value(doctype, name, "*", as_dict=True)
		return row and {
			key: value for key, value in row.items() if key not in ("modified", "modified_by", "_seen")
		}

	def test_every_field_of_a_form(self):
		for doctype, fields in CHANGES.items():
			for fieldname, value in fields.items():
				with self.subTest(doctype=doctype, fieldname=fieldname):
					doc = frappe.get_doc(doctype, self.place.names[doctype])
					self.assertNotEqual(doc.get(fieldname), value)
					doc.set(fieldname, value)
					self.assertRaises(EdgeRecordImmutableError, doc.save)

	def test_writing(self):
		for doctype, name, fieldname, value in self.rows():
			form = frappe.get_doc(doctype, name).as_dict() | {fieldname: value}
			text = frappe.as_json(form)
			row = {"doctype": doctype, "docname": name, fieldname: value}
			when = {"start": fieldname, "end": fieldname}
			for path, (write, *arguments) in {
				"savedocs": (savedocs, text, "Save"),
				"submit": (savedocs, text, "Submit"),
				"update": (savedocs, text, "Update"),
				"cancel": (cancel, doctype, name),
				"client.set_value": (client.set_value, doctype, name, fieldname, value),
				"client.save": (client.save, text),
				"client.submit": (client.submit, text),
				"client.cancel": (client.cancel, doctype, name),
				"client.insert": (client.insert, text),
				"client.bulk_update": (client.bulk_update, json.dumps([row])),
				"bulk edit": (
					submit_cancel_or_update_docs,
					doctype,
					json.dumps([name]),
					"update",
					{fieldname: value},
				),
				"bulk cancel": (submit_cancel_or_update_docs, doctype, json.dumps([name]), "cancel"),
				"calendar": (
					calendar.update_event,
					json.dumps({"doctype": doctype, "name": name, fieldname: value}),
					json.dumps(when),
				),
			}.items():
				with self.subTest(doctype=doctype, path=path):
					self.assert_kept(doctype, name, write, *arguments)

	def test_losing(self):
		for doctype, name, _fieldname, _value in self.rows():
			for path, (write, arguments, options) in {
				"client.delete": (client.delete, (doctype, name), {}),
				"delete_doc by force": (frappe.delete_doc, (doctype, name), {"force": True}),
				"client.rename_doc": (client.rename_doc, (doctype, name, RENAMED_TO), {}),
				"rename by force": (frappe.rename_doc, (doctype, name, RENAMED_TO), {"force": True}),
				"title": (
					update_document_title,
					(),
					{"doctype": doctype, "docname": name, "title": "x", "name": RENAMED_TO},
				),
			}.items():
				with self.subTest(doctype=doctype, path=path):
					self.assert_kept(doctype, name, write, *arguments, **options)
			with self.subTest(doctype=doctype, path="delete_items"):
				frappe.local.form_dict = frappe._dict(doctype=doctype, items=json.dumps([name]))
				self.assert_kept(doctype, name, reportview.delete_items)

	def test_merging(self):
		"""A row into another, and what rows link to: site and device would change without a word."""
		twins = {
			"Observation": frappe.get_value(
				"Observation",
				{"site": self.place.world.site, "name": ("!=", self.place.names["Observation"])},
			),
			"Site": insert("Site", site_name="other"),
			"Device": insert("Device", device_name="o", device_id="o", site=self.place.world.site),
			"Edge Gateway": insert("Edge Gateway", gateway_id=f"x-{self.place.mark}"),
		}
		for doctype, twin in twins.items():
			with self.subTest(doctype):
				old = self.place.names[doctype]
				with self.assertRaises(EdgeRecordImmutableError):
					frappe.rename_doc(doctype, old, twin, force=True, merge=True)

	def test_rest(self):
		headers = {"Authorization": self.token}
		for doctype, name, fieldname, value in self.rows():
			path = f"/api/resource/{doctype}/{name}"
			run = {"run_method": "db_set", "fieldname": fieldname, "value": value}
			for verb, url, body in (
				("PUT", path, {fieldname: value}),
				("DELETE", path, None),
				("POST", path, run),
				("PATCH", f"/api/v2/document/{doctype}/{name}", {fieldname: value}),
				("DELETE", f"/api/v2/document/{doctype}/{name}", None),
				("POST", f"/api/v2/document/{doctype}/{name}/method/db_set", run),
				("POST", "/api/method/run_doc_method", {"dt": doctype, "dn": name, "method": "db_set"}),
			):
				with self.subTest(doctype=doctype, verb=verb, url=url):
					before = self.stored(doctype, name)
					answer = request(verb, url, headers=headers, json=body)
					self.assertGreaterEqual(answer.status_code, 400, answer.text[:300])
					frappe.db.rollback()
					self.assertEqual(self.stored(doctype, name), before)

	def test_forging(self):
		for doctype in CHANGES:
			with self.subTest(doctype):
				row = frappe.get_doc(doctype, self.place.names[doctype])
				copy = frappe.copy_doc(row, ignore_no_copy=False)
				copy.update({name: f"{'f' * 32}" for name in ("edge_uid",) if copy.meta.has_field(name)})
				self.assertRaises(EdgeRecordImmutableError, copy.insert)

	def test_data_import(self):
		for doctype in IMPORTED:
			with self.subTest(doctype):
				name = self.place.names[doctype]
				fieldname, value = FIRST[doctype]
				with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
					csv.writer(file).writerows([["ID", fieldname], [name, value]])
					file.flush()
					before = self.stored(doctype, name)
					import_file(doctype, file.name, "Update Existing Records", console=True)
				frappe.db.rollback()
				self.assertEqual(self.stored(doctype, name), before)

	def test_a_form_that_was_customized(self):
		for doctype, name, fieldname, value in self.rows():
			with self.subTest(doctype):
				for prop, kind in (("read_only", "Check"), ("set_only_once", "Check"), ("permlevel", "Int")):
					make_property_setter(doctype, fieldname, prop, 0, kind, validate_fields_for_doctype=False)
				doc = frappe.get_doc(doctype, name)
				doc.set(fieldname, value)
				self.assertRaises(EdgeRecordImmutableError, doc.save)
				frappe.db.rollback()
				frappe.clear_cache(doctype=doctype)

	def test_what_people_add(self):
		"""Assignments, tags, comments and notes stand beside what was measured."""
		name = self.place.names["Observation"]
		assign_to.add({"assign_to": [self.manager], "doctype": "Observation", "name": name})
		frappe.get_attr("frappe.desk.doctype.tag.tag.add_tag")("seen", "Observation", name)
		doc = frappe.get_doc("Observation", name)
		doc.add_comment("Comment", "seen")
		doc.notes = "seen"
		doc.save()
		row = frappe.db.get_value("Observation", name, ["notes", "_user_tags", "_assign"])
		self.assertEqual(row[:2], ("seen", ",seen"))
		self.assertIn(self.manager, row[2])

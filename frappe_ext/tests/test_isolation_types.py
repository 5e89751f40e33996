"""Lists, documents, counts, exports and prints of every type show nothing of another site (Part C 8, 9)."""

from __future__ import annotations

import json
from pathlib import Path

import frappe_ext
from frappe_ext import guards, hooks
from frappe_ext.tests.isolation import IsolationCase

PACKAGE = Path(frappe_ext.__file__).parent
TABLES = {*hooks._tables_of_gateways, "Edge Settings Retention"}
LISTED = sorted(guards.GUARDED - TABLES)


class TestTypes(IsolationCase):
	def test_every_type_has_a_row_here(self):
		self.assertEqual(set(LISTED) - set(self.theirs.names), set())
		own = {
			json.loads(path.read_text())["name"]
			for kind in ("edge/doctype", "edge_records/doctype")
			for path in (PACKAGE / kind).glob("*/*.json")
			if not json.loads(path.read_text()).get("issingle")
		}
		self.assertEqual(own - guards.GUARDED - TABLES, set())

	def test_lists(self):
		for doctype in LISTED:
			fields = json.dumps([f"`tab{doctype}`.*"])
			everything = {"doctype": doctype, "limit_page_length": 0}
			lists = {
				"frappe.client.get_list": everything | {"fields": ["*"]},
				"frappe.desk.reportview.get": {"doctype": doctype, "fields": fields, "page_length": 500},
				"frappe.desk.reportview.get_list": {"doctype": doctype, "fields": fields, "page_length": 500},
				"frappe.desk.search.search_link": {
					"doctype": doctype,
					"txt": "",
					"page_length": 500,
					"ignore_user_permissions": 1,
				},
				"frappe.desk.search.search_widget": {
					"doctype": doctype,
					"txt": "",
					"page_length": 500,
					"ignore_user_permissions": 1,
				},
			}
			for role in ("QA Manager", "IT Admin", "Owner", "nobody"):
				for method, arguments in lists.items():
					with self.subTest(doctype=doctype, role=role, method=method):
						answer = self.ask(role, method, **arguments)
						self.assert_closed(answer)
						if role == "nobody":
							self.assertNotIn(self.ours.names[doctype], answer.text)
				with self.subTest(doctype=doctype, role=role, method="REST"):
					path = f"/api/resource/{doctype}"
					self.assert_closed(self.ask(role, path, "GET", fields='["*"]', limit_page_length=0))

	def test_qa_manager_reads_the_own_rows(self):
		"""What is asked for above can be seen: the test would fail if nobody saw anything."""
		seen = 0
		for doctype in LISTED:
			text = self.ask("QA Manager", "frappe.client.get_list", doctype=doctype, limit_page_length=0).text
			seen += self.ours.names[doctype] in text
		self.assertGreaterEqual(seen, 17)

	def test_counts_and_values(self):
		for doctype in LISTED:
			name = self.theirs.names[doctype]
			filters = {"name": name}
			for role in ("QA Manager", "IT Admin", "nobody"):
				for method, arguments in {
					"frappe.client.get_count": {"filters": filters},
					"frappe.client.get_value": {"filters": filters, "fieldname": "owner"},
					"frappe.desk.reportview.get_count": {"filters": json.dumps(filters), "fields": "[]"},
					"frappe.desk.link_preview.get_preview_data": {"docname": name},
				}.items():
					with self.subTest(doctype=doctype, role=role, method=method):
						answer = self.ask(role, method, doctype=doctype, **arguments)
						found = answer.json.get("message") if answer.status_code == 200 else None
						self.assertIn(found, (None, 0, {}, []))

	def test_documents(self):
		for doctype in LISTED:
			name = self.theirs.names[doctype]
			for role in ("QA Manager", "IT Admin", "nobody"):
				for method, arguments in {
					"frappe.client.get": {"doctype": doctype, "name": name},
					"frappe.desk.form.load.getdoc": {"doctype": doctype, "name": name},
					"frappe.desk.form.load.get_docinfo": {"doctype": doctype, "name": name},
					"frappe.desk.form.load.get_communications": {"doctype": doctype, "name": name},
					"frappe.desk.notifications.get_open_count": {"doctype": doctype, "name": name},
					"frappe.www.printview.get_html_and_style": {"doc": doctype, "name": name},
				}.items():
					with self.subTest(doctype=doctype, role=role, method=method):
						answer = self.ask(role, method, **arguments)
						self.assertIn(answer.status_code, (403, 404), answer.text[:300])
						self.assert_closed(answer, [name])
				for path in (f"/api/resource/{doctype}/{name}", f"/api/v2/document/{doctype}/{name}"):
					with self.subTest(doctype=doctype, role=role, path=path):
						answer = self.ask(role, path, "GET")
						self.assertEqual(answer.status_code, 403)
						self.assert_closed(answer, [name])

	def test_what_a_name_tells(self):
		for doctype in LISTED:
			name = self.theirs.names[doctype]
			for method, arguments in {
				"frappe.desk.search.get_link_title": {"docname": name},
				"frappe.client.validate_link": {"docname": name, "fields": '["owner", "modified"]'},
				"frappe.desk.form.linked_with.get": {"docname": name},
			}.items():
				with self.subTest(doctype=doctype, method=method):
					self.assert_closed(self.ask("QA Manager", method, doctype=doctype, **arguments), [name])

	def test_rows_of_tables(self):
		"""A list of a table's rows names its parent type, and that is all Frappe asks."""
		parents = dict.fromkeys(hooks._tables_of_gateways, "Edge Gateway")
		for table, parent in (parents | {"Edge Settings Retention": "Edge Settings"}).items():
			with self.subTest(table):
				answer = self.ask(
					"IT Admin",
					"frappe.client.get_list",
					doctype=table,
					parent=parent,
					fields=["*"],
					limit_page_length=0,
				)
				self.assert_closed(answer)
				if table == "Edge Gateway Site":
					self.assertIn(self.ours.world.gateway, answer.text)

	def test_exports(self):
		for doctype in LISTED:
			for role in ("QA Manager", "IT Admin", "Owner"):
				with self.subTest(doctype=doctype, role=role):
					fields = json.dumps([f"`tab{doctype}`.`name`", f"`tab{doctype}`.`owner`"])
					listed = {"doctype": doctype, "fields": fields, "file_format_type": "CSV"}
					answer = self.ask(role, "frappe.desk.reportview.export_query", **listed)
					self.assert_closed(answer)
					method = "frappe.core.doctype.data_export.exporter.export_data"
					whole = {
						"doctype": doctype,
						"with_data": 1,
						"file_type": "CSV",
						"export_without_column_meta": 1,
					}
					self.assert_closed(self.ask(role, method, **whole))
		own = {"doctype": "Lot", "fields": '["`tabLot`.`name`"]', "file_format_type": "CSV"}
		answer = self.ask("QA Manager", "frappe.desk.reportview.export_query", **own)
		self.assertIn(self.ours.names["Lot"], answer.text)

	def test_print(self):
		name = self.theirs.names["ScaleTicket"]
		for role in self.people:
			with self.subTest(role):
				answer = self.ask(
					role,
					"frappe.utils.print_format.download_pdf",
					"GET",
					doctype="ScaleTicket",
					name=name,
					format="Edge Scale Ticket",
				)
				self.assertEqual(answer.status_code, 403)
				page = self.ask(
					role, "/printview", "GET", doctype="ScaleTicket", name=name, format="Edge Scale Ticket"
				)
				self.assert_closed(page, [name])

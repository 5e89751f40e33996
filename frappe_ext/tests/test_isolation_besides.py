"""What Frappe keeps beside documents, and what it counts of all of them, shows nothing of another site."""

from __future__ import annotations

import json

import frappe
from frappe.desk.doctype.dashboard_chart import dashboard_chart
from frappe.utils import global_search

from frappe_ext.tests.isolation import IsolationCase
from frappe_ext.tests.support import insert


class TestBesides(IsolationCase):
	"""What stands beside documents: files, tags, comments, followers, searches, charts of one's own."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		name = cls.theirs.names["ScaleTicket"]
		for place in cls.places:
			ticket = frappe.get_doc("ScaleTicket", place.names["ScaleTicket"])
			ticket.add_comment("Comment", f"seen {place.mark}")
			frappe.get_doc(
				{
					"doctype": "File",
					"file_name": f"{place.mark}.txt",
					"content": place.mark,
					"is_private": 1,
					"attached_to_doctype": "ScaleTicket",
					"attached_to_name": ticket.name,
				}
			).insert()
			frappe.get_attr("frappe.desk.doctype.tag.tag.add_tag")(place.mark, "ScaleTicket", ticket.name)
		cls.file = frappe.get_doc("File", {"attached_to_name": name})
		frappe.db.commit()

	def test_files(self):
		for role in self.people:
			with self.subTest(role):
				self.assert_closed(
					self.ask(role, "/api/resource/File", "GET", fields='["*"]', limit_page_length=0)
				)
				self.assertEqual(
					self.ask(role, f"/api/resource/File/{self.file.name}", "GET").status_code, 403
				)
				answer = self.ask(role, self.file.file_url, "GET")
				self.assertEqual(answer.status_code, 403)
		listed = self.ask("QA Manager", "/api/resource/File", "GET", fields='["*"]', limit_page_length=0)
		self.assertIn(f"{self.ours.mark}.txt", listed.text)
		method = "frappe.core.api.file.get_files_by_search_text"
		self.assert_closed(self.ask("QA Manager", method, text="t-"))

	def test_attaching_to_a_foreign_document(self):
		name = self.theirs.names["ScaleTicket"]
		before = frappe.db.count("File", {"attached_to_name": name})
		file = {
			"file_name": "mine.txt",
			"content": "x",
			"is_private": 1,
			"attached_to_doctype": "ScaleTicket",
		}
		answer = self.ask("QA Manager", "/api/resource/File", **file, attached_to_name=name)
		self.assertEqual(answer.status_code, 403)
		frappe.db.rollback()
		self.assertEqual(frappe.db.count("File", {"attached_to_name": name}), before)
		own = self.ours.names["ScaleTicket"]
		answer = self.ask("QA Manager", "/api/resource/File", **file, attached_to_name=own)
		self.assertEqual(answer.status_code, 200, answer.text)

	def test_tags(self):
		name = self.theirs.names["ScaleTicket"]
		mark = self.theirs.mark
		listed = self.ask("QA Manager", "/api/resource/Tag Link", "GET", fields='["*"]', limit_page_length=0)
		self.assert_closed(listed)
		self.assertIn(self.ours.names["ScaleTicket"], listed.text)
		method = "frappe.desk.doctype.tag.tag.get_tagged_docs"
		for role in self.people:
			answer = self.ask(role, method, doctype="ScaleTicket", tag=f"%{mark}%")
			self.assert_closed(answer, [mark])
		for method, arguments in {
			"frappe.desk.doctype.tag.tag.add_tag": {"tag": "mine", "dt": "ScaleTicket", "dn": name},
			"frappe.desk.doctype.tag.tag.remove_tag": {"tag": mark, "dt": "ScaleTicket", "dn": name},
			"frappe.desk.doctype.tag.tag.add_tags": {
				"tags": '["mine"]',
				"dt": "ScaleTicket",
				"docs": json.dumps([name]),
			},
			"frappe.desk.like.toggle_like": {"doctype": "ScaleTicket", "name": name, "add": "Yes"},
		}.items():
			with self.subTest(method):
				self.assertEqual(self.ask("QA Manager", method, **arguments).status_code, 403)
		tag = {"tag": "mine", "dt": "ScaleTicket", "dn": self.ours.names["ScaleTicket"]}
		answer = self.ask("QA Manager", "frappe.desk.doctype.tag.tag.add_tag", **tag)
		self.assertEqual(answer.status_code, 200)

	def test_comments_and_versions(self):
		name = self.theirs.names["ScaleTicket"]
		for doctype in ("Comment", "Version", "Communication", "DocShare", "Deleted Document", "Email Queue"):
			for role in self.people:
				with self.subTest(doctype=doctype, role=role):
					path = f"/api/resource/{doctype}"
					self.assert_closed(self.ask(role, path, "GET", fields='["*"]', limit_page_length=0))
		answer = self.ask(
			"QA Manager",
			"frappe.desk.form.utils.add_comment",
			reference_doctype="ScaleTicket",
			reference_name=name,
			content="x",
			comment_email="a@example.com",
			comment_by="a",
		)
		self.assertEqual(answer.status_code, 403)

	def test_sharing_and_assigning(self):
		name = self.theirs.names["ScaleTicket"]
		user = self.people["QA Manager"]
		share = self.ask("QA Manager", "frappe.share.add", doctype="ScaleTicket", name=name, user=user)
		self.assertEqual(share.status_code, 403)
		self.ask(
			"QA Manager",
			"frappe.desk.form.assign_to.add",
			doctype="ScaleTicket",
			name=name,
			assign_to=json.dumps([user]),
		)
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("DocShare", {"share_name": name}))

	def test_following(self):
		user = self.people["QA Manager"]
		frappe.db.set_value("User", user, "document_follow_notify", 1)
		frappe.db.commit()
		method = "frappe.desk.form.document_follow.follow_document"
		for place, status in ((self.theirs, 403), (self.ours, 200)):
			name = place.names["ScaleTicket"]
			answer = self.ask("QA Manager", method, doctype="ScaleTicket", doc_name=name, user=user)
			self.assertEqual(answer.status_code, status, answer.text[:300])

	def test_global_search(self):
		settings = frappe.get_doc("Global Search Settings")
		before = [row.document_type for row in settings.allowed_in_global_search]
		try:
			for doctype in ("Lot", "Site"):
				if doctype not in before:
					settings.append("allowed_in_global_search", {"document_type": doctype})
			settings.save()
			global_search.rebuild_for_doctype("Lot")
			frappe.db.commit()
			for place, expected in ((self.theirs, False), (self.ours, True)):
				answer = self.ask("QA Manager", "frappe.utils.global_search.search", text=place.mark)
				names = [row["name"] for row in answer.json["message"]]
				self.assertEqual(place.names["Lot"] in names, expected)
		finally:
			settings.reload()
			settings.set(
				"allowed_in_global_search",
				[row for row in settings.allowed_in_global_search if row.document_type in before],
			)
			settings.save()
			frappe.db.commit()

	def test_charts_of_ones_own(self):
		chart = {
			"name": "mine",
			"document_type": "ScaleTicket",
			"chart_type": "Count",
			"type": "Heatmap",
			"based_on": "creation",
			"filters_json": json.dumps([["ScaleTicket", "driver", "=", self.theirs.mark, False]]),
		}
		method = "frappe.desk.doctype.dashboard_chart.dashboard_chart.get"
		for no_cache in (None, 1):
			answer = self.ask("QA Manager", method, chart=json.dumps(chart), no_cache=no_cache)
			self.assertEqual(answer.json["message"]["dataPoints"], {})
		own = chart | {"filters_json": chart["filters_json"].replace(self.theirs.mark, self.ours.mark)}
		points = self.ask("QA Manager", method, chart=json.dumps(own)).json["message"]["dataPoints"]
		self.assertEqual(list(points.values()), [1])
		refused = self.ask("Site Operator", method, chart=json.dumps(chart | {"document_type": "Version"}))
		self.assertEqual(refused.status_code, 403)

	def test_a_stored_chart_is_not_kept_for_the_next_user(self):
		fields = {"chart_name": self.ours.mark, "chart_type": "Group By", "type": "Bar"}
		fields |= {"document_type": "Lot", "group_by_type": "Count", "group_by_based_on": "lot_number"}
		name = insert("Dashboard Chart", filters_json="[]", is_public=1, **fields)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Dashboard Chart", name)
		frappe.db.commit()
		headers = {"chart_name": name}
		method = "frappe.desk.doctype.dashboard_chart.dashboard_chart.get"
		dashboard_chart.get(chart_name=name)  # Administrator sees all, and Frappe keeps it
		answer = self.ask("QA Manager", method, **headers)
		self.assertIn(self.ours.mark, answer.text)
		self.assert_closed(answer)

	def test_counts_by_group(self):
		method = "frappe.desk.listview.get_group_by_count"
		for field in ("site", "driver", "assigned_to"):
			with self.subTest(field):
				arguments = {"doctype": "ScaleTicket", "current_filters": "[]", "field": field}
				answer = self.ask("QA Manager", method, **arguments)
				self.assertEqual(answer.status_code, 200)
				self.assert_closed(answer)
		todo = insert(
			"ToDo",
			allocated_to=self.people["Owner"],
			reference_type="ScaleTicket",
			reference_name=self.theirs.names["ScaleTicket"],
			description="x",
		)
		frappe.db.commit()
		answer = self.ask(
			"QA Manager", method, doctype="ScaleTicket", current_filters="[]", field="assigned_to"
		)
		self.assertEqual(answer.json["message"], [])
		frappe.delete_doc("ToDo", todo)
		frappe.db.commit()

	def test_monthly_goals(self):
		answer = self.ask(
			"QA Manager",
			"frappe.utils.goal.get_monthly_goal_graph_data",
			title="x",
			doctype="Site",
			docname=self.ours.world.site,
			goal_value_field="idx",
			goal_total_field="idx",
			goal_history_field="description",
			goal_doctype="ScaleTicket",
			goal_doctype_link="owner",
			goal_field="net_kg",
			date_field="ticket_datetime",
		)
		self.assertEqual(answer.status_code, 403)

	def test_reports_that_were_prepared(self):
		doc = frappe.get_doc({"doctype": "Prepared Report", "report_name": "Sensor Quality", "filters": "{}"})
		doc.flags.ignore_links = True
		doc.db_insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Prepared Report", {"name": doc.name})
		frappe.db.commit()
		listed = self.ask("QA Manager", "/api/resource/Prepared Report", "GET", limit_page_length=0)
		self.assertNotIn(doc.name, listed.text)
		answer = self.ask("QA Manager", f"/api/resource/Prepared Report/{doc.name}", "GET")
		self.assertEqual(answer.status_code, 403, answer.text)

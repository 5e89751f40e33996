"""Reports, cards, charts and every method of ours tell nothing of another site; a new method needs a case here."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import frappe
from frappe.desk import query_report
from frappe.desk.doctype.number_card import number_card
from frappe.utils import add_days, nowdate

import frappe_ext
from frappe_ext.tests.isolation import IsolationCase
from frappe_ext.tests.support import request
from frappe_ext.tests.two_sites import ROLES, make_people

PACKAGE = Path(frappe_ext.__file__).parent


class TestSums(IsolationCase):
	def test_reports(self):
		reports = sorted(
			path.name for path in (PACKAGE / "edge/report").iterdir() if (path / f"{path.name}.json").exists()
		)
		self.assertGreaterEqual(len(reports), 4)
		days = {"from_date": add_days(nowdate(), -1), "to_date": add_days(nowdate(), 1)}
		for report in reports:
			name = json.loads((PACKAGE / f"edge/report/{report}/{report}.json").read_text())["name"]
			for role, user in self.people.items():
				for filters in (days, days | {"site": self.theirs.world.site}):
					with self.subTest(report=name, role=role, filters=filters), self.set_user(user):
						try:
							answer = frappe.as_json(query_report.run(name, dict(filters)))
						except frappe.PermissionError:
							continue  # not a report of this role
						self.assert_closed(answer, [self.theirs.world.site])
						if role == "nobody":
							self.assertNotIn(self.ours.mark, answer)
						exported = self.ask(
							role,
							"frappe.desk.query_report.export_query",
							report_name=name,
							filters=json.dumps(filters),
							file_format_type="CSV",
							visible_idx="[]",
						)
						self.assert_closed(exported)

	def test_cards(self):
		cards = frappe.get_all("Number Card", {"module": "Edge"}, ["name", "type", "method"])
		self.assertGreaterEqual(len(cards), 6)
		strangers = make_people(self.theirs)
		self.addCleanup(self._drop, list(strangers.values()))
		for card in cards:
			with self.subTest(card.name):
				ours, theirs = (self._card(card, users["QA Manager"]) for users in (self.people, strangers))
				self.assertEqual((ours, theirs), (1, 1))
				self.assertEqual(self._card(card, self.people["nobody"]), 0)

	def _card(self, card, user):
		with self.set_user(user):
			if card.type == "Custom":
				return frappe.get_attr(card.method)()["value"]
			doc = frappe.get_doc("Number Card", card.name)
			return number_card.get_result(doc.as_json(), doc.filters_json)

	@staticmethod
	def _drop(users):
		frappe.db.rollback()
		for user in users:
			frappe.db.delete("User Permission", {"user": user})
			frappe.delete_doc("User", user, force=True, flags={"in_patch": True}, ignore_on_trash=True)
		frappe.db.commit()

	def test_charts(self):
		sources = frappe.get_all("Dashboard Chart", {"module": "Edge"}, pluck="source")
		self.assertGreaterEqual(len(sources), 2)
		for name in ("observations_by_flag", "mismatches_per_week"):
			with self.subTest(name):
				method = frappe.get_attr(f"frappe_ext.desk.charts.{name}")
				counted = {}
				for role in ("QA Manager", "Owner", "nobody"):
					with self.set_user(self.people[role]):
						sets = method()["datasets"]
						counted[role] = sum(sum(each["values"]) for each in sets)
				expected = 2 if name == "observations_by_flag" else 1
				self.assertEqual(counted, {"QA Manager": expected, "Owner": expected, "nobody": 0})


def whitelisted():
	"""Dotted names of every method of ours that a request can call."""
	found = set()
	for path in PACKAGE.rglob("*.py"):
		relative = path.relative_to(PACKAGE.parent).with_suffix("")
		for node in ast.walk(ast.parse(path.read_text())):
			if isinstance(node, ast.FunctionDef) and any(
				"whitelist" in ast.unparse(decorator) for decorator in node.decorator_list
			):
				found.add(f"{'.'.join(relative.parts)}.{node.name}")
	return found


def _attribute(test):
	module, case, method = test.split(".")
	return getattr(frappe.get_attr(f"frappe_ext.tests.{module}.{case}"), method)


class TestMethods(IsolationCase):
	"""Every whitelisted method has a case here: what a person of another site gets when he names our rows."""

	REFUSED = (
		("desk.observations.around", {"observation": "Observation"}),
		("desk.tickets.weighings", {"ticket": "ScaleTicket"}),
		("desk.excursions.rows", {"excursion": "Edge Excursion"}),
		("excursions.release", {"excursion": "Edge Excursion", "reason": "x"}),
		("excursions.open_nonconformance", {"excursion": "Edge Excursion", "reason": "x"}),
		("excursions.rejudge", {"excursion": "Edge Excursion", "reason": "x"}),
		("enrolment.new_code", {"gateway": "Edge Gateway"}),
		("keys.issue_key", {"gateway": "Edge Gateway"}),
		("keys.revoke_keys", {"gateway": "Edge Gateway"}),
		("keys.revoke_all_keys", {"confirm": "x"}),
		("keys.keep_instance", {"gateway": "Edge Gateway", "instance": "x"}),
		("monitoring.health_check.details", {}),
		("monitoring.metrics.metrics", {}),
	)
	"""Refused to every role of ours."""
	FOR_GATEWAYS = (
		"api.ingest.submit",
		"api.ingest.reconcile",
		"api.gateway.config",
		"api.gateway.heartbeat",
		"api.gateway.new_epoch",
	)
	OPEN = (
		("desk.cards.silent_gateways", {}),
		("desk.cards.expiring_certificates", {}),
		("desk.charts.observations_by_flag", {}),
		("desk.charts.mismatches_per_week", {}),
		("monitoring.health_check.health_check", {}),
		("api.gateway.enroll", {}),
		("monitoring.backup.report_failure", {"host": "h", "message": "m"}),
	)
	"""Answered, without anything of theirs."""
	ELSEWHERE = {
		"exports.export_report": "test_isolation.TestSums.test_reports",
		"exports.export_list": "test_isolation_types.TestTypes.test_exports",
		"exports.export_data": "test_isolation_types.TestTypes.test_exports",
		"guards.get_count": "test_isolation_types.TestTypes.test_counts_and_values",
		"guards.search_link": "test_isolation_types.TestTypes.test_lists",
		"guards.search_widget": "test_isolation_types.TestTypes.test_lists",
		"guards.get_link_title": "test_isolation_types.TestTypes.test_what_a_name_tells",
		"guards.search_everything": "test_isolation_besides.TestBesides.test_global_search",
		"guards.get_chart": "test_isolation_besides.TestBesides.test_charts_of_ones_own",
		"guards.get_group_by_count": "test_isolation_besides.TestBesides.test_counts_by_group",
		"guards.get_monthly_goal_graph_data": "test_isolation_besides.TestBesides.test_monthly_goals",
		"guards.get_tagged_docs": "test_isolation_besides.TestBesides.test_tags",
		"guards.add_tag": "test_isolation_besides.TestBesides.test_tags",
		"guards.add_tags": "test_isolation_besides.TestBesides.test_tags",
		"guards.remove_tag": "test_isolation_besides.TestBesides.test_tags",
		"guards.toggle_like": "test_isolation_besides.TestBesides.test_tags",
		"api.tickets.import_csv": "test_isolation.TestMethods.test_import",
	}

	def test_every_method_has_a_case(self):
		listed = {name for name, _ in (*self.REFUSED, *self.OPEN)} | {*self.FOR_GATEWAYS, *self.ELSEWHERE}
		self.assertEqual({f"frappe_ext.{name}" for name in listed}, whitelisted())
		for test in self.ELSEWHERE.values():
			self.assertTrue(callable(_attribute(test)), test)

	def _verb(self, name):
		methods = frappe.allowed_http_methods_for_whitelisted_func[frappe.get_attr(f"frappe_ext.{name}")]
		return "POST" if "POST" in methods else "GET"

	def test_refused(self):
		for name, arguments in self.REFUSED:
			given = {key: self.theirs.names.get(value, value) for key, value in arguments.items()}
			for role in (*ROLES, "nobody"):
				with self.subTest(method=name, role=role):
					answer = self.ask(role, f"frappe_ext.{name}", self._verb(name), **given)
					self.assertIn(answer.status_code, (403, 404), answer.text[:300])
					self.assert_closed(answer, given.values())

	def test_for_gateways(self):
		for name in self.FOR_GATEWAYS:
			for role in (*ROLES, "nobody"):
				with self.subTest(method=name, role=role):
					answer = self.ask(role, f"frappe_ext.{name}", self._verb(name))
					self.assertIn(answer.status_code, (401, 403))
					self.assert_closed(answer)

	def test_open(self):
		for name, arguments in self.OPEN:
			for role in (*ROLES, "nobody"):
				with self.subTest(method=name, role=role):
					self.assert_closed(self.ask(role, f"frappe_ext.{name}", self._verb(name), **arguments))

	def test_import(self):
		text = f"ticket_number,gross_kg,tare_kg,ticket_datetime\n{self.theirs.mark},2,1,2026-02-23 13:37\n"
		for role in ("QA Manager", "Site Operator", "nobody"):
			answer = request(
				"POST",
				"/api/method/frappe_ext.api.tickets.import_csv",
				headers={"Authorization": self.tokens[role]},
				data={"site": self.theirs.world.code, "file": (io.BytesIO(text.encode()), "t.csv")},
			)
			self.assertEqual(answer.json["message"]["errors"][0]["code"], "unknown_site", answer.text[:300])
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("ScaleTicket", {"ticket_number": self.theirs.mark}))

	def test_nothing_is_told_to_everybody(self):
		"""publish_realtime without a room, a user or a document reaches every user in Desk."""
		for path in PACKAGE.rglob("*.py"):
			if path.parent.name == "tests":
				continue
			for node in ast.walk(ast.parse(path.read_text())):
				if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("publish_realtime"):
					named = {keyword.arg for keyword in node.keywords}
					self.assertTrue(named & {"room", "user", "doctype"}, f"{path}:{node.lineno}")

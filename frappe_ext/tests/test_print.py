import re
from pathlib import Path

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils.jinja import get_jenv
from frappe.utils.pdf import get_pdf

from frappe_ext import reasons
from frappe_ext.tests.support import insert, make_world, user_with
from frappe_ext.tests.weighbridge import ScaleHouse
from frappe_ext.ticket_print import NOTICE

FORMAT = "Edge Scale Ticket"
HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}"


class TestPrint(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)
		cls.house = ScaleHouse(cls.world)
		cls.gross = cls.house.weighing("38440")
		cls.tare = cls.house.weighing("14580", role="tare", manual=True, reason="no signal", stability="None")
		cls.first = cls.house.ticket(
			1, cls.gross, cls.tare, declared_net_kg="30000", vehicle=HOSTILE, driver="علي", prints=2
		)
		cls.second = cls.house.ticket(2, cls.gross, cls.tare, action="correct", corrects=cls.first["uid"])
		cls.third = cls.house.ticket(3, cls.gross, cls.tare)
		records = [cls.house.genesis, cls.gross, cls.tare, cls.first, cls.second, cls.third]
		statuses = cls.world.statuses([*records, cls.house.void(cls.third)])
		assert set(statuses) == {"stored"}, statuses
		frappe.db.rollback()

	def setUp(self):
		self.addCleanup(frappe.db.rollback)
		self.addCleanup(setattr, frappe.local, "lang", frappe.local.lang)

	def html(self, record, lang="en"):
		frappe.local.lang = lang
		frappe.local.jenv = None
		name = frappe.db.get_value("ScaleTicket", {"edge_uid": record["uid"]})
		return frappe.get_print("ScaleTicket", name, FORMAT, no_letterhead=1)

	def test_what_stands_on_it(self):
		html = self.html(self.first)
		text = re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", " ", html, flags=re.S))
		for part in (
			self.first["number"],
			self.world.code,
			"38440 kg",
			"14580 kg",
			"23860 kg",
			"30000 kg",
			"-6140 kg (20.47 %)",
			"2.5 %",
			"The net differs from the declared weight by -20.47%.",
			"A weight was typed by a person.",
			"typed by a person",
			"Stability: Indicator",
			"no. 1",
			"no. 2",
			self.gross["hash"][:12],
			self.tare["hash"][:12],
			"علي",
			"op-7",
			"CORRECTED",
			self.second["number"],
		):
			with self.subTest(part):
				self.assertIn(part, text)
		self.assertIn(str(NOTICE).replace("'", "&#39;"), html)
		self.assertNotIn(self.gross["hash"], html)

	def test_void_and_plain(self):
		html = self.html(self.third)
		self.assertIn('<div class="watermark">VOID</div>', html)
		self.assertIn("printed twice", html)
		self.assertNotIn('class="watermark"', self.html(self.second))

	def test_text_from_outside_is_text(self):
		name = frappe.db.get_value("ScaleTicket", {"edge_uid": self.first["uid"]})
		# Past the document's life cycle, where Frappe takes tags away.
		frappe.db.set_value(
			"ScaleTicket", name, {"vehicle": HOSTILE, "mismatch_reasons": f"new_code:{HOSTILE}"}
		)
		html = self.html(self.first)
		self.assertNotIn("<img", html)
		self.assertEqual(html.count("&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}"), 2)

	def test_arabic_runs_from_right_to_left(self):
		html = self.html(self.first, lang="ar")
		self.assertIn('dir="rtl"', html)
		self.assertIn("<bdi>38440 kg</bdi>", html)

	def test_a_typed_ticket(self):
		name = insert(
			"ScaleTicket",
			site=self.world.site,
			ticket_datetime="2026-02-23 13:37:00",
			gross_kg="38440.50",
			tare_kg="14580",
			ticket_number="T-1",
		)
		html = frappe.get_print("ScaleTicket", name, FORMAT, no_letterhead=1)
		self.assertIn("38440.50 kg", html)
		self.assertEqual(html.count("typed by a person</b>"), 2)
		self.assertNotIn("Declared net", html)

	def test_a_pdf(self):
		name = frappe.db.get_value("ScaleTicket", {"edge_uid": self.first["uid"]})
		html = frappe.get_print("ScaleTicket", name, FORMAT, no_letterhead=1)
		# Without Frappe's own stylesheet, which wkhtmltopdf would fetch from a web server that a test may not have.
		pdf = get_pdf(re.sub(r"<link[^>]*>", "", html))
		self.assertTrue(pdf.startswith(b"%PDF"))
		self.assertGreater(len(pdf), 5000)

	def test_who_may_not_see_the_ticket_prints_nothing(self):
		stranger = user_with("QA Manager")
		name = frappe.db.get_value("ScaleTicket", {"edge_uid": self.first["uid"]})
		with self.set_user(stranger):
			self.assertRaises(
				frappe.PermissionError, frappe.get_print, "ScaleTicket", name, FORMAT, no_letterhead=1
			)

	def test_templates_have_its_facts(self):
		self.assertIn("edge_ticket_facts", get_jenv().globals)


class TestReasons(FrappeTestCase):
	def test_desk_and_server_say_the_same(self):
		source = Path(frappe.get_app_path("frappe_ext", "public", "js", "reasons.js")).read_text()
		for name in ("OF_READINGS", "OF_WEIGHTS"):
			table = re.search(rf"const {name} = {{(.*?)\n}};", source, re.S)[1]
			spoken = dict(re.findall(r'(\w+): __\("((?:[^"\\]|\\.)*)"\)', table))
			self.assertEqual(spoken, {code: words.msg for code, words in getattr(reasons, name).items()})

	def test_a_sentence(self):
		self.assertEqual(reasons.sentence("critical_max:35"), "The value is above the critical limit of 35.")
		self.assertEqual(reasons.sentence("bad_time:a:b", reasons.OF_READINGS).count("(a:b)"), 1)
		self.assertIn("?", reasons.sentence("critical_max"))
		self.assertEqual(reasons.sentence("of_tomorrow:1"), "of_tomorrow:1")
		self.assertEqual(reasons.sentences("time_order\n\nunstable")[1], "A weight was taken in motion.")
		self.assertEqual(reasons.sentences(None), [])

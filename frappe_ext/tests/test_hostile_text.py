"""Text from outside stays text on every surface of the server (design.md §10): messages, exports, mail, print, logs.

The same texts go in by every door: a gateway's records, a form, REST. Desk's own half is tests of its scripts.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from unittest.mock import patch

import frappe
import openpyxl
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from frappe_ext import excursions, faults, messages
from frappe_ext.alerts import delivery
from frappe_ext.contract.spreadsheet import is_formula
from frappe_ext.desk import observations
from frappe_ext.monitoring.exposition import Page
from frappe_ext.tests.alerts import AlertCase, body_of, mails_to
from frappe_ext.tests.support import insert, make_world, request, user_with
from frappe_ext.tests.two_sites import token_of
from frappe_ext.tests.weighbridge import ScaleHouse

MARKUP = "<img src=x onerror=alert(1)>"
TEMPLATE = "{{ 7*7 }}{% raw %}"
HEADER = "a\r\nBcc: evil@example.com\r\n\r\nb"
FORMULA = "=cmd|' /C calc'!A0"
TURNED = "\u202egpj.exe"
NUL = "a\x00b"
TEXTS = (MARKUP, TEMPLATE, HEADER, FORMULA, TURNED, NUL)


class TestComingIn(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def sent(self, seq, raw, **changes):
		digest = hashlib.sha256(raw.encode()).hexdigest()
		return self.world.observation(seq, raw=raw, raw_bytes=len(raw.encode()), raw_sha256=digest, **changes)

	def test_raw_payload_is_kept_to_the_letter(self):
		"""A flagged row goes by another way into the table than an OK one. Controls come encoded (wire.md §1)."""
		encoded = [f"base64:{base64.b64encode(text.encode()).decode()}" for text in (HEADER, NUL)]
		raws = [MARKUP, TEMPLATE, FORMULA, *encoded]
		for start, value in ((100, "21.0"), (200, "48.0")):
			records = [self.sent(start + index, raw, value=value) for index, raw in enumerate(raws)]
			self.assertEqual(self.world.statuses(records), ["stored"] * len(raws))
			for index, raw in enumerate(raws):
				with self.subTest(raw=raw, value=value):
					doc = self.world.stored(start + index)
					self.assertEqual(doc.raw_payload, raw)
					self.assertEqual(observations.around(doc.name)["raw"]["payload"], raw)

	def test_ids_are_refused(self):
		for text in TEXTS:
			with self.subTest(text):
				for doctype, fields in (
					("Device", {"device_name": "x", "device_id": text, "site": self.world.site}),
					("Site", {"site_name": "x", "site_code": text}),
					("Edge Gateway", {"gateway_id": text}),
					("Edge Operator", {"operator": text, "operator_name": "x", "site": self.world.site}),
				):
					with self.assertRaises(frappe.ValidationError):
						insert(doctype, **fields)
					for message in frappe.get_message_log():
						self.assertNotIn("<img", str(message))
					frappe.clear_messages()
		records = [self.world.observation(300 + index, device=text) for index, text in enumerate(TEXTS)]
		answer = self.world.submit(records)
		results = answer.json["message"]["results"]
		self.assertEqual([result["status"] for result in results], ["rejected"] * len(TEXTS))

	def test_what_is_refused_is_kept_as_text(self):
		self.world.statuses(
			[self.world.observation(310, device=MARKUP), self.world.observation(311, site=FORMULA)]
		)
		frappe.db.rollback()
		rows = frappe.get_all("Edge Rejection", {"gateway": self.world.gateway}, ["code", "message", "field"])
		self.assertTrue(rows)
		self.assertNotIn("onerror", " ".join(f"{row.code} {row.message} {row.field}" for row in rows))

	def test_messages_quote_it(self):
		"""Frappe shows a message as HTML."""
		quoted = messages.quoted(MARKUP * 9)
		self.assertNotIn("<img", quoted)
		self.assertLess(len(quoted), 500)
		site = {"site": self.world.site}
		lot = insert("Lot", lot_number="L", qty_kg=1, site=insert("Site", site_name="elsewhere"))
		ticket = {"ticket_datetime": "2026-02-23 10:00:00", "gross_kg": "2", "tare_kg": "1", **site}
		for doctype, fieldname, fields in (
			("Site Tolerance Policy", "policy_name", {"tolerance_pct": 1, **site}),
			("Observation Threshold Policy", "policy_name", {"observation_type": "humidity", **site}),
			("ScaleTicket", "ticket_number", ticket),
		):
			name = insert(doctype, **{fieldname: "p"}, **fields)
			# Past Frappe's cleaning, as another app or a database tool may have written it.
			frappe.db.set_value(doctype, name, fieldname, MARKUP)
		for doctype, fields in (
			("Site Tolerance Policy", {"policy_name": "b", "tolerance_pct": 1, **site}),
			("Observation Threshold Policy", {"policy_name": "b", "observation_type": "humidity", **site}),
			("ScaleTicket", {**ticket, "ticket_number": MARKUP}),
			("ScaleTicket", {**ticket, "gross_kg": MARKUP}),
			("ScaleTicket", {**ticket, "lot": lot}),
		):
			with self.subTest(doctype=doctype, fields=fields):
				frappe.clear_messages()
				with self.assertRaises(frappe.ValidationError) as refused:
					insert(doctype, **fields)
				self.assertNotIn("<img", str(refused.exception))
				self.assertNotIn("<img", " ".join(map(str, frappe.get_message_log())))


class TestGoingOut(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)
		house = ScaleHouse(cls.world)
		gross, tare = house.weighing("38440"), house.weighing("14580", "tare")
		ticket = house.ticket(1, gross, tare, vehicle=FORMULA, driver=TEMPLATE, declared_net_kg="9000")
		statuses = cls.world.statuses(
			[house.genesis, gross, tare, ticket, cls.world.observation(101, "48.0")]
		)
		if set(statuses) != {"stored"}:
			raise AssertionError(statuses)
		frappe.db.rollback()
		cls.ticket = frappe.get_value("ScaleTicket", {"site": cls.world.site})
		cls.qa = user_with("QA Manager", sites=(cls.world.site,))
		cls.token = token_of(cls.qa)
		cls.addClassCleanup(cls.drop_user)
		frappe.db.commit()

	@classmethod
	def drop_user(cls):
		frappe.db.rollback()
		frappe.db.delete("User Permission", {"user": cls.qa})
		frappe.delete_doc("User", cls.qa, force=True, flags={"in_patch": True}, ignore_on_trash=True)
		frappe.db.commit()

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def exported(self, doctype, fieldname, kind):
		fields = json.dumps([f"`tab{doctype}`.`{fieldname}`"])
		form = {"doctype": doctype, "fields": fields, "file_format_type": kind, "title": doctype}
		answer = request(
			"POST",
			"/api/method/frappe.desk.reportview.export_query",
			headers={"Authorization": self.token},
			data=form,
		)
		self.assertEqual(answer.status_code, 200)
		return answer.data

	def test_lists_as_spreadsheets(self):
		site = {"site": self.world.site}
		typed = {
			"Lot": ("lot_number", {"qty_kg": 1}),
			"Certificate": ("certificate_number", {"cert_type": "x", "expiry_date": "2027-01-01"}),
			"Nonconformance": ("capa_description", {}),
			"Observation": (
				"notes",
				{"observed_at": "2026-02-23 10:00:00", "observation_type": "temperature", "value": 1},
			),
		}
		for doctype, (fieldname, more) in typed.items():
			with self.subTest(doctype):
				texts = [text for text in TEXTS if text != NUL]
				for text in texts:
					insert(doctype, **site, **more, **{fieldname: text})
				frappe.db.commit()
				text = self.exported(doctype, fieldname, "CSV").decode()
				cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
				self.assertFalse([cell for cell in cells if is_formula(cell) and not cell.startswith("'")])
				self.assertFalse([cell for cell in cells if cell.lstrip().startswith("Bcc")])
				self.assertIn(f"'{FORMULA}", cells)
				self.assertIn(TEMPLATE, cells)
				self.assertFalse([cell for cell in cells if "49" == cell])
				book = openpyxl.load_workbook(io.BytesIO(self.exported(doctype, fieldname, "Excel")))
				found = [cell for line in book.active.iter_rows() for cell in line]
				self.assertFalse([cell for cell in found if cell.data_type == "f"])
				self.assertIn(f"'{FORMULA}", [cell.value for cell in found])

	def test_print(self):
		# Past the cleaning of every door, as another app or a database tool may have written it.
		frappe.db.set_value("ScaleTicket", self.ticket, {"vehicle": MARKUP, "driver": TEMPLATE})
		frappe.db.set_value("Site", self.world.site, "site_name", MARKUP)
		frappe.db.set_value("Device", self.world.device, "device_name", TEMPLATE)
		html = frappe.get_print("ScaleTicket", self.ticket, "Edge Scale Ticket")
		self.assertNotIn("<img src=x", html)
		self.assertIn("&lt;img src=x", html)
		self.assertIn("{{ 7*7 }}", html)

	def test_words_of_a_release(self):
		name = frappe.get_value("Edge Excursion", {"site": self.world.site})
		with self.set_user(self.qa):
			excursions.release(name, f"{MARKUP} {TEMPLATE}")
		comment = frappe.get_all(
			"Comment", {"reference_name": name, "comment_type": "Comment"}, pluck="content"
		)
		self.assertTrue(comment)
		self.assertNotIn("<img", comment[-1])
		self.assertIn("{{ 7*7 }}", comment[-1])

	def test_error_log(self):
		found = faults.Faults()
		for text in TEXTS:
			found.note(ValueError(f"{text} {frappe.generate_hash()}"))
		found.log(self.world.gateway_id)
		rows = frappe.get_all("Error Log", {"method": ("like", f"%{self.world.gateway_id}%")}, pluck="method")
		self.assertEqual(len(rows), len(TEXTS))
		for title in rows:
			self.assertTrue(title.isprintable(), repr(title))
			self.assertLessEqual(len(title), 140)

	def test_metrics(self):
		page = Page()
		page.family("edge_x", "gauge", "x")
		for text in (*TEXTS, '"} 1\nedge_y 2', "back\\slash"):
			page.add("edge_x", 1, {"gateway": text})
		samples = [line for line in page.text().split("\n") if line and not line.startswith("#")]
		self.assertEqual(len(samples), len(TEXTS) + 2)
		for line in samples:
			self.assertRegex(line, r'\Aedge_x\{gateway="(?:[^"\\]|\\.)*"\} 1\Z')


class TestMail(AlertCase):
	def test_records_in_mails(self):
		"""From the document to the letter: no header, no markup, nothing worked out."""
		site = {"site": self.ours.site}
		frappe.db.set_value("Site", self.ours.site, "site_name", MARKUP)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_value, "Site", self.ours.site, "site_name", self.ours.code)
		every = f"{MARKUP}{TEMPLATE}{HEADER}{TURNED}"
		insert("Nonconformance", nc_type=every[:140], severity="Critical", capa_description=every, **site)
		insert(
			"Certificate",
			cert_type=TEMPLATE,
			certificate_number=every[:140],
			expiry_date=add_days(nowdate(), 5),
			**site,
		)
		insert(
			"ScaleTicket",
			ticket_number=f"{TEMPLATE}{MARKUP}",
			vehicle=every[:140],
			driver=every[:140],
			ticket_datetime=frappe.utils.now(),
			gross_kg="38440",
			tare_kg="14580",
			declared_net_kg=9000,
			**site,
		)
		with patch("frappe_ext.alerts.delivery.frappe.db.commit", create=True):
			delivery.deliver()
		mails = mails_to(self.qa)
		self.assertGreaterEqual(len(mails), 3)
		for mail in mails:
			with self.subTest(mail["Subject"]):
				self.assertIsNone(mail["Bcc"])
				self.assertTrue(mail["Subject"].isprintable())
				self.assertNotIn("\u202e", mail["Subject"])
				for kind in ("html", "plain"):
					body = body_of(mail, kind)
					self.assertNotIn("\u202e", body)
					self.assertNotIn("\nBcc:", body)
				html = body_of(mail)
				self.assertNotIn("<img src=", html.replace("<img src=3D", "<img src="))
				self.assertIn("{{ 7*7 }}", html)
				self.assertNotIn(">49<", html)

import csv
import io
from itertools import count

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import csv_import
from frappe_ext.contract import ticket_csv, ticket_values
from frappe_ext.tests.support import insert, make_world, request, user_with
from frappe_ext.tests.weighbridge import ScaleHouse

METHOD = "/api/method/frappe_ext.api.tickets.import_csv"
HEADINGS = "ticket_number,gross_kg,tare_kg,declared_net_kg,ticket_datetime,vehicle"


def token_of(email):
	"""Committed: requests have transactions of their own."""
	user = frappe.get_doc("User", email)
	user.api_key, user.api_secret = frappe.generate_hash(length=15), "s" * 15
	user.save()
	frappe.db.commit()
	return f"token {user.api_key}:{'s' * 15}"


class TestFile(FrappeTestCase):
	"""The parser alone: what can be read in two ways is refused."""

	def fault(self, data):
		with self.assertRaises(ticket_csv.BadFile) as caught:
			ticket_csv.read(data.encode() if isinstance(data, str) else data)
		return caught.exception.fault

	def test_encodings_and_separators(self):
		text = (
			"Ticket No;DATE ;Gross Weight (kg);tare-weight-kg;Fahrer\r\nمحمد-1;2026-02-23;38440;14580;x\r\n"
		)
		for data in (
			text.encode(),
			text.encode("utf-8-sig"),
			text.replace(";", "\t").encode("utf-16"),
			b"\xfe\xff" + text.replace(";", ",").encode("utf-16-be"),
			b"sep=;\r\n" + text.encode(),
			text.replace("\r\n", "\r").encode(),
		):
			with self.subTest(data[:12]):
				sheet = ticket_csv.read(data)
				self.assertEqual(sheet.columns, ("ticket_number", "ticket_datetime", "gross_kg", "tare_kg"))
				self.assertEqual(sheet.ignored, ("Fahrer",))
				(line,) = sheet.lines
				self.assertEqual((line.row, line.cells["ticket_number"], line.faults), (2, "محمد-1", ()))

	def test_files_that_are_refused_as_a_whole(self):
		head = HEADINGS + "\n"
		row = "1,2,1,,2026-02-23,\n"
		for data, code, where in (
			(b"", "empty", 0),
			(b"PK\x03\x04xlsx", "workbook", 0),
			("ticket_number;x\nعلي".encode("cp1256"), "not_unicode", 2),
			(head.encode() + "Müller".encode("cp1252"), "not_unicode", 2),
			(head.encode("utf-16-le"), "not_text", 0),
			(head + '"1,2,3\n', "broken_quotes", 2),
			(head + '1,"2"3,4\n', "broken_quotes", 2),
			(head, "no_rows", 0),
			("\n" + head + row, "no_header", 0),
			("a,b\n1,2\n", "missing_columns", 1),
			(head.replace("vehicle", "ticket_no") + row, "ambiguous_header", 1),
			("sep=|\n" + head, "separator", 1),
			(b"x" * (ticket_csv.MAX_BYTES + 1), "too_large", 0),
			(head + row * (ticket_csv.MAX_ROWS + 1), "too_many_rows", 0),
		):
			with self.subTest(code, data=data[:40]):
				fault = self.fault(data)
				self.assertEqual((fault.code, fault.row), (code, where))
				self.assertIn(code, csv_import.WORDS)

	def test_rows_count_as_in_a_spreadsheet(self):
		data = f'{HEADINGS}\n1,2,1,,2026-02-23,"AB\n123"\n\n{"x" * 141},2,1,,,\n3,2,1,,2026-02-23,,7\n'
		first, second, third = ticket_csv.read(data.encode()).lines
		self.assertEqual((first.row, first.cells["vehicle"]), (2, "AB 123"))
		self.assertEqual(
			[(fault.row, fault.column, fault.code) for fault in second.faults],
			[(4, "ticket_number", "too_long"), (4, "ticket_datetime", "missing")],
		)
		self.assertEqual([fault.code for fault in third.faults], ["too_many_cells"])

	def test_weights(self):
		for text, want in {
			"38440.50": "38440.50",
			" +38440 ": "38440",
			"٣٨٤٤٠٫٥": "38440.5",
			"۱۲": "12",
			"0": "0",
			"1.234,5": "comma",
			"38,440": "comma",
			"٣٨٬٤٤٠": "comma",
			"3.844E+04": "rounded",
			"38 440": "not_a_number",
			"38440 kg": "not_a_number",
			"NaN": "not_a_number",
			"-1": "out_of_range",
			"1" * 13: "not_a_number",
			"10000000000": "out_of_range",
		}.items():
			with self.subTest(text):
				try:
					got = ticket_values.weight(text)
				except ticket_values.BadValue as bad:
					got = str(bad)
				self.assertEqual(got, want)

	def test_times(self):
		for text, want in {
			"2026-02-23": "2026-02-23 00:00:00",
			"2026-02-23 13:37": "2026-02-23 13:37:00",
			"2026-02-23T10:37:05.250Z": "2026-02-23 13:37:05.250000",
			"2026-02-23T10:37+0100": "2026-02-23 12:37:00",
			"23/02/2026 9:05": "2026-02-23 09:05:00",
			"04/03/2026": "2026-03-04 00:00:00",
			"٢٣/٠٢/٢٠٢٦": "2026-02-23 00:00:00",
			"02/23/2026": None,
			"23-02-2026": None,
			"23/02/26": None,
			"31/02/2026": None,
			"1999-01-01": None,
			"2026-02-23 25:00": None,
			"45000": None,
		}.items():
			with self.subTest(text):
				try:
					got = str(ticket_values.moment(text, date_format="dd/mm/yyyy", zone="Asia/Aden"))
				except ticket_values.BadValue:
					got = None
				self.assertEqual(got, want)

	def test_a_list_of_errors_runs_nothing_in_a_spreadsheet(self):
		errors = [{"row": 2, "column": "vehicle", "reason": "=1+1", "value": "@SUM(A1)"}]
		rows = list(csv.reader(io.StringIO(ticket_csv.errors_csv(errors).lstrip("\ufeff"))))
		self.assertEqual(rows[1], ["2", "vehicle", "'=1+1", "'@SUM(A1)"])


class TestImport(FrappeTestCase):
	"""The whole way of a request."""

	numbers = count(1)

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)
		cls.other = make_world()
		cls.addClassCleanup(cls.other.wipe)
		cls.qa = token_of(user_with("QA Manager", sites=(cls.world.site,)))

	def row(self, **cells):
		"""One row in the order of HEADINGS; a number of its own."""
		values = {
			"ticket_number": f"N-{next(self.numbers)}",
			"gross_kg": "38440",
			"tare_kg": "14580",
			"declared_net_kg": "23860",
			"ticket_datetime": "2026-02-23 13:37",
			"vehicle": "AB-123-C",
			**cells,
		}
		return ",".join(values.values())

	def send(self, *rows, headings=HEADINGS, auth=None, **form):
		data = "\n".join((headings, *rows)).encode()
		form = {"site": self.world.code, **form, "file": (io.BytesIO(data), "tickets.csv")}
		return request(
			"POST",
			METHOD,
			headers={"Authorization": auth or self.qa},
			data={name: value for name, value in form.items() if value is not None},
			content_type="multipart/form-data",
		)

	def answer(self, *rows, **form):
		answer = self.send(*rows, **form)
		self.assertEqual(answer.status_code, 200, answer.text)
		frappe.db.rollback()  # what the request committed is seen from a new transaction on
		return answer.json["message"]

	def stored(self, number, site=None):
		filters = {"site": site or self.world.site, "ticket_number": number}
		return [
			frappe.get_doc("ScaleTicket", name)
			for name in frappe.get_all("ScaleTicket", filters, pluck="name")
		]

	def total(self):
		frappe.db.rollback()
		return frappe.db.count("ScaleTicket", {"site": self.world.site}), frappe.db.count(
			"Nonconformance", {"site": self.world.site}
		)

	def test_a_good_file(self):
		number = f"N-{next(self.numbers)}"
		got = self.answer(self.row(ticket_number=number, gross_kg="٣٨٤٤٠٫٥", declared_net_kg=""))
		self.assertEqual(
			(got["rows"], got["new"], got["stored"], got["error"], got["duplicate"]), (1, 1, 1, 0, 0)
		)
		(doc,) = self.stored(number)
		self.assertEqual((doc.origin, doc.gross_text, doc.tare_text), ("csv", "38440.5", "14580"))
		self.assertEqual((doc.net_kg, doc.mismatch_reasons), (23860.5, "manual_entry"))
		self.assertEqual((doc.manual_entry, doc.status, doc.edge_uid), (1, "Completed", None))
		self.assertEqual(str(doc.ticket_datetime), "2026-02-23 13:37:00")

	def test_a_typed_zero_is_a_zero(self):
		got = self.answer(self.row(tare_kg="0", declared_net_kg=""))
		self.assertEqual((got["stored"], got["errors"]), (1, []))
		got = self.answer(self.row(gross_kg="0"))
		self.assertEqual([(e["column"], e["code"]) for e in got["errors"]], [("gross_kg", "out_of_range")])

	def test_a_dry_run_says_it_and_stores_nothing(self):
		before = self.total()
		rows = [self.row(), self.row(declared_net_kg="30000")]
		got = self.answer(*rows, dry_run="1")
		self.assertEqual((got["new"], got["stored"], got["mismatch"]), (2, 0, 1))
		self.assertEqual(got["mismatches"][0]["row"], 3)
		self.assertIn("declared weight", got["mismatches"][0]["reasons"][0])
		self.assertEqual(self.total(), before)
		self.assertEqual(self.send(*rows, dry_run="maybe").status_code, 417)
		got = self.answer(*rows, dry_run="0")
		self.assertEqual((got["new"], got["stored"], got["mismatch"]), (2, 2, 1))
		self.assertEqual(self.total(), (before[0] + 2, before[1] + 1))

	def test_half_a_file_never_stays(self):
		before = self.total()
		good = [self.row(declared_net_kg="30000") for _ in range(3)]
		bad = self.row(gross_kg='"1.234,5"')
		got = self.answer(*good, bad)
		self.assertEqual((got["stored"], got["error"]), (0, 1))
		(error,) = got["errors"]
		self.assertEqual((error["row"], error["column"], error["code"]), (5, "gross_kg", "comma"))
		self.assertIn("1.234,5", error["reason"])
		self.assertIn("gross_kg", got["errors_csv"])
		self.assertEqual(self.total(), before)

	def test_what_a_rule_refuses_is_an_error_of_its_row(self):
		number = f"{self.world.code}-S1-3-000208"  # of a scale's own series
		got = self.answer(self.row(), self.row(ticket_number=number))
		self.assertEqual(
			(got["stored"], got["errors"][0]["row"], got["errors"][0]["code"]), (0, 3, "refused")
		)
		self.assertIn(number, got["errors"][0]["reason"])
		self.assertNotIn("<", got["errors"][0]["reason"])

	def test_the_same_file_twice_adds_nothing(self):
		rows = [self.row(), self.row()]
		self.assertEqual(self.answer(*rows)["stored"], 2)
		before = self.total()
		got = self.answer(*rows)
		self.assertEqual((got["new"], got["stored"], got["duplicate"], got["error"]), (0, 0, 2, 0))
		self.assertTrue(all(each["same"] for each in got["duplicates"]))
		self.assertEqual(self.total(), before)

	def test_duplicates_within_a_file(self):
		number = f"N-{next(self.numbers)}"
		rows = [self.row(ticket_number=number), self.row(ticket_number=number, gross_kg="38441")]
		got = self.answer(*rows)
		self.assertEqual((got["stored"], got["duplicate"]), (1, 1))
		self.assertEqual(got["duplicates"], [{"row": 3, "ticket_number": number, "same": False}])
		self.assertEqual([doc.gross_text for doc in self.stored(number)], ["38440"])

	def test_a_net_that_does_not_fit_is_a_mismatch_for_good(self):
		number = f"N-{next(self.numbers)}"
		headings = "ticket_no,date,operator,gross_weight_kg,tare_weight_kg,net_weight_kg"
		got = self.answer(f"{number},2026-02-23,Ali,38440,14580,23000", headings=headings)
		self.assertEqual((got["stored"], got["mismatch"]), (1, 1))
		(doc,) = self.stored(number)
		self.assertEqual((doc.mismatch_flag, doc.net_sent, doc.net_kg), (1, "23000", 23860))
		self.assertIn("net_arithmetic:23000", doc.mismatch_reasons)
		self.assertIn("Ali", doc.notes)
		doc.update({"notes": "seen", "net_sent": "23860"})  # nobody talks the file's word away
		doc.save()
		self.assertEqual((doc.mismatch_flag, doc.net_sent), (1, "23000"))

	def test_device_and_lot_of_the_site(self):
		lot = insert("Lot", site=self.world.site, lot_number="LOT-1", qty_kg=1)
		insert("Lot", site=self.other.site, lot_number="LOT-2", qty_kg=1)
		frappe.db.commit()
		headings = HEADINGS + ",device,lot"
		number = f"N-{next(self.numbers)}"
		good = self.row(ticket_number=number, device="bin3-t1", lot="LOT-1")
		bad = self.row(device="BIN3-t1", lot="LOT-2")
		got = self.answer(good, bad, headings=headings)
		self.assertEqual(
			[(error["row"], error["column"], error["code"]) for error in got["errors"]],
			[(3, "device", "unknown_device"), (3, "lot", "unknown_lot")],
		)
		self.assertEqual(self.answer(good, headings=headings)["stored"], 1)
		(doc,) = self.stored(number)
		self.assertEqual((doc.lot, doc.device), (lot, self.world.device))

	def test_sites_by_column(self):
		headings = HEADINGS + ",site_code"
		number = f"N-{next(self.numbers)}"
		good = self.row(ticket_number=number, site=self.world.code)
		foreign = self.row(site=self.other.code)
		got = self.answer(good, foreign, self.row(site=""), headings=headings, site=None)
		self.assertEqual(
			[(error["row"], error["code"]) for error in got["errors"]], [(3, "unknown_site"), (4, "missing")]
		)
		self.assertEqual(self.answer(good, headings=headings, site=None)["stored"], 1)
		self.assertEqual(self.answer(self.row(), site=None)["errors"][0]["code"], "no_site")

	def test_a_foreign_site_is_as_unknown_as_none(self):
		words = set()
		for code in (self.other.code, self.other.site, "no-such-site"):
			got = self.answer(self.row(), site=code)
			words.add(got["errors"][0]["reason"].replace(code, "X"))
		self.assertEqual(len(words), 1)
		self.assertEqual(frappe.db.count("ScaleTicket", {"site": self.other.site}), 0)

	def test_who_may(self):
		reader = token_of(user_with("IT Admin", sites=(self.world.site,)))
		nowhere = token_of(user_with("QA Manager"))
		self.assertEqual(self.send(self.row(), auth=reader).status_code, 403)
		self.assertEqual(self.answer(self.row(), auth=nowhere)["errors"][0]["code"], "unknown_site")
		before = self.total()
		for auth, path in (
			(f"EdgeKey {self.world.key}", METHOD),
			(f"EdgeKey {self.world.key}", METHOD + "/x"),
			(f"edgekey {self.world.key}", METHOD),
			("token wrong:wrong", METHOD),
			("", METHOD),
		):
			with self.subTest(auth[:8], path=path):
				form = {"site": self.world.code, "file": (io.BytesIO(b"x"), "t.csv")}
				answer = request("POST", path, headers={"Authorization": auth} if auth else {}, data=form)
				self.assertIn(answer.status_code, (401, 403))
		self.assertEqual(request("GET", METHOD, headers={"Authorization": self.qa}).status_code, 403)
		self.assertEqual(self.total(), before)

	def test_a_session_opens_no_method_of_gateways(self):
		answer = request(
			"POST", "/api/method/frappe_ext.api.ingest.submit", headers={"Authorization": self.qa}
		)
		self.assertEqual(answer.status_code, 401)

	def test_a_ticket_of_the_scale_house_is_a_duplicate_too(self):
		house = ScaleHouse(self.world)
		gross, tare = house.weighing("38440"), house.weighing("14580", role="tare")
		sent = house.ticket(1, gross, tare)
		self.assertEqual(self.world.statuses([gross, tare, sent]), ["stored"] * 3)
		got = self.answer(self.row(ticket_number=sent["number"]))
		self.assertEqual((got["duplicate"], got["error"], got["duplicates"][0]["same"]), (1, 0, True))

	def test_hostile_text_stays_text(self):
		number = f"N-{next(self.numbers)}"
		got = self.answer(self.row(ticket_number=number, vehicle="=cmd|' /C calc'!A0"))
		self.assertEqual(got["stored"], 1)
		self.assertEqual(self.stored(number)[0].vehicle, "=cmd|' /C calc'!A0")
		got = self.answer(self.row(gross_kg="<img src=x onerror=alert(1)>"))
		self.assertIn("<img src=x onerror=alert(1)>", got["errors"][0]["reason"])  # as text, in JSON

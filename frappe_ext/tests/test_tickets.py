from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext.immutable import EdgeRecordImmutableError
from frappe_ext.tests.support import insert, make_world, user_with

AT = "2026-02-23 13:37:00"


class TestTypedTickets(FrappeTestCase):
	"""Tickets of Desk and CSV: judged by the rules of the scale house."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def ticket(self, **fields):
		values = {
			"site": self.world.site,
			"ticket_datetime": AT,
			"gross_kg": 38440,
			"tare_kg": 14580,
			**fields,
		}
		return frappe.get_doc({"doctype": "ScaleTicket", **values}).insert()

	def nonconformances(self, ticket):
		filters = {"reference_doctype": "ScaleTicket", "reference_name": ticket.name}
		return frappe.get_all("Nonconformance", filters, ["name", "nc_type", "severity", "status", "site"])

	def test_a_good_one(self):
		doc = self.ticket(ticket_number=" T-1 ", declared_net_kg=23500)
		self.assertEqual((doc.ticket_number, doc.origin, doc.status), ("T-1", "desk", "Completed"))
		self.assertEqual((doc.net_kg, doc.gross_text, doc.net_text), (23860, "38440", "23860"))
		self.assertEqual((doc.mismatch_flag, doc.mismatch_reasons), (0, "manual_entry"))
		self.assertEqual((doc.difference_kg, doc.difference_pct, doc.tolerance_pct), (360, 1.53, 2.5))
		self.assertGreater(doc.ticket_datetime_ms, 0)
		self.assertEqual(self.nonconformances(doc), [])

	def test_a_mismatch_opens_one_nonconformance(self):
		doc = self.ticket(declared_net_kg=24800)
		self.assertEqual(doc.mismatch_flag, 1)
		self.assertEqual(doc.mismatch_reasons, "net_vs_declared:-3.79%\nmanual_entry")
		(opened,) = self.nonconformances(doc)
		self.assertEqual(
			(opened.nc_type, opened.severity, opened.status, opened.site),
			("Scale ticket mismatch", "Major", "Open", self.world.site),
		)
		text = frappe.db.get_value("Nonconformance", opened.name, "capa_description")
		self.assertIn("net_vs_declared:-3.79%", text)
		doc.notes = "seen"
		doc.save()
		doc.gross_kg = 39300  # no mismatch any more: what was opened stays open
		doc.save()
		self.assertEqual(doc.mismatch_flag, 0)
		doc.gross_kg = 30000
		doc.save()
		self.assertEqual(self.nonconformances(doc), [opened])

	def test_gross_below_tare_is_flagged_not_refused(self):
		doc = self.ticket(gross_kg=1000, tare_kg=12000)
		self.assertEqual(doc.mismatch_flag, 1)
		self.assertIn("gross_below_tare", doc.mismatch_reasons)
		self.assertEqual(len(self.nonconformances(doc)), 1)

	def test_the_policy_of_the_day(self):
		insert(
			"Site Tolerance Policy",
			policy_name="February",
			site=self.world.site,
			tolerance_pct=5,
			from_date="2026-02-23",
			to_date="2026-02-23",
		)
		self.assertEqual(self.ticket(declared_net_kg=24800).mismatch_flag, 0)
		for other in ("2026-02-22 23:59:59", "2026-02-24 00:00:00"):
			with self.subTest(other):
				doc = self.ticket(declared_net_kg=24800, ticket_datetime=other)
				self.assertEqual((doc.mismatch_flag, doc.tolerance_pct), (1, 2.5))

	def test_weights_that_are_none(self):
		for fields in (
			{"gross_kg": "abc"},
			{"gross_kg": "38,440"},
			{"gross_kg": ""},
			{"gross_kg": 0},
			{"gross_kg": "0.00"},
			{"tare_kg": None},
			{"tare_kg": -1},
			{"gross_kg": "1e300"},
			{"gross_kg": 10**10},
			{"declared_net_kg": -5},
		):
			with self.subTest(fields):
				self.assertRaises(frappe.ValidationError, self.ticket, **fields)

	def test_typed_digits_are_kept(self):
		doc = self.ticket(gross_kg="38440.50", tare_kg=" 14580 ")
		self.assertEqual((doc.gross_text, doc.tare_text, doc.net_kg), ("38440.50", "14580", 23860.5))

	def test_results_are_the_rules_not_the_requests(self):
		doc = self.ticket(
			declared_net_kg=24800,
			mismatch_flag=0,
			mismatch_reasons="",
			net_kg=1,
			origin="edge",
			manual_entry=0,
			stability="Indicator",
		)
		self.assertEqual((doc.mismatch_flag, doc.net_kg, doc.origin), (1, 23860, "desk"))
		self.assertEqual((doc.manual_entry, doc.stability), (1, "None"))

	def test_from_a_file(self):
		with patch.dict(frappe.flags, {"in_import": True}):
			doc = self.ticket(ticket_number="CSV-1")
			self.assertEqual(doc.origin, "csv")
			# Data Import reads "abc" as 0.
			self.assertRaises(frappe.ValidationError, self.ticket, tare_kg=0.0)
		doc.notes = "edited in Desk"
		doc.save()
		self.assertEqual(doc.origin, "csv")

	def test_numbers_are_unique_within_a_site(self):
		self.ticket(ticket_number="T-7")
		self.assertRaises(frappe.UniqueValidationError, self.ticket, ticket_number="T-7")
		self.ticket(ticket_number="t-7")  # another number: case counts
		elsewhere = insert("Site", site_name="elsewhere")
		self.ticket(ticket_number="T-7", site=elsewhere)
		for _ in range(2):
			self.ticket(ticket_number=None)

	def test_a_number_of_a_scales_series(self):
		number = f"{self.world.code}-S1-3-000208"
		self.assertRaises(frappe.ValidationError, self.ticket, ticket_number=number)
		self.ticket(ticket_number=f"{self.world.code}-208")

	def test_a_number_that_moves_into_a_scales_series(self):
		elsewhere = insert("Site", site_name="elsewhere")
		doc = self.ticket(site=elsewhere, ticket_number=f"{self.world.code}-S1-1-000001")
		doc.site = self.world.site
		self.assertRaises(frappe.ValidationError, doc.save)

	def test_an_order_and_a_device_of_its_site(self):
		elsewhere = insert("Site", site_name="elsewhere")
		for fieldname, foreign in {
			"order": insert("Edge Weighing Order", site=elsewhere),
			"device": insert("Device", site=elsewhere, device_name="x", device_id="x"),
		}.items():
			with self.subTest(fieldname):
				self.assertRaises(frappe.ValidationError, self.ticket, **{fieldname: foreign})

	def test_it_closes_its_order_once(self):
		order = insert("Edge Weighing Order", site=self.world.site)
		doc = self.ticket(order=order, status="Open")
		self.assertEqual(frappe.db.get_value("Edge Weighing Order", order, "status"), "Open")
		doc.status = "Completed"
		doc.save()
		closed = frappe.db.get_value("Edge Weighing Order", order, ["status", "ticket"])
		self.assertEqual(closed, ("Closed", doc.name))
		frappe.db.set_value("Edge Weighing Order", order, "status", "Open")
		doc.notes = "seen"
		doc.save()  # what a person opened again stays open
		self.assertEqual(frappe.db.get_value("Edge Weighing Order", order, "status"), "Open")

	def test_open_completed_void(self):
		doc = self.ticket(declared_net_kg=24800, status="Open")
		self.assertEqual((doc.net_kg, doc.mismatch_flag, self.nonconformances(doc)), (23860, 0, []))
		doc.status = "Completed"
		doc.save()
		self.assertEqual((doc.mismatch_flag, len(self.nonconformances(doc))), (1, 1))
		doc.status = "Open"
		self.assertRaises(frappe.ValidationError, doc.save)
		doc.reload()
		doc.status = "Void"
		self.assertRaises(frappe.ValidationError, doc.save)
		doc.reload()
		doc.update({"status": "Void", "void_reason": "typed twice"})
		doc.save()
		doc.notes = "kept"
		doc.save()
		for change in ({"gross_kg": 1}, {"status": "Completed"}, {"void_reason": ""}):
			with self.subTest(change):
				doc.reload()
				doc.update(change)
				self.assertRaises(frappe.ValidationError, doc.save)
		self.assertRaises(frappe.ValidationError, self.ticket, status="Corrected")

	def test_nobody_forges_a_ticket_of_a_gateway(self):
		for forged in (
			{"edge_uid": "f" * 32},
			{"gateway": self.world.gateway},
			{"gross_weighing": "f" * 32},
			{"void_uid": "f" * 32},
			{"corrects": "f" * 32},
		):
			with self.subTest(forged):
				self.assertRaises(EdgeRecordImmutableError, self.ticket, **forged)

	def test_a_lot_of_its_site(self):
		elsewhere = insert("Site", site_name="elsewhere")
		foreign = insert("Lot", lot_number="L-1", site=elsewhere, qty_kg=1)
		self.assertRaises(frappe.ValidationError, self.ticket, lot=foreign)
		doc = self.ticket(lot=insert("Lot", lot_number="L-1", site=self.world.site, qty_kg=1))
		self.assertTrue(doc.lot)

	def test_who_may(self):
		reviewer = user_with("QA Manager", sites=(self.world.site,))
		stranger = user_with("QA Manager")
		with self.set_user(reviewer):
			doc = self.ticket(declared_net_kg=24800)
			self.assertEqual(len(frappe.get_list("Nonconformance", {"reference_name": doc.name})), 1)
		with self.set_user(stranger):
			self.assertEqual(frappe.get_list("ScaleTicket"), [])
			self.assertFalse(frappe.get_doc("ScaleTicket", doc.name).has_permission("read"))
			self.assertRaises(frappe.PermissionError, self.ticket)


class TestMasters(FrappeTestCase):
	"""Tolerances, orders, vehicles and lots."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def policy(self, **fields):
		values = {"policy_name": "p", "site": self.world.site, "tolerance_pct": 2.5, **fields}
		return insert("Site Tolerance Policy", **values)

	def test_one_tolerance_at_a_time(self):
		self.policy(from_date="2026-02-01", to_date="2026-02-28")
		for fields in (
			{},
			{"from_date": "2026-02-28"},
			{"to_date": "2026-02-01"},
			{"from_date": "2026-02-10", "to_date": "2026-02-11"},
			{"from_date": "2026-04-02", "to_date": "2026-04-01"},
			{"from_date": "2026-04-02", "tolerance_pct": -1},
			{"from_date": "2026-04-02", "tolerance_kg": -1},
		):
			with self.subTest(fields):
				self.assertRaises(frappe.ValidationError, self.policy, **fields)
		self.policy(active=0)
		self.policy(from_date="2026-03-01", tolerance_pct=0)
		self.policy(to_date="2026-01-31")
		self.policy(site=insert("Site", site_name="elsewhere"))

	def test_one_plate_per_site(self):
		vehicle = insert("Edge Vehicle", site=self.world.site, plate="  AB-123-C ")
		self.assertEqual(frappe.db.get_value("Edge Vehicle", vehicle, "plate"), "AB-123-C")
		with self.assertRaises(frappe.UniqueValidationError):
			insert("Edge Vehicle", site=self.world.site, plate="AB-123-C")
		insert("Edge Vehicle", site=insert("Site", site_name="elsewhere"), plate="AB-123-C")

	def test_an_order_is_closed_by_a_ticket_only(self):
		order = frappe.get_doc(
			{"doctype": "Edge Weighing Order", "site": self.world.site, "vehicle": "AB-123-C"}
		).insert()
		self.assertTrue(order.name.startswith("EWO-"))
		self.assertEqual((order.status, order.direction), ("Open", "Receive"))
		order.declared_net_kg = -1
		self.assertRaises(frappe.ValidationError, order.save)

	def test_each_change_is_published(self):
		def version():
			return frappe.db.get_value("Edge Gateway", self.world.gateway, "config_published")

		for doctype, fields in {
			"Site Tolerance Policy": {"policy_name": "p", "tolerance_pct": 2.5},
			"Lot": {"lot_number": "L-1", "qty_kg": 1},
			"Edge Weighing Order": {"vehicle": "AB-123-C"},
			"Edge Vehicle": {"plate": "AB-123-C"},
		}.items():
			with self.subTest(doctype):
				before = version()
				name = insert(doctype, site=self.world.site, **fields)
				self.assertNotEqual(version(), before)
				before = version()
				frappe.delete_doc(doctype, name)
				self.assertNotEqual(version(), before)


class TestDataImport(FrappeTestCase):
	"""A file goes through Frappe's own importer, which commits each row."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def test_rows_are_judged_one_by_one(self):
		from frappe.core.doctype.data_import.importer import Importer

		site = self.world.site
		rows = [
			"site,ticket_number,ticket_datetime,gross_kg,tare_kg,declared_net_kg",
			f"{site},C-1,{AT},38440,14580,24800",
			f"{site},C-2,{AT},abc,14580,",
			f"{site},C-1,{AT},38440,14580,",
			f"{site},C-4,{AT},38440,14580,",
		]
		data_import = frappe.get_doc(
			{"doctype": "Data Import", "reference_doctype": "ScaleTicket", "name": frappe.generate_hash()}
			| {"import_type": "Insert New Records", "status": "Pending"}
		)
		data_import.db_insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Data Import", data_import.name)
		self.addCleanup(frappe.db.delete, "Data Import Log", {"data_import": data_import.name})
		self.addCleanup(frappe.flags.update, {"in_import": False, "mute_emails": False})
		file = frappe.get_doc(
			{"doctype": "File", "file_name": "tickets.csv", "is_private": 1, "content": "\n".join(rows)}
		).insert()
		self.addCleanup(file.delete)
		Importer("ScaleTicket", data_import=data_import, file_path=file.file_url).import_data()
		fields = ["ticket_number", "origin", "mismatch_flag"]
		stored = frappe.get_all("ScaleTicket", {"site": site}, fields, order_by="ticket_number", as_list=True)
		self.assertEqual(stored, (("C-1", "csv", 1), ("C-4", "csv", 0)))
		self.assertEqual(frappe.db.count("Nonconformance", {"site": site}), 1)
		log = frappe.get_all("Data Import Log", {"data_import": data_import.name}, ["messages", "success"])
		refused = [row.messages for row in log if not row.success]
		self.assertIn("no number in the file", " ".join(refused))
		self.assertIn("taken within this site", " ".join(refused))

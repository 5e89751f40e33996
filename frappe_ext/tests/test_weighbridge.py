from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_to_date, now_datetime

from frappe_ext import late_weighings, nonconformances
from frappe_ext.immutable import EdgeRecordImmutableError
from frappe_ext.tests.support import insert, make_world
from frappe_ext.tests.weighbridge import SCALE, ScaleHouse


class WeighbridgeCase(FrappeTestCase):
	"""A site of its own for each test: chains and series are the gateway's."""

	def setUp(self):
		self.world = make_world()
		self.addCleanup(self.world.wipe)
		self.scale = insert("Device", device_name="Truck scale", device_id=SCALE, site=self.world.site)
		frappe.db.commit()
		self.house = ScaleHouse(self.world)

	def send(self, *records):
		statuses = self.world.statuses(list(records))
		frappe.db.rollback()  # a request's commit is seen from a new transaction on
		return statuses

	def weighed(self, gross="38440", tare="14580"):
		"""Two stored weighings."""
		pair = self.house.weighing(gross), self.house.weighing(tare, "tare")
		self.assertEqual(self.send(*pair), ["stored", "stored"])
		return pair

	def stored(self, record):
		doctype = "Edge Weighing" if record["kind"] == "weighing" else "ScaleTicket"
		return frappe.get_doc(doctype, {"edge_uid": record["uid"]})

	def nonconformances(self, **filters):
		fields = ["name", "nc_type", "status", "capa_description", "reference_name", "lot"]
		filters = {"site": self.world.site, **filters}
		return frappe.get_all("Nonconformance", filters=filters, fields=fields, order_by="creation")


class TestTicketsOfAGateway(WeighbridgeCase):
	def test_stored_with_every_field(self):
		lot = insert("Lot", lot_number="LOT-2026-14", site=self.world.site, qty_kg=1, crop="wheat")
		order = insert("Edge Weighing Order", site=self.world.site, vehicle="AB-123-C", lot=lot)
		frappe.db.commit()
		gross, tare = self.weighed()
		ticket = self.house.ticket(207, gross, tare, lot="LOT-2026-14", order=order, declared_net_kg="23800")
		before = frappe.db.get_value("Edge Gateway", self.world.gateway, "config_published")
		self.assertEqual(self.send(ticket), ["stored"])
		doc = self.stored(ticket)
		self.assertEqual(
			(doc.site, doc.device, doc.lot, doc.order), (self.world.site, self.scale, lot, order)
		)
		self.assertEqual((doc.ticket_number, doc.status, doc.origin), (ticket["number"], "Completed", "edge"))
		self.assertEqual((doc.gross_kg, doc.tare_kg, doc.net_kg), (38440, 14580, 23860))
		self.assertEqual((doc.gross_text, doc.vehicle, doc.driver), ("38440", "AB-123-C", "A. Driver"))
		self.assertEqual((doc.difference_kg, doc.difference_pct, doc.tolerance_pct), (60, 0.25, 2.5))
		self.assertEqual((doc.mismatch_flag, doc.manual_entry, doc.stability), (0, 0, "Indicator"))
		self.assertEqual(str(doc.ticket_datetime), "2026-02-23 16:27:00")
		closed = frappe.db.get_value("Edge Weighing Order", order, ["status", "ticket"])
		self.assertEqual(closed, ("Closed", doc.name))
		after = frappe.db.get_value("Edge Gateway", self.world.gateway, "config_published")
		self.assertNotEqual(after, before)
		self.assertEqual(self.send(ticket), ["duplicate"])
		self.assertEqual(self.nonconformances(), [])

	def test_every_column_of_a_record_has_a_field(self):
		"""Frappe drops unknown columns without a word."""
		from frappe_ext import store_base

		seen = {}
		original = store_base._insert_document

		def watching(doctype, columns, flags):
			seen[doctype] = set(columns)
			return original(doctype, columns, flags)

		with patch.object(store_base, "_insert_document", watching):
			gross, tare = self.weighed()
			self.send(self.house.ticket(1, gross, tare))
		for doctype, columns in seen.items():
			with self.subTest(doctype):
				known = set(frappe.get_meta(doctype).get_valid_columns())
				self.assertEqual(columns - known, set())

	def test_lists_show_every_field(self):
		"""Frappe takes columns with `_seen` in their name out of lists where seeing is not tracked."""
		self.weighed()
		row = frappe.get_list("Edge Weighing", filters={"site": self.world.site}, fields=["*"], limit=1)[0]
		self.assertLessEqual(set(frappe.get_meta("Edge Weighing").get_fieldnames_with_value()), set(row))

	def test_what_desk_does_not_know_is_in_the_notes(self):
		ticket = self.house.ticket(1, *self.weighed(), lot="LOT-X", order="EWO-99999")
		self.assertEqual(self.send(ticket), ["stored"])
		doc = self.stored(ticket)
		self.assertEqual((doc.lot, doc.order), (None, None))
		self.assertIn("LOT-X", doc.notes)
		self.assertIn("EWO-99999", doc.notes)

	def test_a_mismatch_opens_one_nonconformance(self):
		ticket = self.house.ticket(1, *self.weighed(), declared_net_kg="24800")
		self.assertEqual(self.send(ticket), ["stored"])
		self.assertEqual(self.send(ticket), ["duplicate"])
		doc = self.stored(ticket)
		self.assertEqual((doc.mismatch_flag, doc.mismatch_reasons), (1, "net_vs_declared:-3.79%"))
		(opened,) = self.nonconformances()
		self.assertEqual((opened.nc_type, opened.reference_name), (nonconformances.TICKET_TYPE, doc.name))
		self.assertIn("net_vs_declared", opened.capa_description)
		doc.notes = "seen"
		doc.save()
		self.assertEqual(len(self.nonconformances()), 1)
		frappe.db.rollback()

	def test_a_failing_nonconformance_leaves_no_ticket(self):
		ticket = self.house.ticket(1, *self.weighed(), declared_net_kg="24800")
		with patch.object(nonconformances, "open_once", side_effect=RuntimeError("broken alert")):
			self.assertEqual(self.send(ticket), ["retry"])
		self.assertFalse(frappe.db.exists("ScaleTicket", {"edge_uid": ticket["uid"]}))
		self.assertEqual(self.send(ticket), ["stored"])
		self.assertEqual(len(self.nonconformances()), 1)

	def test_void_and_correction(self):
		gross, tare = self.weighed()
		first, second, third = (self.house.ticket(serial, gross, tare) for serial in (1, 2, 3))
		third |= {"action": "correct", "corrects": second["uid"]}
		void = self.house.void(first)
		self.assertEqual(self.send(void), ["retry"])  # its target is not here yet
		self.assertEqual(self.send(first, second), ["stored", "stored"])
		self.assertEqual(self.send(void, third), ["stored", "stored"])
		self.assertEqual(self.send(void), ["duplicate"])
		doc = self.stored(first)
		self.assertEqual((doc.status, doc.void_uid, doc.void_reason), ("Void", void["uid"], "printed twice"))
		self.assertEqual(self.stored(second).status, "Corrected")
		self.assertEqual(
			(self.stored(third).status, self.stored(third).corrects), ("Completed", second["uid"])
		)

	def test_a_number_that_desk_took(self):
		gross, tare = self.weighed()
		ticket = self.house.ticket(1, gross, tare)
		with patch("frappe_ext.typed_tickets.refuse_gateway_number"):
			insert(
				"ScaleTicket",
				ticket_number=ticket["number"],
				site=self.world.site,
				ticket_datetime="2026-01-01",
				gross_kg=2,
				tare_kg=1,
			)
		frappe.db.commit()
		answer = self.world.submit([ticket]).json["message"]["results"][0]
		self.assertEqual((answer["status"], answer["code"]), ("rejected", "duplicate_number"))

	def test_hostile_text(self):
		ticket = self.house.ticket(
			1, *self.weighed(), driver="<img src=x onerror=alert(1)>", vehicle="=cmd|x"
		)
		self.assertEqual(self.send(ticket), ["stored"])
		self.assertNotIn("onerror", self.stored(ticket).driver)


class TestImmutable(WeighbridgeCase):
	def setUp(self):
		super().setUp()
		self.pair = self.weighed()
		self.record = self.house.ticket(1, *self.pair)
		self.send(self.record)
		self.addCleanup(frappe.db.rollback)

	def test_every_written_field_of_a_ticket(self):
		for fieldname, value in {
			"ticket_number": "T-1",
			"site": insert("Site", site_name="elsewhere"),
			"device": None,
			"ticket_datetime": "2020-01-01",
			"gross_kg": 1,
			"tare_kg": 1,
			"net_kg": 1,
			"declared_net_kg": 1,
			"vehicle": "x",
			"driver": "x",
			"status": "Void",
			"void_reason": "x",
			"direction": "Dispatch",
			"mismatch_flag": 1,
			"mismatch_reasons": "x",
			"gross_weighing": "x",
			"alibi_hash": "x",
			"edge_uid": None,
			"origin": "desk",
			"gross_text": "1",
			"tolerance_pct": 99,
			"number_key": "x",
		}.items():
			with self.subTest(fieldname):
				doc = self.stored(self.record)
				doc.set(fieldname, value)
				if fieldname == "number_key":
					doc.save()
					self.assertNotEqual(doc.number_key, "x")
				else:
					self.assertRaises(EdgeRecordImmutableError, doc.save)

	def test_notes_and_lot_may_follow(self):
		doc = self.stored(self.record)
		doc.notes = "seen"
		doc.lot = insert("Lot", lot_number="L-1", site=self.world.site, qty_kg=1)
		doc.save()
		self.assertEqual(doc.status, "Completed")

	def test_every_path(self):
		from frappe.client import set_value
		from frappe.desk.form.save import savedocs

		doc = self.stored(self.record)
		form = doc.as_dict() | {"gross_kg": 99}
		for name, write in {
			"set_value": lambda: set_value("ScaleTicket", doc.name, "gross_kg", 99),
			"savedocs": lambda: savedocs(frappe.as_json(form), "Save"),
			"flags": lambda: savedocs(frappe.as_json(form | {"flags": {"from_edge": 1}}), "Save"),
			"delete": doc.delete,
			"forced": lambda: frappe.delete_doc("ScaleTicket", doc.name, force=True),
			"rename": lambda: frappe.rename_doc("ScaleTicket", doc.name, "x", force=True),
		}.items():
			with self.subTest(name):
				self.assertRaises(EdgeRecordImmutableError, write)

	def test_a_weighing_as_a_whole(self):
		for fieldname, value in {"value_text": "1", "kg": 1, "hash": "x", "operator": "x"}.items():
			with self.subTest(fieldname):
				doc = self.stored(self.pair[0])
				doc.set(fieldname, value)
				self.assertRaises(EdgeRecordImmutableError, doc.save)
		doc = self.stored(self.pair[0])
		self.assertRaises(EdgeRecordImmutableError, doc.delete)
		self.assertRaises(
			EdgeRecordImmutableError, frappe.rename_doc, "Edge Weighing", doc.name, "x", force=True
		)
		self.assertRaises(EdgeRecordImmutableError, insert, "Edge Weighing", site=self.world.site)


class TestChains(WeighbridgeCase):
	def test_heads_are_kept_and_findings_noted_once(self):
		records = [self.house.genesis, self.house.weighing("38440"), self.house.weighing("14580", "tare")]
		self.send(*records)
		for _ in range(2):
			self.assertEqual(self.house.heartbeat().status_code, 200)
		frappe.db.rollback()
		doc = frappe.get_doc("Edge Gateway", self.world.gateway)
		(head,) = doc.chain_heads
		self.assertEqual((head.scale, head.epoch, head.seq), (SCALE, "1", 2))
		self.assertEqual(head.hash, self.house.last_hash)
		self.assertEqual(self.nonconformances(), [])
		doc.chain_heads = []
		doc.save()  # a form does not write state back
		self.assertEqual(len(frappe.get_doc("Edge Gateway", doc.name).chain_heads), 1)
		frappe.db.rollback()

		row = frappe.get_doc("Edge Gateway Chain Head", head.name)  # as REST does, beside its form
		row.links_checked = 10**6
		self.assertRaises(frappe.PermissionError, row.save)
		self.assertRaises(frappe.PermissionError, frappe.delete_doc, row.doctype, row.name)
		frappe.db.rollback()

		lost = self.house.weighing("20000")
		self.send(self.house.weighing("21000"))
		for _ in range(2):
			self.assertEqual(self.house.heartbeat(at=lost["at"] + 2 * 86_400_000).status_code, 200)
		frappe.db.rollback()
		(noted,) = self.nonconformances()
		self.assertEqual((noted.nc_type, noted.reference_name), ("chain_gap", self.world.gateway))


class TestLateWeighings(WeighbridgeCase):
	def age(self, doctype, record, hours):
		created = add_to_date(now_datetime(), hours=-hours)
		frappe.db.set_value(doctype, {"edge_uid": record["uid"]}, "creation", created, update_modified=False)

	def test_a_weighing_that_never_came(self):
		gross, tare = self.house.weighing("38440"), self.house.weighing("14580", "tare")
		self.send(gross)
		ticket = self.house.ticket(1, gross, tare)
		self.send(ticket)
		for hours, flag in ((23, 0), (25, 1), (25, 1)):
			self.age("ScaleTicket", ticket, hours)
			late_weighings.check()
			self.assertEqual(self.stored(ticket).mismatch_flag, flag)
		self.assertEqual(self.stored(ticket).mismatch_reasons, "weight_not_captured:tare")
		(opened,) = self.nonconformances()
		self.assertIn("weight_not_captured:tare", opened.capa_description)

	def test_a_weighing_that_came_later(self):
		gross, tare = self.house.weighing("38440"), self.house.weighing("14580", "tare")
		right, wrong = self.house.ticket(1, gross, tare), self.house.ticket(2, gross, tare)
		wrong |= {"gross": "38460", "gross_kg": "38460.000", "net": "23880", "net_kg": "23880.000"}
		self.send(right, wrong)
		self.send(gross, tare)
		for _ in range(2):
			late_weighings.check()
		self.assertEqual(self.stored(right).mismatch_flag, 0)
		self.assertEqual(self.stored(wrong).mismatch_reasons, "weight_not_captured:gross")
		(opened,) = self.nonconformances()
		self.assertEqual(opened.reference_name, self.stored(wrong).name)

	def test_one_that_cannot_be_written_holds_up_no_other(self):
		pairs = [(self.house.weighing("38440"), self.house.weighing("14580", "tare")) for _ in range(2)]
		tickets = [self.house.ticket(serial, *pair) for serial, pair in enumerate(pairs, start=1)]
		self.send(*(gross for gross, _ in pairs), *tickets)
		for ticket in tickets:
			self.age("ScaleTicket", ticket, 25)
		bad = self.stored(tickets[0]).name
		open_for_ticket = nonconformances.open_for_ticket

		def refuse(ticket, text):
			if ticket.name == bad:
				frappe.throw("another app's rule")
			return open_for_ticket(ticket, text)

		with patch.object(nonconformances, "open_for_ticket", refuse):
			late_weighings.check()
		(opened,) = self.nonconformances()
		self.assertEqual(opened.reference_name, self.stored(tickets[1]).name)
		late_weighings.check()
		self.assertEqual(len(self.nonconformances()), 2)

	def test_a_weighing_without_a_ticket(self):
		gross, tare, alone = (self.house.weighing(each) for each in ("38440", "14580", "22222"))
		genesis = self.house.genesis
		self.send(genesis)
		self.send(gross, tare, alone, self.house.ticket(1, gross, tare))
		for record in (gross, tare, alone, genesis):
			self.age("Edge Weighing", record, 23)
		late_weighings.check()
		self.assertEqual(self.nonconformances(), [])
		for record in (gross, tare, alone, genesis):
			self.age("Edge Weighing", record, 25)
		for _ in range(2):
			late_weighings.check()
		(opened,) = self.nonconformances()
		self.assertEqual(
			(opened.nc_type, opened.reference_name), ("capture_without_ticket", self.world.gateway)
		)
		self.assertIn(f"{SCALE}/1/3", opened.capa_description)

	def test_a_scale_without_tickets_makes_one_a_day(self):
		lone = [self.house.weighing(each) for each in ("22222", "33333", "44444")]
		self.send(self.house.genesis, *lone)
		for record in lone:
			self.age("Edge Weighing", record, 25)
		for _ in range(2):
			late_weighings.check()
		(opened,) = self.nonconformances()
		for number in (1, 2, 3):
			self.assertIn(f"{SCALE}/1/{number}", opened.capa_description)

"""What lists, cards, charts, reports and ingest ask of big tables is answered by an index: EXPLAIN says which."""

from __future__ import annotations

from datetime import timedelta

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import now_datetime

from frappe_ext.clock import now_ms
from frappe_ext.desk import charts, visible
from frappe_ext.install import APP, owner_of
from frappe_ext.store_blocks import SEQUENCES, BlockStore
from frappe_ext.tests.support import make_world, user_with

ROWS = 600
OTHERS = 12
"""Sites, gateways, devices and kinds among which the wanted ones are some of many, as in a real table."""
FLAGS = ("OK",) * 17 + ("Warning", "Quarantine", "Invalid")
NOW = now_datetime().replace(microsecond=0, tzinfo=None)
MARK = "idx-"


def _place(index):
	return f"{MARK}{index % OTHERS}"


def _uid(index):
	return f"{index:032x}"


def _observation(index):
	at = NOW - timedelta(minutes=index * 7)
	return {
		"site": _place(index),
		"device": f"{MARK}d{index % OTHERS}",
		"device_text": f"d{index % OTHERS}",
		"gateway": _place(index),
		"edge_epoch": str(index % 3),
		"edge_seq": index,
		"edge_uid": _uid(index),
		"observation_type": "temperature",
		"observed_at": at,
		"observed_at_ms": now_ms() - index * 420_000,
		"quality_flag": FLAGS[index % len(FLAGS)],
		"excursion": f"{MARK}e{index}" if index % 20 == 0 else None,
		"has_value": 1,
		"creation": at,
		"modified": at,
	}


def _weighing(index):
	return {
		"site": _place(index),
		"gateway": _place(index),
		"device_text": f"s{index % 4}",
		"epoch": str(index % 3),
		"seq": index,
		"edge_seq": index,
		"edge_uid": _uid(index),
		"at_ms": index,
		"creation": NOW - timedelta(hours=index),
		"modified": NOW,
	}


def _ticket(index):
	return {
		"site": _place(index),
		"gateway": _place(index),
		"device_text": f"s{index % 4}",
		"edge_epoch": str(index % 3),
		"edge_seq": index,
		"void_epoch": str(index % 3),
		"void_seq": index,
		"edge_uid": _uid(index),
		"void_uid": _uid(index + ROWS),
		"number_key": f"{MARK}{index}",
		"ticket_number": f"T-{index}",
		"ticket_datetime": NOW - timedelta(hours=index),
		"ticket_datetime_ms": now_ms() - index * 3_600_000,
		"gross_weighing": _uid(index),
		"tare_weighing": _uid(index),
		"mismatch_flag": int(index % 20 == 0),
		"status": "Completed",
		"creation": NOW - timedelta(hours=index),
		"modified": NOW,
	}


def _excursion(index):
	return {
		"site": _place(index),
		"device": f"{MARK}d{index % OTHERS}",
		"stream": f"{MARK}{index % 50}",
		"end_ms": index,
		"status": "Open" if index % 20 == 0 else "Cleared",
		"open_key": f"{MARK}{index}",
		"creation": NOW,
		"modified": NOW - timedelta(hours=index),
	}


def _sent(index):
	return {
		"site": _place(index),
		"gateway": _place(index),
		"edge_epoch": str(index % 3),
		"edge_seq": index,
		"edge_uid": _uid(index),
		"creation": NOW,
		"modified": NOW,
	}


def _nonconformance(index):
	return {
		"site": _place(index),
		"status": "Open" if index % 20 == 0 else "Closed",
		"finding_key": f"{MARK}{index}",
		"reference_doctype": "ScaleTicket",
		"reference_name": f"{MARK}{index}",
		"creation": NOW,
		"modified": NOW,
	}


TABLES = {
	"Observation": _observation,
	"Edge Weighing": _weighing,
	"ScaleTicket": _ticket,
	"Edge Excursion": _excursion,
	"Edge Gap": _sent,
	"Edge Amend": lambda index: _sent(index) | {"target_uid": _uid(index)},
	"Nonconformance": _nonconformance,
}


class TestIndexes(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)
		cls.addClassCleanup(cls.remove)
		for doctype, row_of in TABLES.items():
			rows = [{"name": f"{MARK}{index}", **row_of(index)} for index in range(1, ROWS + 1)]
			frappe.db.bulk_insert(doctype, list(rows[0]), [list(row.values()) for row in rows])
		frappe.db.commit()
		for doctype in TABLES:
			frappe.db.sql_ddl(f"analyze table `tab{doctype}`")

	@classmethod
	def remove(cls):
		frappe.db.rollback()
		for doctype in TABLES:
			frappe.db.delete(doctype, {"name": ("like", f"{MARK}%")})
		frappe.db.commit()

	def assert_key(self, query, values, *keys, table=None):
		"""The plan looks rows up by one of `keys`; it never reads a whole table."""
		plan = frappe.db.sql(f"explain {query}", values, as_dict=True)
		for step in plan:
			if (step.table or "").startswith("<") or step.table is None:
				continue  # a derived table, or a constant
			self.assertNotIn(step.type, ("ALL", "index"), plan)
		first = next((step for step in plan if table in (None, step.table)), None)
		# "a|b": looked up by a, filtered by the row ids of b.
		self.assertIn(first and (first.key or "").split("|")[0], keys, plan)

	def test_observations_of_a_site(self):
		since = NOW - timedelta(hours=3)
		query = (
			"select name from `tabObservation` where site = %s and observed_at > %s order by observed_at desc"
		)
		self.assert_key(query, (_place(3), since), "site_observed_at")
		query = "select name from `tabObservation` where device = %s and observed_at > %s order by observed_at desc"
		self.assert_key(query, (f"{MARK}d3", since), "device_observed_at")

	def test_quarantined_of_a_site(self):
		query = "select count(*) from `tabObservation` where quality_flag = 'Quarantine' and site in (%s)"
		self.assert_key(query, (_place(3),), "site_observed_at", "quality_flag_observed_at")
		query = "select name from `tabObservation` where quality_flag = 'Quarantine' and observed_at >= %s"
		self.assert_key(query, (NOW - timedelta(hours=20),), "quality_flag_observed_at")

	def test_rows_of_an_excursion(self):
		# Frappe names the index of a field otherwise where the column came to a table that was there.
		query = "select name from `tabObservation` where excursion = %s"
		self.assert_key(query, (f"{MARK}e20",), "excursion", "excursion_index")

	def test_what_desk_lists(self):
		"""As Desk's list asks: the user's site, the runbook's filter, the newest first."""
		user = user_with("QA Manager", sites=(self.world.site,))
		for doctype, filters, keys in (
			("Observation", {"quality_flag": "Quarantine"}, ("quality_flag_observed_at", "site_observed_at")),
			("ScaleTicket", {"mismatch_flag": 1}, ("mismatch_flag", "site", "ticket_datetime_ms")),
			("Nonconformance", {"status": "Open"}, ("status", "site", "reference_name")),
			("Edge Excursion", {"status": "Open"}, ("status", "site")),
		):
			with self.subTest(doctype), self.set_user(user):
				query = frappe.get_list(doctype, filters=filters, run=False)
				keys = (*keys, *(f"{key}_index" for key in keys), "modified")
				self.assert_key(str(query), (), *keys)
		frappe.db.rollback()

	def test_the_chart_of_flags(self):
		with self.set_user("Administrator"):
			where = visible.condition("Observation")
		query = f"""select count(*) from `tabObservation`
			where observed_at_ms >= %s and observed_at_ms < %s and {where}"""
		start = now_ms() - charts.HOURS * 3_600_000 // 4
		self.assert_key(query, (start, now_ms()), "observed_at_ms")

	def test_what_came_lately(self):
		for doctype in ("Observation", "ScaleTicket", "Edge Weighing"):
			with self.subTest(doctype):
				query = f"select name from `tab{doctype}` where creation > %s"
				self.assert_key(query, (NOW - timedelta(hours=5),), "creation")

	def test_ingest_finds_uids(self):
		uids = tuple(_uid(index) for index in range(1, 6))
		for doctype in ("Observation", "ScaleTicket", "Edge Weighing", "Edge Gap", "Edge Amend"):
			with self.subTest(doctype):
				query = f"select name, edge_uid, identity_hash from `tab{doctype}` where edge_uid in %s"
				if not frappe.get_meta(doctype).has_field("identity_hash"):
					query = query.replace(", identity_hash", "")
				self.assert_key(query, (uids,), "edge_uid")
		self.assert_key("select name from `tabEdge Amend` where target_uid in %s", (uids,), "target_uid")
		self.assert_key("select name from `tabScaleTicket` where void_uid in %s", (uids,), "void_uid")

	def test_reconcile(self):
		for doctype, uid, epoch, seq in SEQUENCES:
			with self.subTest(doctype=doctype, seq=seq):
				query = f"""select count(*) from `tab{doctype}` where gateway = %s and {epoch} = %s
					and {uid} is not null and ({seq} between %s and %s)"""
				key = "edge_voids" if seq == "void_seq" else "edge_sequence"
				self.assert_key(query, (_place(3), "1", 1, 40), key)
		self.assertTrue(callable(BlockStore.block_sums))  # whose query this is

	def test_neighbours_of_a_reading(self):
		query = """select observed_at_ms, value_text from `tabObservation` where site = %s and device_text = %s
			and device_text = binary %s and observation_type = %s and observed_at_ms < %s
			order by observed_at_ms desc limit 5"""
		values = (_place(3), "d3", "d3", "temperature", now_ms())
		self.assert_key(query, values, "edge_stream")

	def test_excursions_that_are_not_over(self):
		query = """select name from `tabEdge Excursion`
			where stream in %s and end_ms >= %s and status in ('Open', 'Cleared')"""
		self.assert_key(query, ((f"{MARK}3", f"{MARK}4"), 100), "edge_stream")
		query = "select name from `tabEdge Excursion` where open_key = %s"
		self.assert_key(query, (f"{MARK}3",), "open_key")

	def test_a_scales_chain_and_numbers(self):
		query = "select * from `tabEdge Weighing` where gateway = %s and device_text = %s and epoch = %s and seq = %s"
		self.assert_key(query, (_place(3), "s3", "0", 3), "chain")
		query = "select ticket_number from `tabScaleTicket` where gateway = %s and device_text = %s and edge_epoch = %s"
		self.assert_key(query, (_place(3), "s3", "0"), "edge_series", "edge_sequence")

	def test_a_tickets_number_and_weighings(self):
		query = "select name from `tabScaleTicket` where site = %s and ticket_number = %s"
		self.assert_key(query, (_place(3), "T-3"), "ticket_number", "ticket_number_index")
		query = "select name from `tabScaleTicket` where number_key = %s"
		self.assert_key(query, (f"{MARK}3",), "number_key")
		unique = frappe.db.sql("show index from `tabScaleTicket` where key_name = 'number_key'", as_dict=True)
		self.assertEqual(unique[0].Non_unique, 0)
		for fieldname in ("gross_weighing", "tare_weighing"):
			query = f"select name from `tabScaleTicket` where {fieldname} = %s"
			self.assert_key(query, (_uid(3),), fieldname, f"{fieldname}_index")

	def test_an_observation_has_no_index_that_nobody_asks_for(self):
		"""Each one more slows every insert of ingest."""
		if owner_of("Observation") != APP:
			self.skipTest("another app's type")
		found = {row.Key_name for row in frappe.db.sql("show index from `tabObservation`", as_dict=True)}
		wanted = {
			"PRIMARY",
			"edge_uid",
			"site_observed_at",
			"device_observed_at",
			"quality_flag_observed_at",
			"excursion",
			"observed_at_ms",
			"modified",
			"creation",
			"edge_sequence",
			"edge_stream",
		}
		self.assertEqual({key.removesuffix("_index") for key in found}, wanted)

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import native, store, store_base
from frappe_ext.tests.support import INSTANCE, OBSERVED_AT, make_world


class TestIngest(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world = make_world()
		cls.addClassCleanup(cls.world.wipe)

	def setUp(self):
		frappe.cache.delete_keys("edge_fault:")

	def test_plain_and_gzip_then_duplicate(self):
		record = self.world.observation(1, "21.50")
		self.assertEqual(self.world.statuses([record]), ["stored"])
		self.assertEqual(self.world.statuses([record], zipped=True), ["duplicate"])
		row = self.world.stored(1)
		self.assertEqual((row.value, row.value_text, row.has_value), (21.5, "21.50", 1))
		self.assertEqual(
			(row.site, row.device, row.gateway), (self.world.site, self.world.device, self.world.gateway)
		)
		self.assertEqual(row.observed_at_ms, OBSERVED_AT + 1000)
		self.assertEqual(self.world.statuses([self.world.observation(1, "21.51")]), ["conflict"])

	def test_flagged_rows_live_a_document_life_and_others_do_not(self):
		seen = []
		with patch.object(
			store_base, "_insert_document", lambda *args: seen.append(args[1]["value_text"]) or "x"
		):
			self.assertEqual(
				self.world.statuses([self.world.observation(10), self.world.observation(11, "40")]),
				["stored", "stored"],
			)
		self.assertEqual(seen, ["40"])

	def test_verdict_of_the_server(self):
		self.world.statuses([self.world.observation(20, "31"), self.world.observation(21, device="new-one")])
		warm, unknown = self.world.stored(20), self.world.stored(21)
		self.assertEqual((warm.quality_flag, warm.quality_reasons), ("Warning", "warning_max:30"))
		self.assertEqual(
			(unknown.quality_flag, unknown.device, unknown.device_text), ("Quarantine", None, "new-one")
		)

	def test_a_few_statements_for_a_full_batch(self):
		records = [self.world.observation(seq) for seq in range(1000, 1500)]
		original = frappe.database.database.Database.sql
		statements = []

		def counting(database, query, *args, **kwargs):
			statements.append(str(query)[:60])
			return original(database, query, *args, **kwargs)

		with patch("frappe.database.database.Database.sql", counting):
			self.assertEqual(set(self.world.statuses(records)), {"stored"})
		self.assertEqual(
			len([each for each in statements if each.startswith("insert into `tabObservation`")]), 1
		)
		self.assertLess(len(statements), 40)

	def test_a_lost_race_is_a_duplicate(self):
		"""Another request stores a row between our look and our insert."""
		records = [self.world.observation(seq) for seq in (30, 31, 32)]
		self.world.statuses(records[1:2])
		original = store.FrappeStore.find
		with patch.object(store.FrappeStore, "find", lambda *_: {}):
			self.assertEqual(self.world.statuses(records), ["stored", "duplicate", "stored"])
			changed = self.world.observation(31, "22")
			self.assertEqual(
				self.world.statuses([changed, self.world.observation(33)]), ["conflict", "stored"]
			)
			flagged = self.world.observation(31, "40")
			self.assertEqual(self.world.statuses([flagged]), ["conflict"])
		self.assertIs(store.FrappeStore.find, original)

	def test_a_deadlock_runs_the_batch_again(self):
		failures = [frappe.QueryDeadlockError("1213"), frappe.QueryDeadlockError("1213")]
		original = store_base._insert_rows

		def failing(*args):
			original(*args)
			if failures:
				raise failures.pop()

		with patch.object(store_base, "_insert_rows", failing):
			self.assertEqual(self.world.statuses([self.world.observation(40)]), ["stored"])
		self.assertEqual(self.world.stored(40).value_text, "21.50")

	def test_a_deadlock_that_stays_is_a_busy_server(self):
		with patch.object(store_base, "_insert_rows", side_effect=frappe.QueryDeadlockError("1213")):
			answer = self.world.submit([self.world.observation(41)])
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (503, "not_ready"))
		self.assertEqual(answer.headers["Retry-After"], "5")

	def test_a_swallowed_deadlock_loses_nothing(self):
		"""A hook of another app catches a deadlock: the transaction with the rows before it is gone."""
		failures = [True]
		original = store_base._insert_document

		def swallowing(*args):
			if failures:
				failures.pop()
				frappe.db.sql("rollback")
			return original(*args)

		flagged = [self.world.observation(seq, "40") for seq in (51, 52, 53)]
		with patch.object(store_base, "_insert_document", swallowing):
			self.assertEqual(self.world.statuses([self.world.observation(50), *flagged]), ["stored"] * 4)
		stored = [self.world.stored(seq).value_text for seq in (50, 51, 52, 53)]
		self.assertEqual(stored, ["21.50", "40", "40", "40"])

	def test_a_fault_is_a_retry_with_one_error_log(self):
		title = f"Edge ingest of {self.world.gateway_id}: RuntimeError: broken alert"
		records = [self.world.observation(60), *(self.world.observation(seq, "40") for seq in range(61, 65))]
		with patch.object(store_base, "_insert_document", side_effect=RuntimeError("broken alert")):
			for status in ("stored", "duplicate"):
				answer = self.world.submit(records).json["message"]["results"]
				self.assertEqual([each["status"] for each in answer], [status] + ["retry"] * 4)
				self.assertEqual(answer[1]["code"], "server_error")
				self.assertNotIn("broken", str(answer))
		frappe.db.rollback()
		self.assertEqual(frappe.db.count("Error Log", {"method": title}), 1)

	def test_one_bad_row_does_not_stop_the_others(self):
		original = store_base._insert_rows

		def picky(doctype, names, rows):
			if any(row["edge_seq"] == 71 for row in rows):
				raise frappe.db.DataError(1406, "Data too long")
			original(doctype, names, rows)

		records = [self.world.observation(seq) for seq in (70, 71, 72)]
		with patch.object(store_base, "_insert_rows", picky):
			self.assertEqual(self.world.statuses(records), ["stored", "retry", "stored"])

	def test_rejections_are_counted_not_repeated(self):
		records = [self.world.observation(seq, site="nowhere") for seq in (80, 81)]
		for _ in range(2):
			self.assertEqual(self.world.statuses(records), ["rejected", "rejected"])
		frappe.db.rollback()
		(row,) = frappe.get_all(
			"Edge Rejection", filters={"gateway": self.world.gateway, "code": "unknown_site"}, fields=["*"]
		)
		self.assertEqual((row.count, row.field, row.site, row.status), (4, "site", None, "Open"))
		frappe.db.set_value("Edge Rejection", row.name, "status", "Dismissed")
		frappe.db.commit()
		self.world.statuses(records[:1])
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("Edge Rejection", row.name, ["count", "status"]), (5, "Open"))

	def test_not_ready_while_the_types_are_not_ours(self):
		with patch("frappe.model.meta.Meta.has_field", return_value=False):
			answer = self.world.submit([])
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (503, "not_ready"))

	def test_without_the_compiled_rules(self):
		with patch.object(store_base, "registry_of", side_effect=native.NativeMissing("not built")):
			answer = self.world.submit([self.world.observation(90)])
		self.assertEqual((answer.status_code, answer.json["message"]["code"]), (503, "native_missing"))

	def test_markup_is_cleaned_as_in_a_form_but_raw_stays(self):
		hostile = self.world.observation(
			95, unit="<img src=x onerror=alert(1)>", raw="<img onerror=x>{{ 7*7 }}"
		)
		self.world.statuses([hostile])
		row = self.world.stored(95)
		self.assertNotIn("onerror", row.unit)
		self.assertEqual(row.raw_payload, hostile["raw"])

	def test_at_most_one_job_is_queued(self):
		"""Several excursions begin, get worse and end in one batch: what listens wakes its worker once at most."""
		values = ("40", "4", "20", "31", "40", "20")
		flagged = [self.world.observation(seq, value) for seq, value in enumerate(values, 300)]
		strangers = [self.world.observation(310 + n, "40", device=f"stranger-{n}") for n in range(5)]
		with patch("frappe.utils.background_jobs.enqueue") as enqueue:
			self.assertEqual(set(self.world.statuses([*flagged, *strangers])), {"stored"})
		self.assertLessEqual(enqueue.call_count, 1)

	def test_a_batch_without_flags_queues_nothing_and_asks_once(self):
		asked = []
		sql = frappe.database.database.Database.sql

		def note(database, query, *args, **kwargs):
			asked.append(str(query))
			return sql(database, query, *args, **kwargs)

		items = [self.world.observation(seq, device="bin3-t1", type="humidity") for seq in range(400, 450)]
		with (
			patch("frappe.utils.background_jobs.enqueue") as enqueue,
			patch.object(frappe.database.database.Database, "sql", note),
		):
			self.assertEqual(set(self.world.statuses(items)), {"stored"})
		self.assertEqual(enqueue.call_count, 0)
		self.assertEqual(sum("tabEdge Excursion" in query for query in asked), 1)
		self.assertEqual(sum("insert into `tabobservation`" in query.lower() for query in asked), 1)
		self.assertFalse(any("update `tabobservation`" in query.lower() for query in asked))

	def test_gap_and_amend(self):
		self.world.statuses([self.world.observation(110)])
		target = self.world.stored(110)
		uid = native.uid_of_sequence(self.world.gateway_id, "1", "amend", "111")
		amend = {
			"kind": "amend",
			"uid": uid,
			"seq": 111,
			"target": target.edge_uid,
			"cause": "spike",
			"flag": "Warning",
			"reasons": ["spike:6.2"],
		}
		gap = {
			"kind": "gap",
			"uid": native.uid_of_sequence(self.world.gateway_id, "1", "gap", "112"),
			"seq": 112,
			"site": self.world.code,
			"device": "bin3-t1",
			"from_seq": 1,
			"to_seq": 9,
			"from_at": OBSERVED_AT,
			"to_at": OBSERVED_AT + 1,
			"count": 3,
			"reason": "thinned_ok",
		}
		self.assertEqual(self.world.statuses([amend, gap]), ["stored", "stored"])
		target = self.world.stored(110)
		self.assertEqual((target.quality_flag, target.quality_reasons), ("Warning", "spike:6.2"))
		stored = frappe.get_doc("Edge Amend", {"edge_uid": uid})
		self.assertEqual((stored.applied, stored.site), (1, self.world.site))
		stored.cause = "clock"
		self.assertRaises(frappe.ValidationError, stored.save)
		self.assertRaises(frappe.ValidationError, stored.delete)

	def test_a_clone_is_held_until_a_person_keeps_one(self):
		from frappe_ext import auth

		clone = "c" * 16
		codes = []
		for instance in (INSTANCE, clone, INSTANCE, clone):
			answer = self.world.submit([], instance=instance)
			codes.append(answer.status_code)
		self.assertEqual(codes[-1], 403)
		self.assertEqual(self.world.submit([]).json["message"]["code"], "held")
		frappe.db.rollback()
		auth.keep_instance(self.world.gateway_id, INSTANCE)
		frappe.db.commit()
		self.assertEqual(self.world.submit([]).status_code, 200)
		self.assertEqual(self.world.submit([], instance=clone).json["message"]["code"], "held")

import glob
import gzip
import json
import os
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import now_datetime

from frappe_ext import retention
from frappe_ext.clock import now_ms
from frappe_ext.settings import DOCTYPE, setting
from frappe_ext.tests.support import insert, make_world

DAY_MS = 86_400_000


class TestRetention(FrappeTestCase):
	def setUp(self):
		self.world = make_world()
		self.addCleanup(self.world.wipe)
		self.addCleanup(self.forget)
		self.settings(days=60)

	def settings(self, days, archive=1, of_sites=()):
		doc = frappe.get_doc(DOCTYPE)
		doc.update({"retention_days": 0, "archive_before_delete": archive})
		# Only this test's site: other rows of the test site are not this test's business.
		doc.set("retention_of_sites", [{"site": self.world.site, "retention_days": days}, *of_sites])
		doc.save()
		frappe.db.commit()

	def forget(self):
		frappe.db.rollback()
		doc = frappe.get_doc(DOCTYPE)
		doc.update({"retention_days": 0, "archive_before_delete": 1})
		doc.set("retention_of_sites", [])
		doc.save()
		frappe.db.delete("Edge Retention", {"gateway": self.world.gateway})
		frappe.db.commit()
		for path in self.archives():
			os.unlink(path)

	def archives(self):
		code = frappe.scrub(self.world.code)
		return glob.glob(frappe.get_site_path("private", retention.FOLDER, f"observations-{code}-*"))

	def stored_long_ago(self, *seqs, days=61, **changes):
		"""Rows that were observed and came so many days ago."""
		at = now_ms() - days * DAY_MS
		records = [self.world.observation(seq, observed_at=at + seq, **changes) for seq in seqs]
		self.assertEqual(self.world.statuses(records), ["stored"] * len(records))
		self.arrived([record["uid"] for record in records], days)
		return records

	def arrived(self, uids, days):
		frappe.db.rollback()
		frappe.db.set_value(
			"Observation",
			{"edge_uid": ("in", uids)},
			"creation",
			now_datetime() - timedelta(days=days),
			update_modified=False,
		)
		frappe.db.commit()

	def run_job(self):
		removed = retention.run_once()
		frappe.db.commit()
		return removed.get(self.world.code, 0)

	def seqs(self):
		return sorted(
			frappe.get_all("Observation", filters={"gateway": self.world.gateway}, pluck="edge_seq")
		)

	def stretches(self):
		fields = ["edge_epoch", "from_seq", "to_seq", "count"]
		return frappe.get_all(
			"Edge Retention",
			filters={"gateway": self.world.gateway},
			fields=fields,
			order_by="from_seq",
			as_list=True,
		)

	def test_old_rows_go_and_young_ones_stay(self):
		self.stored_long_ago(1, 2, 3)
		self.stored_long_ago(4, days=59)
		self.assertEqual(retention.due()[self.world.code], 3)
		self.assertEqual(self.run_job(), 3)
		self.assertEqual(self.seqs(), [4])
		self.assertEqual(self.stretches(), (("1", 1, 3, 3),))
		self.assertNotIn(self.world.code, retention.due())

	def test_for_ever_is_the_default(self):
		self.assertEqual(frappe.get_meta(DOCTYPE).get_field("retention_days").default, "0")
		self.settings(days=0)
		self.stored_long_ago(1, days=5000)
		self.assertEqual((self.run_job(), self.seqs()), (0, [1]))

	def test_what_came_lately_stays_however_old_it_is(self):
		"""A gateway that was away for long has just brought it."""
		self.stored_long_ago(1, days=90)
		uids = frappe.get_all("Observation", filters={"gateway": self.world.gateway}, pluck="edge_uid")
		self.arrived(uids, 1)
		self.assertEqual((self.run_job(), self.seqs()), (0, [1]))

	def test_flagged_rows_stay_until_released(self):
		self.stored_long_ago(1)
		self.stored_long_ago(2, value="48.50")
		self.assertEqual(self.world.stored(2).quality_flag, "Quarantine")
		self.assertEqual((self.run_job(), self.seqs()), (1, [2]))
		frappe.db.set_value(
			"Observation", {"edge_seq": 2, "gateway": self.world.gateway}, "released_by", "Administrator"
		)
		self.assertEqual((self.run_job(), self.seqs()), (1, []))

	def test_what_a_nonconformance_is_about_stays(self):
		self.stored_long_ago(1)
		name = frappe.db.get_value("Observation", {"gateway": self.world.gateway})
		insert(
			"Nonconformance",
			site=self.world.site,
			status="Closed",
			capa_description="x",
			reference_doctype="Observation",
			reference_name=name,
		)
		self.assertEqual((self.run_job(), self.seqs()), (0, [1]))

	def test_tickets_and_weighings_stay(self):
		from frappe_ext.tests.weighbridge import ScaleHouse

		house = ScaleHouse(self.world)
		gross, tare = house.weighing("38440"), house.weighing("14580", role="tare")
		records = [house.genesis, gross, tare, house.ticket(1, gross, tare)]
		self.assertEqual(self.world.statuses(records), ["stored"] * 4)
		old = now_datetime() - timedelta(days=900)
		for doctype in ("Edge Weighing", "ScaleTicket"):
			frappe.db.set_value(doctype, {"gateway": self.world.gateway}, "creation", old)
		frappe.db.commit()
		self.assertEqual(self.run_job(), 0)
		self.assertEqual(frappe.db.count("Edge Weighing", {"gateway": self.world.gateway}), 3)
		self.assertEqual(frappe.db.count("ScaleTicket", {"gateway": self.world.gateway}), 1)

	def test_a_removed_row_that_comes_again_is_a_duplicate(self):
		records = self.stored_long_ago(1, 2)
		self.run_job()
		answer = self.world.submit(records).json["message"]["results"]
		self.assertEqual([result["status"] for result in answer], ["duplicate", "duplicate"])
		self.assertTrue(frappe.db.exists("Edge Retention", answer[0]["name"]))
		frappe.db.rollback()
		self.assertEqual(self.seqs(), [])

	def test_a_row_that_never_came_is_stored_though_its_neighbours_went(self):
		self.stored_long_ago(1, 3)
		self.run_job()
		self.assertEqual(self.stretches(), (("1", 1, 1, 1), ("1", 3, 3, 1)))
		late = self.world.observation(2, observed_at=now_ms() - 61 * DAY_MS)
		self.assertEqual(self.world.statuses([late]), ["stored"])

	def test_another_epoch_is_another_series(self):
		(record,) = self.stored_long_ago(1)
		self.run_job()
		frappe.db.set_value("Edge Gateway", self.world.gateway, "epoch", "2")
		frappe.db.commit()
		fresh = record | {"uid": "f" * 32, "raw_sha256": "0" * 64}
		self.assertEqual(self.world.statuses([fresh], epoch="2"), ["stored"])

	def test_rows_that_are_still_there_join_a_stretch(self):
		self.stored_long_ago(1, 3)
		self.stored_long_ago(2, value="48.50")
		self.run_job()
		self.assertEqual(self.stretches(), (("1", 1, 3, 2),))

	def test_the_archive_holds_whole_rows(self):
		self.stored_long_ago(1, 2)
		self.run_job()
		(path,) = self.archives()
		with gzip.open(path, "rt") as file:
			rows = [json.loads(line) for line in file]
		self.assertEqual([row["edge_seq"] for row in rows], [1, 2])
		self.assertEqual((rows[0]["value_text"], rows[0]["raw_payload"][:8]), ("21.50", '{"value"'))
		archive = frappe.get_all("Edge Retention", filters={"gateway": self.world.gateway}, pluck="archive")
		self.assertEqual(archive, [os.path.basename(path)])
		self.assertEqual(os.stat(os.path.dirname(path)).st_mode & 0o077, 0)

	def test_without_an_archive(self):
		self.settings(days=60, archive=0)
		self.stored_long_ago(1)
		self.assertEqual((self.run_job(), self.archives()), (1, []))

	def test_a_failed_run_leaves_rows_and_no_file(self):
		self.stored_long_ago(1)
		with (
			self.assertRaises(ZeroDivisionError),
			patch.object(retention, "_delete", side_effect=ZeroDivisionError),
		):
			retention.run_once()
		frappe.db.rollback()
		self.assertEqual((self.seqs(), self.archives()), ([1], []))

	def test_versions_and_comments_go_along(self):
		self.stored_long_ago(1)
		name = frappe.db.get_value("Observation", {"gateway": self.world.gateway})
		frappe.get_doc("Observation", name).add_comment("Comment", "seen")
		self.run_job()
		self.assertFalse(frappe.db.exists("Comment", {"reference_name": name}))

	def test_too_short_a_time_is_refused(self):
		doc = frappe.get_doc(DOCTYPE)
		doc.retention_days = retention.MIN_DAYS - 1
		self.assertRaises(frappe.ValidationError, doc.save)

	def test_settings_have_their_defaults_before_anybody_saved_them(self):
		frappe.db.delete("Singles", {"doctype": DOCTYPE})
		frappe.clear_document_cache(DOCTYPE, DOCTYPE)
		self.assertEqual(
			[setting(name) for name in ("retention_days", "silent_gateway_minutes", "it_role")],
			[0, 10, "IT Admin"],
		)

	def test_more_than_one_job_can_take(self):
		self.stored_long_ago(*range(1, 8))
		with patch.multiple(retention, CHUNK=2, MAX_PER_JOB=4):
			self.assertEqual([self.run_job(), self.run_job(), self.run_job()], [4, 3, 0])
		self.assertEqual(self.stretches(), (("1", 1, 4, 4), ("1", 5, 7, 3)))

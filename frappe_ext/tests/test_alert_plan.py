from datetime import datetime, timedelta
from unittest import TestCase

import frappe

from frappe_ext.alerts import kinds
from frappe_ext.alerts.plan import AT_ONCE_PER_HOUR, BURST_DIGEST_EVERY, Past, plan

NOW = datetime(2026, 3, 1, 12)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def row(about, *, age=timedelta(), came=timedelta(), **changes):
	return frappe._dict(
		{
			"name": about,
			"site": "s1",
			"kind": kinds.EXCURSION,
			"about": about,
			"step": kinds.RAISED,
			"reference_name": about,
			"occurred_at": NOW - age,
			"creation": NOW - came,
			**changes,
		}
	)


class TestPlan(TestCase):
	def planned(self, *rows, past=None, now=NOW):
		groups = plan(rows, past or Past(), now, window=HOUR, every=DAY)
		return [([each.name for each in group.rows], group.is_digest) for group in groups]

	def test_news_goes_at_once(self):
		self.assertEqual(self.planned(row("a"), row("b")), [(["a"], False), (["b"], False)])

	def test_a_storm_is_one_digest_at_once(self):
		storm = [row(f"t{number}") for number in range(500)]
		self.assertEqual(self.planned(*storm), [([each.name for each in storm], True)])

	def test_a_storm_of_one_kind_does_not_hide_another(self):
		storm = [row(f"t{number}", kind=kinds.MISMATCH) for number in range(50)]
		critical = row("nc", kind=kinds.NONCONFORMANCE)
		planned = self.planned(*storm, critical)
		self.assertIn((["nc"], False), planned)
		self.assertEqual(len(planned), 2)

	def test_a_storm_of_one_site_is_not_the_others(self):
		storm = [row(f"t{number}") for number in range(50)]
		planned = self.planned(*storm, row("x", site="s2"))
		self.assertIn((["x"], False), planned)

	def test_many_within_the_hour_count_together(self):
		told = [row(f"old{number}") for number in range(AT_ONCE_PER_HOUR)]
		self.assertEqual(self.planned(row("new"), past=Past(told)), [(["new"], True)])
		self.assertEqual(self.planned(row("new"), past=Past(told[1:])), [(["new"], False)])

	def test_the_same_again_waits_and_its_end_with_it(self):
		told = [row("a", reference_name="first"), row("a", reference_name="first", step=kinds.CLEARED)]
		again = row("a", reference_name="second")
		end = row("a", reference_name="second", step=kinds.CLEARED)
		self.assertEqual(self.planned(again, end, past=Past(told)), [(["a", "a"], True)])
		# The end of one that went out goes out.
		end = row("a", reference_name="first", step=kinds.CLEARED)
		self.assertEqual(self.planned(end, past=Past(told[:1])), [(["a"], False)])

	def test_a_storm_goes_on(self):
		"""The second digest of news waits a quarter of an hour."""
		storm = [row(f"t{number}") for number in range(50)]
		soon = Past(last_digest={"s1": NOW - BURST_DIGEST_EVERY / 2})
		self.assertEqual(self.planned(*storm, past=soon), [])
		self.assertEqual(
			len(self.planned(*storm, past=Past(last_digest={"s1": NOW - BURST_DIGEST_EVERY}))), 1
		)

	def test_a_backlog_waits_until_it_has_come_in(self):
		old = {"age": 6 * DAY}
		coming = [row("a", came=timedelta(minutes=30), **old), row("b", came=timedelta(minutes=1), **old)]
		self.assertEqual(self.planned(*coming), [])
		self.assertEqual(self.planned(*coming, now=NOW + timedelta(minutes=10)), [(["a", "b"], True)])

	def test_a_backlog_that_does_not_end_is_told_after_an_hour(self):
		old = {"age": 6 * DAY}
		rows = [row("a", came=HOUR, **old), row("b", came=timedelta(), **old)]
		self.assertEqual(self.planned(*rows), [(["a", "b"], True)])

	def test_one_digest_of_old_news_a_day(self):
		rows = [row("a", age=6 * DAY, came=HOUR)]
		self.assertEqual(self.planned(*rows, past=Past(last_digest={"s1": NOW - DAY / 2})), [])
		self.assertEqual(self.planned(*rows, past=Past(last_digest={"s1": NOW - DAY})), [(["a"], True)])

"""Excursions in Desk: release, Nonconformance, re-judging, permissions, and what alerts hear."""

from __future__ import annotations

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext import excursions
from frappe_ext.immutable import EdgeRecordImmutableError
from frappe_ext.tests.support import World, insert, make_world, request, user_with

REASON = "The probe hung in the door."


class TestExcursions(FrappeTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.world: World = make_world()
		cls.other: World = make_world()

	@classmethod
	def tearDownClass(cls) -> None:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		for world in (cls.world, cls.other):
			names = frappe.get_all("Edge Excursion", filters={"site": world.site}, pluck="name")
			frappe.db.delete("Edge Excursion", {"name": ("in", names or [""])})
			world.wipe()
		super().tearDownClass()

	def setUp(self) -> None:
		frappe.set_user("Administrator")
		self.seq = getattr(type(self), "_seq", 0)
		type(self)._seq = self.seq + 100

	def opened(self, *values: str, world: World | None = None) -> str:
		"""An excursion of these values on a device of its own; its name."""
		world = world or self.world
		device = f"probe-{self.seq}"
		insert("Device", device_name=device, device_id=device, site=world.site)
		frappe.db.commit()
		items = [
			world.observation(self.seq + number, value=value, device=device)
			for number, value in enumerate(values, 1)
		]
		self.assertEqual(set(world.statuses(items)), {"stored"})
		frappe.db.rollback()
		return frappe.get_value("Edge Excursion", {"site": world.site, "device_text": device})

	def rows(self, excursion: str) -> list:
		return frappe.get_all(
			"Observation", filters={"excursion": excursion}, fields=["*"], order_by="edge_seq"
		)

	def as_qa(self) -> str:
		user = user_with("QA Manager", sites=(self.world.site,))
		frappe.set_user(user)
		return user

	def test_release_writes_a_verdict_on_every_row(self) -> None:
		name = self.opened("36", "37", "38")
		user = self.as_qa()
		with patch.object(excursions, "CHUNK", 2):
			self.assertEqual(excursions.release(name, REASON), 3)
		doc = frappe.get_doc("Edge Excursion", name)
		self.assertEqual((doc.status, doc.released_by, doc.release_reason), ("Released", user, REASON))
		for row in self.rows(name):
			self.assertEqual((row.quality_flag, row.released_by, row.released_reason), ("OK", user, REASON))
			self.assertEqual((row.server_flag, row.edge_flag), ("Quarantine", "OK"))
			self.assertIn("critical_max:35", row.quality_reasons)
		frappe.set_user("Administrator")
		self.assertTrue(frappe.get_all("Version", filters={"docname": name, "ref_doctype": doc.doctype}))
		comment = frappe.get_value("Comment", {"reference_name": name}, "content")
		self.assertIn(REASON, comment)

	def test_a_release_wants_a_reason_and_comes_once(self) -> None:
		name = self.opened("36")
		self.as_qa()
		with self.assertRaises(frappe.ValidationError):
			excursions.release(name, "  ")
		excursions.release(name, REASON)
		with self.assertRaises(frappe.ValidationError):
			excursions.release(name, REASON)

	def test_what_comes_after_a_release_is_another_excursion(self) -> None:
		name = self.opened("36")
		excursions.release(name, REASON)
		frappe.db.commit()
		device = f"probe-{self.seq}"
		self.assertEqual(
			self.world.statuses([self.world.observation(self.seq + 9, value="37", device=device)]), ["stored"]
		)
		frappe.db.rollback()
		found = frappe.get_all(
			"Edge Excursion", filters={"site": self.world.site, "device_text": device}, pluck="status"
		)
		self.assertEqual(sorted(found), ["Open", "Released"])

	def test_only_its_sites_qa_manager_may(self) -> None:
		name = self.opened("36")
		for roles, sites in (
			(("QA Manager",), (self.other.site,)),
			(("QA Manager",), ()),
			(("Site Operator",), (self.world.site,)),
		):
			frappe.set_user("Administrator")
			user = user_with(*roles, sites=sites)
			frappe.set_user(user)
			for action in (excursions.release, excursions.open_nonconformance, excursions.rejudge):
				with self.assertRaises(frappe.PermissionError):
					action(name, REASON)
		self.assertEqual(frappe.db.get_value("Edge Excursion", name, "status"), "Open")

	def test_guests_and_gets_are_refused(self) -> None:
		path = "/api/method/frappe_ext.excursions.release"
		self.assertEqual(request("POST", path, json={"excursion": "x", "reason": "y"}).status_code, 403)
		self.assertEqual(request("GET", path).status_code, 403)

	def test_nobody_edits_or_deletes_one(self) -> None:
		doc = frappe.get_doc("Edge Excursion", self.opened("36"))
		doc.status = "Released"
		with self.assertRaises(EdgeRecordImmutableError):
			doc.save()
		with self.assertRaises(EdgeRecordImmutableError):
			frappe.delete_doc("Edge Excursion", doc.name)
		forged = frappe.get_doc({"doctype": "Edge Excursion", "site": self.world.site})
		with self.assertRaises(EdgeRecordImmutableError):
			forged.insert()
		row = frappe.get_doc("Observation", self.rows(doc.name)[0].name)
		row.excursion = None
		with self.assertRaises(EdgeRecordImmutableError):
			row.save()

	def test_one_nonconformance_linked_both_ways(self) -> None:
		name = self.opened("36")
		self.as_qa()
		first = excursions.open_nonconformance(name, "<b>Why</b>")
		self.assertEqual(excursions.open_nonconformance(name, REASON), first)
		found = frappe.get_doc("Nonconformance", first)
		self.assertEqual((found.reference_doctype, found.reference_name), ("Edge Excursion", name))
		self.assertEqual((found.site, found.severity), (self.world.site, "Major"))
		self.assertEqual(frappe.db.get_value("Edge Excursion", name, "nonconformance"), first)

	def test_rejudge_by_todays_policy(self) -> None:
		name = self.opened("36", "41", "46")
		policy = frappe.get_doc("Observation Threshold Policy", self.world.policy)
		policy.update({"warning_max": 40, "critical_max": 45}).save()
		try:
			self.assertEqual(excursions.rejudge(name, REASON), 2)
			fine, warm, hot = self.rows(name)
			self.assertEqual([row.quality_flag for row in (fine, warm, hot)], ["OK", "Warning", "Quarantine"])
			self.assertEqual((hot.server_reasons, hot.edge_flag), ("critical_max:45", "OK"))
			self.assertEqual(fine.policy_version, hot.policy_version)
			self.assertIn(REASON, warm.released_reason)
			doc = frappe.get_doc("Edge Excursion", name)
			self.assertEqual((doc.status, doc.severity, doc.code), ("Open", "Quarantine", "critical_max"))
		finally:
			policy.reload().update({"warning_max": 30, "critical_max": 35}).save()
			frappe.db.commit()

	def test_a_rejudged_one_without_flagged_rows_is_released(self) -> None:
		name = self.opened("36")
		policy = frappe.get_doc("Observation Threshold Policy", self.world.policy)
		policy.update({"warning_max": 40, "critical_max": 45}).save()
		try:
			self.assertEqual(excursions.rejudge(name, REASON), 0)
			self.assertEqual(frappe.db.get_value("Edge Excursion", name, "status"), "Released")
		finally:
			policy.reload().update({"warning_max": 30, "critical_max": 35}).save()
			frappe.db.commit()

	def test_a_broken_listener_does_not_stop_ingest(self) -> None:
		broken = "frappe_ext.edge.doctype.edge_excursion.events.before_save"
		with patch(broken, side_effect=RuntimeError("broken template")):
			name = self.opened("36")
		self.assertIsNone(name)
		device = f"probe-{self.seq}"
		self.assertEqual(
			self.world.statuses([self.world.observation(self.seq + 9, value="37", device=device)]), ["stored"]
		)
		frappe.db.rollback()
		self.assertEqual(
			frappe.db.count("Edge Excursion", {"site": self.world.site, "device_text": device}), 1
		)

	def test_full_document_life_only_at_raise_escalation_and_clear(self) -> None:
		name = self.opened("31")
		before = frappe.db.get_value("Edge Excursion", name, "modified")
		device = f"probe-{self.seq}"
		seen = []
		for number, value in enumerate(["32", "33", "36", "20"], 10):
			self.world.statuses([self.world.observation(self.seq + number, value=value, device=device)])
			frappe.db.rollback()
			doc = frappe.get_doc("Edge Excursion", name)
			seen.append((doc.modified != before, doc.status, doc.severity, doc.get("count")))
			before = doc.modified
		self.assertEqual(
			seen,
			[
				(False, "Open", "Warning", 2),
				(False, "Open", "Warning", 3),
				(True, "Open", "Quarantine", 4),
				(True, "Cleared", "Quarantine", 4),
			],
		)

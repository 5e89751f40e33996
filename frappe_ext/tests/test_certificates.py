from datetime import date, timedelta
from unittest.mock import patch

import frappe
from frappe.utils import add_days, getdate, nowdate

from frappe_ext.alerts import certificates, delivery
from frappe_ext.tests.alerts import AlertCase, body_of, mails_to, make_certificate
from frappe_ext.tests.support import insert


class TestCertificates(AlertCase):
	def certificate(self, days, **changes):
		return make_certificate(self.ours, days, **changes)

	def status(self, name):
		return frappe.db.get_value("Certificate", name, "status")

	def test_thresholds(self):
		today = date(2026, 3, 1)
		for left, expected in (
			(31, None),
			(30, None),  # the runbook: expiry_date < today + 30
			(29, "warned"),
			(7, "warned"),
			(6, "soon"),
			(0, "soon"),
			(-1, "expired"),
		):
			word = certificates.threshold_of(today + timedelta(days=left), today, 30)
			self.assertEqual(word, expected, left)

	def test_one_that_is_entered_late_is_told_at_once(self):
		self.certificate(40)
		self.assertEqual(self.alerts(), [])
		self.certificate(12, certificate_number="C-12")
		delivery.deliver()
		self.assertEqual(self.reached(), [self.qa])
		self.assertIn("C-12", body_of(mails_to(self.qa)[0]))

	def test_once_per_certificate_and_threshold(self):
		name = self.certificate(40)
		for left, new in ((29, 1), (28, 0), (5, 1), (4, 0), (-1, 1), (-2, 0)):
			known = len(self.alerts())
			today = getdate(add_days(nowdate(), 40 - left))
			with patch.object(certificates, "getdate", lambda day=None, today=today: getdate(day or today)):
				certificates.check()
				certificates.check()
			self.assertEqual(len(self.alerts()) - known, new, left)
		self.assertEqual(self.status(name), "Expired")

	def test_the_end(self):
		name, last_day, revoked = (
			self.certificate(-1),
			self.certificate(0),
			self.certificate(-1, status="Revoked"),
		)
		certificates.check()
		statuses = [self.status(each) for each in (name, last_day, revoked)]
		self.assertEqual(statuses, ["Expired", "Active", "Revoked"])

	def test_a_new_date_is_a_new_matter(self):
		doc = frappe.get_doc("Certificate", self.certificate(10))
		doc.save()
		self.assertEqual(len(self.alerts()), 1)
		doc.expiry_date = add_days(nowdate(), 11)
		doc.save()
		self.assertEqual(len(self.alerts()), 2)

	def test_the_runbooks_filter(self):
		wanted = {self.certificate(10), self.certificate(29)}
		self.certificate(30)
		self.certificate(5, status="Revoked")
		filters = {"status": "Active", "expiry_date": ("<", add_days(nowdate(), 30)), "site": self.ours.site}
		with self.set_user(self.qa):
			self.assertEqual(set(frappe.get_list("Certificate", filters=filters, pluck="name")), wanted)
		with self.set_user(self.strangers[0]):
			self.assertEqual(frappe.get_list("Certificate", pluck="name"), [])

	def test_who_may_write(self):
		with self.set_user(self.qa):
			insert("Certificate", cert_type="Organic", site=self.ours.site)
			with self.assertRaises(frappe.PermissionError):
				insert("Certificate", cert_type="Organic", site=self.theirs.site)
		for user in (self.operator, self.owner, self.it):
			with self.set_user(user), self.assertRaises(frappe.PermissionError):
				insert("Certificate", cert_type="Organic", site=self.ours.site)

	def test_a_lot_of_another_site(self):
		lot = insert("Lot", lot_number="L-1", site=self.theirs.site, qty_kg=1)
		self.assertRaises(frappe.ValidationError, self.certificate, 90, lot=lot)

"""Mails, bells and digests: who gets what, in which words, and what a fault does."""

from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.tests.utils import change_settings
from frappe.utils import add_to_date, now_datetime

from frappe_ext.alerts import delivery, kinds, letters, run, texts, wake
from frappe_ext.alerts.recipients import people_for
from frappe_ext.tests.alerts import ACCOUNT, AlertCase, body_of, mails_to, make_account
from frappe_ext.tests.mail_sink import MailSink
from frappe_ext.tests.support import insert

HOSTILE = "<img src=x onerror=alert(1)>\r\nBcc: evil@example.com\r\n\r\n{{ 7*7 }} =cmd \u202e"


class TestDelivery(AlertCase):
	def test_who_gets_what(self):
		for kind, people in (
			(kinds.EXCURSION, {self.qa, self.operator}),
			(kinds.MISMATCH, {self.qa}),
			(kinds.NONCONFORMANCE, {self.qa, self.owner}),
			(kinds.CERTIFICATE, {self.qa}),
		):
			self.note(kind)
			(row,) = self.alerts(kind=kind)
			ours = {person.user for person in people_for(row)} & {*self.everyone, *self.strangers}
			self.assertEqual(ours, people, kind)

	def test_who_is_switched_off_or_lost_the_role_gets_nothing(self):
		leaver = self.person("QA Manager", self.ours)
		self.note()
		(row,) = self.alerts()
		self.assertIn(leaver, {person.user for person in people_for(row)})
		frappe.db.set_value("User", leaver, "enabled", 0)
		self.assertNotIn(leaver, {person.user for person in people_for(row)})
		self.assertIn(self.qa, {person.user for person in people_for(row)})

	def test_a_system_manager_gets_only_what_the_role_is_for(self):
		manager = self.person("System Manager", self.ours)
		self.note()
		(row,) = self.alerts()
		self.assertNotIn(manager, {person.user for person in people_for(row)})

	def test_the_roles_are_settings(self):
		with change_settings("Edge Settings", {"qa_role": "Owner"}):
			self.note()
			(row,) = self.alerts()
			people = {person.user for person in people_for(row)}
		self.assertEqual(people & {*self.everyone, *self.strangers}, {self.owner})

	def test_a_mail_and_a_bell_once(self):
		self.note()
		for _ in range(3):
			delivery.deliver()
		self.assertEqual(len(mails_to(self.qa)), 1)
		bells = frappe.get_all(
			"Notification Log", filters={"for_user": ("in", self.people)}, fields=["for_user", "type"]
		)
		self.assertEqual([(bell.for_user, bell.type) for bell in bells], [(self.qa, "Alert")])
		(alert,) = self.alerts()
		self.assertEqual((alert.status, alert.digest), ("Sent", 0))
		self.assertGreaterEqual(alert.recipients, 1)

	def test_realtime_goes_to_the_user_alone(self):
		self.note()
		with patch("frappe.publish_realtime") as published:
			delivery.deliver()
		bells = [call.kwargs for call in published.call_args_list if call.args[:1] == ("notification",)]
		self.assertIn(self.qa, {bell.get("user") for bell in bells})
		self.assertFalse({None, *self.strangers} & {bell.get("user") for bell in bells})
		# What others hear is that a list changed.
		self.assertNotIn(self.alerts()[0].about, str(published.call_args_list))

	def test_nobody_is_there(self):
		self.note(kinds.MISMATCH, site=self.worlds[1].site)
		frappe.db.delete("Has Role", {"parent": self.strangers[0]})
		self.addCleanup(self.give_role, self.strangers[0], "QA Manager")
		with patch("frappe_ext.alerts.recipients.sees_everything", return_value=False):
			delivery.deliver()
		status = frappe.db.get_value("Edge Alert", {"site": self.theirs.site}, "status")
		self.assertEqual((status, self.reached()), ("Nobody", []))

	def give_role(self, user, role):
		frappe.get_doc("User", user).add_roles(role)

	def test_hostile_text(self):
		self.note(kinds.NONCONFORMANCE, about=HOSTILE, facts={"type": HOSTILE, "description": HOSTILE})
		self.note(kinds.EXCURSION, about=HOSTILE, facts={"device": HOSTILE, "type": HOSTILE, "unit": HOSTILE})
		delivery.deliver()
		for mail in mails_to(self.qa):
			self.assertIsNone(mail["Bcc"])
			self.assertNotIn("\n", mail["Subject"])
			self.assertIn("{{ 7*7 }}", mail["Subject"])
			html = body_of(mail)
			self.assertNotIn("<img src=x", html)
			self.assertIn("&lt;img src=", html)
			self.assertNotIn("\u202e", html)
		bell = frappe.get_all("Notification Log", filters={"for_user": self.qa}, pluck="subject")
		self.assertEqual(len(bell), 2)
		self.assertFalse([subject for subject in bell if "<img" in subject])

	def test_every_kind_has_words(self):
		for kind in kinds.AUDIENCE:
			for step in (kinds.RAISED, kinds.ESCALATED, kinds.CLEARED):
				self.note(kind, step=step, facts={})
		for row in self.alerts():
			message = texts.message_of(row)
			self.assertTrue(message.subject and message.headline and message.link, row.kind)
			self.assertNotIn("{", message.subject, row.kind)
			self.assertNotIn("None", message.headline, row.kind)

	def test_a_storm_is_one_mail_to_each(self):
		for _ in range(500):
			self.note()
		self.note(kinds.NONCONFORMANCE)
		delivery.deliver()
		subjects = [mail["Subject"] for mail in mails_to(self.qa)]
		self.assertEqual(len(subjects), 2)
		self.assertTrue([subject for subject in subjects if "500 alerts" in subject], subjects)
		self.assertEqual(len(mails_to(self.owner)), 1)
		digest = next(mail for mail in mails_to(self.qa) if "500" in mail["Subject"])
		self.assertEqual(body_of(digest).count("<li"), letters.MAX_LINES + 1)
		self.assertIn("and 450 more", body_of(digest))
		self.assertEqual({row.status for row in self.alerts()}, {"Sent"})

	def test_a_weeks_backlog_is_one_mail_to_each(self):
		for days in range(1, 8):
			for _ in range(100):
				self.note(kinds.EXCURSION, age=timedelta(days=days))
		delivery.deliver()
		self.assertEqual(self.reached(), [])  # it may still be coming in
		frappe.db.sql("update `tabEdge Alert` set creation = creation - interval 11 minute")
		delivery.deliver()
		self.assertEqual(self.reached(), sorted([self.qa, self.operator]))
		self.assertEqual([len(mails_to(user)) for user in (self.qa, self.operator)], [1, 1])

	def test_a_digest_tells_an_excursion_that_ended_once(self):
		for step in (kinds.RAISED, kinds.CLEARED):
			self.note(kinds.EXCURSION, step=step, age=timedelta(days=2), reference=("Site", "one"), about="a")
		self.note(kinds.EXCURSION, age=timedelta(days=2), reference=("Site", "two"))
		self.assertEqual(len(letters._lines(self.alerts())), 2)

	def test_each_digest_holds_only_what_concerns_its_reader(self):
		for kind in (kinds.EXCURSION, kinds.MISMATCH):
			for _ in range(10):
				self.note(kind)
		delivery.deliver()
		self.assertEqual(body_of(mails_to(self.operator)[0]).count("<li"), 10)
		self.assertEqual(body_of(mails_to(self.qa)[0]).count("<li"), 20)

	def test_in_the_readers_language(self):
		reader = self.person("QA Manager", self.ours, language="ar")
		self.note()
		delivery.deliver()
		html = body_of(mails_to(reader)[0])
		self.assertIn('dir="rtl"', html)
		self.assertIn('dir="ltr"', body_of(mails_to(self.qa)[0]))
		self.assertEqual(frappe.local.lang, "en")


class TestFaults(AlertCase):
	def test_a_broken_template_is_tried_again_and_the_bell_has_rung(self):
		self.note()
		with patch.object(letters, "TEMPLATE", "no_such_template"):
			delivery.deliver()
			delivery.deliver()  # not due yet
		(alert,) = self.alerts()
		self.assertEqual((alert.status, alert.attempts, alert.bell), ("Pending", 1, 1))
		self.assertIn("TemplateNotFound", alert.error)
		self.assertEqual(self.reached(), [])
		frappe.db.set_value("Edge Alert", alert.name, "next_try_at", now_datetime())
		delivery.deliver()
		self.assertEqual(self.reached(), [self.qa])
		self.assertEqual(frappe.db.count("Notification Log", {"for_user": self.qa}), 1)
		self.assertEqual(self.alerts()[0].status, "Sent")

	def test_a_fault_is_logged_once(self):
		frappe.cache.delete_keys("edge_alert_fault")
		logged = frappe.db.count("Error Log")
		for _ in range(4):
			self.note()
		with patch.object(letters, "TEMPLATE", "no_such_template"):
			delivery.deliver()
		self.assertEqual(frappe.db.count("Error Log") - logged, 1)

	def test_it_gives_up_after_a_day(self):
		self.note()
		frappe.db.sql("update `tabEdge Alert` set creation = creation - interval 25 hour")
		with patch.object(letters, "TEMPLATE", "no_such_template"):
			delivery.deliver()
		self.assertEqual(self.alerts()[0].status, "Failed")

	def test_no_outgoing_account(self):
		frappe.db.set_value("Email Account", ACCOUNT, {"default_outgoing": 0, "enable_outgoing": 0})
		self.addCleanup(
			frappe.db.set_value, "Email Account", ACCOUNT, {"default_outgoing": 1, "enable_outgoing": 1}
		)
		frappe.clear_document_cache("Email Account", ACCOUNT)
		others = frappe.get_all("Email Account", filters={"enable_outgoing": 1})
		if others:
			self.skipTest("this site has an account of its own")
		self.note()
		with patch.dict(frappe.conf, {"mail_server": None}):
			delivery.deliver()
		(alert,) = self.alerts()
		self.assertEqual((alert.status, alert.bell), ("Pending", 1), alert.error)

	def test_a_role_that_does_not_exist(self):
		with patch.dict("frappe_ext.alerts.settings.DEFAULTS"):
			with patch("frappe_ext.alerts.settings.role", return_value="No Such Role"):
				self.note()
				delivery.deliver()
		self.assertEqual(self.alerts()[0].status, "Nobody")

	def test_one_readers_fault_is_not_the_others(self):
		second = self.person("QA Manager", self.ours)
		self.note()
		whole = letters.post

		def refuse_one(person, rows, is_digest):
			if person.user == second:
				raise ValueError("bad address")
			whole(person, rows, is_digest)

		with patch.object(letters, "post", refuse_one):
			delivery.deliver()
		self.assertEqual(self.reached(), [self.qa])
		(alert,) = self.alerts()
		self.assertEqual((alert.status, alert.error), ("Sent", "ValueError: bad address"))

	def test_one_step_of_the_job_does_not_stop_the_others(self):
		self.note()
		with patch("frappe_ext.alerts.gateways.check", side_effect=RuntimeError("broken")):
			run.run()
		self.assertEqual(self.reached(), [self.qa])
		frappe.db.after_commit.reset()

	def test_the_queue_is_away(self):
		"""What is committed is committed, within the time a gateway waits."""
		wake._rest_until.clear()
		with patch.dict(frappe.conf, {"redis_queue": "redis://127.0.0.1:1"}):
			frappe.local.edge_alerts_noted = False
			self.real_committed()
		self.assertGreater(wake._rest_until[frappe.local.site], 0)
		wake._rest_until.clear()

	@property
	def real_committed(self):
		return _REAL_COMMITTED

	def test_one_job_for_all_of_a_transaction(self):
		frappe.db.commit()
		for _ in range(20):
			self.note()
		with patch.object(wake, "_ask_queue"), patch("frappe.enqueue") as enqueue:
			with patch.object(wake, "_committed", _REAL_COMMITTED):
				frappe.db.after_commit.reset()
				frappe.local.edge_alerts_noted = False
				for _ in range(20):
					wake.after_commit()
				frappe.db.commit()
		self.assertEqual(enqueue.call_count, 1)
		self.assertTrue(enqueue.call_args.kwargs["deduplicate"])


_REAL_COMMITTED = wake._committed


class TestPost(AlertCase):
	"""To a mail server on loopback."""

	def setUp(self):
		super().setUp()
		sink = MailSink()
		sink.__enter__()
		self.addCleanup(sink.__exit__)
		self.sink = sink
		make_account(sink.port)
		frappe.flags.testing_email = True
		self.addCleanup(frappe.flags.pop, "testing_email", None)
		frappe.db.commit()

	def run_job(self):
		run.run()
		frappe.db.commit()

	def test_sent_by_the_job_itself(self):
		self.note()
		self.run_job()
		(mail,) = self.sink.to(self.qa)
		self.assertIn(self.ours.code, mail["Subject"])
		self.run_job()
		self.assertEqual(len(self.sink.to(self.qa)), 1)

	def test_the_mail_server_is_away_for_a_while(self):
		self.sink.refuses = True
		self.note()
		self.run_job()
		self.assertEqual(self.sink.mails, [])
		self.assertEqual(self.alerts()[0].status, "Sent")  # it is in the Email Queue
		self.sink.refuses = False
		self.run_job()
		self.assertEqual(self.sink.mails, [])  # taken: neither Frappe nor we try it for ten minutes
		self.later()
		self.run_job()
		self.assertEqual(len(self.sink.to(self.qa)), 1)

	def later(self, **columns):
		names = frappe.get_all("Email Queue", filters={"reference_doctype": "Edge Alert"}, pluck="name")
		columns = {"send_after": add_to_date(now_datetime(), minutes=-1), **columns}
		for name in names:
			frappe.db.set_value("Email Queue", name, columns, update_modified=False)
		frappe.db.commit()

	def test_what_frappe_gave_up_is_tried_again(self):
		self.sink.refuses = True
		self.note()
		self.run_job()
		self.later(status="Error", retry=3, modified=add_to_date(now_datetime(), hours=-2))
		self.sink.refuses = False
		self.run_job()
		self.assertEqual(len(self.sink.to(self.qa)), 1)

	def test_on_a_dormant_site(self):
		"""Frappe's scheduler does nothing there; the next heartbeat's job does."""
		from frappe.utils.scheduler import schedule_jobs_based_on_activity

		frappe.db.sql("update `tabActivity Log` set modified = '2020-01-01'")
		insert("Scheduled Job Log", scheduled_job_type=frappe.get_all("Scheduled Job Type", pluck="name")[0])
		self.note()
		frappe.db.commit()
		with patch.dict(frappe.conf, {"developer_mode": 0}):
			self.assertFalse(schedule_jobs_based_on_activity())
		self.run_job()
		self.assertEqual(len(self.sink.to(self.qa)), 1)

	def test_two_jobs_at_a_time_send_it_once(self):
		self.note()
		frappe.db.commit()
		site = frappe.local.site

		def other():
			frappe.init(site=site)
			frappe.connect()
			frappe.flags.in_test = True
			try:
				run.run()
				frappe.db.after_commit.reset()
				frappe.db.commit()
			finally:
				frappe.destroy()

		from threading import Thread

		threads = [Thread(target=other) for _ in range(3)]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		frappe.db.rollback()
		self.assertEqual(len(mails_to(self.qa)), 1)

"""Which events alarm whom. Mails are read where they wait for the mail server."""

from unittest.mock import patch

import frappe
from frappe.utils import add_to_date, now_datetime
from frappe.utils.password import set_encrypted_password

from frappe_ext.alerts import delivery, gateways, key_ages, kinds, noting, run, wake
from frappe_ext.monitoring import backup
from frappe_ext.tests.alerts import AlertCase, body_of, mails_to
from frappe_ext.tests.support import insert, request
from frappe_ext.tests.weighbridge import ScaleHouse


class TestEvents(AlertCase):
	def test_an_excursion_from_raise_to_clear(self):
		doc = self.excursion(severity="Warning", code="warning_max")
		self.assertEqual(self.alerts(), [])
		for changes, step in (
			({"severity": "Quarantine", "code": "critical_max", "peak": 41.5}, kinds.ESCALATED),
			({"count": 7}, None),
			({"peak": 44}, None),
			({"status": "Cleared", "cleared_at": now_datetime()}, kinds.CLEARED),
			({"status": "Released", "release_reason": "checked by hand"}, None),
		):
			known = {row.name for row in self.alerts()}
			doc.update(changes)
			doc.flags.from_edge = True
			doc.save(ignore_permissions=True)
			new = [row.step for row in self.alerts() if row.name not in known]
			self.assertEqual(new, [step] if step else [], changes)
		delivery.deliver()
		self.assertEqual(self.reached(), sorted([self.qa, self.operator]))
		self.assertEqual(len(mails_to(self.qa)), 2)
		text = body_of(mails_to(self.qa)[0])
		for part in ("bin3-t1", "temperature", "41.5", "critical limit", doc.name):
			self.assertIn(part, text)

	def test_an_excursion_that_begins_in_quarantine(self):
		self.excursion(severity="Quarantine", code="critical_max")
		self.assertEqual([(row.kind, row.step) for row in self.alerts()], [(kinds.EXCURSION, kinds.RAISED)])

	def test_a_reading_that_a_gateway_sends(self):
		"""40 warm readings are one excursion and one mail, which names the limit."""
		started = _now_ms() - 60_000
		rows = [
			self.ours.observation(seq, "44.00", observed_at=started + seq, received_at=started + seq + 5)
			for seq in range(1, 41)
		]
		self.assertEqual(set(self.ours.statuses(rows)), {"stored"})
		frappe.db.rollback()
		self.addCleanup(frappe.db.delete, "Edge Excursion", {"site": self.ours.site})
		(alert,) = self.alerts(kind=kinds.EXCURSION)
		self.assertEqual((alert.step, alert.status), (kinds.RAISED, "Pending"))
		delivery.deliver()
		self.assertEqual(self.reached(), sorted([self.qa, self.operator]))
		(mail,) = mails_to(self.qa)
		self.assertIn("44.00 C", mail["Subject"])
		self.assertIn("critical limit of 35", body_of(mail))

	def excursion(self, **fields):
		values = {
			"doctype": "Edge Excursion",
			"site": self.ours.site,
			"device": self.ours.device,
			"device_text": "bin3-t1",
			"observation_type": "temperature",
			"status": "Open",
			"opened_at": now_datetime(),
			"last_at": now_datetime(),
			"peak": 36,
			"unit": "C",
			"count": 1,
			**fields,
		}
		doc = frappe.get_doc(values)
		doc.flags.from_edge = True
		self.addCleanup(frappe.db.delete, "Edge Excursion", {"site": self.ours.site})
		return doc.insert(ignore_permissions=True)

	def test_a_ticket_that_does_not_match(self):
		scale = ScaleHouse(self.ours)
		gross, tare = scale.weighing("30000"), scale.weighing("12000", "tare")
		ticket = scale.ticket(1, gross, tare, declared_net_kg="15000", at=_now_ms())
		self.assertEqual(self.ours.statuses([gross, tare, ticket]), ["stored"] * 3)
		frappe.db.rollback()
		(alert,) = self.alerts(kind=kinds.MISMATCH)
		self.assertEqual((alert.about, alert.status), (ticket["number"], "Pending"))
		self.assertEqual(self.ours.statuses([ticket]), ["duplicate"])
		frappe.db.rollback()
		self.assertEqual(len(self.alerts(kind=kinds.MISMATCH)), 1)
		delivery.deliver()
		self.assertEqual(self.reached(), [self.qa])
		text = body_of(mails_to(self.qa)[0])
		for part in ("18000 kg", "15000 kg", "3000 kg", "20 %", ticket["number"]):
			self.assertIn(part, text)

	def test_a_ticket_that_matches_alarms_nobody_until_it_is_flagged(self):
		name = self.ticket(declared_net_kg=18000)
		self.assertEqual(self.alerts(), [])
		doc = frappe.get_doc("ScaleTicket", name)
		doc.declared_net_kg = 1
		doc.save()
		self.assertEqual([row.kind for row in self.alerts()], [kinds.MISMATCH])
		doc.notes = "x"
		doc.save()
		self.assertEqual(len(self.alerts()), 1)

	def ticket(self, **fields):
		return insert(
			"ScaleTicket",
			site=self.ours.site,
			ticket_datetime=now_datetime(),
			gross_kg=30000,
			tare_kg=12000,
			**fields,
		)

	def test_a_critical_nonconformance(self):
		insert("Nonconformance", site=self.ours.site, nc_type="Pests", severity="Major")
		self.assertEqual(self.alerts(), [])
		critical = {"site": self.ours.site, "nc_type": "Pests", "severity": "Critical"}
		insert("Nonconformance", **critical, capa_description="Weevils in bin 3")
		delivery.deliver()
		self.assertEqual(self.reached(), sorted([self.qa, self.owner]))
		self.assertIn("Weevils in bin 3", body_of(mails_to(self.owner)[0]))

	def test_a_nonconformance_that_becomes_critical(self):
		doc = frappe.get_doc(
			"Nonconformance", insert("Nonconformance", site=self.ours.site, severity="Minor")
		)
		for severity in ("Critical", "Critical", "Major", "Critical"):
			doc.severity = severity
			doc.save()
		self.assertEqual([row.step for row in self.alerts()], [kinds.ESCALATED] * 2)

	def test_one_without_a_site_is_for_it(self):
		doc = frappe.get_doc({"doctype": "Nonconformance", "nc_type": "chain_fork", "severity": "Critical"})
		doc.flags.from_rules = doc.flags.ignore_mandatory = True
		doc.insert()
		self.addCleanup(frappe.db.delete, "Nonconformance", {"name": doc.name})
		delivery.deliver()
		reached = self.reached()
		self.assertIn(self.it, reached)
		self.assertFalse({self.qa, self.owner, self.operator} & set(reached))

	def test_a_fault_of_the_alert_does_not_keep_the_record_out(self):
		with patch.object(noting, "key_of", side_effect=RuntimeError("broken")):
			name = insert("Nonconformance", site=self.ours.site, severity="Critical")
		self.assertTrue(frappe.db.exists("Nonconformance", name))
		self.assertEqual(self.alerts(), [])

	def test_a_row_that_is_rolled_back_takes_its_alert_along(self):
		frappe.db.savepoint("before_it")
		insert("Nonconformance", site=self.ours.site, severity="Critical")
		frappe.db.rollback(save_point="before_it")
		self.assertEqual(self.alerts(), [])


class TestGateways(AlertCase):
	def setUp(self):
		super().setUp()
		frappe.cache.set_value(gateways._LOOKED, 1)  # the server was not away
		self.gateway(last_seen=now_datetime(), held=0, disk_used_pct=10)

	def gateway(self, **columns):
		frappe.db.set_value("Edge Gateway", self.ours.gateway, columns)

	def check(self):
		"""New steps by kind."""
		known = set(frappe.get_all("Edge Alert", pluck="name"))
		gateways.check()
		rows = frappe.get_all(
			"Edge Alert",
			filters={"reference_name": self.ours.gateway},
			fields=["name", "kind", "step"],
			order_by="creation",
		)
		return [(row.kind, row.step) for row in rows if row.name not in known]

	def test_silent_and_back(self):
		self.assertEqual(self.check(), [])
		self.gateway(last_seen=add_to_date(now_datetime(), minutes=-30))
		self.assertEqual(self.check(), [(kinds.SILENT, kinds.RAISED)])
		self.assertEqual(self.check(), [])
		delivery.deliver()
		self.assertEqual(self.reached(), [self.it])
		self.assertIn(self.ours.gateway_id, mails_to(self.it)[0]["Subject"])
		self.gateway(last_seen=now_datetime())
		self.assertEqual(self.check(), [(kinds.SILENT, kinds.CLEARED)])
		self.gateway(last_seen=add_to_date(now_datetime(), minutes=-30))
		self.assertEqual(self.check(), [(kinds.SILENT, kinds.RAISED)])

	def test_a_server_that_was_away_gives_its_gateways_time(self):
		frappe.cache.delete_value(gateways._LOOKED)
		self.gateway(last_seen=add_to_date(now_datetime(), hours=-5))
		self.assertEqual(self.check(), [])
		self.assertEqual(self.check(), [(kinds.SILENT, kinds.RAISED)])

	def test_a_gateway_that_is_switched_off_is_not_missed(self):
		self.gateway(last_seen=add_to_date(now_datetime(), minutes=-30), enabled=0)
		self.addCleanup(self.gateway, enabled=1)
		self.assertEqual(self.check(), [])

	def test_held(self):
		self.gateway(held=1)
		self.assertEqual(self.check(), [(kinds.HELD, kinds.RAISED)])
		self.assertEqual(self.check(), [])

	def test_a_full_disk(self):
		for used, expected in (
			(80, []),
			(80.5, [(kinds.DISK, kinds.RAISED)]),
			(95, []),
			(79, []),
			(75, [(kinds.DISK, kinds.CLEARED)]),
			(79, []),
		):
			self.gateway(disk_used_pct=used)
			self.assertEqual(self.check(), expected, used)
		delivery.deliver()
		self.assertEqual(self.reached(), [self.it])

	def test_a_key_that_grows_old(self):
		for days, expected in ((79, []), (80, [kinds.RAISED]), (81, []), (90, [kinds.ESCALATED]), (91, [])):
			created = add_to_date(now_datetime(), days=-days, minutes=-1)
			frappe.db.set_value("Edge Gateway Credential", {"parent": self.ours.gateway}, "creation", created)
			known = set(frappe.get_all("Edge Alert", pluck="name"))
			key_ages.check()
			filters = {"kind": kinds.KEY, "reference_name": self.ours.gateway}
			rows = frappe.get_all("Edge Alert", filters=filters, fields=["name", "step"])
			self.assertEqual([row.step for row in rows if row.name not in known], expected, days)
		delivery.deliver()
		self.assertEqual(self.reached(), [self.it])
		self.assertNotIn(self.ours.key.partition(":")[2], str(mails_to(self.it)[0]))

	def test_a_heartbeat_wakes_the_job_but_not_each(self):
		frappe.db.commit()
		wake._last_beat.clear()
		scale = ScaleHouse(self.ours)
		with patch.object(wake, "after_commit") as woken:
			answers = [scale.heartbeat(disk_used_pct=91).status_code for _ in range(3)]
		self.assertEqual((answers, woken.call_count), ([200] * 3, 1))
		frappe.db.rollback()
		self.assertEqual(self.check(), [(kinds.DISK, kinds.RAISED)])


class TestBackup(AlertCase):
	PATH = "/api/method/frappe_ext.monitoring.backup.report_failure"

	def report(self, user, **data):
		secret = frappe.generate_hash(length=15)
		key = frappe.generate_hash(length=15)
		# Not by saving: Frappe makes System Manager of somebody where a site has none.
		frappe.db.set_value("User", user, "api_key", key)
		set_encrypted_password("User", user, secret, "api_secret")
		frappe.db.commit()
		headers = {"Authorization": f"token {key}:{secret}"}
		answer = request("POST", self.PATH, headers=headers, data=data)
		frappe.db.rollback()
		return answer

	def test_the_script_reports(self):
		answer = self.report(self.it, message="mysqldump: no space left", host="db1", exit_code="2")
		self.assertEqual(answer.status_code, 200, answer.text)
		delivery.deliver()
		self.assertEqual(
			[user for user in self.reached() if user in self.everyone],
			[self.it],
		)
		(mail,) = mails_to(self.it)
		self.assertIn("db1", mail["Subject"])
		self.assertIn("no space left", body_of(mail))

	def test_nobody_else_can(self):
		self.assertEqual(self.report(self.qa).status_code, 403)
		self.assertEqual(request("POST", self.PATH).status_code, 403)
		self.assertEqual(request("GET", self.PATH).status_code, 403)

	def test_from_the_command_line(self):
		name = backup.record_failure("disk full", "", 1)
		self.assertEqual(frappe.db.get_value("Edge Alert", name, "about"), frappe.local.site)


class TestAwake(AlertCase):
	def test_a_site_whose_gateways_report_stays_awake(self):
		from frappe.utils.scheduler import is_dormant

		frappe.db.sql("update `tabActivity Log` set modified = '2020-01-01'")
		frappe.db.set_value("Edge Gateway", self.ours.gateway, "last_seen", "2020-01-01")
		with patch.dict(frappe.conf, {"developer_mode": 0}):
			run.stay_awake()
			self.assertTrue(is_dormant())
			frappe.db.set_value("Edge Gateway", self.ours.gateway, "last_seen", now_datetime())
			for _ in range(2):
				run.stay_awake()
			self.assertFalse(is_dormant())
		written = frappe.db.count("Activity Log", {"subject": "Edge gateways report"})
		self.assertEqual(written, 1)


def _now_ms() -> int:
	from frappe_ext.clock import now_ms

	return now_ms()

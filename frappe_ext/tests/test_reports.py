import csv
import io
from datetime import date, datetime, timedelta

import frappe
import openpyxl
from frappe.desk import query_report
from frappe.tests.utils import FrappeTestCase
from frappe.utils import now_datetime

from frappe_ext import exports
from frappe_ext.clock import to_ms
from frappe_ext.contract.spreadsheet import safe_cell, safe_csv
from frappe_ext.edge.report.sensor_quality import sensor_quality
from frappe_ext.tests.support import insert, make_world, request, user_with
from frappe_ext.tests.test_csv_import import token_of
from frappe_ext.tests.weighbridge import ScaleHouse

DAY = date(2026, 2, 23)
HOSTILE = "=cmd|' /C calc'!A0"


class ReportCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.world, cls.other = make_world(), make_world()
		cls.addClassCleanup(cls.world.wipe)
		cls.addClassCleanup(cls.other.wipe)

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def run_report(self, name, user=None, **filters):
		period = {"from_date": str(DAY), "to_date": str(DAY)}
		# Frappe turns a report that once took 15 s (on a busy machine) into one that a background job prepares.
		frappe.db.set_value("Report", name, "prepared_report", 0)
		with self.set_user(user or "Administrator"):
			return query_report.run(name, {**period, **filters})

	def rows(self, name, user=None, **filters):
		return [frappe._dict(row) for row in self.run_report(name, user, **filters)["result"]]


class TestSensorQuality(ReportCase):
	def reading(self, minutes, flag="OK", value=20.0, world=None, **fields):
		world = world or self.world
		at = datetime.combine(DAY, datetime.min.time()) + timedelta(minutes=minutes)
		columns = {
			"name": frappe.generate_hash(length=12),
			"site": world.site,
			"device": world.device,
			"observation_type": "temperature",
			"observed_at": at,
			"observed_at_ms": to_ms(at),
			"value": value or 0,
			"has_value": int(value is not None),
			"unit": "C",
			"quality_flag": flag,
			"fold_count": 0,
			"fold_last_ms": 0,
			**fields,
		}
		frappe.db.bulk_insert("Observation", list(columns), [list(columns.values())])

	def only_row(self, **filters):
		(row,) = self.rows("Sensor Quality", site=self.world.site, **filters)
		return row

	def test_counts_shares_and_values(self):
		last = datetime(2026, 2, 23, 13, 10)
		self.reading(780, value=20.5)
		self.reading(785, value=-3.5)
		self.reading(786, "Warning", value=31)
		self.reading(787, "Invalid", value=None)
		self.reading(788, "Quarantine", value=40, fold_count=6, fold_last_ms=to_ms(last))
		row = self.only_row()
		self.assertEqual((row.readings, row.ok, row.warning, row.quarantine, row.invalid), (10, 2, 1, 6, 1))
		self.assertEqual((row.folded, row.ok_pct), (5, 20.0))
		self.assertEqual(
			(row.lowest, row.highest, row.mean), (-3.5, 40, 22)
		)  # the Invalid one has no 0 to give
		self.assertEqual((row.expected, row.gaps, row.uptime_pct), (None, None, None))
		self.assertEqual(row.last_at, last)

	def test_gaps_and_uptime(self):
		frappe.db.set_value("Device", self.world.device, "expected_interval_s", 60)
		for minute in (*range(0, 600), *range(620, 1440)):
			self.reading(minute)
		row = self.only_row()
		self.assertEqual((row.readings, row.expected, row.gaps), (1420, 1440, 1))
		self.assertAlmostEqual(row.uptime_pct, 100 * 1420 / 1440, 3)

	def test_late_start_and_early_end_are_gaps(self):
		frappe.db.set_value("Device", self.world.device, "expected_interval_s", 3600)
		for hour in range(6, 18):
			self.reading(hour * 60)
		row = self.only_row()
		self.assertEqual((row.gaps, row.expected), (2, 24))
		self.assertAlmostEqual(row.uptime_pct, 100 * 13 / 24, 3)

	def test_a_silent_day_has_a_row(self):
		frappe.db.set_value(
			"Device", self.world.device, {"expected_interval_s": 60, "creation": "2026-02-01 00:00:00"}
		)
		row = self.only_row()
		self.assertEqual((row.readings, row.expected, row.uptime_pct, row.gaps), (0, 1440, 0.0, 1))
		frappe.db.set_value("Device", self.world.device, "creation", "2026-02-24 00:00:00")
		self.assertEqual(self.rows("Sensor Quality", site=self.world.site), [])

	def test_nobody_sees_another_site(self):
		self.reading(780)
		self.reading(780, world=self.other)
		for name, sites in (("of_one", (self.world.site,)), ("of_none", ())):
			user = user_with("QA Manager", sites=sites)
			with self.subTest(name):
				rows = self.rows("Sensor Quality", user)
				self.assertEqual({row.site for row in rows}, set(sites))
				self.assertEqual(self.rows("Sensor Quality", user, site=self.other.site), [])
				self.assertEqual(self.rows("Sensor Quality", user, device=self.other.device), [])

	def test_a_stranger_has_no_report(self):
		nobody = user_with("Edge Gateway")
		for name in ("Sensor Quality", "Weighbridge Reconciliation", "Gateway Fleet", "User Access Audit"):
			with self.subTest(name):
				self.assertRaises(frappe.PermissionError, self.rows, name, nobody)

	def test_a_period(self):
		for first, last in ((None, "2026-02-23"), ("2026-02-24", "2026-02-23"), ("2020-01-01", "2026-01-01")):
			with self.subTest(first):
				self.assertRaises(
					frappe.ValidationError, self.rows, "Sensor Quality", from_date=first, to_date=last
				)

	def test_the_index_is_used(self):
		"""A short period of a long time: the index on the time, not the whole table."""
		query = sensor_quality._GROUPS.format(conditions="1=1").replace(
			"from `tabObservation` left", "from `tabObservation` force index (observed_at_ms) left"
		)
		plan = frappe.db.sql(
			"explain " + query,
			{"start_ms": to_ms("2026-02-23"), "end_ms": to_ms("2026-02-24"), "silent": 2},
			as_dict=True,
		)
		(step,) = [row for row in plan if row.table == "tabObservation"]
		self.assertEqual((step.type, step.key), ("range", "observed_at_ms"))

	def test_the_chart_counts_by_day_and_flag(self):
		self.reading(780)
		self.reading(781, "Warning")
		chart = self.run_report("Sensor Quality", site=self.world.site)["chart"]
		self.assertEqual([each["values"] for each in chart["data"]["datasets"]], [[1], [1], [0], [0]])


class TestReconciliation(ReportCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.house = house = ScaleHouse(cls.world)
		gross, tare = house.weighing("38440"), house.weighing("14580", role="tare")
		lone, late = house.weighing("20000"), house.weighing("30000")
		cls.lone = lone
		cls.good = house.ticket(1, gross, tare)
		cls.bad = house.ticket(2, gross, tare, declared_net_kg="30000", vehicle=HOSTILE)
		cls.replaced = house.ticket(5, gross, tare)
		cls.correction = house.ticket(6, gross, tare, action="correct", corrects=cls.replaced["uid"])
		cls.early = house.ticket(7, late, tare)
		cls.voided = house.ticket(8, gross, tare)
		records = [house.genesis, gross, tare, lone, cls.good, cls.bad, cls.replaced, cls.correction]
		records += [cls.early, cls.voided, house.void(cls.voided)]
		statuses = cls.world.statuses(records)
		assert set(statuses) == {"stored"}, statuses
		frappe.db.rollback()

	def found(self, user=None, **filters):
		rows = self.rows("Weighbridge Reconciliation", user, **filters)
		return sorted((row["code"], row["number"]) for row in rows if row["site"] == self.world.site)

	def test_every_finding_once(self):
		series = f"{self.world.code}-S1-1"
		self.assertEqual(
			self.found(),
			sorted(
				[
					("Capture without ticket", "alibi no. 3"),
					("Corrected", self.replaced["number"]),
					("Mismatch", self.bad["number"]),
					("Number gap", f"{series}-000003 … 000004"),
					("Ticket without capture", self.early["number"]),
					("Void", self.voided["number"]),
				]
			),
		)
		rows = self.rows("Weighbridge Reconciliation", site=self.world.site, kind="Mismatch")
		self.assertEqual(len(rows), 1)
		self.assertIn("declared weight", rows[0]["why"])
		self.assertTrue(rows[0]["ticket"] and rows[0]["weighing"] and rows[0]["nonconformance"])
		self.assertEqual(rows[0]["vehicle"], "'" + HOSTILE)

	def test_filters(self):
		self.assertEqual(self.found(epoch="9"), [])
		self.assertEqual(self.found(scale="none"), [])
		self.assertEqual(len(self.found(scale="ws1", epoch="1")), 6)
		self.assertEqual(self.found(from_date="2026-02-24", to_date="2026-02-25"), [])

	def test_a_gap_before_the_period_is_none(self):
		"""Numbers of earlier days are looked up, not taken for missing."""
		name = frappe.db.get_value("ScaleTicket", {"edge_uid": self.good["uid"]})
		frappe.db.set_value("ScaleTicket", name, "ticket_datetime", "2026-02-22 10:00:00")
		gaps = [number for code, number in self.found() if code == "Number gap"]
		self.assertEqual(gaps, [f"{self.world.code}-S1-1-000003 … 000004"])

	def test_nobody_sees_another_site(self):
		own = user_with("Site Operator", sites=(self.world.site,))
		self.assertEqual(len(self.found(own)), 6)
		foreign = user_with("QA Manager", sites=(self.other.site,))
		for user in (foreign, user_with("QA Manager")):
			self.assertEqual(self.rows("Weighbridge Reconciliation", user), [])
			self.assertEqual(self.rows("Weighbridge Reconciliation", user, site=self.world.site), [])


class TestFleetAndAccess(ReportCase):
	def gateway_row(self, **values):
		frappe.db.set_value("Edge Gateway", self.world.gateway, values)
		rows = self.rows("Gateway Fleet", gateway=self.world.gateway)
		return rows[0]

	def test_a_silent_gateway(self):
		now = now_datetime()
		row = self.gateway_row(
			last_seen=now - timedelta(minutes=30), buffered=7, oldest_unsent_at=now - timedelta(minutes=90)
		)
		self.assertEqual((row["silent"], row["buffered"], row["unsent_min"]), (1, 7, 90))
		self.assertEqual((row["sites"], row["live_keys"], row["key_days"]), (self.world.code, 1, 0))
		row = self.gateway_row(last_seen=now, revoked=0, held=1)
		self.assertEqual((row["silent"], row["state"]), (0, "Held"))
		self.assertEqual(self.gateway_row(last_seen=None, revoked=1)["silent"], 0)

	def test_configuration_that_lags(self):
		row = self.gateway_row(config_version="1771840000000-1", config_published="1771840600000-2")
		self.assertEqual(row["config_state"], "behind by 10 min")
		row = self.gateway_row(config_version="1771840600000-2")
		self.assertEqual(row["config_state"], "current")

	def test_a_fleet_of_ones_own_sites(self):
		own = user_with("IT Admin", sites=(self.world.site,))
		self.assertEqual({row["gateway"] for row in self.rows("Gateway Fleet", own)}, {self.world.gateway})
		self.assertEqual(self.rows("Gateway Fleet", own, site=self.other.site), [])
		self.assertEqual(self.rows("Gateway Fleet", user_with("IT Admin")), [])
		self.assertRaises(frappe.PermissionError, self.rows, "Gateway Fleet", user_with("QA Manager"))

	def test_an_audit_of_ones_own_sites(self):
		both = user_with("QA Manager", sites=(self.world.site, self.other.site))
		foreign = user_with("QA Manager", sites=(self.other.site,))
		own = user_with("IT Admin", sites=(self.world.site,))
		rows = {row["user"]: row for row in self.rows("User Access Audit", own)}
		self.assertEqual(set(rows), {both, own})
		self.assertEqual(rows[both]["sites"], self.world.code)
		self.assertEqual(self.rows("User Access Audit", user_with("IT Admin")), [])
		self.assertEqual(self.rows("User Access Audit", own, site=self.other.site), [])
		everyone = {row["user"] for row in self.rows("User Access Audit")}
		self.assertLessEqual({both, foreign, own}, everyone)


class TestExport(ReportCase):
	"""What leaves as a spreadsheet file runs nothing there, and its numbers stay numbers."""

	def test_cells(self):
		for text in (HOSTILE, "+1+1", "-2+3", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "-abc", "+"):
			with self.subTest(text):
				self.assertEqual(safe_cell(text), "'" + text)
		for value in ("-5.20", "+41", "5 = 5", "", "AB-123", "-3.79%", -5, 5.5, None, DAY):
			with self.subTest(value):
				self.assertEqual(safe_cell(value), value)

	def test_a_csv_stays_to_the_byte_but_for_its_formulas(self):
		text = '"a","b;=x"\r\n1,"=1+1"\r\n-2.5,"x""\n=y",@z,-7\r\n\r\n,,"=1"'
		self.assertEqual(safe_csv(text), text.replace('"=1', "\"'=1").replace("@z", "'@z"))
		self.assertEqual(safe_csv("a;=b;-1", ";"), "a;'=b;-1")
		self.assertEqual(
			list(csv.reader(io.StringIO(safe_csv(text)))),
			[["a", "b;=x"], ["1", "'=1+1"], ["-2.5", 'x"\n=y', "'@z", "-7"], [], ["", "", "'=1"]],
		)

	def test_a_workbook(self):
		book = openpyxl.Workbook(write_only=True)
		sheet = book.create_sheet("x")
		sheet.append(["plate", HOSTILE, "@a", "-5.20", -5.2, 7, datetime(2026, 2, 23)])
		out = io.BytesIO()
		book.save(out)
		safe = exports.safe_workbook(out.getvalue())
		(row,) = openpyxl.load_workbook(io.BytesIO(safe)).active.iter_rows()
		self.assertEqual(
			[cell.value for cell in row],
			["plate", "'" + HOSTILE, "'@a", "-5.20", -5.2, 7, datetime(2026, 2, 23)],
		)
		self.assertEqual([cell.data_type for cell in row], ["s", "s", "s", "s", "n", "n", "d"])
		self.assertEqual(exports.safe_workbook(safe), safe)

	def test_exports_of_a_list_and_a_report(self):
		insert(
			"ScaleTicket",
			site=self.world.site,
			ticket_number="@N-1",
			ticket_datetime="2026-02-23 13:37:00",
			gross_kg="38440",
			tare_kg="14580",
			declared_net_kg=30000,
			vehicle=HOSTILE,
		)
		auth = token_of(user_with("QA Manager", sites=(self.world.site,)))
		listed = {
			"doctype": "ScaleTicket",
			"fields": '["`tabScaleTicket`.`vehicle`", "`tabScaleTicket`.`ticket_number`", "`tabScaleTicket`.`difference_kg`"]',
			"filters": "{}",
			"title": "ScaleTicket",
		}
		reported = {
			"report_name": "Weighbridge Reconciliation",
			"filters": f'{{"from_date": "{DAY}", "to_date": "{DAY}"}}',
			"visible_idx": "[]",
		}
		for method, form in (
			("frappe.desk.reportview.export_query", listed),
			("frappe.desk.query_report.export_query", reported),
		):
			with self.subTest(method):
				answer = self.export(auth, method, form, "CSV")
				cells = [cell for line in csv.reader(io.StringIO(answer.decode())) for cell in line]
				self.assertIn("'" + HOSTILE, cells)
				self.assertIn("'@N-1", cells)
				self.assertFalse([cell for cell in cells if cell.startswith(("=", "@"))])
				book = openpyxl.load_workbook(io.BytesIO(self.export(auth, method, form, "Excel")))
				cells = [cell for line in book.active.iter_rows() for cell in line]
				self.assertFalse([cell for cell in cells if cell.data_type == "f"])
				self.assertIn("'" + HOSTILE, [cell.value for cell in cells])
		numbers = self.export(auth, "frappe.desk.reportview.export_query", listed, "CSV").decode()
		self.assertIn(",-6140.0\r\n", numbers)

	def export(self, auth, method, form, kind):
		answer = request(
			"POST",
			f"/api/method/{method}",
			headers={"Authorization": auth},
			data={**form, "file_format_type": kind},
		)
		self.assertEqual(answer.status_code, 200, answer.data[:500])
		return answer.data

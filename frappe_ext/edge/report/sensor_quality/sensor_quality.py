"""Sensor Quality: per site, device, type and day how many readings came, how good they were and how long none came."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, getdate

from frappe_ext.clock import now_ms, to_local, to_ms
from frappe_ext.reporting import Period, column, condition, period, safe_rows

FLAGS = ("OK", "Warning", "Quarantine", "Invalid")
COLORS = ("#39a05d", "#e8a33d", "#d0453c", "#8d99a6")
_SILENT = 2
"""A pause counts as a gap from this many expected intervals on; a reading may be late by less than one."""
_DAY = timedelta(days=1)

# A folded row stands for as many readings as it says, until its last one.
_GROUPS = """
	select site, device, device_text, observation_type, day, max(unit) unit,
		sum(times) readings,
		sum(if(quality_flag = 'OK', times, 0)) ok,
		sum(if(quality_flag = 'Warning', times, 0)) warning,
		sum(if(quality_flag = 'Quarantine', times, 0)) quarantine,
		sum(if(quality_flag = 'Invalid', times, 0)) invalid,
		sum(times) - count(*) folded,
		min(if(has_value, value, null)) lowest,
		avg(if(has_value, value, null)) mean,
		max(if(has_value, value, null)) highest,
		sum(if(pause_s > %(silent)s * every_s, 1, 0)) gaps,
		sum(if(pause_s > %(silent)s * every_s, pause_s - every_s, 0)) missing_s,
		min(observed_at_ms) first_ms, max(until_ms) last_ms, max(every_s) every_s
	from (
		select row_of.*, (observed_at_ms - lag(until_ms) over (
			partition by site, device, device_text, observation_type, day order by observed_at_ms
		)) / 1000 pause_s
		from (
			select `tabObservation`.site, ifnull(`tabObservation`.device, '') device,
				if(ifnull(`tabObservation`.device, '') = '', ifnull(`tabObservation`.device_text, ''), '') device_text,
				`tabObservation`.observation_type, date(`tabObservation`.observed_at) day,
				`tabObservation`.unit, `tabObservation`.quality_flag,
				`tabObservation`.has_value, `tabObservation`.value, `tabObservation`.observed_at,
				`tabObservation`.observed_at_ms,
				greatest(ifnull(`tabObservation`.fold_count, 0), 1) times,
				greatest(`tabObservation`.observed_at_ms, ifnull(`tabObservation`.fold_last_ms, 0)) until_ms,
				nullif(source.expected_interval_s, 0) every_s
			from `tabObservation` left join `tabDevice` source on source.name = `tabObservation`.device
			where `tabObservation`.observed_at_ms >= %(start_ms)s
				and `tabObservation`.observed_at_ms < %(end_ms)s
				and {conditions}
		) row_of
	) paused
	group by site, device, device_text, observation_type, day
"""


def execute(filters: dict[str, Any] | None = None) -> tuple[Any, ...]:
	wanted = frappe._dict(filters or {})
	days = period(wanted)
	rows = [_finished(row) for row in _groups(wanted, days)]
	rows += _silent_days(wanted, days, rows)
	_add_excursions(rows)
	rows.sort(
		key=lambda row: (
			row["site_name"] or "",
			row["device_name"] or "",
			row["observation_type"],
			row["day"],
		)
	)
	return columns(), safe_rows(columns(), rows), None, _chart(rows, days), _summary(rows)


def columns() -> list[dict[str, Any]]:
	number = {"fieldtype": "Int", "width": 90}
	value = {"fieldtype": "Float", "width": 95, "precision": 3}
	return [
		column("site", _("Site"), "Link", options="Site", hidden=1),
		column("device", _("Device"), "Link", options="Device", hidden=1),
		column("site_name", _("Site"), width=120),
		column("device_name", _("Device"), width=130),
		column("observation_type", _("Type"), width=110),
		column("day", _("Day"), "Date", 100),
		column("readings", _("Readings"), **number),
		column("ok", _("OK"), **number),
		column("warning", _("Warning"), **number),
		column("quarantine", _("Quarantine"), **number),
		column("invalid", _("Invalid"), **number),
		column("folded", _("Of these folded"), **number),
		column("ok_pct", _("OK %"), "Percent", 80),
		column("expected", _("Expected"), **number),
		column("gaps", _("Gaps"), "Int", 70),
		column("uptime_pct", _("Uptime %"), "Percent", 95),
		column("lowest", _("Lowest"), **value),
		column("mean", _("Mean"), **value),
		column("highest", _("Highest"), **value),
		column("unit", _("Unit"), width=60),
		column("open_excursions", _("Open excursions"), "Int", 90),
		column("last_at", _("Last reading"), "Datetime", 170),
	]


def _groups(wanted: Any, days: Period) -> list[dict[str, Any]]:
	conditions = [condition("Observation")]
	for fieldname in ("site", "device"):
		if wanted.get(fieldname):
			conditions.append(f"`tabObservation`.`{fieldname}` = %({fieldname})s")
	if wanted.get("device_type"):
		conditions.append("source.device_type = %(device_type)s")
	values = {
		"start_ms": to_ms(days.start),
		"end_ms": to_ms(days.end),
		"silent": _SILENT,
		**{name: wanted.get(name) for name in ("site", "device", "device_type")},
	}
	return frappe.db.sql(_GROUPS.format(conditions=" and ".join(conditions)), values, as_dict=True)


def _finished(row: Any) -> dict[str, Any]:
	"""Adds shares, and the time before the first and after the last reading of the day."""
	every = cint(row.every_s)
	start_ms, end_ms = _bounds(row.day)
	row.last_at = to_local(row.last_ms)
	row.ok_pct = 100.0 * flt(row.ok) / flt(row.readings) if row.readings else None
	row.expected = row.uptime_pct = None
	if not every:
		row.gaps = None
		return row
	for pause_s in ((row.first_ms - start_ms) / 1000, (end_ms - row.last_ms) / 1000):
		if pause_s > _SILENT * every:
			row.gaps = cint(row.gaps) + 1
			row.missing_s = flt(row.missing_s) + pause_s - every
	length_s = (end_ms - start_ms) / 1000
	row.expected = int(length_s // every)
	row.uptime_pct = 100.0 * max(length_s - flt(row.missing_s), 0) / length_s if length_s else None
	return row


def _bounds(day: date) -> tuple[int, int]:
	"""UTC ms; of today only what has passed."""
	start_ms, end_ms = (to_ms(datetime.combine(each, time())) or 0 for each in (day, day + _DAY))
	return start_ms, max(min(end_ms, now_ms()), start_ms)


def _silent_days(wanted: Any, days: Period, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Days on which a device that reports at an interval said nothing at all: no row of its own would show them."""
	filters = {"status": "Active", "expected_interval_s": (">", 0)}
	for fieldname, key in (("site", "site"), ("device", "name"), ("device_type", "device_type")):
		if wanted.get(fieldname):
			filters[key] = wanted[fieldname]
	# get_list: of the user's sites alone.
	devices = frappe.get_list(
		"Device", filters, ["name", "site", "expected_interval_s", "creation"], limit_page_length=0
	)
	spoke: dict[str, set[date]] = defaultdict(set)
	for row in rows:
		spoke[row["device"]].add(row["day"])
	found = []
	for device in devices:
		for day in days.days():
			start_ms, end_ms = _bounds(day)
			if day in spoke[device.name] or end_ms <= start_ms or day < getdate(device.creation):
				continue
			expected = int((end_ms - start_ms) / 1000 // device.expected_interval_s)
			found.append(_silent(device, day, expected))
	return found


def _silent(device: Any, day: date, expected: int) -> dict[str, Any]:
	counts = dict.fromkeys(("readings", "ok", "warning", "quarantine", "invalid", "folded"), 0)
	return frappe._dict(
		site=device.site,
		device=device.name,
		device_text="",
		observation_type="",
		day=day,
		expected=expected,
		gaps=1,
		uptime_pct=0.0,
		**counts,
	)


def _add_excursions(rows: list[dict[str, Any]]) -> None:
	"""Open ones of a device and type, whatever day they began; titles for sorting."""
	open_ones: dict[tuple[str, str], int] = defaultdict(int)
	devices = sorted({row["device"] for row in rows if row["device"]})
	if devices and frappe.db.table_exists("Edge Excursion"):
		# Of devices whose rows the user has just been given.
		for each in frappe.get_all(
			"Edge Excursion", {"status": "Open", "device": ("in", devices)}, ["device", "observation_type"]
		):
			open_ones[(each.device, each.observation_type)] += 1
	titles = _titles("Device", "device_name", devices)
	sites = _titles("Site", "site_name", sorted({row["site"] for row in rows}))
	for row in rows:
		row["open_excursions"] = open_ones[(row["device"], row["observation_type"])]
		row["device_name"] = titles.get(row["device"]) or row["device_text"]
		row["site_name"] = sites.get(row["site"])


def _titles(doctype: str, fieldname: str, names: list[str]) -> dict[str, str]:
	rows = frappe.get_all(doctype, {"name": ("in", names or [""])}, ["name", fieldname], as_list=True)
	return dict(rows)


def _chart(rows: list[dict[str, Any]], days: Period) -> dict[str, Any] | None:
	"""Readings per day and flag."""
	if not any(row["readings"] for row in rows):
		return None
	labels = list(days.days())
	place = {day: index for index, day in enumerate(labels)}
	series = {flag: [0] * len(labels) for flag in FLAGS}
	for row in rows:
		for flag in FLAGS:
			series[flag][place[row["day"]]] += cint(row[flag.lower()])
	return {
		"data": {
			"labels": [frappe.utils.formatdate(day) for day in labels],
			"datasets": [{"name": _(flag), "values": series[flag]} for flag in FLAGS],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": list(COLORS),
	}


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	readings = sum(cint(row["readings"]) for row in rows)
	good = sum(cint(row["ok"]) for row in rows)
	silent = sum(1 for row in rows if not row["readings"])
	share = round(100.0 * good / readings, 2) if readings else None
	return [
		{"label": _("Readings"), "value": readings, "datatype": "Int"},
		{"label": _("OK %"), "value": share, "datatype": "Percent", "indicator": "Green"},
		{
			"label": _("Silent device days"),
			"value": silent,
			"datatype": "Int",
			"indicator": "Red" if silent else "Green",
		},
	]

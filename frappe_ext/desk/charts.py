"""Charts of the workspace. Not Frappe's own kinds of chart: those keep one result per chart, whoever asks next, so that
a person of one site could read another's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import format_date, get_datetime, getdate, now_datetime

from frappe_ext.clock import to_local, to_ms
from frappe_ext.desk import visible

HOURS = 24
WEEKS = 12
FLAGS = ("OK", "Warning", "Quarantine", "Invalid")
_HOUR_MS = 3_600_000


@frappe.whitelist()
def observations_by_flag() -> dict[str, Any]:
	"""Rows per hour of the last day, one series a flag. An Invalid row has no value and counts like any other."""
	this_hour = now_datetime().replace(minute=0, second=0, microsecond=0)
	start = to_ms(this_hour - timedelta(hours=HOURS - 1)) or 0
	counted = frappe.db.sql(
		f"""select (observed_at_ms - %(start)s) div %(hour)s as hour, quality_flag, count(*)
		from `tabObservation`
		where observed_at_ms >= %(start)s and observed_at_ms < %(end)s and {visible.condition("Observation")}
		group by hour, quality_flag""",  # noqa: S608 - Frappe's own condition, values apart
		{"start": start, "end": start + HOURS * _HOUR_MS, "hour": _HOUR_MS},
	)
	values = {flag: [0] * HOURS for flag in FLAGS}
	for hour, flag, count in counted:
		if flag in values:
			values[flag][int(hour)] = count
	labels = [to_local(start + index * _HOUR_MS).strftime("%H:%M") for index in range(HOURS)]
	return {"labels": labels, "datasets": [{"name": _(flag), "values": values[flag]} for flag in FLAGS]}


@frappe.whitelist()
def mismatches_per_week() -> dict[str, Any]:
	"""Tickets that count and have a mismatch, by week (from Monday) of their time."""
	today = getdate()
	start = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
	counted = frappe.db.sql(
		f"""select datediff(date(ticket_datetime), %(start)s) div 7 as week, count(*)
		from `tabScaleTicket`
		where mismatch_flag = 1 and ifnull(status, '') not in ('Void', 'Corrected')
		and ticket_datetime >= %(start)s and ticket_datetime < %(end)s and {visible.condition("ScaleTicket")}
		group by week""",  # noqa: S608 - as above
		{"start": get_datetime(start), "end": get_datetime(start + timedelta(weeks=WEEKS))},
	)
	values = [0] * WEEKS
	for week, count in counted:
		values[int(week)] = count
	labels = [format_date(start + timedelta(weeks=index)) for index in range(WEEKS)]
	return {"labels": labels, "datasets": [{"name": _("Mismatches"), "values": values}]}

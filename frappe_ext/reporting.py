"""What the reports share: whose rows a user may count, a period in local days, and cells that are safe in a spreadsheet.

A report is raw SQL. `condition` is what keeps it within the user's sites; every query of a report has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.utils import getdate

from frappe_ext import site_access
from frappe_ext.contract.spreadsheet import safe_cell

MAX_DAYS = 366
_TEXT = ("Data", "Small Text")


@dataclass(frozen=True, slots=True)
class Period:
	"""Whole local days; `end` is the midnight after the last one."""

	first: date
	last: date

	@property
	def start(self) -> datetime:
		return datetime.combine(self.first, time())

	@property
	def end(self) -> datetime:
		return datetime.combine(self.last + timedelta(days=1), time())

	def days(self) -> Iterable[date]:
		return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


def period(filters: dict[str, Any]) -> Period:
	"""from_date and to_date of a report's filters."""
	if not filters.get("from_date") or not filters.get("to_date"):
		frappe.throw(_("Choose the first and the last day."))
	chosen = Period(getdate(filters["from_date"]), getdate(filters["to_date"]))
	if chosen.last < chosen.first:
		frappe.throw(_("The last day is before the first."))
	if (chosen.last - chosen.first).days >= MAX_DAYS:
		frappe.throw(_("Choose at most {0} days.").format(MAX_DAYS))
	return chosen


def condition(doctype: str) -> str:
	"""SQL for a query on `tab{doctype}` (no alias): this user's sites, and what every app has to say beside that."""
	own = site_access.query_conditions(frappe.session.user, doctype)
	every = build_match_conditions(doctype)
	return " and ".join(f"({part})" for part in (own, every) if part) or "1=1"


def sites() -> list[str] | None:
	"""Names of the user's sites; None = all."""
	user = frappe.session.user
	return None if site_access.sees_everything(user) else site_access.sites_of(user, "Site")


def column(
	fieldname: str, label: str, fieldtype: str = "Data", width: int = 110, **more: Any
) -> dict[str, Any]:
	return {"fieldname": fieldname, "label": label, "fieldtype": fieldtype, "width": width, **more}


def safe_rows(columns: Sequence[dict[str, Any]], rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Text of devices, drivers and plates leaves as text also by ways that no hook of ours sees (mailed reports)."""
	texts = [each["fieldname"] for each in columns if each["fieldtype"] in _TEXT]
	return [row | {name: safe_cell(row[name]) for name in texts if name in row} for row in rows]

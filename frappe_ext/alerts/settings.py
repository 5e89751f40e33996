"""What Edge Settings says of alerts; alerts work without it, as while the app is being updated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import cint

from frappe_ext.alerts import kinds
from frappe_ext.settings import DOCTYPE, setting

DEFAULTS = {
	"silent_gateway_minutes": 10,
	"alert_window_hours": 1,
	"digest_hours": 24,
	"key_warn_days": 80,
	"certificate_warn_days": 30,
	"disk_warn_pct": 80,
	kinds.QA: "QA Manager",
	kinds.OPERATOR: "Site Operator",
	kinds.OWNER: "Owner",
	kinds.IT: "IT Admin",
}


@dataclass(frozen=True, slots=True)
class Pace:
	"""window: what happened longer ago is no news. digest_every: between two digests of old news."""

	window: timedelta
	digest_every: timedelta


def number(fieldname: str) -> int:
	return cint(_value(fieldname))


def role(fieldname: str) -> str:
	return _value(fieldname) or DEFAULTS[fieldname]


def pace() -> Pace:
	return Pace(timedelta(hours=number("alert_window_hours")), timedelta(hours=number("digest_hours")))


def _value(fieldname: str) -> Any:
	has_field = frappe.db.exists("DocType", DOCTYPE) and frappe.get_meta(DOCTYPE).has_field(fieldname)
	return setting(fieldname) if has_field else DEFAULTS[fieldname]

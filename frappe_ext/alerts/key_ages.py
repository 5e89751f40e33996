"""Keys of gateways that are due for a change: one word when a key is old, one more when it is overdue."""

from __future__ import annotations

from frappe.utils import now_datetime

from frappe_ext import keys
from frappe_ext.alerts import kinds, settings
from frappe_ext.alerts.kinds import Alert
from frappe_ext.alerts.noting import note

OVERDUE_DAYS = 90


def check() -> None:
	"""Each night. 0 in Edge Settings = never."""
	warn_days = settings.number("key_warn_days")
	if not warn_days:
		return
	for key in keys.aged_keys(warn_days):
		is_overdue = key["age_days"] >= max(OVERDUE_DAYS, warn_days + 1)
		note(
			Alert(
				kind=kinds.KEY,
				step=kinds.ESCALATED if is_overdue else kinds.RAISED,
				key=(key["key_id"],),
				about=f"{key['gateway']} {key['key_id']}",
				occurred_at=now_datetime(),
				reference=("Edge Gateway", key["name"]),
				facts={"key_id": key["key_id"], "gateway": key["gateway"], "days": key["age_days"]},
			)
		)

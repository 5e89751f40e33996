"""Sends what waits in Edge Alert: one mail and one bell per person, written in one transaction with the row's status.

A fault is that group's only: it is logged once and tried again for a day; meanwhile the bell has rung.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import now_datetime

from frappe_ext.alerts import letters, settings, trouble
from frappe_ext.alerts.plan import REPEAT, Group, Past, plan
from frappe_ext.alerts.recipients import Person, people_for
from frappe_ext.store_base import is_deadlock

MOST_AT_A_TIME = 5000
TRY_FOR = timedelta(days=1)
MAX_PAUSE_MINUTES = 60
_DOCTYPE = "Edge Alert"
_SAVEPOINT = "edge_alert_letter"


def deliver() -> None:
	"""Everything that is due. Another job at the same time waits here for the rows and then finds them sent."""
	rows = _waiting()
	if not rows:
		return
	pace = settings.pace()
	groups = plan(rows, _past(), now_datetime(), window=pace.window, every=pace.digest_every)
	for group in groups:
		_deliver(group)


def _waiting() -> list[Any]:
	names = frappe.db.sql(
		"""select name from `tabEdge Alert` where status = 'Pending'
		and (next_try_at is null or next_try_at <= %(now)s) order by creation limit %(most)s""",
		{"now": now_datetime(), "most": MOST_AT_A_TIME},
		pluck=True,
	)
	if not names:
		return []
	# By primary key: locks on the index of `status` would keep ingest from noting new ones.
	return frappe.db.sql(
		"""select * from `tabEdge Alert` force index (primary)
		where name in %(names)s and status = 'Pending' order by creation, name for update""",
		{"names": tuple(names)},
		as_dict=True,
	)


def _past() -> Past:
	since = now_datetime() - REPEAT
	at_once = frappe.get_all(
		_DOCTYPE,
		filters={"status": "Sent", "digest": 0, "sent_at": (">", since)},
		fields=["site", "kind", "about", "step"],
	)
	digests = frappe.db.sql(
		"""select coalesce(site, ''), max(sent_at) from `tabEdge Alert`
		where digest = 1 and status = 'Sent' group by 1"""
	)
	return Past(at_once, dict(digests))


def _deliver(group: Group) -> None:
	readers: dict[Person, list[Any]] = {}
	for row in group.rows:
		for person in people_for(row):
			readers.setdefault(person, []).append(row)
	errors: list[str] = []
	told = 0
	for person, rows in readers.items():
		with letters.in_language(person.language):
			if not all(row.bell for row in rows):
				_try(lambda p=person, r=rows: letters.ring(p, r, group.is_digest), errors)
			told += _try(lambda p=person, r=rows: letters.post(p, r, group.is_digest), errors)
	if readers and not told:
		_try_later(group, errors)
	else:
		_done(group, readers, errors)


def _try(work: Callable[[], None], errors: list[str]) -> bool:
	"""One person's letter under a savepoint."""
	frappe.db.savepoint(_SAVEPOINT)
	try:
		work()
	except Exception as error:
		if is_deadlock(error):
			raise
		frappe.db.rollback(save_point=_SAVEPOINT)
		frappe.clear_messages()
		errors.append(trouble.log_once("An alert could not be sent", error))
		return False
	return True


def _done(group: Group, readers: dict[Person, list[Any]], errors: list[str]) -> None:
	counts = {row.name: 0 for row in group.rows}
	for rows in readers.values():
		for row in rows:
			counts[row.name] += 1
	for row in group.rows:
		columns = {
			"status": "Sent" if counts[row.name] else "Nobody",
			"digest": int(group.is_digest),
			"sent_at": now_datetime(),
			"recipients": counts[row.name],
			"error": "\n".join(dict.fromkeys(errors)) or None,
		}
		frappe.db.set_value(_DOCTYPE, row.name, columns)


def _try_later(group: Group, errors: list[str]) -> None:
	now = now_datetime()
	for row in group.rows:
		attempts = row.attempts + 1
		gives_up = now - row.creation > TRY_FOR
		columns = {
			"status": "Failed" if gives_up else "Pending",
			"bell": 1,
			"attempts": attempts,
			"next_try_at": now + timedelta(minutes=min(2**attempts, MAX_PAUSE_MINUTES)),
			"error": "\n".join(dict.fromkeys(errors)),
		}
		frappe.db.set_value(_DOCTYPE, row.name, columns)

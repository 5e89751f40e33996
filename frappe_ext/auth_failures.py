"""Requests under our path whose key is unknown: counted, logged without flooding, and slowed down.

A secret has 256 random bits: nobody guesses it, so what is slowed down is noise, and it is done where no gateway can
be locked out by another one: by key id and address together. A key that is right is never asked how others behaved.
"""

from __future__ import annotations

from frappe import _
from frappe.deferred_insert import deferred_insert
from frappe.utils import now_datetime

from frappe_ext import throttle
from frappe_ext.contract.refusals import Refusal

MAX_PER_MINUTE = 20
"""Wrong secrets for one key id from one address; after that nothing is looked up until the minute is over."""
QUIET_S = 3600
MAX_LOGGED = 10
"""Entries per address in QUIET_S: whoever makes up key ids fills no log."""
_NO_KEY = "none"


def check(key_id: str | None) -> None:
	"""Refusal `rate_limited` where this key id came wrong too often from this address."""
	tally = throttle.peek(_tries(key_id, throttle.client_address())) if key_id else None
	if tally and tally.times >= MAX_PER_MINUTE:
		raise Refusal("rate_limited", "Too many tries with a wrong key.", retry_after=tally.ends_in_s)


def note(key_id: str | None) -> None:
	"""One more failure. The request's transaction is rolled back, so the log entry goes by Frappe's deferred insert
	(written by the scheduler within minutes). While Redis is away nothing is counted or logged."""
	address = throttle.client_address()
	if throttle.count(_of_today(), 2 * throttle.DAY_S) is None:
		return
	throttle.count(_tries(key_id, address), throttle.MINUTE_S)
	first = throttle.count(f"auth_noted:{address}:{key_id or _NO_KEY}", QUIET_S)
	if first and first.times == 1:
		noted = throttle.count(f"auth_noted:{address}", QUIET_S)
		if noted and noted.times <= MAX_LOGGED:
			_log(key_id, address)


def today() -> int | None:
	"""Failures of the site's day so far; None while Redis is away."""
	tally = throttle.peek(_of_today())
	return tally.times if tally else None


def _log(key_id: str | None, address: str) -> None:
	subject = (
		_("Edge key {0} refused: unknown key or wrong secret.").format(key_id)
		if key_id
		else _("Request to the edge interface without a well-formed edge key.")
	)
	# Where failed logins stand; Error Log is for faults of ours.
	deferred_insert(
		"Activity Log",
		[{"subject": subject, "status": "Failed", "ip_address": address, "user": "Guest"}],
	)


def _tries(key_id: str | None, address: str) -> str:
	return f"auth_tries:{address}:{key_id or _NO_KEY}"


def _of_today() -> str:
	return f"auth_failures:{now_datetime().date()}"

"""Enrolment codes: made in Desk by a person, redeemed once by a gateway that has no key yet (wire.md §7)."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from frappe_ext import keys, server_certificate, throttle
from frappe_ext.clock import now_ms, to_local
from frappe_ext.contract import edge_key, enrolment, envelope, epochs
from frappe_ext.gateway_access import is_allowed
from frappe_ext.site_access import sees_everything
from frappe_ext.store_base import is_deadlock

CODE = "Edge Enrolment Code"
ROLE = "IT Admin"
ATTEMPTS = 3


@frappe.whitelist(methods=["POST"])
def new_code(gateway: str) -> dict[str, Any]:
	"""A code for this gateway (its gateway_id or name) and no other: one use, ten minutes; an older one ends with it.

	For System Managers, and IT Admins of all sites of the gateway. The code is in this answer and nowhere else.
	"""
	keys.require_role("System Manager", ROLE)
	doc = keys.locked_gateway(gateway)
	user = frappe.session.user
	if not (sees_everything(user) or (doc.sites and is_allowed(doc, user))):
		raise frappe.PermissionError
	if doc.revoked or not doc.enabled:
		frappe.throw(_("{0} is revoked or disabled. Change that first.").format(frappe.bold(doc.gateway_id)))
	keys.cancel_codes(doc.name, "Replaced")
	secret = enrolment.new_code()
	ends_ms = now_ms() + enrolment.VALID_S * 1000
	frappe.get_doc(
		{
			"doctype": CODE,
			"gateway": doc.name,
			"code_hash": enrolment.hash_code(secret),
			"status": "Open",
			"expires": to_local(ends_ms),
			"expires_ms": ends_ms,
		}
	).insert(ignore_permissions=True)  # rows are made here and nowhere else
	url = server_certificate.url()
	return {
		"gateway": doc.gateway_id,
		"code": secret,
		"valid_s": enrolment.VALID_S,
		"url": url,
		"fingerprint": server_certificate.fingerprint(url),
	}


def enrol(asked: enrolment.Asked) -> dict[str, Any]:
	"""Answers gateway.enroll. Refusals: malformed (not HTTPS), rate_limited, not_ready, bad_code."""
	if not throttle.came_safely():
		_cancel(asked.code_hash)  # it was readable on its way
		raise enrolment.unsafe_way()
	tries = f"enrol:{throttle.client_address()}"
	tally = throttle.count(tries, enrolment.WINDOW_S)
	if tally is None:
		# Without a count a guesser has as many tries as he likes. Refusing harms nobody: a person stands by and tries
		# again, gateways that have their keys go on, and a guest never makes rows in the database.
		raise enrolment.uncounted()
	if tally.times > enrolment.MAX_WRONG:
		raise enrolment.too_many(tally.ends_in_s)
	answer = _redeem_in_turn(asked)
	throttle.take_back(tries)
	return answer


def _redeem_in_turn(asked: enrolment.Asked) -> dict[str, Any]:
	"""A deadlock has rolled everything back, the code's use too: the same again."""
	for _attempt in range(ATTEMPTS - 1):
		try:
			return _redeem(asked)
		except Exception as error:
			if not is_deadlock(error):
				raise
			frappe.db.rollback()
	return _redeem(asked)


def _redeem(asked: enrolment.Asked) -> dict[str, Any]:
	found = _open_code(asked.code_hash)
	if found is None:
		raise enrolment.bad_code()
	# As in api.senders: what is read from here on is the state under the gateway's lock; of two that bring one code
	# the second finds it used.
	frappe.db.rollback()
	frappe.db.get_value("Edge Gateway", found.gateway, "name", for_update=True)
	doc = frappe.get_doc("Edge Gateway", found.gateway)
	found = _open_code(asked.code_hash)
	if found is None:
		raise enrolment.bad_code()
	envelope.check_gateway(_state(doc))
	issued = _give_key(doc)
	_note_use(found.name, asked, issued.key_id)
	doc.add_comment("Info", _comment(asked, issued.key_id, found.owner))
	return enrolment.answer(
		gateway=doc.gateway_id,
		epoch=doc.epoch,
		key_id=issued.key_id,
		secret=issued.secret,
		sites=list(_state(doc).sites),
		url=server_certificate.url(),
		server_time=now_ms(),
	)


def _give_key(doc: Any) -> edge_key.IssuedKey:
	"""A key and the next epoch, in the gateway's document.

	Two keys may live. Where two do already, the one that was used least lately is revoked (edge_key.to_give_way): the
	gateway may still run on the other one, and goes on being heard with it should this answer get lost. The next epoch
	fences every older store of this gateway, so that whatever alternated before is history and `held` ends.
	"""
	leaving = edge_key.to_give_way([keys.credential_of(row) for row in doc.credentials], now_ms())
	for row in doc.credentials:
		if row.key_id in leaving:
			row.revoked = 1
	issued = keys.add_key(doc, ignore_permissions=True)
	pairs = [(row.provisional, row.epoch) for row in doc.provisional]
	doc.epoch = epochs.grant(doc.epoch, pairs).epoch
	doc.held, doc.instance_trail = 0, None
	doc.flags.edge_state = True
	doc.save(ignore_permissions=True)  # the code stands for the person who made it
	return issued


def _state(doc: Any) -> envelope.Gateway:
	codes = frappe.get_all(
		"Site", filters={"name": ("in", [row.site for row in doc.sites] or [""])}, pluck="site_code"
	)
	return envelope.Gateway(
		gateway_id=doc.gateway_id,
		sites=frozenset(code for code in codes if code),
		enabled=bool(doc.enabled),
		revoked=bool(doc.revoked),
		user_enabled=not doc.user or bool(frappe.db.get_value("User", doc.user, "enabled")),
	)


def _open_code(code_hash: str) -> Any:
	row = frappe.db.get_value(
		CODE, {"code_hash": code_hash}, ["name", "gateway", "status", "expires_ms", "owner"], as_dict=True
	)
	return row if row and row.status == "Open" and now_ms() < row.expires_ms else None


def _cancel(code_hash: str) -> None:
	found = _open_code(code_hash)
	if found:
		frappe.db.set_value(CODE, found.name, "status", "Cancelled")


def _note_use(name: str, asked: enrolment.Asked, key_id: str) -> None:
	used = {
		"status": "Used",
		"used_at": now_datetime(),
		"key_id": key_id,
		"host": asked.host,
		"agent_version": asked.version,
		"instance": asked.instance,
		"address": throttle.client_address(),
	}
	frappe.db.set_value(CODE, name, used)


def _comment(asked: enrolment.Asked, key_id: str, author: str) -> str:
	text = _("Enrolled: {0} at {1} has key {2}, by a code of {3}.")
	host = asked.host or _("a machine without a name")
	return frappe.utils.escape_html(text.format(host, throttle.client_address(), key_id, author))

"""Keys of gateways: the auth hook that knows a request by its key, issuing one, and who may go on sending.

A key opens `/api/method/frappe_ext.api.*` and nothing else, and there nothing else opens (wire.md §4); the import of
tickets lies there too and is the one method for people alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import frappe
from frappe.utils import now_datetime

from frappe_ext import auth_failures, throttle
from frappe_ext.api.answers import RefusedRequest
from frappe_ext.clock import now_ms
from frappe_ext.contract import edge_key, envelope
from frappe_ext.contract.refusals import Refusal
from frappe_ext.keys import (  # noqa: F401 (the methods' public names)
	CREDENTIAL,
	ROLE,
	aged_keys,
	credential_of,
	issue_key,
	keep_instance,
	key_age_warnings,
	revoke_all_keys,
	revoke_keys,
)

PATH = "/api/method/frappe_ext.api."
ENROLMENT = PATH + "gateway.enroll"
USE_NOTED_S = 600
"""A key's last use is written at most so often."""
FOR_PEOPLE = "tickets.import_csv"


@dataclass(frozen=True, slots=True)
class Sender:
	"""The gateway that a request's key belongs to."""

	name: str
	"""Of the Edge Gateway document."""
	user: str | None
	config_published: str
	gateway: envelope.Gateway


def authenticate() -> None:
	"""auth_hooks: names the gateway of a request under our path. 401 unknown key, 403 and 429 in our envelope."""
	frappe.local.edge_sender = frappe.local.edge_key_used = None  # whatever a thread served before
	request = frappe.request
	if not request.path.startswith(PATH):
		return
	if request.path == PATH + FOR_PEOPLE:
		# Frappe has looked at the session or the API token; a guest is refused by the method.
		if frappe.get_request_header("Authorization", "").lower().startswith(edge_key.SCHEME.lower()):
			raise frappe.AuthenticationError
		return
	# `cmd` in a body would run another method than the path says.
	if frappe.form_dict.get("cmd"):
		raise frappe.AuthenticationError
	if request.path == ENROLMENT and not frappe.get_request_header("Authorization"):
		_become("Guest")
		return
	# The header is in no variable of ours: an Error Log shows variables.
	presented = edge_key.parse_header(frappe.get_request_header("Authorization", ""))
	try:
		sender = _admitted(presented)
	except Refusal as refusal:
		raise RefusedRequest(refusal) from refusal
	_become(sender.user)
	frappe.local.edge_sender = sender
	if request.method == "GET":
		note_use(commit=True)


def _become(user: str | None) -> None:
	form_dict = frappe.local.form_dict
	frappe.set_user(user)
	frappe.local.form_dict = form_dict  # set_user empties it


def note_use(*, commit: bool = False) -> None:
	"""Writes when the request's key was used, where that is due. `commit`: a GET is rolled back otherwise."""
	credential = getattr(frappe.local, "edge_key_used", None)
	if credential:
		# State, not an edit: no version, no new `modified`.
		frappe.db.set_value(CREDENTIAL, credential, "last_used", now_datetime(), update_modified=False)
		frappe.local.flags.commit = frappe.local.flags.commit or commit


def sender() -> Sender:
	"""The gateway of this request; 401 where it came by any other way than its key."""
	known = frappe.local.edge_sender
	if known is None:
		raise frappe.AuthenticationError
	return known


def load_sender(name: str, *, lock: bool = False) -> Sender:
	"""The gateway's state of now. `lock`: until the end of the transaction, its requests then come one by one."""
	row = frappe.db.get_value(
		"Edge Gateway",
		name,
		[
			"name",
			"gateway_id",
			"user",
			"enabled",
			"revoked",
			"epoch",
			"held",
			"instance_trail",
			"banned_instances",
			"config_published",
		],
		as_dict=True,
		for_update=lock,
	)
	if row is None:
		raise frappe.AuthenticationError  # deleted since its key was read
	sites = frappe.db.sql(
		"""select site.site_code from `tabEdge Gateway Site` row
		join `tabSite` site on site.name = row.site
		where row.parent = %s and row.parenttype = 'Edge Gateway'""",
		name,
		pluck=True,
	)
	provisional = frappe.get_all(
		"Edge Gateway Provisional",
		filters={"parent": name},
		fields=["provisional", "epoch"],
		order_by="idx",
		as_list=True,
	)
	return Sender(
		name=row.name,
		user=row.user,
		config_published=row.config_published or "",
		gateway=envelope.Gateway(
			gateway_id=row.gateway_id,
			sites=frozenset(code for code in sites if code),
			enabled=bool(row.enabled),
			revoked=bool(row.revoked),
			user_enabled=bool(row.user and frappe.db.get_value("User", row.user, "enabled")),
			epoch=row.epoch or None,
			provisional=tuple((name, epoch) for name, epoch in provisional),
			trail=row.instance_trail or "",
			held=bool(row.held),
			banned=tuple((row.banned_instances or "").split()),
		),
	)


def _admitted(presented: edge_key.PresentedKey | None) -> Sender:
	key_id = presented.key_id if presented else None
	auth_failures.check(key_id)
	try:
		if presented is None:
			raise frappe.AuthenticationError
		found = _sender_of(presented)
	except frappe.AuthenticationError:
		auth_failures.note(key_id)
		raise
	throttle.check_rate(found.gateway.gateway_id, ", ".join(sorted(found.gateway.sites)) or None)
	return found


def _sender_of(presented: edge_key.PresentedKey) -> Sender:
	rows = frappe.get_all(
		CREDENTIAL,
		filters={"key_id": presented.key_id, "parenttype": "Edge Gateway"},
		fields=[
			"name",
			"parent",
			"key_id",
			"hash",
			"not_before",
			"expires",
			"revoked",
			"creation",
			"last_used",
		],
	)
	# The database compares without regard to case and trailing blanks; every candidate is tried, so that
	# neither a wrong id nor a wrong secret answers sooner.
	matching = [row for row in rows if edge_key.matches(presented.secret, row.hash)]
	if not rows:
		edge_key.matches(presented.secret, None)
	if not matching or matching[0].key_id != presented.key_id:
		raise frappe.AuthenticationError
	row = matching[0]
	found = load_sender(row.parent)
	edge_key.check_credential(credential_of(row), found.gateway, now_ms())
	envelope.check_gateway(found.gateway)
	if not row.last_used or (now_datetime() - row.last_used).total_seconds() >= USE_NOTED_S:
		frappe.local.edge_key_used = row.name
	return found

"""Keys of gateways: the auth hook that knows a request by its key, issuing one, and who may go on sending.

A key opens `/api/method/frappe_ext.api.*` and nothing else, and there nothing else opens (wire.md §4).
"""

from __future__ import annotations

from dataclasses import dataclass

import frappe
from frappe import _

from frappe_ext.api.answers import RefusedRequest
from frappe_ext.clock import now_ms, to_ms
from frappe_ext.contract import edge_key, envelope
from frappe_ext.contract.refusals import Refusal

PATH = "/api/method/frappe_ext.api."
ROLE = "Edge Gateway"


@dataclass(frozen=True, slots=True)
class Sender:
	"""The gateway that a request's key belongs to."""

	name: str
	"""Of the Edge Gateway document."""
	user: str | None
	config_published: str
	gateway: envelope.Gateway


def authenticate() -> None:
	"""auth_hooks: names the gateway of a request under our path. 401 unknown key, 403 in our envelope."""
	frappe.local.edge_sender = None  # whatever a thread served before
	request = frappe.request
	header = frappe.get_request_header("Authorization", "")
	if not request.path.startswith(PATH):
		return
	# `cmd` in a body would run another method than the path says.
	presented = edge_key.parse_header(header)
	if presented is None or frappe.form_dict.get("cmd"):
		raise frappe.AuthenticationError
	try:
		sender = _sender_of(presented)
	except Refusal as refusal:
		raise RefusedRequest(refusal) from refusal
	form_dict = frappe.local.form_dict
	frappe.set_user(sender.user)
	frappe.local.form_dict = form_dict  # set_user empties it
	frappe.local.edge_sender = sender


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


def _sender_of(presented: edge_key.PresentedKey) -> Sender:
	rows = frappe.get_all(
		"Edge Gateway Credential",
		filters={"key_id": presented.key_id, "parenttype": "Edge Gateway"},
		fields=["parent", "key_id", "hash", "not_before", "expires", "revoked"],
	)
	# The database compares without regard to case and trailing blanks; every candidate is tried, so that
	# neither a wrong id nor a wrong secret answers sooner.
	matching = [row for row in rows if edge_key.matches(presented.secret, row.hash)]
	if not rows:
		edge_key.matches(presented.secret, None)
	if not matching or matching[0].key_id != presented.key_id:
		raise frappe.AuthenticationError
	found = load_sender(matching[0].parent)
	edge_key.check_credential(_credential(matching[0]), found.gateway.gateway_id, now_ms())
	envelope.check_gateway(found.gateway)
	return found


def _credential(row) -> edge_key.Credential:
	return edge_key.Credential(
		row.key_id, row.hash, to_ms(row.not_before), to_ms(row.expires), bool(row.revoked)
	)


@frappe.whitelist(methods=["POST"])
def issue_key(gateway: str) -> dict[str, str]:
	"""A new key of a gateway (its gateway_id or name). The secret is in this answer and nowhere else.

	At most two keys live at a time: new one in, tested, old one revoked. Also
	`bench --site SITE execute frappe_ext.auth.issue_key --kwargs "{'gateway': 'gw-silo-a'}"`.
	"""
	frappe.only_for("System Manager")
	doc = _gateway(gateway)
	if not edge_key.room_for_new(map(_credential, doc.credentials), now_ms()):
		frappe.throw(
			_("{0} has two live keys. Revoke one of them first.").format(frappe.bold(doc.gateway_id))
		)
	key = edge_key.generate()
	doc.append("credentials", {"key_id": key.key_id, "hash": key.hash})
	doc.user = doc.user or _user_for(doc.gateway_id)
	doc.save()
	return {"gateway": doc.gateway_id, "key_id": key.key_id, "secret": key.secret}


@frappe.whitelist(methods=["POST"])
def keep_instance(gateway: str, instance: str) -> None:
	"""A person's choice between two instances that send as one gateway: the others are refused from now on."""
	frappe.only_for("System Manager")
	doc = _gateway(gateway)
	known = envelope.InstanceTrail.parse(doc.instance_trail).instances()
	if instance not in known:
		frappe.throw(_("{0} is none of the instances that were seen.").format(instance))
	banned = (doc.banned_instances or "").split()
	doc.banned_instances = "\n".join(sorted({*banned, *known} - {instance}))
	doc.held, doc.instance, doc.instance_trail = 0, instance, None
	doc.flags.edge_state = True
	doc.save()


def _gateway(gateway: str):
	"""Locked; by its gateway_id or name."""
	name = frappe.db.get_value("Edge Gateway", {"gateway_id": gateway}) or gateway
	return frappe.get_doc("Edge Gateway", name, for_update=True)


def _user_for(gateway_id: str) -> str:
	"""The gateway's API user: no password, no Desk, no mail."""
	email = f"{gateway_id.lower().replace(':', '-').strip('.-')}@edge-gateway.invalid"
	if frappe.db.exists("User", email):
		return email
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": email,
			"first_name": gateway_id,
			"enabled": 1,
			# Frappe gives System Manager to a site's first user of another type.
			"user_type": "Website User",
			"send_welcome_email": 0,
			"roles": [{"role": ROLE}],
		}
	)
	user.flags.no_welcome_mail = True
	return user.insert().name

"""Keys of gateways: issuing, their age, revoking. Rotation: a new key in, tested on the gateway, the old one revoked."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from frappe_ext.clock import now_ms, to_ms
from frappe_ext.contract import edge_key, envelope

ROLE = "Edge Gateway"
CREDENTIAL = "Edge Gateway Credential"
WARN_DAYS = 80
"""Both runbooks want a key changed after 90 days."""


@frappe.whitelist(methods=["POST"])
def issue_key(gateway: str) -> dict[str, str]:
	"""A new key of a gateway (its gateway_id or name). The secret is in this answer and nowhere else.

	At most two keys live at a time: new one in, tested, old one revoked. Also
	`bench --site SITE execute frappe_ext.auth.issue_key --kwargs "{'gateway': 'gw-silo-a'}"`.
	"""
	require_role("System Manager")
	doc = locked_gateway(gateway)
	if not edge_key.room_for_new(map(credential_of, doc.credentials), now_ms()):
		frappe.throw(
			_("{0} has two live keys. Revoke one of them first.").format(frappe.bold(doc.gateway_id))
		)
	key = add_key(doc)
	doc.save()
	return {"gateway": doc.gateway_id, "key_id": key.key_id, "secret": key.secret}


def add_key(doc: Any, *, ignore_permissions: bool = False) -> edge_key.IssuedKey:
	"""Into the document, unsaved; its user is made with the first one."""
	key = edge_key.generate()
	doc.append("credentials", {"key_id": key.key_id, "hash": key.hash})
	doc.user = doc.user or _user_for(doc.gateway_id, ignore_permissions)
	return key


@frappe.whitelist(methods=["POST"])
def revoke_keys(gateway: str, reason: str | None = None) -> int:
	"""Revokes every key of one gateway and cancels its enrolment codes; answers how many keys lived until now.

	The gateway is refused from its next request on, keeps what it measures, and sends all of it once it has enrolled.
	"""
	require_role("System Manager")
	return _revoke(locked_gateway(gateway), reason)


@frappe.whitelist(methods=["POST"])
def revoke_all_keys(confirm: str, reason: str | None = None) -> dict[str, int]:
	"""After a breach: every key of every gateway of this site, one action. `confirm`: the name of the site. Also
	`bench --site SITE execute frappe_ext.auth.revoke_all_keys --kwargs "{'confirm': 'SITE', 'reason': '…'}"`.
	"""
	require_role("System Manager")
	if confirm != frappe.local.site:
		frappe.throw(_("To confirm, give the name of this site: {0}").format(frappe.bold(frappe.local.site)))
	names = frappe.get_all("Edge Gateway", pluck="name", order_by="name")  # all: the caller is System Manager
	keys = sum(_revoke(locked_gateway(name), reason) for name in names)
	return {"gateways": len(names), "keys": keys}


def _revoke(doc: Any, reason: str | None) -> int:
	live = [row for row in doc.credentials if credential_of(row).is_live(now_ms())]
	for row in doc.credentials:
		row.revoked = 1
	doc.oldest_key_at = None
	# Nothing that is wrong with a gateway (a site that is gone) may stand between a breach and its keys.
	doc.flags.update({"ignore_validate": True, "ignore_links": True, "ignore_mandatory": True})
	doc.save(ignore_version=False)
	cancel_codes(doc.name)
	# Why, in words; who, when and which keys is in the document's versions too.
	text = _("All keys revoked: {0}").format(", ".join(row.key_id for row in live) or _("none was live"))
	doc.add_comment("Info", frappe.utils.escape_html(f"{text}. {reason or ''}".strip()))
	return len(live)


def cancel_codes(gateway: str, status: str = "Cancelled") -> None:
	"""No open enrolment code of a gateway works from now on."""
	for name in frappe.get_all(
		"Edge Enrolment Code", filters={"gateway": gateway, "status": "Open"}, pluck="name"
	):
		frappe.db.set_value("Edge Enrolment Code", name, "status", status)


def aged_keys(days: int = WARN_DAYS) -> list[dict[str, Any]]:
	"""Live keys of gateways that are `days` old or older, oldest first: gateway (its id), name (of the document),
	sites (names of Sites), key_id, age_days, last_used. Reads past permissions: the caller decides who sees which site.
	"""
	rows = frappe.db.sql(
		"""select gateway.gateway_id as gateway, gateway.name, credential.key_id, credential.creation,
			credential.last_used
		from `tabEdge Gateway Credential` credential
		join `tabEdge Gateway` gateway on gateway.name = credential.parent
		where credential.parenttype = 'Edge Gateway' and credential.revoked = 0
		and gateway.revoked = 0 and gateway.enabled = 1
		and (credential.expires is null or credential.expires > %(now)s)
		and credential.creation <= %(born)s order by credential.creation""",
		{"now": now_datetime(), "born": frappe.utils.add_days(now_datetime(), -days)},
		as_dict=True,
	)
	sites: dict[str, list[str]] = {}
	for parent, site in frappe.get_all(
		"Edge Gateway Site",
		filters={"parenttype": "Edge Gateway", "parent": ("in", [row.name for row in rows] or [""])},
		fields=["parent", "site"],
		order_by="idx",
		as_list=True,
	):
		sites.setdefault(parent, []).append(site)
	return [
		{
			"gateway": row.gateway,
			"name": row.name,
			"sites": sites.get(row.name, []),
			"key_id": row.key_id,
			"age_days": (now_datetime() - row.creation).days,
			"last_used": row.last_used,
		}
		for row in rows
	]


def key_age_warnings(days: int = WARN_DAYS) -> list[str]:
	"""One sentence per aged key."""
	return [
		_("Key {0} of {1} is {2} days old: rotate it.").format(key["key_id"], key["gateway"], key["age_days"])
		for key in aged_keys(days)
	]


@frappe.whitelist(methods=["POST"])
def keep_instance(gateway: str, instance: str) -> None:
	"""A person's choice between two instances that send as one gateway: the others are refused from now on."""
	require_role("System Manager")
	doc = locked_gateway(gateway)
	known = envelope.InstanceTrail.parse(doc.instance_trail).instances()
	if instance not in known:
		frappe.throw(_("{0} is none of the instances that were seen.").format(instance))
	banned = (doc.banned_instances or "").split()
	doc.banned_instances = "\n".join(sorted({*banned, *known} - {instance}))
	doc.held, doc.instance, doc.instance_trail = 0, instance, None
	doc.flags.edge_state = True
	doc.save()


def require_role(*roles: str) -> None:
	"""As frappe.only_for, which lets everybody through while tests run."""
	if set(roles).isdisjoint(frappe.get_roles()):
		raise frappe.PermissionError


def credential_of(row: Any) -> edge_key.Credential:
	"""A stored row as the rules want it."""
	return edge_key.Credential(
		row.key_id,
		row.hash,
		to_ms(row.not_before),
		to_ms(row.expires),
		bool(cint(row.revoked)),
		to_ms(row.creation) or now_ms(),
		to_ms(row.last_used),
	)


def locked_gateway(gateway: str) -> Any:
	"""The document, locked until the end of the transaction; by its gateway_id or name."""
	name = frappe.db.get_value("Edge Gateway", {"gateway_id": gateway}) or gateway
	return frappe.get_doc("Edge Gateway", name, for_update=True)


def _user_for(gateway_id: str, ignore_permissions: bool) -> str:
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
	# ignore: at an enrolment the code stands for the person who made it, and nobody is logged in.
	return user.insert(ignore_permissions=ignore_permissions).name

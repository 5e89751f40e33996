"""What a gateway asks beside sending records (wire.md §5 to §7)."""

from __future__ import annotations

import frappe
from frappe.utils import get_system_timezone
from werkzeug.wrappers import Response

from frappe_ext import auth, configuration, enrolment
from frappe_ext.alerts import wake
from frappe_ext.api.answers import answer
from frappe_ext.api.senders import admit, locked
from frappe_ext.clock import now_ms, to_local
from frappe_ext.contract import body, config_answer, envelope, epochs
from frappe_ext.contract.chain_watch import watch_chains
from frappe_ext.contract.enrolment import read_request
from frappe_ext.contract.heartbeat import read_heartbeat
from frappe_ext.contract.refusals import Refusal
from frappe_ext.store import FrappeStore

REASONS = ("new_store", "restore", "corrupt")


@frappe.whitelist(methods=["GET"])
def config(have: str | None = None) -> dict | Response:
	"""The gateway's sites, devices, policies …; `have`: the version it holds."""
	return answer(lambda: _config(have))


@frappe.whitelist(methods=["POST"])
def heartbeat() -> dict | Response:
	"""The gateway's state, each minute; answers the time and the version of the configuration."""
	return answer(_heartbeat)


@frappe.whitelist(methods=["POST"])
def new_epoch() -> dict | Response:
	"""Grants the next epoch to a new, restored or corrupt store."""
	return answer(_new_epoch)


@frappe.whitelist(allow_guest=True, methods=["POST"])
def enroll() -> dict | Response:
	"""Redeems an enrolment code: the gateway's id, its next epoch and a key. The only method here without a key."""
	return answer(lambda: enrolment.enrol(read_request(_body())))


def _config(have: str | None) -> dict:
	sender = auth.sender()
	if have and have == sender.config_published:
		return config_answer.unchanged_answer(sender.config_published)
	return config_answer.config_answer(
		gateway=sender.gateway.gateway_id,
		epoch=sender.gateway.epoch,
		time_zone=get_system_timezone(),
		server_time=now_ms(),
		version=sender.config_published,
		content=configuration.content(sender.name),
	)


def _heartbeat() -> dict:
	beat = read_heartbeat(_body())
	now = admit(auth.sender(), beat.gateway, beat.epoch, beat.instance, beat.at)
	columns = beat.columns | {"instance": beat.instance, "last_seen": to_local(now_ms())}
	if "oldest_unsent_at" in columns:
		columns["oldest_unsent_at"] = to_local(columns["oldest_unsent_at"])
	# State, not an edit: no version, no new `modified` each minute.
	frappe.db.set_value("Edge Gateway", now.name, columns, update_modified=False)
	store = FrappeStore(now)
	watch_chains(beat, now.gateway, store)
	store.log_faults()
	wake.on_heartbeat()
	return {"server_time": now_ms(), "config_version": now.config_published}


def _new_epoch() -> dict:
	asked = _body()
	instance, last, provisional = asked.get("instance"), asked.get("last_epoch"), asked.get("provisional")
	_require(asked.get("reason") in REASONS, f"reason must be one of {', '.join(REASONS)}.")
	_require(body.is_instance(instance), "instance must be 16 lower-case hex digits.")
	_require(last is None or epochs.is_epoch(last), "last_epoch must be an epoch.")
	_require(
		provisional is None or epochs.is_provisional(provisional), "provisional must be p and 8 hex digits."
	)
	now = locked(auth.sender())
	envelope.check_sender(now.gateway, asked.get("gateway"), None, instance)
	grant = epochs.grant(
		now.gateway.epoch, now.gateway.provisional, last_epoch=last, provisional_now=provisional
	)
	if not grant.repeated:
		_keep_grant(now.name, grant)
	return {"epoch": grant.epoch}


def _keep_grant(name: str, grant: epochs.Grant) -> None:
	gateway = frappe.get_doc("Edge Gateway", name)
	gateway.epoch = grant.epoch
	gateway.instance_trail = None  # a new store: what alternated before is history
	if grant.noted:
		gateway.append("provisional", {"provisional": grant.noted[0], "epoch": grant.noted[1]})
	gateway.flags.edge_state = True
	gateway.save(ignore_permissions=True)  # the key names the gateway; its user has no rights in Desk


def _body() -> dict:
	return body.read_body(frappe.request.get_data(), frappe.request.content_type)


def _require(fine: bool, detail: str) -> None:
	if not fine:
		raise Refusal("malformed", detail)

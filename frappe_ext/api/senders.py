"""The checks that submit, heartbeat and new_epoch have in common, under the gateway's lock."""

from __future__ import annotations

import frappe

from frappe_ext.auth import Sender, load_sender, note_use
from frappe_ext.contract import envelope


def locked(sender: Sender) -> Sender:
	"""The sender as it stands now; its requests come one by one until the end of this transaction.

	Starts a new transaction: what was read before the lock is an old picture of the database.
	"""
	frappe.db.rollback()
	now = load_sender(sender.name, lock=True)
	note_use()
	return now


def admit(sender: Sender, claimed: str, epoch: str, instance: str, sent_at: int) -> Sender:
	"""`locked`, after every check of its envelope, the instance noted."""
	now = locked(sender)
	envelope.check_sender(now.gateway, claimed, epoch, instance)
	trail, alternate = envelope.note_instance(now.gateway, instance, sent_at)
	if alternate:
		_set(now, {"held": 1, "instance_trail": trail})
		raise envelope.held(now.gateway)
	if trail != now.gateway.trail:
		_set(now, {"instance": instance, "instance_trail": trail})
	return now


def _set(sender: Sender, columns: dict[str, object]) -> None:
	# State, not an edit: no version, no new `modified` under a form that a person has open.
	frappe.db.set_value("Edge Gateway", sender.name, columns, update_modified=False)

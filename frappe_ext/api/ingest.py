"""The ingest contract (wire.md §3 and §4): thin; the algorithm is contract.ingestion, the database is store."""

from __future__ import annotations

import random
import time

import frappe
from werkzeug.wrappers import Response

from frappe_ext import auth
from frappe_ext.api.answers import answer
from frappe_ext.api.senders import admit
from frappe_ext.clock import now_ms
from frappe_ext.contract import ingestion, reconciliation
from frappe_ext.contract.body import Batch, read_batch, read_body
from frappe_ext.contract.refusals import Refusal
from frappe_ext.store import FrappeStore
from frappe_ext.store_base import is_deadlock

ATTEMPTS = 8
"""Of 20 gateways that write at once some lose three times in a row; with pauses of chance in between eight were enough."""
LONGEST_PAUSE_S = 0.8
BUSY_RETRY_S = 5


@frappe.whitelist(methods=["POST"])
def submit() -> dict | Response:
	"""Stores up to 500 records; one result per record, in order: stored, duplicate, conflict, rejected or retry."""
	return answer(_submit)


@frappe.whitelist(methods=["POST"])
def reconcile() -> dict | Response:
	"""Which blocks of seq differ from what the gateway holds as stored, or which uids are missing (wire.md §7)."""
	return answer(_reconcile)


def _reconcile() -> dict:
	sender = auth.sender()
	asked = read_body(frappe.request.get_data(), frappe.request.content_type)
	return reconciliation.reconcile(asked, sender.gateway, FrappeStore(sender))


def _submit() -> dict:
	sender = auth.sender()
	batch = read_batch(frappe.request.get_data(), frappe.request.content_type)
	for attempt in range(ATTEMPTS):
		try:
			return _store(sender, batch)
		except Exception as error:
			if not is_deadlock(error):
				raise
			frappe.db.rollback()  # the database has done so already: nothing of this batch is stored
			time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 0.05 * 2**attempt)))  # noqa: S311
	raise Refusal(
		"not_ready", "The database is busy.", gateway=sender.gateway.gateway_id, retry_after=BUSY_RETRY_S
	)


def _store(sender: auth.Sender, batch: Batch) -> dict:
	now = admit(sender, batch.gateway, batch.epoch, batch.instance, batch.sent_at)
	if not all(frappe.get_meta(doctype).has_field("edge_uid") for doctype in ("Observation", "ScaleTicket")):
		raise Refusal("not_ready", "The record types are being migrated.", gateway=now.gateway.gateway_id)
	store = FrappeStore(now)
	results = ingestion.store_batch(batch, now.gateway, store)
	store.log_faults()
	return {
		"batch_id": batch.batch_id,
		"server_time": now_ms(),
		"config_version": now.config_published,
		"results": [result.as_dict() for result in results],
	}

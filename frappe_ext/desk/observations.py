"""What the form of an Observation shows beside its own fields."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import frappe

from frappe_ext.clock import to_ms
from frappe_ext.desk import trend, visible

VERDICT = "quality_flag"
SAME_CHANGE_MS = 5_000
"""A version is written a moment after the stamp of the change that it keeps."""


@frappe.whitelist()
def around(observation: str) -> dict[str, Any]:
	"""The readings around it, the excursion it belongs to, who said what of it, and its raw payload."""
	doc = frappe.get_doc("Observation", observation)
	doc.check_permission("read")
	return {
		"trend": trend.around(doc),
		"excursion": _excursion_of(doc),
		"history": history(doc),
		"raw": _raw_of(doc),
	}


def _excursion_of(doc: Any) -> dict[str, Any] | None:
	name = doc.get("excursion")
	if not name or not visible.may_read("Edge Excursion"):
		return None
	fields = ["name", "status", "severity", "code"]
	found = frappe.get_list("Edge Excursion", filters={"name": name}, fields=fields)
	return found[0] if found else None


def history(doc: Any) -> list[dict[str, Any]]:
	"""Verdicts in the order in which they came: gateway, server, what the gateway learned later, persons."""
	received = to_ms(doc.get("received_at"))
	entries = [
		_entry(author, doc.get(f"{author}_flag"), doc.get(f"{author}_reasons"), received)
		for author in ("edge", "server")
		if doc.get(f"{author}_flag")
	]
	return [*entries, *sorted([*_amends(doc), *_changes(doc)], key=lambda entry: entry["at_ms"] or 0)]


def _entry(author: str, flag: Any, reasons: Any, at_ms: int | None, **more: Any) -> dict[str, Any]:
	return {
		"author": "gateway" if author == "edge" else author,
		"flag": flag or "",
		"reasons": [reason for reason in (reasons or "").splitlines() if reason],
		"at_ms": at_ms,
		**more,
	}


def _amends(doc: Any) -> list[dict[str, Any]]:
	if not doc.get("edge_uid") or not visible.may_read("Edge Amend"):
		return []
	rows = frappe.get_list(
		"Edge Amend",
		filters={"target_uid": doc.edge_uid},
		fields=["cause", "flag", "reasons", "creation"],
		order_by="creation",
	)
	return [_entry("amend", row.flag, row.reasons, to_ms(row.creation), cause=row.cause) for row in rows]


def _changes(doc: Any) -> list[dict[str, Any]]:
	"""Verdicts of persons: the one that stands, from its columns (a release of an excursion writes nothing else), and
	those before it, from the document's own history."""
	standing = to_ms(doc.get("released_at"))
	entries = [
		entry for entry in _versions(doc) if not standing or entry["at_ms"] < standing - SAME_CHANGE_MS
	]
	if doc.get("released_by") and standing:
		words = doc.get("released_reason") or ""
		entries.append(_entry("person", doc.quality_flag, "", standing, by=doc.released_by, words=words))
	return entries


def _versions(doc: Any) -> list[dict[str, Any]]:
	# Nobody may read these in a list; who may read the document may read them here, as Frappe's own form does.
	rows = frappe.get_all(
		"Version",
		filters={"ref_doctype": "Observation", "docname": doc.name},
		fields=["owner", "creation", "data"],
		order_by="creation",
	)
	entries = []
	for row in rows:
		changed = {field: new for field, _old, new in json.loads(row.data or "{}").get("changed", [])}
		if VERDICT in changed:
			words = changed.get("released_reason") or ""
			entry = _entry("person", changed[VERDICT], "", to_ms(row.creation), by=row.owner, words=words)
			entries.append(entry)
	return entries


def _raw_of(doc: Any) -> dict[str, Any]:
	"""`is_whole`: the hash of the whole payload fits what is kept of it."""
	payload = doc.get("raw_payload") or ""
	sha256 = doc.get("raw_sha256") or ""
	whole = hashlib.sha256(bytes_of(payload)).hexdigest() == sha256
	return {"payload": payload, "sha256": sha256, "is_whole": whole}


def bytes_of(payload: str) -> bytes:
	"""What was received, of the form in which a record carries it (wire.md §1); what cannot be read is taken as text."""
	try:
		if payload.startswith("hex:"):
			return bytes.fromhex(payload[4:])
		if payload.startswith("base64:"):
			return base64.b64decode(payload[7:], validate=True)
	except ValueError:
		pass
	return payload.encode()

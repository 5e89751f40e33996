"""What a person does about an excursion in Desk: release it, open a Nonconformance, judge it by today's policy.

Its rows may be many thousands: they are written in chunks of plain columns, and who, when and why stands in each of
them; the audit trail is the excursion's own (Version and Comment). What the edge measured and said stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html, now_datetime

from frappe_ext import configuration, native, nonconformances
from frappe_ext.contract import statuses

ROLES = ("QA Manager", "System Manager")
CHUNK = 500
RELEASED = "Released"
NC_TYPE = "Excursion"
_SEVERITY = {statuses.WARNING: "Minor"}


@frappe.whitelist(methods=["POST"])
def release(excursion: str, reason: str) -> int:
	"""A person's verdict OK on every flagged row; returns how many. Rows with a person's verdict of their own keep it."""
	doc = _locked(excursion)
	reason = _given(reason)
	if doc.status == RELEASED:
		frappe.throw(_("This excursion is released already."))
	verdict = _verdict(reason) | {"quality_flag": statuses.OK}
	count = 0
	for names in _chunks(doc.name, flagged=True):
		_write(names, verdict)
		count += len(names)
	_close(doc, reason)
	_save(doc, _("Released with {0} readings: {1}"), count, reason)
	return count


@frappe.whitelist(methods=["POST"])
def open_nonconformance(excursion: str, reason: str) -> str:
	"""The Nonconformance about this excursion, opened where there is none yet: its name."""
	frappe.has_permission("Nonconformance", "create", throw=True)
	doc = _locked(excursion)
	reason = _given(reason)
	if doc.nonconformance:
		return doc.nonconformance
	name = nonconformances.open_once(
		nonconformances.key_of("excursion", doc.name),
		nc_type=NC_TYPE,
		site=doc.site,
		severity=_SEVERITY.get(doc.severity, "Major"),
		capa_description=f"{doc.code}: {doc.device_text} {doc.observation_type}, {reason}",
		reference_doctype=doc.doctype,
		reference_name=doc.name,
	)
	doc.nonconformance = name
	_save(doc, _("Nonconformance {0} opened: {1}"), name, reason)
	return name


@frappe.whitelist(methods=["POST"])
def rejudge(excursion: str, reason: str) -> int:
	"""Judges every row by the policy of today (edge::rejudge); returns how many are still flagged.

	One of which nothing is flagged any more is released by that.
	"""
	doc = _locked(excursion)
	reason = _given(reason)
	if doc.status == RELEASED:
		frappe.throw(_("This excursion is released already."))
	book = _book_of(doc.site)
	verdict = _verdict(_("Judged by the policy of today: {0}").format(reason))
	worst: dict[str, Any] = {"flag": statuses.OK, "reasons": [""], "policy_version": ""}
	flagged = 0
	for names in _chunks(doc.name, flagged=False):
		for judged, members in _judged(book, doc, names):
			_write(members, verdict | _columns(judged))
			flagged += len(members) if judged["flag"] != statuses.OK else 0
			if statuses.FLAGS.index(judged["flag"]) > statuses.FLAGS.index(worst["flag"]):
				worst = judged
	doc.severity, doc.policy_version = worst["flag"], worst["policy_version"]
	if flagged:
		doc.code = worst["reasons"][0].split(":", 1)[0]
	else:
		_close(doc, verdict["released_reason"])
	_save(doc, _("Judged by the policy of today, {0} readings are flagged: {1}"), flagged, reason)
	return flagged


def _locked(name: str) -> Any:
	"""The excursion, after every check; ingest waits until this is committed."""
	if not set(ROLES) & set(frappe.get_roles()):
		frappe.throw(_("Only a {0} may do this.").format(_(ROLES[0])), frappe.PermissionError)
	doc = frappe.get_doc("Edge Excursion", name, for_update=True)
	doc.check_permission("read")
	return doc


def _given(reason: str) -> str:
	reason = (reason or "").strip()
	if not reason:
		frappe.throw(_("Give a reason."), title=_("Reason needed"))
	return reason


def _verdict(reason: str) -> dict[str, Any]:
	stamp, user = now_datetime(), frappe.session.user
	return {
		"released_by": user,
		"released_at": stamp,
		"released_reason": reason,
		"modified": stamp,
		"modified_by": user,
	}


def _chunks(excursion: str, *, flagged: bool) -> Iterator[list[str]]:
	"""Names of its rows that no person has decided; those of `flagged` not OK."""
	observation = frappe.qb.DocType("Observation")
	query = (
		frappe.qb.from_(observation)
		.select(observation.name)
		.where(observation.excursion == excursion)
		.where(observation.released_by.isnull() | (observation.released_by == ""))
	)
	if flagged:
		query = query.where(observation.quality_flag != statuses.OK)
	names = query.run(pluck=True)
	for start in range(0, len(names), CHUNK):
		yield names[start : start + CHUNK]


def _write(names: list[str], columns: dict[str, Any]) -> None:
	observation = frappe.qb.DocType("Observation")
	query = frappe.qb.update(observation).where(observation.name.isin(names))
	for name, value in columns.items():
		query = query.set(name, value)
	query.run()


def _judged(book: native.Book, doc: Any, names: list[str]) -> list[tuple[dict[str, Any], list[str]]]:
	"""(verdict, names of the rows that have it)."""
	rows = frappe.get_all(
		"Observation",
		filters={"name": ("in", names)},
		fields=["name", "device_text", "observation_type", "unit", "value_text", "edge_flag", "edge_reasons"],
	)
	site = frappe.db.get_value("Site", doc.site, "site_code") or ""
	found: dict[str, tuple[dict[str, Any], list[str]]] = {}
	for row in rows:
		judged = native.rejudge(
			book,
			{
				"site": site,
				"device": row.device_text or "",
				"type": row.observation_type,
				"unit": row.unit or "",
				"value": row.value_text or None,
				"edge_flag": row.edge_flag or statuses.OK,
				"edge_reasons": row.edge_reasons.split("\n") if row.edge_reasons else [],
			},
		)
		found.setdefault(repr(judged), (judged, []))[1].append(row.name)
	return list(found.values())


def _columns(judged: dict[str, Any]) -> dict[str, Any]:
	return {
		"server_flag": judged["server_flag"],
		"server_reasons": "\n".join(judged["server_reasons"]),
		"policy_version": judged["policy_version"],
		"quality_flag": judged["flag"],
		"quality_reasons": "\n".join(judged["reasons"]),
	}


def _book_of(site: str) -> native.Book:
	code, title = frappe.db.get_value("Site", site, ["site_code", "site_name"])
	sites = {site: (code or "", title)}
	devices = [(code or "", row.device_id) for row in configuration.device_rows(sites)]
	return native.Book(configuration.policies(sites), devices)


def _close(doc: Any, reason: str) -> None:
	"""What comes later is another excursion: nobody has seen it yet."""
	doc.update(
		{
			"status": RELEASED,
			"release_reason": reason,
			"released_by": frappe.session.user,
			"released_at": now_datetime(),
			"open_key": None,
			"end_ms": doc.last_at_ms,
		}
	)


def _save(doc: Any, sentence: str, subject: Any, reason: str) -> None:
	doc.flags.excursion_action = True
	# The role was checked; nobody writes an excursion but through these actions.
	doc.save(ignore_permissions=True, ignore_version=False)
	doc.add_comment("Comment", sentence.format(escape_html(str(subject)), escape_html(reason)))

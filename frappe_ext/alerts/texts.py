"""The sentences of an alert, in frappe.local.lang. Plain text throughout: the templates escape it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, get_system_timezone, get_url_to_form

from frappe_ext import reasons
from frappe_ext.alerts import kinds
from frappe_ext.alerts.kinds import plain
from frappe_ext.contract.config_answer import decimal_text

MAX_SUBJECT = 140
_MAX_VALUE = 500


@dataclass(frozen=True, slots=True)
class Message:
	"""subject: one line. details: label and value. link: the record, or its list."""

	subject: str
	headline: str
	details: list[tuple[str, str]]
	link: str


def message_of(row: Any) -> Message:
	"""`row`: an Edge Alert."""
	facts = json.loads(row.facts or "{}")
	place = _place(row.site)
	headline = plain(headline_of(row))
	details = [(_("Site"), place)] if place else []
	details += [(label, plain(value)[:_MAX_VALUE]) for label, value in _DETAILS[row.kind](row, facts)]
	return Message(
		subject=subject_of(place, headline),
		headline=headline,
		details=[(label, value) for label, value in details if value],
		link=get_url_to_form(row.reference_doctype, row.reference_name) if row.reference_name else "",
	)


def headline_of(row: Any) -> str:
	"""What happened, in one sentence; it is a digest's line and the bell's text too."""
	facts = json.loads(row.facts or "{}")
	sentence, *values = _HEADLINES[row.kind](row, facts)
	return sentence.format(*(plain(value) for value in values))


def subject_of(place: str, headline: str) -> str:
	return plain(f"{place}: {headline}" if place else headline)[:MAX_SUBJECT]


def when(moment: Any) -> str:
	"""With its zone: a mail is read anywhere."""
	return f"{str(moment)[:16]} ({get_system_timezone()})" if moment else ""


def _place(site: str | None) -> str:
	return plain(frappe.db.get_value("Site", site, "site_name") or site) if site else ""


def _number(value: Any, unit: str = "") -> str:
	"""Of a column that is a number; it may still be the text that came in."""
	return f"{decimal_text(flt(value, 9)) or 0} {unit}".strip() if value not in (None, "") else ""


def _measured(value: Any, unit: Any) -> str:
	"""With the digits that were sent."""
	return f"{plain(value)} {plain(unit)}" if value not in (None, "") else ""


def _excursion(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	peak = _measured(facts.get("peak"), facts.get("unit"))
	thing = (facts.get("type") or "", facts.get("device") or "")
	if row.step == kinds.CLEARED:
		return _("{0} of {1} is back within its limits"), *thing
	if row.step == kinds.ESCALATED:
		return _("{0} of {1} got worse: {2}"), *thing, peak or _(facts.get("severity") or "")
	return _("{0} of {1} is out of its limits: {2}"), *thing, peak or _(facts.get("severity") or "")


def _excursion_details(row: Any, facts: dict[str, Any]) -> list[tuple[str, str]]:
	return [
		(_("Device"), facts.get("device")),
		(_("Measured"), facts.get("type")),
		(_("Worst value"), _measured(facts.get("peak"), facts.get("unit"))),
		(_("Why"), _why(row, facts)),
		(_("Severity"), _(facts.get("severity") or "")),
		(_("Since"), when(facts.get("opened_at"))),
		(_("Until"), when(facts.get("cleared_at"))),
		(_("Readings"), str(cint(facts.get("count")) or "")),
	]


def _why(row: Any, facts: dict[str, Any]) -> str:
	"""The code as a sentence, with the limit that its readings named."""
	code, _colon, detail = (facts.get("code") or "").partition(":")
	detail = detail or _limit_of(row.reference_name, code)
	return reasons.sentence(f"{code}:{detail}" if detail else code, reasons.OF_READINGS)


def _limit_of(excursion: str | None, code: str) -> str:
	if not excursion or not frappe.get_meta("Observation").has_field("excursion"):
		return ""
	filters = {"excursion": excursion, "quality_reasons": ("like", f"%{code}:%")}
	found = frappe.db.get_value("Observation", filters, "quality_reasons") or ""
	return next((line.partition(":")[2] for line in found.split("\n") if line.startswith(f"{code}:")), "")


def _mismatch(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	return _("Scale ticket {0} does not match"), row.about


def _mismatch_details(row: Any, facts: dict[str, Any]) -> list[tuple[str, str]]:
	is_declared = flt(facts.get("declared_net_kg")) > 0
	percent = _number(flt(facts.get("difference_pct"), 3), "%") if is_declared else ""
	return [
		(_("Net"), _number(facts.get("net_kg"), "kg")),
		(_("Declared"), _number(facts.get("declared_net_kg"), "kg") if is_declared else ""),
		(_("Difference"), _number(facts.get("difference_kg"), "kg") if is_declared else ""),
		(_("Difference in percent"), percent),
		(_("Tolerance"), _number(flt(facts.get("tolerance_pct"), 3), "%") if is_declared else ""),
		(_("Reasons"), " ".join(reasons.sentences(facts.get("reasons"), reasons.OF_WEIGHTS))),
		(_("Vehicle"), facts.get("vehicle")),
		(_("Weighed"), when(facts.get("at"))),
	]


def _nonconformance(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	kind = facts.get("type") or row.reference_name
	if row.step == kinds.ESCALATED:
		return _("A nonconformance is critical now: {0}"), kind
	return _("Critical nonconformance: {0}"), kind


def _nonconformance_details(row: Any, facts: dict[str, Any]) -> list[tuple[str, str]]:
	return [(_("Description"), facts.get("description")), (_("Since"), when(row.occurred_at))]


def _certificate(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	if cint(facts.get("days")) < 0:
		return _("Certificate {0} ended on {1}"), facts.get("number"), facts.get("expiry")
	return _("Certificate {0} ends on {1}"), facts.get("number"), facts.get("expiry")


def _certificate_details(row: Any, facts: dict[str, Any]) -> list[tuple[str, str]]:
	days = cint(facts.get("days"))
	return [
		(_("Type"), facts.get("type")),
		(_("Last day"), facts.get("expiry")),
		(_("Days left"), str(days) if days >= 0 else ""),
	]


def _disk(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	used = _number(flt(facts.get("used"), 1))
	if row.step == kinds.CLEARED:
		return _("Gateway {0} has room again: {1} % of its disk is used"), row.about, used
	return _("Gateway {0}: {1} % of its disk is used"), row.about, used


def _silent(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	if row.step == kinds.CLEARED:
		return _("Gateway {0} reports again"), row.about
	return _("Gateway {0} is silent"), row.about


def _held(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	if row.step == kinds.CLEARED:
		return _("Gateway {0} is no longer held"), row.about
	return _("Gateway {0} is held: two instances send in its name. Keep one of them."), row.about


def _gateway_details(row: Any, facts: dict[str, Any]) -> list[tuple[str, str]]:
	return [
		(_("Gateway"), row.about),
		(_("Limit"), _number(facts.get("limit"), "%")),
		(_("Last heard"), when(facts.get("last_seen"))),
		(_("Noticed"), when(row.occurred_at)),
	]


def _key(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	sentence = _("Key {0} of gateway {1} is {2} days old: change it")
	return sentence, facts.get("key_id"), facts.get("gateway"), facts.get("days")


def _backup(row: Any, facts: dict[str, Any]) -> tuple[str, ...]:
	return _("A backup failed on {0}"), facts.get("host")


def _backup_details(row: Any, facts: dict[str, Any]) -> list[tuple[str, str]]:
	return [
		(_("Host"), facts.get("host")),
		(_("Exit code"), str(facts.get("exit_code"))),
		(_("Message"), facts.get("message")),
		(_("When"), when(row.occurred_at)),
	]


_HEADLINES: dict[str, Callable[[Any, dict[str, Any]], tuple[Any, ...]]] = {
	kinds.EXCURSION: _excursion,
	kinds.MISMATCH: _mismatch,
	kinds.NONCONFORMANCE: _nonconformance,
	kinds.CERTIFICATE: _certificate,
	kinds.DISK: _disk,
	kinds.SILENT: _silent,
	kinds.HELD: _held,
	kinds.KEY: _key,
	kinds.BACKUP: _backup,
}
_DETAILS: dict[str, Callable[[Any, dict[str, Any]], list[tuple[str, Any]]]] = {
	kinds.EXCURSION: _excursion_details,
	kinds.MISMATCH: _mismatch_details,
	kinds.NONCONFORMANCE: _nonconformance_details,
	kinds.CERTIFICATE: _certificate_details,
	kinds.DISK: _gateway_details,
	kinds.SILENT: _gateway_details,
	kinds.HELD: _gateway_details,
	kinds.KEY: lambda row, facts: [],
	kinds.BACKUP: _backup_details,
}

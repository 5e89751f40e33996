"""One person's mail and bell, in the person's language. Mails wait in Frappe's Email Queue; `post` hands them out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html, get_url_to_list, now_datetime

from frappe_ext.alerts import kinds
from frappe_ext.alerts.recipients import Person
from frappe_ext.alerts.texts import Message, headline_of, message_of, subject_of, when

TEMPLATE = "edge_alert"
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "ur"})
MAX_LINES = 50
"""Of a digest; the rest is counted."""


@contextmanager
def in_language(language: str) -> Iterator[None]:
	before = frappe.local.lang
	frappe.local.lang = language
	try:
		yield
	finally:
		frappe.local.lang = before


def post(person: Person, rows: list[Any], is_digest: bool) -> None:
	"""Writes the mail to the Email Queue."""
	if not person.email:
		return
	message = _digest(rows) if is_digest else message_of(rows[0])
	lines = _lines(rows) if is_digest else []
	frappe.sendmail(
		recipients=[person.email],
		subject=message.subject,
		template=TEMPLATE,
		args={
			"direction": "rtl" if person.language.split("-")[0] in _RIGHT_TO_LEFT else "ltr",
			"headline": message.headline,
			"details": message.details,
			"lines": lines,
			"link": message.link,
			"open": _("Open the record"),
			"why": _("You get this because of your role at this site."),
		},
		reference_doctype="Edge Alert",
		reference_name=rows[0].name,
		add_unsubscribe_link=0,
		send_after=now_datetime(),
	)


def ring(person: Person, rows: list[Any], is_digest: bool) -> None:
	"""The bell in Desk: a Notification Log of this user, who alone is told of it. (Type Alert sends no mail.)"""
	message = _digest(rows) if is_digest else message_of(rows[0])
	log = frappe.new_doc("Notification Log")
	log.update(
		{
			"type": "Alert",
			"for_user": person.user,
			"from_user": "Administrator",
			"subject": escape_html(message.subject),
			"document_type": "Edge Alert" if is_digest else rows[0].reference_doctype,
			"document_name": rows[0].name if is_digest else rows[0].reference_name,
		}
	)
	log.insert(ignore_permissions=True)  # written for somebody else


def _digest(rows: list[Any]) -> Message:
	place = message_of(rows[0]).details[:1] if rows[0].site else []
	headline = _("{0} alerts").format(len(rows))
	return Message(
		subject=subject_of(place[0][1] if place else "", headline),
		headline=headline,
		details=place,
		link=get_url_to_list("Edge Alert"),
	)


def _lines(rows: list[Any]) -> list[str]:
	"""One per alert, an excursion that has ended once; the newest are cut."""
	ended = {row.reference_name for row in rows if row.kind == kinds.EXCURSION and row.step == kinds.CLEARED}
	kept = [row for row in rows if row.step == kinds.CLEARED or row.reference_name not in ended]
	kept.sort(key=lambda row: row.occurred_at)
	lines = [f"{when(row.occurred_at)} {headline_of(row)}" for row in kept[:MAX_LINES]]
	if len(kept) > MAX_LINES:
		lines.append(_("and {0} more").format(len(kept) - MAX_LINES))
	return lines

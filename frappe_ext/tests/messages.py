"""Every string of this app that a user may see, as Frappe's own extractors find them and where they do not look:
the records that the app ships as JSON (DocTypes, the shared types, workspace, cards, charts, roles).

Read from the files, not from the database: a site that was not migrated yet says nothing about the texts.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frappe
from frappe import translate
from frappe.gettext.extractors import doctype, report, workspace
from frappe.gettext.extractors.utils import is_translatable
from frappe.utils import strip_html_tags

from frappe_ext.edge.report.weighbridge_reconciliation.weighbridge_reconciliation import KINDS
from frappe_ext.install import ROLES

APP = "frappe_ext"
_NOT_SHOWN = ("/public/dist/", "/tests/")
"""Built from what is read anyway, and of an older day; what only tests say."""

# Said through a variable, where no extractor sees it.
_SAID = {"Role": ROLES, "Weighbridge Reconciliation": KINDS}

# Of a standard record, what its list and its title show.
_NAMES = {
	"Number Card": ("name", "label"),
	"Dashboard Chart": ("name", "chart_name"),
	"Dashboard Chart Source": ("name",),
	"Print Format": ("name",),
	"Page": ("title",),
	"Report": ("name", "report_name"),
	"Notification": ("name", "subject"),
	"Workspace": ("label", "title"),
}
_EXTRACTORS = {"DocType": doctype.extract, "Workspace": workspace.extract, "Report": report.extract}


def sources() -> dict[str, str]:
	"""Text → where it stands (one place of possibly many)."""
	found: dict[str, str] = {}
	said = ((place, text) for place, texts in _SAID.items() for text in texts)
	for place, text in (*_of_code(), *_of_records(), *said):
		if text and is_translatable(text):
			found.setdefault(text, place)
	return found


def _of_code() -> Iterator[tuple[str, str]]:
	# Frappe remembers what it has scanned and would answer nothing the second time.
	frappe.flags.scanned_files = set()
	for place, text, *_ in translate.get_messages_for_app(APP, deduplicate=False):
		if _is_ours(place):
			yield place.rpartition(f"{APP}/")[2], text


def _is_ours(place: str | None) -> bool:
	"""The navbar's items and DocTypes as the database has them are not files of this app."""
	path = place or ""
	return "/" in path and not any(part in path for part in _NOT_SHOWN)


def _of_records() -> Iterator[tuple[str, str]]:
	root = Path(frappe.get_app_path(APP))
	for module in ("edge", "edge_records"):
		for path in sorted((root / module).rglob("*.json")):
			record = json.loads(path.read_text(encoding="utf-8"))
			if isinstance(record, dict):
				yield from ((str(path.relative_to(root)), text) for text in _of_record(record))


def _of_record(record: dict[str, Any]) -> Iterator[str]:
	kind = record.get("doctype", "")
	yield from (record.get(fieldname) or "" for fieldname in _NAMES.get(kind, ()))
	if kind in _EXTRACTORS:
		as_file = io.BytesIO(json.dumps(record).encode())
		# Desk translates a workspace's heading without its tags.
		yield from (strip_html_tags(text or "") for _line, _name, text, _note in _EXTRACTORS[kind](as_file))

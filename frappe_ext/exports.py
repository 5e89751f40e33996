"""Exports of lists and reports as a spreadsheet file: what would run there gets an apostrophe (design.md §10).

Frappe's own exports do the work (override_whitelisted_methods); here is only what leaves. A device, a driver's name or
a plate may begin with "=": a CSV cell of that kind is a formula, and openpyxl makes one of it in a workbook.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import frappe
import openpyxl
from frappe.core.doctype.data_export import exporter
from frappe.desk import query_report, reportview

from frappe_ext.contract.spreadsheet import is_formula, safe_cell, safe_csv

# A formula, or a text that a spreadsheet takes for one once the workbook is saved as CSV.
_SUSPECT = re.compile(rb"<f>|<t(?: [^>]*)?>\s*(?:[=+\-@]|&#|\xef\xbc)")


@frappe.whitelist()
def export_report() -> None:
	delimiter = _delimiter()
	query_report.export_query()
	_make_safe(delimiter)


@frappe.whitelist()
def export_list() -> None:
	delimiter = _delimiter()
	reportview.export_query()
	_make_safe(delimiter)


@frappe.whitelist()
def export_data(**options: Any) -> None:
	exporter.export_data(**frappe.get_newargs(exporter.export_data, options))
	_make_safe(",")


def _delimiter() -> str:
	return (frappe.form_dict.get("csv_delimiter") or ",")[0]


def _make_safe(delimiter: str) -> None:
	response = frappe.response
	if response.get("type") == "csv":
		response["result"] = safe_csv(response["result"], delimiter)
	elif response.get("type") == "binary":
		response["filecontent"] = safe_file(response["filename"], response["filecontent"], delimiter)


def safe_file(name: str, content: bytes, delimiter: str) -> bytes:
	if name.endswith(".csv"):
		return safe_csv(content.decode(), delimiter).encode()
	return safe_workbook(content) if name.endswith(".xlsx") else content


def safe_workbook(content: bytes) -> bytes:
	"""Numbers and dates stay what they are; a workbook without such cells stays to the byte."""
	with zipfile.ZipFile(io.BytesIO(content)) as parts:
		names = [name for name in parts.namelist() if name.startswith("xl/") and name.endswith(".xml")]
		if not any(_SUSPECT.search(parts.read(name)) for name in names):
			return content
	book = openpyxl.load_workbook(io.BytesIO(content))
	cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row)
	found = [cell for cell in cells if isinstance(cell.value, str) and is_formula(cell.value)]
	if not found:
		return content
	for cell in found:
		cell.value = safe_cell(cell.value)
	out = io.BytesIO()
	book.save(out)
	return out.getvalue()

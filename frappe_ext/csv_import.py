"""Import of scale tickets from a CSV file: each row is judged as if it were typed in Desk, and a file goes in whole or
not at all. A ticket that the site has already is skipped, so the same file twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import frappe
from frappe import _, _lt
from frappe.utils import get_system_timezone, strip_html

from frappe_ext import nonconformances, reasons, typed_tickets
from frappe_ext.contract import ticket_csv, ticket_values
from frappe_ext.contract.ticket_csv import BadFile, Fault, Line, shown
from frappe_ext.contract.ticket_values import BadValue
from frappe_ext.ticket_links import lots_named

DOCTYPE = "ScaleTicket"
MAX_LISTED = 1000
"""Rows of one list in an answer; beyond that only their count."""
_CHUNK = 500

# {0}: as it stands in the file.
WORDS = {
	"too_large": _lt("The file is larger than {0} MB."),
	"too_many_rows": _lt("The file has more than {0} rows; split it."),
	"empty": _lt("The file is empty."),
	"workbook": _lt("This is a workbook of a spreadsheet program. Save it as CSV UTF-8 and import that."),
	"not_unicode": _lt(
		"The file is not in UTF-8 or UTF-16. Save it as CSV UTF-8; an older code page is not guessed."
	),
	"not_text": _lt("The file is no text."),
	"separator": _lt("It cannot be told whether comma, semicolon or tab separates the columns."),
	"broken_quotes": _lt("A quotation mark is not closed, or stands where none may be."),
	"no_header": _lt("The first row has no headings."),
	"no_rows": _lt("There are headings, but no rows."),
	"ambiguous_header": _lt("Two headings mean the same column: {0}"),
	"missing_columns": _lt("Columns are missing: {0}"),
	"too_many_cells": _lt("The row has more cells than there are headings ({0})."),
	"missing": _lt("There is no value."),
	"control_character": _lt("The text has a line break or another character that cannot be printed: {0}"),
	"too_long": _lt("The text is too long: {0}"),
	"comma": _lt("A comma can mean thousands or decimals: {0}. Write 38440 or 38440.5"),
	"rounded": _lt("A spreadsheet shortened this number and lost digits: {0}"),
	"not_a_number": _lt("This is no number: {0}"),
	"out_of_range": _lt("This is no weight of a vehicle in kg: {0}"),
	"not_a_time": _lt(
		"This is no date and time as 2026-02-23 13:37, nor one in the format of this site: {0}"
	),
	"no_site": _lt("No site was chosen, and the file has no column site."),
	"unknown_site": _lt("You have no site with this code: {0}"),
	"other_site": _lt("The row belongs to another site than the chosen one: {0}"),
	"unknown_device": _lt("The site has no device with this ID: {0}"),
	"unknown_lot": _lt("The site has no lot with this number: {0}"),
	"refused": "{0}",
}


@dataclass(slots=True)
class Report:
	"""What happened, or in a dry run would happen. One import is one transaction."""

	dry_run: bool
	rows: int = 0
	new: int = 0
	duplicates: list[dict[str, Any]] = field(default_factory=list)
	mismatches: list[dict[str, Any]] = field(default_factory=list)
	faults: list[Fault] = field(default_factory=list)
	ignored: tuple[str, ...] = ()

	def as_dict(self) -> dict[str, Any]:
		errors = [_error(fault) for fault in sorted(self.faults, key=lambda fault: fault.row)]
		stored = 0 if self.dry_run or errors else self.new
		return {
			"dry_run": self.dry_run,
			"rows": self.rows,
			"new": self.new,
			"stored": stored,
			"duplicate": len(self.duplicates),
			"mismatch": len(self.mismatches),
			"error": len(errors),
			"ignored_columns": list(self.ignored),
			"duplicates": self.duplicates[:MAX_LISTED],
			"mismatches": self.mismatches[:MAX_LISTED],
			"errors": errors[:MAX_LISTED],
			"errors_csv": ticket_csv.errors_csv(errors) if errors else "",
		}


def _error(fault: Fault) -> dict[str, Any]:
	words = str(WORDS[fault.code]).replace("{0}", fault.detail)
	return {
		"row": fault.row,
		"column": fault.column,
		"code": fault.code,
		"value": "" if fault.code == "refused" else fault.detail,
		"reason": words,
	}


def run(data: bytes, site: str | None, *, dry_run: bool) -> dict[str, Any]:
	"""`site`: site_code or name, for files without a column of it. Ends with a rollback where nothing is to stay."""
	report = Report(dry_run)
	try:
		sheet = ticket_csv.read(data)
		report.rows, report.ignored = len(sheet.lines), sheet.ignored
		tickets = _Reading(sheet, site, report).tickets()
	except BadFile as bad:
		report.faults.append(bad.fault)
		return report.as_dict()
	_insert(tickets, report)
	if report.faults or dry_run:
		# Everything of this request, so that no half of a file, no mail and no job of it can stay.
		frappe.db.rollback()
	return report.as_dict()


@dataclass(slots=True)
class _Ticket:
	row: int
	site: str
	number: str
	fields: dict[str, Any]
	net: str


class _Reading:
	"""Rows of a file as tickets that the sites do not have yet; what is wrong and what is known goes to the report."""

	def __init__(self, sheet: ticket_csv.Sheet, site: str | None, report: Report) -> None:
		self._report = report
		self._lines = sheet.lines
		self._date_format = frappe.get_system_settings("date_format") or "yyyy-mm-dd"
		self._zone = get_system_timezone()
		self._chosen = _site_named(site) if site else None
		if site and not self._chosen:
			raise BadFile("unknown_site", site, column="site")
		if not site and "site" not in sheet.columns:
			raise BadFile("no_site", column="site")
		self._sites = _sites_of_codes(line.cells.get("site", "") for line in sheet.lines)
		names = sorted({*self._sites.values(), *([self._chosen] if self._chosen else [])})
		self._lots = lots_named({line.cells.get("lot") for line in sheet.lines} - {"", None}, names)
		self._devices = _devices(names)
		self._known = self._stored_twins()

	def tickets(self) -> list[_Ticket]:
		found = []
		for line in self._lines:
			ticket = self._ticket(line)
			if ticket:
				found.append(ticket)
		return found

	def _stored_twins(self) -> dict[str, tuple[str, str]]:
		"""number_key → (gross, tare) of tickets that the sites have."""
		keys = {
			nonconformances.key_of(site, line.cells["ticket_number"])
			for line in self._lines
			if (site := self._site_of(line))
		}
		known = {}
		for part in _chunks(sorted(keys)):
			# Past permissions: a number is taken whoever may see its ticket. The site was asked for before.
			for row in frappe.get_all(
				DOCTYPE, {"number_key": ("in", part)}, ["number_key", "gross_text", "tare_text"]
			):
				known[row.number_key] = (row.gross_text or "", row.tare_text or "")
		return known

	def _site_of(self, line: Line) -> str | None:
		code = line.cells.get("site")
		return self._sites.get(code) if code else self._chosen

	def _ticket(self, line: Line) -> _Ticket | None:
		site, number = self._site_of(line), line.cells["ticket_number"]
		if site and number and self._is_known(line, site, number):
			return None
		row = _Row(line, self._report.faults)
		row.note_site(site, self._chosen)
		row.refuse("ticket_number", "rounded", ticket_values.is_rounded(number))
		at = row.read("ticket_datetime", self._moment)
		fields = {
			"site": site,
			"ticket_number": number,
			"ticket_datetime": at,
			"gross_kg": row.read("gross_kg", _gross),
			"tare_kg": row.read("tare_kg", ticket_values.weight),
			"declared_net_kg": row.read("declared_net_kg", ticket_values.weight),
			"device": row.link("device", "unknown_device", self._devices, site),
			"lot": row.link("lot", "unknown_lot", self._lots, site),
			"vehicle": line.cells.get("vehicle"),
			"driver": line.cells.get("driver"),
			"notes": _notes(line.cells.get("operator")),
		}
		net = row.read("net_kg", ticket_values.weight)
		return _Ticket(line.row, site, number, fields, net or "") if row.is_good and site else None

	def _moment(self, text: str) -> datetime:
		return ticket_values.moment(text, date_format=self._date_format, zone=self._zone)

	def _is_known(self, line: Line, site: str, number: str) -> bool:
		key = nonconformances.key_of(site, number)
		weights = tuple(_weight_or_text(line.cells[column]) for column in ("gross_kg", "tare_kg"))
		twin = self._known.get(key)
		if twin is None:
			self._known[key] = weights  # what comes later in the file is its duplicate
			return False
		same = all(_is_equal(*pair) for pair in zip(weights, twin, strict=True))
		self._report.duplicates.append({"row": line.row, "ticket_number": shown(number), "same": same})
		return True


class _Row:
	"""One row on its way to a ticket: reads cells and notes what is wrong with them."""

	def __init__(self, line: Line, faults: list[Fault]) -> None:
		self._line, self._faults = line, faults
		self._faulty = {fault.column for fault in line.faults}
		self.is_good = not line.faults
		faults.extend(line.faults)

	def refuse(self, column: str, code: str, condition: bool = True) -> None:
		if condition and column not in self._faulty:
			self.is_good = False
			self._faulty.add(column)
			self._faults.append(Fault(self._line.row, column, code, shown(self._line.cells.get(column, ""))))

	def read(self, column: str, reader: Callable[[str], Any]) -> Any:
		text = self._line.cells.get(column)
		if not text or column in self._faulty:
			return None
		try:
			return reader(text)
		except BadValue as bad:
			self.refuse(column, str(bad))
			return None

	def link(self, column: str, code: str, names: dict[tuple[str, str], str], site: str | None) -> str | None:
		text = self._line.cells.get(column)
		if not text or not site:
			return None
		name = names.get((site, text))
		self.refuse(column, code, name is None)
		return name

	def note_site(self, site: str | None, chosen: str | None) -> None:
		text = self._line.cells.get("site")
		self.refuse("site", "unknown_site" if text else "missing", site is None)
		self.refuse("site", "other_site", bool(chosen and site and site != chosen))


def _gross(text: str) -> str:
	return ticket_values.weight(text, least=Decimal("1e-9"))


def _notes(operator: str | None) -> str:
	return _("Operator in the file: {0}").format(operator) if operator else ""


def _weight_or_text(text: str) -> str:
	try:
		return ticket_values.weight(text)
	except BadValue:
		return text


def _is_equal(written: str, stored: str) -> bool:
	if written == stored:
		return True
	try:
		return Decimal(written) == Decimal(stored)
	except ArithmeticError:
		return False


def _site_named(text: str) -> str | None:
	"""get_list: a site of others is as unknown as one that does not exist."""
	for fieldname in ("site_code", "name"):
		for row in frappe.get_list("Site", {fieldname: text}, ["name", fieldname]):
			if row[fieldname] == text:  # the database compares loosely
				return row.name
	return None


def _sites_of_codes(codes: Iterable[str]) -> dict[str, str]:
	"""site_code → name, of those that the user sees."""
	wanted = sorted({code for code in codes if code})
	rows = frappe.get_list("Site", {"site_code": ("in", wanted or [""])}, ["name", "site_code"])
	return {row.site_code: row.name for row in rows if row.site_code}


def _devices(sites: list[str]) -> dict[tuple[str, str], str]:
	rows = frappe.get_all("Device", {"site": ("in", sites or [""])}, ["name", "site", "device_id"])
	return {(row.site, row.device_id): row.name for row in rows if row.device_id}


def _chunks(values: list[str]) -> Iterable[list[str]]:
	return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _insert(tickets: list[_Ticket], report: Report) -> None:
	"""Also in a dry run and beside errors: what the rules say of a row is known only once it has passed them."""
	books = {site: typed_tickets.tolerance_book(site) for site in {ticket.site for ticket in tickets}}
	for ticket in tickets:
		doc = frappe.new_doc(DOCTYPE)
		doc.update(ticket.fields)
		doc.flags.from_csv = True
		doc.flags.net_sent = ticket.net
		doc.flags.tolerance_book = books[ticket.site]
		try:
			doc.insert()
		except (frappe.ValidationError, frappe.DuplicateEntryError) as error:
			report.faults.append(Fault(ticket.row, "", "refused", shown_refusal(error)))
			frappe.clear_messages()
			continue
		report.new += 1
		if doc.mismatch_flag:
			report.mismatches.append(
				{
					"row": ticket.row,
					"ticket_number": shown(ticket.number),
					"reasons": reasons.sentences(doc.mismatch_reasons, reasons.OF_WEIGHTS),
				}
			)


def shown_refusal(error: Exception) -> str:
	"""What a rule says, without its markup."""
	messages = frappe.get_message_log()
	text = messages[-1].get("message") if messages else str(error)
	return ticket_csv.one_line(strip_html(text or type(error).__name__))

"""A CSV file of scale tickets, read without guessing: what can be read in two ways is refused with its row and column.

Pure: bytes in, rows and faults out. Faults are codes; the words are csv_import.py's. Rows count as a spreadsheet counts
them: the header is row 1, a quoted line break makes no new row.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from frappe_ext.contract.limits import MAX_MESSAGE, MAX_QUOTE, MAX_TEXT
from frappe_ext.contract.spreadsheet import safe_cell

MAX_BYTES = 5_000_000
MAX_ROWS = 5_000
SEPARATORS = (",", ";", "\t")
COLUMNS = (
	"ticket_number",
	"site",
	"lot",
	"gross_kg",
	"tare_kg",
	"net_kg",
	"declared_net_kg",
	"device",
	"ticket_datetime",
	"vehicle",
	"driver",
	"operator",
)
MANDATORY = ("ticket_number", "ticket_datetime", "gross_kg", "tare_kg")
# Headings of older files.
_ALIASES = {
	"ticket_no": "ticket_number",
	"site_code": "site",
	"date": "ticket_datetime",
	"gross_weight_kg": "gross_kg",
	"tare_weight_kg": "tare_kg",
	"net_weight_kg": "net_kg",
}
_BOMS = (
	(codecs.BOM_UTF8, "utf-8"),
	(codecs.BOM_UTF16_LE, "utf-16-le"),
	(codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .xls
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?\Z", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Fault:
	"""What is wrong, and where. Row 0 is the file as a whole."""

	row: int
	column: str
	code: str
	detail: str = ""
	"""As it stands in the file, cut."""


class BadFile(Exception):
	"""The file as a whole cannot be read."""

	def __init__(self, code: str, detail: str = "", row: int = 0, column: str = "") -> None:
		super().__init__(code)
		self.fault = Fault(row, column, code, shown(detail))


@dataclass(frozen=True, slots=True)
class Line:
	"""One row of the file: the text of its known columns, trimmed; "" where there is none."""

	row: int
	cells: Mapping[str, str]
	faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
	columns: tuple[str, ...]
	ignored: tuple[str, ...]
	"""Headings that nobody knows."""
	lines: tuple[Line, ...] = field(default=())


def read(data: bytes) -> Sheet:
	"""The whole file. Raises BadFile."""
	text = _decoded(data)
	text, separator = _separator(text)
	records = _records(text, separator)
	header_row, header = next(records, (0, []))
	if not any(cell.strip() for cell in header):
		raise BadFile("no_header")
	places, ignored = _columns(header)
	lines = []
	for row, record in records:
		if not any(cell.strip() for cell in record):
			continue
		if len(lines) == MAX_ROWS:
			raise BadFile("too_many_rows", str(MAX_ROWS))
		lines.append(_line(row, record, places, len(header)))
	if not lines:
		raise BadFile("no_rows")
	return Sheet(tuple(places), tuple(ignored), tuple(lines))


def shown(text: str) -> str:
	"""A text of the file for a message: one line, cut."""
	return _CONTROL.sub(" ", text)[:MAX_QUOTE]


def _decoded(data: bytes) -> str:
	if len(data) > MAX_BYTES:
		raise BadFile("too_large", str(MAX_BYTES // 1_000_000))
	if not data.strip():
		raise BadFile("empty")
	if data.startswith(_WORKBOOKS):
		raise BadFile("workbook")
	encoding, start = next(
		((encoding, len(bom)) for bom, encoding in _BOMS if data.startswith(bom)), ("utf-8", 0)
	)
	try:
		text = data[start:].decode(encoding)
	except UnicodeDecodeError as error:
		# A code page would turn every wrong byte into some letter, and nobody could tell which page it was.
		row = 1 + data[: start + error.start].count(b"\n")
		raise BadFile("not_unicode", row=row) from error
	if "\0" in text:
		raise BadFile("not_text")
	return text


def _separator(text: str) -> tuple[str, str]:
	"""The text from the header on, and what separates its cells. A spreadsheet swallows its own `sep=;` line."""
	first_line = text[: text.find("\n") + 1] or text
	named = _SEPARATOR_LINE.match(first_line)
	if named:
		if named[1] not in SEPARATORS:
			raise BadFile("separator", named[1], row=1)
		return text[len(first_line) :], named[1]
	known = {each: _known_headings(text, each) for each in SEPARATORS}
	most = max(known.values())
	best = [each for each in SEPARATORS if known[each] == most]
	if len(best) > 1 and most > 1:
		raise BadFile("separator", row=1)
	return text, best[0]


def _known_headings(text: str, separator: str) -> int:
	try:
		_row, header = next(_records(text, separator), (0, []))
	except BadFile:
		return 0
	return sum(1 for heading in header if _column_of(heading) in COLUMNS)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
	reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
	row = 0
	while True:
		row += 1
		try:
			yield row, next(reader)
		except StopIteration:
			return
		except csv.Error as error:
			raise BadFile("broken_quotes", row=row) from error


def _column_of(heading: str) -> str:
	"""`Gross weight (KG)` is gross_weight_kg."""
	name = re.sub(r"[\s_.\-()/]+", "_", heading.strip().lstrip("\ufeff").lower()).strip("_")
	return _ALIASES.get(name, name)


def _columns(header: Sequence[str]) -> tuple[dict[str, int], list[str]]:
	"""column → place, and the headings that nobody knows."""
	places: dict[str, int] = {}
	ignored = []
	for place, heading in enumerate(header):
		column = _column_of(heading)
		if column not in COLUMNS:
			if heading.strip():
				ignored.append(shown(heading.strip()))
			continue
		if column in places:
			raise BadFile("ambiguous_header", f"{header[places[column]]}, {heading}", row=1, column=column)
		places[column] = place
	missing = [column for column in MANDATORY if column not in places]
	if missing:
		raise BadFile("missing_columns", ", ".join(missing), row=1)
	return places, ignored


def _line(row: int, record: Sequence[str], places: Mapping[str, int], width: int) -> Line:
	faults = []
	if any(cell.strip() for cell in record[width:]):
		faults.append(Fault(row, "", "too_many_cells", str(len(record))))
	cells = {}
	for column, place in places.items():
		text = record[place].strip() if place < len(record) else ""
		if column in ("vehicle", "driver", "operator"):
			text = " ".join(text.split())
		fault = _text_fault(column, text)
		if fault:
			faults.append(Fault(row, column, fault, shown(text)))
		cells[column] = text
	return Line(row, cells, tuple(faults))


def _text_fault(column: str, text: str) -> str:
	if not text:
		return "missing" if column in MANDATORY else ""
	if _CONTROL.search(text):
		return "control_character"
	return "too_long" if len(text) > MAX_TEXT else ""


def one_line(text: str) -> str:
	return " ".join(_CONTROL.sub(" ", text).split())[:MAX_MESSAGE]


def errors_csv(errors: Sequence[Mapping[str, object]]) -> str:
	"""The list of errors as a file of its own, safe to open in a spreadsheet."""
	out = io.StringIO()
	writer = csv.writer(out)
	writer.writerow(("row", "column", "reason", "value"))
	for error in errors:
		row = (error["row"], error["column"], error["reason"], error["value"])
		writer.writerow([safe_cell(cell) for cell in row])
	return "\ufeff" + out.getvalue()

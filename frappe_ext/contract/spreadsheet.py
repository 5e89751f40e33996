"""Text from outside in a file that a spreadsheet opens: it must not become a formula there (design.md §10)."""

from __future__ import annotations

import re
from typing import Any

PREFIX = "'"
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# -5.20 and +41 are numbers, whatever opens them.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?\Z")


def is_formula(text: str) -> bool:
	"""Whether a spreadsheet could run it. Blanks in front do not protect."""
	return text.lstrip().startswith(_STARTS) and not _NUMBER.match(text.strip())


def safe_cell(value: Any) -> Any:
	"""The same, with an apostrophe before what could be run; only text is touched."""
	return PREFIX + value if isinstance(value, str) and is_formula(value) else value


def safe_csv(text: str, delimiter: str = ",") -> str:
	"""A whole CSV text with its cells made safe; everything else stays to the byte."""
	end = re.escape(delimiter)
	cells = re.compile(
		rf'(?P<lead>^|[{end}\n\r])(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^"{end}\n\r][^{end}\n\r]*))'
	)

	def safe(found: re.Match[str]) -> str:
		quoted, plain = found["quoted"], found["plain"]
		if quoted is not None:
			return f'{found["lead"]}"{safe_cell(quoted)}"'
		return found["lead"] + safe_cell(plain)

	return cells.sub(safe, text)

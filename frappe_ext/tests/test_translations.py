"""The Arabic of this app: whole, well-formed, and with everything that runs from left to right kept in order."""

import csv
import re
from collections import Counter
from pathlib import Path

import frappe
from frappe import _
from frappe.tests.utils import FrappeTestCase
from frappe.translate import get_translation_dict_from_file

from frappe_ext import reasons
from frappe_ext.tests import messages

PATH = Path(frappe.get_app_path("frappe_ext", "translations", "ar.csv"))
PLACEHOLDER = re.compile(r"\{\d*\}")
LRM = "\u200e"
"""LEFT-TO-RIGHT MARK: between two of them a date, an id or a signed number keeps its order in an Arabic sentence."""
UNFRAMED = re.compile(rf"(?<!{LRM})\{{\d+\}}|\{{\d+\}}(?!{LRM})")
RLM = "\u200f"
"""RIGHT-TO-LEFT MARK: where a sentence begins with such a part, it is what tells <bdi> and dir="auto" its direction."""
STRONG = re.compile(f"[A-Za-z{LRM}{RLM}\u0621-\u064a]")
NAMES = {"Site Edge"}
"""Written the same in Arabic."""


def rows() -> list[list[str]]:
	with PATH.open(encoding="utf-8", newline="") as file:
		return list(csv.reader(file, strict=True))


class TestArabic(FrappeTestCase):
	def test_every_string_has_a_row(self):
		# Also where Frappe has a translation: another version of it must not change what we say.
		said, spoken = messages.sources(), {row[0] for row in rows()}
		missing = [f"{place}: {text!r}" for text, place in sorted(said.items()) if text not in spoken]
		self.assertEqual(missing, [], "\nadd rows to translations/ar.csv for:\n" + "\n".join(missing))

	def test_every_kind_of_place_is_read(self):
		said = messages.sources()
		for text, where in {
			"You have no site with this code: {0}": "Python",
			"The tare was preset in the indicator, not weighed.": "Desk's scripts",
			"Dry run": "a page",
			"Only silent ones": "a report's script",
			"Alibi memory": "a print format",
			"Clear hysteresis": "a shared type",
			"Records dropped": "a DocType of ours",
			"Thinned out: repeats": "a list's script",
			"For Dispatch": "a Select's options",
			"Every day": "the workspace",
			"Edge Silent Gateways": "a number card",
			"Gateway Fleet": "a report",
			"IT Admin": "a role",
			"Number gap": "a report's finding",
		}.items():
			self.assertIn(text, said, where)

	def test_the_file_is_well_formed(self):
		self.assertEqual([row for row in rows() if len(row) not in (2, 3)], [])
		self.assertEqual([row for row in rows() if any(cell != cell.strip() or not cell for cell in row)], [])
		keys = Counter((row[0], *row[2:]) for row in rows())
		self.assertEqual([key for key, count in keys.items() if count > 1], [])
		read = get_translation_dict_from_file(str(PATH), "ar", "frappe_ext", throw=True)
		self.assertEqual(len(read), len(rows()))

	def test_placeholders_are_the_same_on_both_sides(self):
		wrong = [
			row[:2]
			for row in rows()
			if Counter(PLACEHOLDER.findall(row[0])) != Counter(PLACEHOLDER.findall(row[1]))
		]
		self.assertEqual(wrong, [])

	def test_placeholders_stand_between_marks(self):
		self.assertEqual([row[1] for row in rows() if UNFRAMED.search(row[1])], [], "put U+200E around {0}")

	def test_a_sentence_is_known_to_run_from_right_to_left(self):
		begin = [(row, STRONG.search(row[1])) for row in rows() if row[0] not in NAMES]
		wrong = [row[1] for row, first in begin if first and (first[0] == LRM or first[0] <= "z")]
		self.assertEqual(wrong, [], "begin these with U+200F")

	def test_it_is_arabic(self):
		latin = [
			row[:2] for row in rows() if not re.search("[\u0621-\u064a]", row[1]) and row[0] not in NAMES
		]
		self.assertEqual(latin, [])


class TestSpoken(FrappeTestCase):
	def setUp(self):
		self.addCleanup(setattr, frappe.local, "lang", frappe.local.lang)
		frappe.local.lang = "ar"

	def test_frappe_says_our_rows(self):
		self.assertEqual(_("Scale ticket"), "تذكرة الوزن")
		self.assertEqual(_("Quarantine"), "حجر")

	def test_reasons_are_said_in_arabic(self):
		for code, words in (*reasons.OF_READINGS.items(), *reasons.SENTENCES.items()):
			self.assertNotEqual(str(words), words.msg, code)
		self.assertEqual(reasons.sentence("critical_min:-3.2"), f"القيمة أدنى من الحد الحرج {LRM}-3.2{LRM}.")

	def test_a_detail_that_is_a_word_of_ours_is_translated(self):
		said = reasons.sentence("weight_not_captured:gross")
		self.assertIn("القائم", said)
		self.assertNotIn("gross", said)

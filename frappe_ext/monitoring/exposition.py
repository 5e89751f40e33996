"""The text that Prometheus reads, version 0.0.4. Knows no Frappe.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KINDS = ("gauge", "counter")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z", re.ASCII)


class Page:
	"""Families in the order they were declared; a sample of a family that was not declared is a bug."""

	def __init__(self) -> None:
		self._families: dict[str, tuple[str, str, list[str]]] = {}

	def family(self, name: str, kind: str, text: str) -> None:
		if kind not in KINDS or not _NAME.match(name):
			raise ValueError(f"{name} {kind} is no metric")
		if (kind == "counter") != name.endswith("_total"):
			raise ValueError(f"{name}: counters, and only they, end in _total")
		self._families[name] = (kind, text, [])

	def add(
		self, name: str, value: float | int | bool | None, labels: Mapping[str, object] | None = None
	) -> None:
		"""One sample; None is no sample: what is not known is absent, never 0."""
		if value is not None:
			self._families[name][2].append(f"{name}{_labels(labels or {})} {number(value)}")

	def text(self) -> str:
		"""Families without a sample are left out."""
		lines = []
		for name, (kind, text, samples) in self._families.items():
			if samples:
				lines += [f"# HELP {name} {_help(text)}", f"# TYPE {name} {kind}", *samples]
		return "".join(f"{line}\n" for line in lines)


def number(value: float | int | bool) -> str:
	if isinstance(value, bool | int):
		return str(int(value))
	if math.isnan(value):
		return "NaN"
	if math.isinf(value):
		return "+Inf" if value > 0 else "-Inf"
	return repr(float(value))


def label_value(value: object) -> str:
	"""Text from outside stays inside its quotes."""
	return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(labels: Mapping[str, object]) -> str:
	inner = ",".join(f'{name}="{label_value(value)}"' for name, value in labels.items())
	return f"{{{inner}}}" if inner else ""


def _help(text: str) -> str:
	return text.replace("\\", "\\\\").replace("\n", "\\n")

"""The C++ rules (protocols/record) as Python sees them. There is no Python twin: without the module nothing is judged.

The extension is the top-level module `_frappe_ext_native`; it is imported at first use, so that `import frappe_ext`
works on a host where it was not built, and the health check can say so.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
	from frappe_ext.native._native import (
		BatchVerdict,
		Book,
		HealthReport,
		TicketVerdict,
		ToleranceBook,
		decimal_text,
		ends_excursion,
		excursion_delay_ms,
		excursion_matter,
		excursion_quiet_ms,
		identity_hash,
		is_nonconformance,
		is_worse_peak,
		judge_ticket,
		kg_text,
		parse_ticket_number,
		rejudge,
		uid_of_content,
		uid_of_sequence,
		validate_batch,
		version,
		weighing_hash,
	)

__all__ = [
	"BatchVerdict",
	"Book",
	"HealthReport",
	"NativeMissing",
	"TicketVerdict",
	"ToleranceBook",
	"available",
	"decimal_text",
	"ends_excursion",
	"excursion_delay_ms",
	"excursion_matter",
	"excursion_quiet_ms",
	"identity_hash",
	"is_nonconformance",
	"is_worse_peak",
	"judge_ticket",
	"kg_text",
	"parse_ticket_number",
	"rejudge",
	"uid_of_content",
	"uid_of_sequence",
	"validate_batch",
	"version",
	"weighing_hash",
]

_MODULE = "_frappe_ext_native"
_EXPORTED = frozenset(__all__) - {"NativeMissing", "available"}


class NativeMissing(RuntimeError):
	"""The compiled rules are not installed; ingest answers 503 native_missing, health says degraded."""


def _load() -> ModuleType:
	try:
		return importlib.import_module(_MODULE)
	except ImportError as error:
		raise NativeMissing(
			f"The compiled module {_MODULE} cannot be loaded ({error}). Reinstall the app on a host with a C++ "
			"compiler (pip install -e apps/frappe_ext) and restart its processes."
		) from error


def available() -> bool:
	"""True where the compiled rules can be loaded."""
	try:
		_load()
	except NativeMissing:
		return False
	return True


def __getattr__(name: str) -> Any:
	if name not in _EXPORTED:
		raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
	value = getattr(_load(), name)
	globals()[name] = value  # later uses do not pass here again
	return value

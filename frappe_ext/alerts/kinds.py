"""What there is to tell, and whose business it is. Framework-free."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

EXCURSION = "excursion"
MISMATCH = "mismatch"
NONCONFORMANCE = "nonconformance"
CERTIFICATE = "certificate"
DISK = "disk"
SILENT = "silent"
HELD = "held"
KEY = "key"
BACKUP = "backup"

RAISED = "raised"
ESCALATED = "escalated"
CLEARED = "cleared"

QA, OPERATOR, OWNER, IT = "qa_role", "site_operator_role", "owner_role", "it_role"
"""Fields of Edge Settings that name the roles."""
AUDIENCE = {
	EXCURSION: (OPERATOR, QA),
	MISMATCH: (QA,),
	NONCONFORMANCE: (QA, OWNER),
	CERTIFICATE: (QA,),
	DISK: (IT,),
	SILENT: (IT,),
	HELD: (IT,),
	KEY: (IT,),
	BACKUP: (IT,),
}

_MAX_ABOUT = 140


@dataclass(frozen=True, slots=True)
class Alert:
	"""One thing to tell. `key`: what makes it one, told once for ever."""

	kind: str
	step: str
	key: tuple[str, ...]
	about: str
	"""The thing itself in a few words; the same thing is not told at once twice within an hour."""
	occurred_at: datetime
	site: str | None = None
	"""None: the business of the gateway or the host as a whole."""
	reference: tuple[str | None, str | None] = (None, None)
	facts: dict[str, Any] = field(default_factory=dict)

	def columns(self) -> dict[str, Any]:
		"""Of Edge Alert, without alert_key."""
		return {
			"kind": self.kind,
			"step": self.step,
			"about": plain(self.about)[:_MAX_ABOUT],
			"site": self.site,
			"occurred_at": self.occurred_at,
			"reference_doctype": self.reference[0],
			"reference_name": self.reference[1],
			"facts": json.dumps(self.facts, ensure_ascii=False, default=str),
			"status": "Pending",
		}


def plain(text: Any) -> str:
	"""On one line, without controls: nothing in it can end a mail's header or turn the direction of a line."""
	kept = (char if char.isprintable() else " " for char in str(text if text is not None else ""))
	return " ".join("".join(kept).split())

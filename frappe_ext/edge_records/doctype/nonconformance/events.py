"""Nonconformance: what the rules opened is recognised by its finding_key, which nobody else writes."""

from __future__ import annotations

from typing import Any


def validate(doc: Any, method: str | None = None) -> None:
	if doc.flags.from_rules:
		return
	before = doc.get_doc_before_save()
	# NULL, not empty: the unique index lets it pass.
	doc.finding_key = (before.get("finding_key") if before else None) or None

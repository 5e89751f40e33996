"""Server faults while a batch is stored: one Error Log per cause, not one per row or retry."""

from __future__ import annotations

import hashlib

import frappe

from frappe_ext.alerts.kinds import plain

QUIET_S = 3600
"""A cause that was logged stays quiet for this long."""


class Faults:
	"""Of one batch."""

	def __init__(self) -> None:
		self._tracebacks: dict[str, str] = {}
		self._counts: dict[str, int] = {}

	def note(self, error: Exception) -> str:
		"""Keeps it; returns the word for the answer, which says no more than the kind of error."""
		# On one line: log_error takes a title of several for the message.
		cause = f"{type(error).__name__}: {plain(error)[:140]}"
		self._counts[cause] = self._counts.get(cause, 0) + 1
		self._tracebacks.setdefault(cause, frappe.get_traceback())
		return type(error).__name__

	def log(self, gateway: str) -> None:
		for cause, trace in self._tracebacks.items():
			digest = hashlib.sha256(f"{gateway} {cause}".encode()).hexdigest()[:16]
			key = f"edge_fault:{digest}"
			if frappe.cache.get_value(key, expires=True):
				continue
			frappe.cache.set_value(key, 1, expires_in_sec=QUIET_S)
			frappe.log_error(
				title=f"Edge ingest of {gateway}: {cause}"[:140],
				message=f"{self._counts[cause]} records of this batch will come again.\n\n{trace}",
			)

"""Refusals as HTTP: the same envelope from the auth hook and from a method (wire.md §4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import frappe
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from frappe_ext.contract.refusals import Refusal


class RefusedRequest(HTTPException):
	"""For places that cannot return an answer. The transaction is rolled back."""

	def __init__(self, refusal: Refusal) -> None:
		self.code = refusal.http
		super().__init__(description=str(refusal), response=refusal_response(refusal))


def refusal_response(refusal: Refusal) -> Response:
	headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
	return Response(
		json.dumps({"message": refusal.as_message()}),
		status=refusal.http,
		headers=headers,
		content_type="application/json",
	)


def answer(method: Callable[[], dict[str, Any]]) -> dict[str, Any] | Response:
	"""Runs an endpoint. A refusal is an answer: what was noted beside it (a held gateway) is committed."""
	try:
		return method()
	except Refusal as refusal:
		known = getattr(frappe.local, "edge_sender", None)
		if known is not None:
			refusal.told_to(known.gateway.gateway_id, known.gateway.sites)
		return refusal_response(refusal)

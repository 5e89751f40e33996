"""A whole request refused by the method itself (wire.md §4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

HTTP_OF_CODE = {
	"malformed": 400,
	"unsupported_version": 400,
	"revoked": 403,
	"expired": 403,
	"gateway_disabled": 403,
	"user_disabled": 403,
	"wrong_gateway": 403,
	"fenced": 403,
	"held": 403,
	"bad_code": 403,
	"too_large": 413,
	"rate_limited": 429,
	"not_ready": 503,
	"native_missing": 503,
}


class Refusal(Exception):
	"""Raised anywhere below an endpoint; the endpoint answers `http` with `{"message": as_message()}`.

	`detail` is one sentence for a technician and never holds a secret. `retry_after`: seconds, for 429 and 503.
	"""

	def __init__(
		self,
		code: str,
		detail: str = "",
		*,
		gateway: str | None = None,
		site: str | None = None,
		epoch: str | None = None,
		retry_after: int | None = None,
	) -> None:
		super().__init__(f"{code}: {detail}")
		self.code = code
		self.http = HTTP_OF_CODE[code]
		self.detail = detail
		self.gateway = gateway
		self.site = site
		self.epoch = epoch
		self.retry_after = retry_after

	def told_to(self, gateway: str, sites: Iterable[str]) -> Refusal:
		"""Names whom it was told to where nothing did: a body that cannot be read names nobody."""
		if self.gateway is None:
			self.gateway, self.site = gateway, ", ".join(sorted(sites)) or None
		return self

	def as_message(self) -> dict[str, Any]:
		"""The envelope's inside; `epoch` (the one the server knows) only where it is part of the reason."""
		message: dict[str, Any] = {
			"code": self.code,
			"detail": self.detail,
			"gateway": self.gateway,
			"site": self.site,
		}
		if self.epoch is not None:
			message["epoch"] = self.epoch
		return message

"""Reads a request body: plain JSON, or gzip that the method inflates itself. Everything from outside is hostile."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn, TypeGuard

from frappe_ext.contract import epochs, limits
from frappe_ext.contract.refusals import Refusal

_GATEWAY = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z", re.ASCII)
_INSTANCE = re.compile(r"[0-9a-f]{16}\Z", re.ASCII)
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Batch:
	"""An ingest request whose envelope is well-formed; the records are not looked at yet."""

	gateway: str
	epoch: str
	instance: str
	batch_id: str
	sent_at: int
	records: list[Any]


def read_body(
	data: bytes, content_type: str | None, *, limit: int = limits.MAX_PLAIN_BYTES
) -> dict[str, Any]:
	"""The JSON object of a body. Refusals: too_large (413), malformed (400).

	`content_type`: limits.GZIP_TYPE means gzip, anything else is read as JSON. `limit`: of plain bytes.
	"""
	if len(data) > limit:
		raise Refusal("too_large", f"The body has {len(data)} bytes, {limit} are taken.")
	if is_gzip(content_type):
		data = _inflate(data)
	try:
		body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
	except (ValueError, RecursionError) as error:
		raise Refusal("malformed", f"The body is not JSON: {_first_line(error)}") from None
	if not isinstance(body, dict):
		raise Refusal("malformed", "The body must be a JSON object.")
	return body


def is_gzip(content_type: str | None) -> bool:
	"""True for our compressed media type, with parameters or not."""
	return (content_type or "").split(";", 1)[0].strip().lower() == limits.GZIP_TYPE


def read_batch(data: bytes, content_type: str | None) -> Batch:
	"""`read_body` plus the envelope of a batch: v, gateway, epoch, instance, batch_id, sent_at, records."""
	body = read_body(data, content_type)
	version = body.get("v")
	if type(version) is not int or version != limits.VERSION:
		raise Refusal("unsupported_version", f"This server speaks version {limits.VERSION} of the contract.")
	sent_at, records = body.get("sent_at"), body.get("records")
	if type(sent_at) is not int:
		raise Refusal("malformed", "sent_at must be an integer (UTC ms).")
	if not isinstance(records, list):
		raise Refusal("malformed", "records must be a list.")
	if len(records) > limits.MAX_RECORDS:
		raise Refusal("too_large", f"{len(records)} records, {limits.MAX_RECORDS} are taken in one batch.")
	gateway, epoch, instance = read_sender(body)
	return Batch(gateway, epoch, instance, _batch_id(body.get("batch_id")), sent_at, records)


def read_sender(body: dict[str, Any]) -> tuple[str, str, str]:
	"""gateway, epoch, instance of a batch, heartbeat or reconcile. Refusal `malformed`."""
	gateway, epoch, instance = body.get("gateway"), body.get("epoch"), body.get("instance")
	if not (isinstance(gateway, str) and _GATEWAY.match(gateway)):
		raise Refusal("malformed", "gateway must be a gateway id.")
	if not epochs.is_epoch(epoch):
		raise Refusal("malformed", "epoch must be decimal digits as granted, or p and 8 hex digits.")
	if not is_instance(instance):
		raise Refusal("malformed", "instance must be 16 lower-case hex digits.")
	return gateway, epoch, instance


def is_instance(value: object) -> TypeGuard[str]:
	"""True for 16 lower-case hex digits."""
	return isinstance(value, str) and _INSTANCE.match(value) is not None


def _batch_id(value: object) -> str:
	# For logs only, so anything readable will do; line breaks would forge a log line.
	if (
		not isinstance(value, str)
		or len(value) > limits.MAX_BATCH_ID
		or not (value.isascii() and value.isprintable())
	):
		raise Refusal(
			"malformed", f"batch_id must be printable text of at most {limits.MAX_BATCH_ID} characters."
		)
	return value


def _inflate(data: bytes) -> bytes:
	bound = min(limits.MAX_INFLATED_BYTES, limits.MAX_RATIO * len(data))
	inflater = zlib.decompressobj(_GZIP_WINDOW)
	try:
		plain = inflater.decompress(data, bound + 1)
	except zlib.error as error:
		raise Refusal("malformed", f"The body is not gzip: {_first_line(error)}") from None
	if len(plain) > bound:
		raise Refusal("too_large", f"The body inflates to more than {bound} bytes.")
	if not inflater.eof or inflater.unused_data:
		raise Refusal("malformed", "The gzip body is cut or has something behind its end.")
	return plain


def _refuse_constant(name: str) -> NoReturn:
	raise ValueError(f"{name} is not JSON")


def _first_line(error: Exception) -> str:
	return str(error).split("\n", 1)[0][: limits.MAX_QUOTE]

"""The heartbeat's body (wire.md §6) as columns of Edge Gateway; what is missing or of another type is left out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from frappe_ext.contract import epochs, times
from frappe_ext.contract.body import read_sender

_SCALE = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_MAX_HEADS = 64
_MAX_BIGINT = 2**63 - 1


@dataclass(slots=True)
class Heartbeat:
	"""`columns`: version, buffered, oldest_unsent_at (UTC ms), horizon_days, disk_used_pct, drops (total),
	clock_offset_s, config_version. `chain_heads`: dicts scale, epoch, seq, hash."""

	gateway: str
	epoch: str
	instance: str
	at: int
	columns: dict[str, Any] = field(default_factory=dict)
	chain_heads: list[dict[str, Any]] = field(default_factory=list)


def read_heartbeat(body: dict[str, Any]) -> Heartbeat:
	"""Refusal `malformed` only for gateway, epoch, instance."""
	gateway, epoch, instance = read_sender(body)
	at = _whole(body.get("at"), times.MAX_MS)
	beat = Heartbeat(gateway, epoch, instance, at if at is not None else 0)
	drops = body.get("drops")
	offset = _number(body.get("clock_offset_ms"))
	found = {
		"version": _short(body.get("version")),
		"config_version": _short(body.get("config_version")),
		"buffered": _whole(body.get("buffered")),
		"oldest_unsent_at": _whole(body.get("oldest_unsent_at"), times.MAX_MS),
		"horizon_days": _number(body.get("horizon_days")),
		"disk_used_pct": _number(body.get("disk_used_pct")),
		"drops": _total(drops) if isinstance(drops, dict) else None,
		"clock_offset_s": offset / 1000 if offset is not None else None,
	}
	beat.columns = {name: value for name, value in found.items() if value is not None}
	if "oldest_unsent_at" in body and body["oldest_unsent_at"] is None:
		beat.columns["oldest_unsent_at"] = None  # nothing waits any more
	heads = body.get("chain_heads")
	if isinstance(heads, list):
		beat.chain_heads = [head for head in map(_head, heads[:_MAX_HEADS]) if head is not None]
	return beat


def _head(head: Any) -> dict[str, Any] | None:
	if not isinstance(head, dict):
		return None
	scale, epoch, seq, hash_ = head.get("scale"), head.get("epoch"), _whole(head.get("seq")), head.get("hash")
	if not (isinstance(scale, str) and _SCALE.match(scale) and epochs.is_epoch(epoch) and seq is not None):
		return None
	if not (isinstance(hash_, str) and _HASH.match(hash_)):
		return None
	return {"scale": scale, "epoch": epoch, "seq": seq, "hash": hash_}


def _short(value: Any) -> str | None:
	"""Printable text of at most 64 characters, else nothing."""
	return (
		value
		if isinstance(value, str) and len(value) <= 64 and value.isascii() and value.isprintable()
		else None
	)


def _whole(value: Any, most: int = _MAX_BIGINT) -> int | None:
	return value if type(value) is int and 0 <= value <= most else None


def _number(value: Any) -> float | None:
	if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
		return None
	return value if abs(value) < 1e11 else None


def _total(counts: dict[str, Any]) -> int:
	return min(sum(count for count in map(_whole, counts.values()) if count is not None), _MAX_BIGINT)

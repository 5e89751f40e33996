"""What the server lacks of what a gateway holds as stored (wire.md §7): by block of 4,096 seq, then by uid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from frappe_ext.contract import epochs
from frappe_ext.contract.body import is_instance
from frappe_ext.contract.envelope import Gateway, check_sender
from frappe_ext.contract.limits import MAX_BLOCKS, MAX_UIDS
from frappe_ext.contract.refusals import Refusal
from frappe_ext.contract.storage import Store

BLOCK = 4096
KINDS = ("observation", "scale_ticket", "weighing", "amend", "gap", "void")
_UID = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_MAX_SEQ = 2**63 - 1 - BLOCK


def reconcile(asked: Mapping[str, Any], gateway: Gateway, store: Store) -> dict[str, list[Any]]:
	"""{"differ": [from, …]} for `blocks`, {"missing": [uid, …]} for `uids`, in the order asked.

	`epoch` is that of the blocks: an earlier or provisional one is asked for like the present one, so it is not fenced.
	"""
	epoch, instance = asked.get("epoch"), asked.get("instance")
	_require(epochs.is_epoch(epoch), "epoch must be decimal digits as granted, or p and 8 hex digits.")
	_require(instance is None or is_instance(instance), "instance must be 16 lower-case hex digits.")
	check_sender(gateway, asked.get("gateway"), None, instance or "")
	if asked.get("uids") is not None:
		return {"missing": _missing(_uids(asked["uids"]), store)}
	return {"differ": _differ(epoch, _blocks(asked.get("blocks")), store)}


def first_of_block(seq: int) -> int:
	"""The seq that a block is named by: 1, 4097, …"""
	return (seq - 1) // BLOCK * BLOCK + 1


def _differ(epoch: str, blocks: Sequence[tuple[int, int, int]], store: Store) -> list[int]:
	here = store.block_sums(epoch, sorted({first for first, _, _ in blocks})) if blocks else {}
	return [first for first, count, xor in blocks if here.get(first, (0, 0)) != (count, xor)]


def _missing(uids: Sequence[str], store: Store) -> list[str]:
	unknown = set(uids)
	for kind in KINDS:
		if unknown:
			unknown -= set(store.find(kind, sorted(unknown)))
	return [uid for uid in dict.fromkeys(uids) if uid in unknown]


def _uids(asked: Any) -> list[str]:
	_require(isinstance(asked, list), "uids must be a list.")
	if len(asked) > MAX_UIDS:
		raise Refusal("too_large", f"{len(asked)} uids, {MAX_UIDS} are taken at once.")
	_require(
		all(isinstance(uid, str) and _UID.match(uid) for uid in asked), "A uid is 32 lower-case hex digits."
	)
	return asked


def _blocks(asked: Any) -> list[tuple[int, int, int]]:
	"""(from, count, xor) of each."""
	_require(isinstance(asked, list), "blocks or uids must be a list.")
	if len(asked) > MAX_BLOCKS:
		raise Refusal("too_large", f"{len(asked)} blocks, {MAX_BLOCKS} are taken at once.")
	return [_block(each) for each in asked]


def _block(asked: Any) -> tuple[int, int, int]:
	_require(isinstance(asked, dict), "A block must be an object.")
	first, count, xor = asked.get("from"), asked.get("count"), asked.get("xor")
	_require(
		type(first) is int and 0 < first <= _MAX_SEQ and first == first_of_block(first),
		f"from must be the first seq of a block of {BLOCK}: 1, {BLOCK + 1}, …",
	)
	_require(type(count) is int and count >= 0, "count must be a count.")
	_require(isinstance(xor, str) and _UID.match(xor) is not None, "xor must be 32 lower-case hex digits.")
	return first, count, int(xor, 16)


def _require(fine: bool, detail: str) -> None:
	if not fine:
		raise Refusal("malformed", detail)

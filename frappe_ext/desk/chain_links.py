"""Whether the weighings behind a ticket are what the scale captured. Pure: rows come in, problems go out.

Each record's hash is made again from what its columns say (wire.md §3), by the rules that made it at the scale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from frappe_ext import native

GENESIS_PREV = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
	"""A stored weighing. `row`: columns of Edge Weighing; ids as on the wire."""

	row: Mapping[str, Any]
	gateway: str
	site: str

	@property
	def seq(self) -> int:
		return int(self.row.get("seq") or 0)

	def holds(self) -> bool:
		"""Its hash is that of what it says."""
		made = native.weighing_hash(record_of(self), self.gateway, self.row.get("epoch") or "")
		return made == self.row.get("hash")

	def is_itself(self) -> bool:
		"""Its uid is that of its place in the chain."""
		key = f"{self.row.get('device_text')}/{self.seq}"
		uid = native.uid_of_sequence(self.gateway, self.row.get("epoch") or "", "weighing", key)
		return uid == self.row.get("edge_uid")


def record_of(link: Link) -> dict[str, Any]:
	"""The record of the wire as the columns have it; empty columns are missing keys."""
	row = link.row
	genesis = row.get("genesis")
	record = {
		"kind": "weighing",
		"site": link.site,
		"scale": row.get("device_text"),
		"alibi_seq": link.seq,
		"at": int(row.get("at_ms") or 0),
		"value": row.get("value_text"),
		"unit": row.get("unit"),
		"e": row.get("e"),
		"mode": row.get("mode"),
		"role": row.get("role"),
		"stability": row.get("stability"),
		"raw_hex": row.get("raw_hex"),
		"indicator_alibi": row.get("alibi_id"),
		"manual": bool(row.get("manual")),
		"operator": row.get("operator"),
		"override": row.get("override"),
		"reason": row.get("reason"),
		"genesis": json.loads(genesis) if genesis else None,
		"prev_hash": row.get("prev_hash"),
	}
	return {key: value for key, value in record.items() if value is not None and value != ""}


def problems_of(
	side: str, link: Link | None, predecessor: Link | None, ticket: Mapping[str, Any]
) -> list[dict]:
	"""What is wrong with one weighing of a ticket; `side`: gross or tare."""
	if link is None:
		return [_problem("missing", side, None)]
	found = []
	if not link.holds():
		found.append("hash_differs")
	if not link.is_itself():
		found.append("uid_differs")
	found.extend(_of_predecessor(link, predecessor))
	if not _is_same(ticket.get(f"{side}_text"), link.row.get("value_text")):
		found.append("weight_differs")
	return [_problem(code, side, link.seq) for code in found]


def _of_predecessor(link: Link, predecessor: Link | None) -> list[str]:
	if link.seq == 0:
		return [] if link.row.get("prev_hash") == GENESIS_PREV else ["link_differs"]
	if predecessor is None:
		return ["predecessor_missing"]
	found = [] if predecessor.holds() else ["predecessor_changed"]
	if link.row.get("prev_hash") != predecessor.row.get("hash"):
		found.append("link_differs")
	return found


def alibi_problem(links: Mapping[str, Link], alibi_hash: str | None) -> list[dict]:
	"""The ticket prints the hash of its last weighing."""
	if not links or not alibi_hash:
		return []
	side, last = max(links.items(), key=lambda each: each[1].seq)
	return [] if last.row.get("hash") == alibi_hash else [_problem("alibi_differs", side, last.seq)]


def _is_same(written: Any, captured: Any) -> bool:
	try:
		return Decimal(str(written)) == Decimal(str(captured))
	except InvalidOperation:
		return False


def _problem(code: str, side: str, seq: int | None) -> dict[str, Any]:
	return {"code": code, "role": side, "seq": seq}

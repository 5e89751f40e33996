"""Records of a scale house for a World: a chain of weighings, and tickets that name them."""

from __future__ import annotations

from typing import Any

from frappe_ext import native
from frappe_ext.tests.support import INSTANCE, OBSERVED_AT, World

SCALE = "ws1"


class ScaleHouse:
	"""One scale's chain in one epoch; each weighing continues it."""

	def __init__(self, world: World, epoch: str = "1") -> None:
		self.world = world
		self.epoch = epoch
		self.last_hash = "0" * 64
		self.alibi_seq = 0
		self.edge_seq = 0
		self.genesis = self._link({"role": "genesis"})

	def weighing(self, value: str, role: str = "gross", **changes: Any) -> dict[str, Any]:
		return self._link(
			{
				"value": value,
				"unit": "kg",
				"kg": f"{value}.000",
				"e": "20",
				"mode": "gross",
				"role": role,
				"stability": "Indicator",
				"stable_ms": 1200,
				"spread": "0",
				"zero_seen_at": OBSERVED_AT,
				"profile": "toledo",
				"checksum": "ok",
				"raw_hex": "02",
				"manual": False,
				"operator": "op-7",
				**changes,
			}
		)

	def _link(self, fields: dict[str, Any]) -> dict[str, Any]:
		record = {
			"kind": "weighing",
			"uid": self.uid("weighing", f"{SCALE}/{self.alibi_seq}"),
			"seq": self._next_seq(),
			"site": self.world.code,
			"scale": SCALE,
			"alibi_seq": self.alibi_seq,
			"at": OBSERVED_AT + self.alibi_seq * 1000,
			"clock": "synced",
			"prev_hash": self.last_hash,
			**fields,
		}
		record["hash"] = native.weighing_hash(record, self.world.gateway_id, self.epoch)
		self.last_hash = record["hash"]
		self.alibi_seq += 1
		return record

	def ticket(
		self, serial: int, gross: dict[str, Any], tare: dict[str, Any], **changes: Any
	) -> dict[str, Any]:
		number = f"{self.world.code}-S1-{self.epoch}-{serial:06d}"
		net = str(int(gross["value"]) - int(tare["value"]))
		return {
			"kind": "scale_ticket",
			"uid": self.uid("scale_ticket", number),
			"seq": self._next_seq(),
			"site": self.world.code,
			"scale": SCALE,
			"action": "complete",
			"number": number,
			"at": OBSERVED_AT + serial * 60_000,
			"direction": "Receive",
			"unit": "kg",
			"gross": gross["value"],
			"tare": tare["value"],
			"net": net,
			"gross_kg": f"{gross['value']}.000",
			"tare_kg": f"{tare['value']}.000",
			"net_kg": f"{net}.000",
			"gross_weighing": gross["uid"],
			"tare_weighing": tare["uid"],
			"vehicle": "AB-123-C",
			"driver": "A. Driver",
			"operator": "op-7",
			"stability": "Indicator",
			"manual": False,
			"prints": 1,
			"mismatch": False,
			"reasons": [],
			"alibi_hash": tare["hash"],
			**changes,
		}

	def void(self, target: dict[str, Any], reason: str = "printed twice") -> dict[str, Any]:
		return {
			"kind": "scale_ticket",
			"uid": self.uid("scale_ticket", f"void/{target['uid']}"),
			"seq": self._next_seq(),
			"site": self.world.code,
			"scale": SCALE,
			"action": "void",
			"voids": target["uid"],
			"at": OBSERVED_AT,
			"reason": reason,
		}

	def heartbeat(self, **changes: Any) -> Any:
		body = {
			"gateway": self.world.gateway_id,
			"epoch": "1",
			"instance": INSTANCE,
			"at": OBSERVED_AT + 86_400_000,
			"buffered": 0,
			"oldest_unsent_at": None,
			"chain_heads": [
				{"scale": SCALE, "epoch": self.epoch, "seq": self.alibi_seq - 1, "hash": self.last_hash}
			],
			**changes,
		}
		return self.world.call("POST", "gateway.heartbeat", json=body)

	def uid(self, kind: str, key: str) -> str:
		return native.uid_of_sequence(self.world.gateway_id, self.epoch, kind, key)

	def _next_seq(self) -> int:
		self.edge_seq += 1
		return self.edge_seq

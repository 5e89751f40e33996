"""The records that a gateway would send, for the smoke test: as wire.md §3 has them."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from frappe_ext import native
from frappe_ext.contract.limits import VERSION

SENSOR, SCALE, SCALE_CODE = "smoke-t1", "smoke-ws1", "S1"
EPOCH = "1"


class Records:
	"""Of one gateway in its first epoch; `at`: UTC ms of the observation, the weighings follow."""

	def __init__(self, gateway: str, site: str, at: int) -> None:
		self._gateway = gateway
		self._site = site
		self._at = at
		self._instance = secrets.token_hex(8)
		self._head: dict[str, Any] = {}
		self._seq = 1

	def batch(self, records: list[dict[str, Any]]) -> dict[str, Any]:
		return {
			"v": VERSION,
			"gateway": self._gateway,
			"epoch": EPOCH,
			"instance": self._instance,
			"batch_id": "smoke",
			"sent_at": self._at,
			"records": records,
		}

	def heartbeat(self) -> dict[str, Any]:
		return {
			"gateway": self._gateway,
			"epoch": EPOCH,
			"instance": self._instance,
			"version": native.version(),
			"at": self._at,
			"buffered": 0,
			"oldest_unsent_at": None,
			"chain_heads": [
				{
					"scale": SCALE,
					"epoch": EPOCH,
					"seq": self._head["alibi_seq"],
					"hash": self._head["hash"],
				}
			],
		}

	def observation(self, value: str) -> dict[str, Any]:
		"""The same each time: seq 1."""
		raw = json.dumps({"metric": "temperature", "value": float(value), "unit": "C"})
		return {
			"kind": "observation",
			"uid": self._uid("observation", "1"),
			"seq": 1,
			"identity": "received",
			"site": self._site,
			"device": SENSOR,
			"type": "temperature",
			"index": 0,
			"observed_at": self._at,
			"received_at": self._at,
			"time_source": "receive",
			"clock": "synced",
			"value": value,
			"unit": "C",
			"flag": "OK",
			"reasons": [],
			"backfilled": False,
			"raw": raw,
			"raw_bytes": len(raw),
			"raw_sha256": hashlib.sha256(raw.encode()).hexdigest(),
		}

	def weighed(self, gross: str, tare: str, declared: str) -> list[dict[str, Any]]:
		"""A new chain, both passes, and the ticket that names them (kg, whole)."""
		links = [
			self._link({"role": "genesis"}),
			self._link(self._pass(gross, "gross")),
			self._link(self._pass(tare, "tare")),
		]
		return [*links, self._ticket(links[1], links[2], declared)]

	def _pass(self, kg: str, role: str) -> dict[str, Any]:
		return {
			"value": kg,
			"unit": "kg",
			"kg": f"{kg}.000",
			"e": "20",
			"mode": "gross",
			"role": role,
			"stability": "Indicator",
			"raw_hex": kg.encode().hex(),
			"manual": False,
		}

	def _link(self, fields: dict[str, Any]) -> dict[str, Any]:
		alibi_seq = self._head["alibi_seq"] + 1 if self._head else 0
		record = {
			"kind": "weighing",
			"uid": self._uid("weighing", f"{SCALE}/{alibi_seq}"),
			"seq": self._next_seq(),
			"site": self._site,
			"scale": SCALE,
			"alibi_seq": alibi_seq,
			"at": self._at + alibi_seq * 1000,
			"clock": "synced",
			"prev_hash": self._head["hash"] if self._head else "0" * 64,
			**fields,
		}
		record["hash"] = native.weighing_hash(record, self._gateway, EPOCH)
		self._head = record
		return record

	def _ticket(self, gross: dict[str, Any], tare: dict[str, Any], declared: str) -> dict[str, Any]:
		number = f"{self._site}-{SCALE_CODE}-{EPOCH}-000001"
		net = str(int(gross["value"]) - int(tare["value"]))
		return {
			"kind": "scale_ticket",
			"uid": self._uid("scale_ticket", number),
			"seq": self._next_seq(),
			"site": self._site,
			"scale": SCALE,
			"action": "complete",
			"number": number,
			"at": tare["at"],
			"direction": "Receive",
			"unit": "kg",
			"gross": gross["value"],
			"tare": tare["value"],
			"net": net,
			"gross_kg": gross["kg"],
			"tare_kg": tare["kg"],
			"net_kg": f"{net}.000",
			"gross_weighing": gross["uid"],
			"tare_weighing": tare["uid"],
			"declared_net_kg": declared,
			"lot": self._site,
			"stability": "Indicator",
			"manual": False,
			"prints": 1,
			"mismatch": False,
			"reasons": [],
			"alibi_hash": tare["hash"],
		}

	def _uid(self, kind: str, key: str) -> str:
		return native.uid_of_sequence(self._gateway, EPOCH, kind, key)

	def _next_seq(self) -> int:
		self._seq += 1
		return self._seq

"""A scale of a gateway as the agent speaks for it: a chain of weighings and a series of tickets."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from frappe_ext import native
from tests.contract.records import OBSERVED_AT, changed

NO_HASH = "0" * 64
MINUTE = 60_000


@dataclass
class Scale:
    """`epoch`: of its records; batches say 1, so another one is named in each record."""

    gateway: str
    site: str
    device: str = "ws1"
    code: str = "S1"
    epoch: str = "1"
    at: int = OBSERVED_AT
    unit: str = "kg"
    links: list[dict[str, Any]] = field(default_factory=list)
    _serials: Any = field(default_factory=lambda: itertools.count(1))
    _seqs: Any = field(default_factory=lambda: itertools.count(1))

    def genesis(self, names: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """The first link of the epoch; `names`: the last one before, {"epoch", "alibi_seq", "hash"}."""
        return self._link({"role": "genesis", "genesis": names, "clock": "synced", **changes})

    def weigh(self, value: str, **changes: Any) -> dict[str, Any]:
        """The next link; a genesis comes first by itself, in `links` only."""
        if not self.links:
            self.genesis()
        record = {
            "clock": "synced",
            "boot": "5f0c9a1e",
            "mono_ms": 86_701_373,
            "value": value,
            "unit": self.unit,
            "kg": native.kg_text(value, changes.get("unit", self.unit)),
            "e": "20",
            "mode": "gross",
            "role": "gross",
            "stability": "Indicator",
            "stable_ms": 1200,
            "spread": "0",
            "profile": "toledo",
            "checksum": "ok",
            "raw_hex": "0231302030303338343430303030303030" + "0d1d",
            "manual": False,
            "operator": "op-7",
            **changes,
        }
        return self._link(record)

    def _link(self, record: dict[str, Any]) -> dict[str, Any]:
        self.at += MINUTE
        number = len(self.links)
        record = self._sent(
            {
                "kind": "weighing",
                "scale": self.device,
                "alibi_seq": number,
                "at": self.at,
                "prev_hash": self.links[-1]["hash"] if self.links else NO_HASH,
                **record,
            }
        )
        record["uid"] = native.uid_of_sequence(
            self.gateway, self.epoch, "weighing", f"{self.device}/{record['alibi_seq']}"
        )
        record["hash"] = native.weighing_hash(record, self.gateway, self.epoch)
        self.links.append(record)
        return record

    def ticket(self, gross: dict[str, Any], tare: dict[str, Any] | None, /, **changes: Any) -> dict[str, Any]:
        """A complete ticket of two weighings; `serial`: another than the next."""
        serial = changes.pop("serial", None) or next(self._serials)
        self.at += MINUTE
        weights = {"gross": gross["value"], "tare": tare["value"] if tare else changes.get("tare")}
        weights["net"] = str(Decimal(weights["gross"]) - Decimal(weights["tare"]))
        record = self._sent(
            {
                "kind": "scale_ticket",
                "scale": self.device,
                "action": "complete",
                "number": f"{self.site}-{self.code}-{self.epoch}-{serial:06d}",
                "at": self.at,
                "direction": "Receive",
                "unit": self.unit,
                **weights,
                **{f"{name}_kg": native.kg_text(text, self.unit) for name, text in weights.items()},
                "gross_weighing": gross["uid"],
                "tare_weighing": tare["uid"] if tare else None,
                "vehicle": "AB-123-C",
                "driver": "A. Driver",
                "operator": "op-7",
                "stability": "Indicator",
                "manual": False,
                "prints": 1,
                "mismatch": False,
                "reasons": [],
                "alibi_hash": (tare or gross)["hash"],
                **changes,
            }
        )
        record["uid"] = native.uid_of_sequence(self.gateway, self.epoch, "scale_ticket", record["number"])
        return record

    def correction(
        self, target: dict[str, Any], gross: dict[str, Any], tare: dict[str, Any], **changes: Any
    ) -> dict[str, Any]:
        return self.ticket(gross, tare, action="correct", corrects=target["uid"], **changes)

    def void(self, target: dict[str, Any], **changes: Any) -> dict[str, Any]:
        self.at += MINUTE
        uid = native.uid_of_sequence(self.gateway, self.epoch, "scale_ticket", f"void/{target['uid']}")
        record = {
            "kind": "scale_ticket",
            "uid": uid,
            "scale": self.device,
            "action": "void",
            "voids": target["uid"],
            "at": self.at,
            "reason": "Wrong truck.",
            "operator": "op-7",
        }
        return self._sent({**record, **changes})

    def load(self, gross: str = "38440", tare: str = "14580") -> tuple[dict[str, Any], dict[str, Any]]:
        """A truck in and out: its two weighings."""
        return self.weigh(gross), self.weigh(tare, role="tare")

    def head(self, index: int = -1) -> dict[str, Any]:
        """As a heartbeat names it."""
        link = self.links[index]
        return {"scale": self.device, "epoch": self.epoch, "seq": link["alibi_seq"], "hash": link["hash"]}

    def _sent(self, record: dict[str, Any]) -> dict[str, Any]:
        epoch = {} if self.epoch == "1" else {"epoch": self.epoch}
        return changed({"seq": next(self._seqs), "site": self.site, **epoch, **record}, {})

"""The weighings and the ticket of wire.md §3 as records of gw-silo-a in epoch 3."""

from __future__ import annotations

from typing import Any

from frappe_ext import native

GATEWAY, EPOCH = "gw-silo-a", "3"
HASH_412 = "16f417ca4d81a512b68bdec76bf9d61acd4863d0aa2017a1cd1e71c1d4cff889"
HASH_413 = "3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c"


def weighing() -> dict[str, Any]:
    """ws1/412, the gross."""
    return {
        "kind": "weighing",
        "uid": "932a4af8e6c52ebde94c2cf4d3109adc",
        "seq": 184_468,
        "site": "silo-a",
        "scale": "ws1",
        "alibi_seq": 412,
        "at": 1_771_841_101_250,
        "clock": "synced",
        "boot": "5f0c9a1e",
        "mono_ms": 86_701_373,
        "value": "38440",
        "unit": "kg",
        "kg": "38440.000",
        "e": "20",
        "mode": "gross",
        "role": "gross",
        "stability": "Indicator",
        "stable_ms": 1200,
        "spread": "0",
        "zero_seen_at": 1_771_841_040_000,
        "profile": "toledo",
        "checksum": "ok",
        "raw_hex": "023130203030333834343030303030300d1d",
        "manual": False,
        "operator": "op-7",
        "prev_hash": "6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d",
        "hash": HASH_412,
    }


def second_weighing() -> dict[str, Any]:
    """ws1/413, the tare."""
    return {
        **weighing(),
        "uid": "cb560f5cdeed2b42a62eb70505f8f62f",
        "seq": 184_470,
        "alibi_seq": 413,
        "at": 1_771_843_020_500,
        "value": "14580",
        "kg": "14580.000",
        "role": "tare",
        "raw_hex": "023130203030313435383030303030300d1e",
        "prev_hash": HASH_412,
        "hash": HASH_413,
    }


def genesis() -> dict[str, Any]:
    """The first record of ws1 in epoch 3, which names the last of epoch 2."""
    record = {
        "kind": "weighing",
        "uid": native.uid_of_sequence(GATEWAY, EPOCH, "weighing", "ws1/0"),
        "seq": 1,
        "site": "silo-a",
        "scale": "ws1",
        "alibi_seq": 0,
        "at": 1_771_840_000_000,
        "clock": "synced",
        "role": "genesis",
        "prev_hash": "0" * 64,
        "genesis": {"epoch": "2", "alibi_seq": 411, "hash": HASH_412},
    }
    return {**record, "hash": native.weighing_hash(record, GATEWAY, EPOCH)}


def ticket() -> dict[str, Any]:
    """silo-a-S1-3-000207: 3.79 % less than declared."""
    return {
        "kind": "scale_ticket",
        "uid": "d72822587bbbced61a39f584cd0c6b14",
        "seq": 184_469,
        "site": "silo-a",
        "scale": "ws1",
        "action": "complete",
        "number": "silo-a-S1-3-000207",
        "at": 1_771_843_020_500,
        "direction": "Receive",
        "unit": "kg",
        "gross": "38440",
        "tare": "14580",
        "net": "23860",
        "gross_kg": "38440.000",
        "tare_kg": "14580.000",
        "net_kg": "23860.000",
        "gross_weighing": "932a4af8e6c52ebde94c2cf4d3109adc",
        "tare_weighing": "cb560f5cdeed2b42a62eb70505f8f62f",
        "declared_net_kg": "24800",
        "order": "EWO-0031",
        "lot": "LOT-2026-14",
        "vehicle": "AB-123-C",
        "driver": "…",
        "operator": "op-7",
        "stability": "Indicator",
        "manual": False,
        "prints": 1,
        "mismatch": True,
        "reasons": ["net_vs_declared:-3.79%"],
        "difference_kg": "-940.000",
        "difference_pct": "3.79",
        "policy_version": "1771500000000",
        "alibi_hash": HASH_413,
    }


def void() -> dict[str, Any]:
    """Voids silo-a-S1-3-000207."""
    target = ticket()["uid"]
    return {
        "kind": "scale_ticket",
        "uid": native.uid_of_sequence(GATEWAY, EPOCH, "scale_ticket", f"void/{target}"),
        "seq": 184_472,
        "site": "silo-a",
        "scale": "ws1",
        "action": "void",
        "at": 1_771_843_100_000,
        "operator": "op-7",
        "voids": target,
        "reason": "wrong truck",
    }

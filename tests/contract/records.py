"""Builders of records and batches as a gateway sends them."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import time
from typing import Any

from frappe_ext import native
from frappe_ext.contract.limits import GZIP_TYPE, JSON_TYPE

OBSERVED_AT = 1_771_840_800_000  # 2026-02-23T10:00:00Z


def fresh_uid() -> str:
    """128 random bits in the form of a uid."""
    return secrets.token_hex(16)


def observation(site: str, device: str, **changes: Any) -> dict[str, Any]:
    """A good observation; `changes` replace keys, None takes one away."""
    value = changes.get("value", "21.50")
    raw = json.dumps({"metric": "temperature", "value": value, "unit": "C", "nonce": secrets.token_hex(4)})
    record = {
        "kind": "observation",
        "uid": native.uid_of_content(site, device, "temperature", 0, raw),
        "seq": 1,
        "identity": "content",
        "site": site,
        "device": device,
        "type": "temperature",
        "index": 0,
        "observed_at": OBSERVED_AT,
        "received_at": OBSERVED_AT + 412,
        "time_source": "device",
        "clock": "synced",
        "boot": "5f0c9a1e",
        "mono_ms": 86_400_123,
        "value": "21.50",
        "unit": "C",
        "flag": "OK",
        "reasons": [],
        "policy_version": "1771500000000",
        "backfilled": False,
        "raw": raw,
        "raw_bytes": len(raw),
        "raw_sha256": hashlib.sha256(raw.encode()).hexdigest(),
    }
    return changed(record, changes)


def gap(site: str, device: str | None = None, **changes: Any) -> dict[str, Any]:
    """A good gap record."""
    record = {
        "kind": "gap",
        "uid": fresh_uid(),
        "seq": 184_470,
        "site": site,
        "device": device,
        "from_seq": 90_112,
        "to_seq": 94_207,
        "from_at": 1_771_700_000_000,
        "to_at": 1_771_703_600_000,
        "count": 3_991,
        "reason": "thinned_ok",
    }
    return changed(record, changes)


def amend(target: str, **changes: Any) -> dict[str, Any]:
    """A good amend record: a spike seen one sample late."""
    record = {
        "kind": "amend",
        "uid": fresh_uid(),
        "seq": 184_471,
        "target": target,
        "cause": "spike",
        "flag": "Warning",
        "reasons": ["spike:6.2"],
        "policy_version": "1771500000000",
    }
    return changed(record, changes)


def changed(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The record with the changes; None takes a key away."""
    return {key: value for key, value in {**record, **changes}.items() if value is not None}


def batch(sender: str, records: list[Any], **changes: Any) -> dict[str, Any]:
    """The envelope around records."""
    envelope = {
        "v": 1,
        "gateway": sender,
        "epoch": "1",
        "instance": "9b1d5e0c7a2f4431",
        "batch_id": "01J9ZK3M6Q",
        "sent_at": time.time_ns() // 1_000_000,
        "records": records,
    }
    return changed(envelope, changes)


def encoded(body: Any, *, compress: bool = False) -> tuple[bytes, str]:
    """(bytes, content type)."""
    data = json.dumps(body, separators=(",", ":")).encode()
    return (gzip.compress(data), GZIP_TYPE) if compress else (data, JSON_TYPE)

"""msgspec with the form rules of an observation: with its own patterns, and with plain Python for what it does slowly."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from tests.bench import peer_rules as rules

_IDENTITIES = ("content", "received", "polled")
_TIME_SOURCES = ("device", "receive")
_CLOCKS = ("synced", "unsynced", "corrected")

Identity = Literal["content", "received", "polled"]
TimeSource = Literal["device", "receive"]
Clock = Literal["synced", "unsynced", "corrected"]
Flag = Literal["OK", "Warning", "Quarantine", "Invalid"]
Seq = Annotated[int, Meta(ge=1, le=rules.MAX_INT)]
Index = Annotated[int, Meta(ge=0, le=rules.MAX_INDEX)]
Time = Annotated[int, Meta(ge=0, le=rules.MAX_TIME)]
Count = Annotated[int, Meta(ge=0, le=rules.MAX_INT)]
Name = Annotated[str, Meta(max_length=rules.MAX_NAME)]
Raw = Annotated[str, Meta(max_length=rules.MAX_RAW)]
Decimal = Annotated[str, Meta(pattern=rules.DECIMAL, max_length=rules.MAX_DECIMAL)]
Reason = Annotated[str, Meta(pattern=rules.REASON)]


class Patterned(Struct, gc=False):
    """One record; every rule is msgspec's."""

    uid: Annotated[str, Meta(pattern=rules.UID)]
    seq: Seq
    identity: Identity
    site: Annotated[str, Meta(pattern=rules.WIRE_ID)]
    device: Annotated[str, Meta(pattern=rules.WIRE_ID)]
    type: Annotated[str, Meta(pattern=rules.WIRE_TYPE)]
    observed_at: Time
    received_at: Time
    time_source: TimeSource
    clock: Clock
    flag: Flag
    reasons: Annotated[list[Reason], Meta(max_length=rules.MAX_REASONS)]
    raw: Raw
    raw_bytes: Count
    raw_sha256: Annotated[str, Meta(pattern=rules.SHA256)]
    index: Index | None = None
    value: Decimal | None = None
    unit: Name | None = None
    value_in: Decimal | None = None
    unit_in: Name | None = None
    policy_version: Name | None = None


class Typed(Struct, gc=False):
    """One record; patterns are checked in Python after it."""

    uid: str
    seq: Seq
    identity: Identity
    site: str
    device: str
    type: str
    observed_at: Time
    received_at: Time
    time_source: TimeSource
    clock: Clock
    flag: Flag
    reasons: Annotated[list[str], Meta(max_length=rules.MAX_REASONS)]
    raw: Raw
    raw_bytes: Count
    raw_sha256: str
    index: Index | None = None
    value: Annotated[str, Meta(max_length=rules.MAX_DECIMAL)] | None = None
    unit: Name | None = None
    value_in: Annotated[str, Meta(max_length=rules.MAX_DECIMAL)] | None = None
    unit_in: Name | None = None
    policy_version: Name | None = None


def with_patterns(items: list[Any]) -> list[Patterned]:
    """Raises msgspec.ValidationError."""
    return msgspec.convert(items, list[Patterned])


def with_rules(items: list[Any]) -> list[Typed]:
    """Raises msgspec.ValidationError or ValueError."""
    made = msgspec.convert(items, list[Typed])
    for i in made:
        if not (
            rules.is_uid(i.uid)
            and rules.is_wire_id(i.site)
            and rules.is_wire_id(i.device)
            and rules.is_wire_type(i.type)
            and rules.is_sha256(i.raw_sha256)
            and (i.value is None or rules.is_decimal(i.value))
            and (i.value_in is None or rules.is_decimal(i.value_in))
            and all(map(rules.is_reason, i.reasons))
        ):
            raise ValueError(i.uid)
    return made


def plain(items: list[Any]) -> list[dict[str, Any]]:
    """No library at all. Raises ValueError, KeyError or TypeError."""
    for i in items:
        get = i.get
        value, value_in, index, unit, unit_in = (
            get("value"), get("value_in"), get("index"), get("unit"), get("unit_in"),
        )  # fmt: skip
        version = get("policy_version")
        if not (
            rules.is_uid(i["uid"])
            and type(i["seq"]) is int
            and 1 <= i["seq"] <= rules.MAX_INT
            and i["identity"] in _IDENTITIES
            and rules.is_wire_id(i["site"])
            and rules.is_wire_id(i["device"])
            and rules.is_wire_type(i["type"])
            and (index is None or (type(index) is int and 0 <= index <= rules.MAX_INDEX))
            and type(i["observed_at"]) is int
            and 0 <= i["observed_at"] <= rules.MAX_TIME
            and type(i["received_at"]) is int
            and 0 <= i["received_at"] <= rules.MAX_TIME
            and i["time_source"] in _TIME_SOURCES
            and i["clock"] in _CLOCKS
            and (value is None or (len(value) <= rules.MAX_DECIMAL and rules.is_decimal(value)))
            and (value_in is None or (len(value_in) <= rules.MAX_DECIMAL and rules.is_decimal(value_in)))
            and (unit is None or (type(unit) is str and len(unit) <= rules.MAX_NAME))
            and (unit_in is None or (type(unit_in) is str and len(unit_in) <= rules.MAX_NAME))
            and i["flag"] in rules.FLAGS
            and type(i["reasons"]) is list
            and len(i["reasons"]) <= rules.MAX_REASONS
            and all(map(rules.is_reason, i["reasons"]))
            and (version is None or (type(version) is str and len(version) <= rules.MAX_NAME))
            and type(i["raw"]) is str
            and len(i["raw"]) <= rules.MAX_RAW
            and type(i["raw_bytes"]) is int
            and 0 <= i["raw_bytes"] <= rules.MAX_INT
            and rules.is_sha256(i["raw_sha256"])
        ):
            raise ValueError("wrong")
    return items

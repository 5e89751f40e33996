"""pydantic v2 with the form rules of an observation: as models, and as TypedDicts (its faster way)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typing_extensions import NotRequired, TypedDict

from tests.bench import peer_rules as rules

Uid = Annotated[str, Field(pattern=rules.UID)]
Sha256 = Annotated[str, Field(pattern=rules.SHA256)]
WireId = Annotated[str, Field(pattern=rules.WIRE_ID)]
WireType = Annotated[str, Field(pattern=rules.WIRE_TYPE)]
Decimal = Annotated[str, Field(pattern=rules.DECIMAL, max_length=rules.MAX_DECIMAL)]
Name = Annotated[str, Field(max_length=rules.MAX_NAME)]
Seq = Annotated[int, Field(ge=1, le=rules.MAX_INT)]
Index = Annotated[int, Field(ge=0, le=rules.MAX_INDEX)]
Time = Annotated[int, Field(ge=0, le=rules.MAX_TIME)]
Count = Annotated[int, Field(ge=0, le=rules.MAX_INT)]
Raw = Annotated[str, Field(max_length=rules.MAX_RAW)]
Reasons = Annotated[list[Annotated[str, Field(pattern=rules.REASON)]], Field(max_length=rules.MAX_REASONS)]
_STRICT = ConfigDict(strict=True, extra="ignore")


class Observation(BaseModel):
    """One record."""

    model_config = _STRICT

    uid: Uid
    seq: Seq
    identity: Literal["content", "received", "polled"]
    site: WireId
    device: WireId
    type: WireType
    index: Index | None = None
    observed_at: Time
    received_at: Time
    time_source: Literal["device", "receive"]
    clock: Literal["synced", "unsynced", "corrected"]
    value: Decimal | None = None
    unit: Name | None = None
    value_in: Decimal | None = None
    unit_in: Name | None = None
    flag: Literal["OK", "Warning", "Quarantine", "Invalid"]
    reasons: Reasons
    policy_version: Name | None = None
    raw: Raw
    raw_bytes: Count
    raw_sha256: Sha256


class ObservationDict(TypedDict):
    """The same."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    uid: Uid
    seq: Seq
    identity: Literal["content", "received", "polled"]
    site: WireId
    device: WireId
    type: WireType
    index: NotRequired[Index | None]
    observed_at: Time
    received_at: Time
    time_source: Literal["device", "receive"]
    clock: Literal["synced", "unsynced", "corrected"]
    value: NotRequired[Decimal | None]
    unit: NotRequired[Name | None]
    value_in: NotRequired[Decimal | None]
    unit_in: NotRequired[Name | None]
    flag: Literal["OK", "Warning", "Quarantine", "Invalid"]
    reasons: Reasons
    policy_version: NotRequired[Name | None]
    raw: Raw
    raw_bytes: Count
    raw_sha256: Sha256


def models() -> TypeAdapter[list[Observation]]:
    """A validator of a batch into models."""
    return TypeAdapter(list[Observation])


def typed_dicts() -> TypeAdapter[list[ObservationDict]]:
    """A validator of a batch into dicts."""
    return TypeAdapter(list[ObservationDict])

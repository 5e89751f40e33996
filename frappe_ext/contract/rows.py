"""From a record that passed the form check to the columns of its DocType (design.md §3, wire.md §8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from frappe_ext.contract import epochs
from frappe_ext.contract.fields import (
	FieldFault,
	count_of,
	flag_of,
	is_unicode,
	record_epoch,
	text_of,
	time_of,
)
from frappe_ext.contract.statuses import MALFORMED, OK, TOO_LONG, worse

NO_POLICY = "no_policy"
NO_VALUE = "no_value"
NOT_STORABLE = "not_storable"
_MAX_RAW = 4096


@dataclass(frozen=True, slots=True)
class ServerVerdict:
	"""What the server's own judging said (flag OK and no reasons unless native's verdicts name the record)."""

	flag: str = OK
	reasons: Sequence[str] = ()


@dataclass(slots=True)
class ObservationRow:
	"""`columns`: fieldname → value. The store adds the Links site and device and the naive observed_at, received_at."""

	uid: str
	site: str
	"""site_code"""
	device: str
	"""device_id as on the wire, also in columns["device_text"]."""
	quality_flag: str
	"""Also in columns: not OK = full document life."""
	columns: dict[str, Any] = field(default_factory=dict)
	amended_by: list[str] = field(default_factory=list)
	"""uids of stored amends that are in the columns already."""


@dataclass(slots=True)
class GapRow:
	"""As ObservationRow; site and device may be None (several devices)."""

	uid: str
	site: str | None
	device: str | None
	columns: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class AmendRow:
	"""As ObservationRow; `site` is None until its target is known. A stored one needs no columns and no site."""

	uid: str
	target: str
	epoch: str
	seq: int
	flag: str
	reasons: list[str]
	observed_at_ms: int = 0
	"""0 = the time is not amended."""
	policy_version: str = ""
	site: str | None = None
	columns: dict[str, Any] = field(default_factory=dict)


def merge_reasons(edge: Sequence[str], server: Sequence[str], *, server_first: bool) -> list[str]:
	"""Every reason once, worst first. The edge's `no_policy` goes where the server had a policy to judge by, the
	server's `no_value` where the edge says why there is none."""
	if server and NO_POLICY not in server:
		edge = [reason for reason in edge if reason != NO_POLICY]
	if edge:
		server = [reason for reason in server if reason != NO_VALUE]
	first, second = (server, edge) if server_first else (edge, server)
	return list(dict.fromkeys([*first, *second]))


def observation_row(
	record: Mapping[str, Any], *, gateway: str, batch_epoch: str, identity_hash: str, server: ServerVerdict
) -> ObservationRow:
	"""`record` passed native's form check; the fields it does not look at are checked here (FieldFault)."""
	edge_flag, edge_reasons = record["flag"], list(record["reasons"])
	quality_flag = worse(edge_flag, server.flag)
	value = record.get("value")
	if NOT_STORABLE in server.reasons:
		value = None
	columns: dict[str, Any] = {
		"observation_type": record["type"],
		# A Frappe Float cannot be empty: has_value and value_text say whether there is one.
		"value": float(value) if value is not None else 0.0,
		"value_text": value or "",
		"has_value": int(value is not None),
		"unit": text_of(record, "unit"),
		"value_in": text_of(record, "value_in"),
		"unit_in": text_of(record, "unit_in"),
		"quality_flag": quality_flag,
		"quality_reasons": "\n".join(
			merge_reasons(edge_reasons, server.reasons, server_first=quality_flag != edge_flag)
		),
		"edge_flag": edge_flag,
		"edge_reasons": "\n".join(edge_reasons),
		"server_flag": server.flag,
		"server_reasons": "\n".join(server.reasons),
		"policy_version": text_of(record, "policy_version"),
		"raw_payload": record["raw"],
		"raw_sha256": record["raw_sha256"],
		"observed_at_ms": time_of(record, "observed_at"),
		"received_at_ms": time_of(record, "received_at"),
		"clock_state": record["clock"],
		"time_source": record["time_source"],
		"backfilled": int(flag_of(record, "backfilled")),
		"identity": record["identity"],
		"identity_hash": identity_hash,
		"device_text": record["device"],
		"edge_uid": record["uid"],
		"gateway": gateway,
		"edge_epoch": record_epoch(record, batch_epoch),
		"edge_seq": record["seq"],
		"fold_count": 0,
		"fold_last_ms": 0,
		"notes": "",
	}
	_add_fold(columns, record.get("fold"))
	_add_aggregate(columns, record.get("agg"))
	return ObservationRow(record["uid"], record["site"], record["device"], quality_flag, columns)


def gap_row(record: Mapping[str, Any], *, gateway: str, batch_epoch: str, identity_hash: str) -> GapRow:
	"""As observation_row."""
	columns = {
		"gateway": gateway,
		"edge_uid": record["uid"],
		"identity_hash": identity_hash,
		"edge_epoch": record_epoch(record, batch_epoch),
		"edge_seq": record["seq"],
		"from_seq": record["from_seq"],
		"to_seq": record["to_seq"],
		"from_at_ms": time_of(record, "from_at"),
		"to_at_ms": time_of(record, "to_at"),
		"count": record["count"],
		"reason": record["reason"],
		"device_text": text_of(record, "device"),
	}
	return GapRow(record["uid"], record.get("site"), record.get("device"), columns)


def amend_row(record: Mapping[str, Any], *, gateway: str, batch_epoch: str, identity_hash: str) -> AmendRow:
	"""As observation_row; `applied` is decided later."""
	epoch = record_epoch(record, batch_epoch)
	reasons = list(record["reasons"])
	observed_at_ms = time_of(record, "observed_at") if record.get("observed_at") is not None else 0
	policy_version = text_of(record, "policy_version")
	columns = {
		"gateway": gateway,
		"edge_uid": record["uid"],
		"identity_hash": identity_hash,
		"edge_epoch": epoch,
		"edge_seq": record["seq"],
		"target_uid": record["target"],
		"cause": record["cause"],
		"flag": record["flag"],
		"reasons": "\n".join(reasons),
		"observed_at_ms": observed_at_ms,
		"policy_version": policy_version,
		"applied": 0,
	}
	return AmendRow(
		uid=record["uid"],
		target=record["target"],
		epoch=epoch,
		seq=record["seq"],
		flag=record["flag"],
		reasons=reasons,
		observed_at_ms=observed_at_ms,
		policy_version=policy_version,
		site=record.get("site"),
		columns=columns,
	)


def amended_columns(
	amends: Sequence[AmendRow],
	provisional: Sequence[epochs.Provisional],
	*,
	server_flag: str,
	server_reasons: Sequence[str],
	person_decided: bool,
) -> tuple[dict[str, Any], set[str]]:
	"""What all amends of one observation come to, whatever order they arrived in, and the uids that stand on it.

	The verdict is that of the greatest (epoch, seq); a repaired time that of the greatest which carries one.
	quality_flag follows unless a person decided.
	"""
	ordered = sorted(amends, key=lambda amend: (epochs.order_key(amend.epoch, provisional), amend.seq))
	last = ordered[-1]
	quality_flag = worse(last.flag, server_flag)
	columns: dict[str, Any] = {"edge_flag": last.flag, "edge_reasons": "\n".join(last.reasons)}
	standing = {last.uid}
	if last.policy_version:
		columns["policy_version"] = last.policy_version
	if not person_decided:
		columns["quality_flag"] = quality_flag
		columns["quality_reasons"] = "\n".join(
			merge_reasons(last.reasons, server_reasons, server_first=quality_flag != last.flag)
		)
	moved = next((amend for amend in reversed(ordered) if amend.observed_at_ms), None)
	if moved is not None:
		columns["observed_at_ms"] = moved.observed_at_ms
		columns["clock_state"] = "corrected"
		standing.add(moved.uid)
	return columns, standing


def _add_fold(columns: dict[str, Any], fold: Any) -> None:
	if fold is None:
		return
	if not isinstance(fold, dict):
		raise FieldFault(MALFORMED, "fold", "fold must be an object.")
	columns["fold_count"] = count_of(fold, "count", "fold")
	columns["fold_last_ms"] = time_of(fold, "last_at", "fold.last_at")
	last_raw = fold.get("last_raw")
	if last_raw is not None:
		if not isinstance(last_raw, str) or not is_unicode(last_raw):
			raise FieldFault(MALFORMED, "fold.last_raw", "fold.last_raw must be text.")
		if len(last_raw.encode()) > _MAX_RAW:
			raise FieldFault(TOO_LONG, "fold.last_raw", f"fold.last_raw is longer than {_MAX_RAW} bytes.")
		columns["notes"] = json.dumps({"last_raw": last_raw}, ensure_ascii=False)


def _add_aggregate(columns: dict[str, Any], agg: Any) -> None:
	if agg is None:
		return
	if not isinstance(agg, dict):
		raise FieldFault(MALFORMED, "agg", "agg must be an object.")
	kept: dict[str, Any] = {
		"from": time_of(agg, "from", "agg.from"),
		"to": time_of(agg, "to", "agg.to"),
		"count": count_of(agg, "count", "agg"),
	}
	for key in ("min", "mean", "max", "last"):
		kept[key] = text_of(agg, key)
	columns["notes"] = json.dumps({"agg": kept}, ensure_ascii=False)

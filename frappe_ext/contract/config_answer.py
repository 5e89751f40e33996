"""The answer of gateway.config (wire.md §5) from plain column values; unset limits are resolved here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

LISTS = ("sites", "devices", "policies", "tolerances", "reporting", "orders", "vehicles", "operators", "lots")
_NANO = Decimal("0.000000001")


def decimal_text(value: Any) -> str | None:
	"""A column's number as decimal text without trailing zeros, at most 9 decimals; None stays None.

	A Float column comes as a binary double: repr gives back the digits that were typed.
	"""
	if value is None or value == "":
		return None
	try:
		number = Decimal(repr(value) if isinstance(value, float) else str(value)).quantize(_NANO)
	except InvalidOperation:
		return None
	if not number.is_finite():
		return None
	text = format(number, "f").rstrip("0").rstrip(".")
	return "0" if text in ("-0", "") else text


def positive_text(value: Any) -> str | None:
	"""As decimal_text for `*_max`, `*_hours` and the like, where 0 (and less) means off."""
	text = decimal_text(value)
	return None if text is None or text == "0" or text.startswith("-") else text


def band(low: Any, high: Any, *, no_min: Any = 0, no_max: Any = 0) -> list[str | None] | None:
	"""[min, max]; both 0 = unset (None); a Check takes its side away."""
	ends = [decimal_text(low), decimal_text(high)]
	if all(end in (None, "0") for end in ends) and not (no_min or no_max):
		return None
	limits = [None if no_min else ends[0], None if no_max else ends[1]]
	return None if limits == [None, None] else limits


def policy_entry(row: Mapping[str, Any], *, site: str, version: str) -> dict[str, Any]:
	"""One Observation Threshold Policy; `row` has the DocType's fieldnames, `version` = modified in UTC ms as text."""
	bands = {
		name: band(
			row.get(f"{name}_min"),
			row.get(f"{name}_max"),
			no_min=row.get(f"{name}_no_min"),
			no_max=row.get(f"{name}_no_max"),
		)
		for name in ("warning", "critical", "valid")
	}
	return {
		"name": row["policy_name"],
		"version": version,
		"site": site,
		"type": row["observation_type"],
		"unit": row.get("unit") or None,
		**bands,
		"rate_per_hour_max": positive_text(row.get("rate_per_hour_max")),
		"spike_max": positive_text(row.get("spike_max")),
		"flatline_hours": positive_text(row.get("flatline_hours")),
		"flatline_eps": positive_text(row.get("flatline_eps")),
		"stale_after_min": _whole(row.get("stale_after_min")),
		"on_delay_s": _whole(row.get("on_delay_s")) or 0,
		"clear_hysteresis": positive_text(row.get("clear_hysteresis")),
	}


def tolerance_entry(row: Mapping[str, Any], *, site: str, version: str) -> dict[str, Any]:
	"""One Site Tolerance Policy; from and to are UTC ms or None."""
	return {
		"name": row["policy_name"],
		"version": version,
		"site": site,
		"tolerance_pct": decimal_text(row.get("tolerance_pct")) or "2.5",
		"tolerance_kg": positive_text(row.get("tolerance_kg")),
		"from": row.get("from_ms"),
		"to": row.get("to_ms"),
		"tare_drift_pct": positive_text(row.get("tare_drift_pct")),
		"stored_tare_max_days": _whole(row.get("stored_tare_max_days")),
	}


def device_entry(row: Mapping[str, Any], *, site: str) -> dict[str, Any]:
	"""One Device."""
	return {
		"site": site,
		"device": row["device_id"],
		"device_type": row.get("device_type") or "Other",
		"status": row.get("status") or "Active",
		"expected_interval_s": _whole(row.get("expected_interval_s")),
	}


def order_entry(row: Mapping[str, Any], *, site: str) -> dict[str, Any]:
	"""One open Edge Weighing Order. `row`: order (its name), lot (as lot_entry names it), vehicle, driver, direction,
	declared_net_kg (0 and less: not declared)."""
	return {
		"order": row["order"],
		"site": site,
		"lot": row.get("lot") or None,
		"vehicle": row.get("vehicle") or None,
		"driver": row.get("driver") or None,
		"direction": row.get("direction") or None,
		"declared_net_kg": positive_text(row.get("declared_net_kg")),
	}


def vehicle_entry(row: Mapping[str, Any], *, site: str) -> dict[str, Any]:
	"""One Edge Vehicle. `row`: vehicle (its plate), tare_kg (the stored tare; 0 = none) of tare_at (UTC ms), tares: its
	last weighed empty weights, kg, newest first."""
	tare_kg = positive_text(row.get("tare_kg"))
	tares = (positive_text(each) for each in row.get("tares") or ())
	return {
		"vehicle": row["vehicle"],
		"site": site,
		"tare_kg": tare_kg,
		"tare_at": row.get("tare_at") if tare_kg else None,
		"tares": [each for each in tares if each],
	}


def lot_entry(row: Mapping[str, Any], *, site: str) -> dict[str, Any]:
	"""One Lot that may be weighed. `row`: lot (its number, else its name), crop."""
	return {"lot": row["lot"], "site": site, "crop": row.get("crop") or None}


def config_version(content: Mapping[str, Any], newest_ms: int) -> str:
	"""`{newest modified, ms}-{digest of the content}`: changes with any edit and any deletion."""
	text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
	return f"{newest_ms}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def config_answer(
	*,
	gateway: str,
	epoch: str | None,
	time_zone: str,
	server_time: int,
	version: str,
	content: Mapping[str, Any],
) -> dict[str, Any]:
	"""`content`: the lists named in LISTS (a missing one is empty)."""
	return {
		"version": version,
		"server_time": server_time,
		"gateway": gateway,
		"epoch": epoch,
		"time_zone": time_zone,
		**{name: list(content.get(name, ())) for name in LISTS},
	}


def unchanged_answer(version: str) -> dict[str, Any]:
	"""Where `have` equals the version."""
	return {"unchanged": True, "version": version}


def _whole(value: Any) -> int | None:
	"""A column's whole number; 0 and nothing mean off."""
	try:
		return int(value) or None
	except (TypeError, ValueError):
		return None

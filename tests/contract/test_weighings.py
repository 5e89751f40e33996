"""Weighings through submit: the alibi memory as the server keeps it (wire.md §3)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from frappe_ext import native
from tests.contract import records
from tests.contract.conftest import World, make_world


def test_stored_with_every_column(world: World) -> None:
    record = world.scale().weigh("38440", zero_seen_at=records.OBSERVED_AT, indicator_alibi="A-17")
    (result,) = world.results([record])
    assert result == {"uid": record["uid"], "status": "stored", "name": result["name"]}
    row = world.stored(record["uid"], "weighing")
    expected = {
        "name": result["name"],
        "site": world.site,
        "gateway": world.gateway,
        "device_text": "ws1",
        "epoch": "1",
        "edge_seq": record["seq"],
        "seq": 1,
        "at_ms": record["at"],
        "value_text": "38440",
        "unit": "kg",
        "kg_text": "38440.000",
        "kg": 38440.0,
        "e": "20",
        "role": "gross",
        "mode": "gross",
        "stability": "Indicator",
        "stable_ms": 1200,
        "spread": "0",
        "zero_seen_ms": records.OBSERVED_AT,
        "profile": "toledo",
        "checksum": "ok",
        "raw_hex": record["raw_hex"],
        "alibi_id": "A-17",
        "manual": 0,
        "operator": "op-7",
        "clock": "synced",
        "prev_hash": record["prev_hash"],
        "hash": record["hash"],
    }
    assert {key: row[key] for key in expected} == expected
    assert row["device"]
    assert len(row["identity_hash"]) == 32


def test_the_vector_of_the_contract(world: World) -> None:
    """wire.md §2 and §3; the gateway's name is part of the hash, so the rules are asked without a server."""
    record = {
        "site": "silo-a", "scale": "ws1", "alibi_seq": 412, "at": 1771841101250, "value": "38440", "unit": "kg",
        "e": "20", "mode": "gross", "role": "gross", "stability": "Indicator", "manual": False, "operator": "op-7",
        "raw_hex": "023130203030333834343030303030300d1d",
        "prev_hash": "6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d",
    }  # fmt: skip
    wanted = "16f417ca4d81a512b68bdec76bf9d61acd4863d0aa2017a1cd1e71c1d4cff889"
    assert native.weighing_hash(record, "gw-silo-a", "3") == wanted


def test_genesis(world: World) -> None:
    scale = world.scale(epoch="2")
    named = {"epoch": "1", "alibi_seq": 411, "hash": "ab" * 32}
    first = scale.genesis(named)
    assert world.statuses([first, scale.weigh("5000")]) == ["stored", "stored"]
    row = world.stored(first["uid"], "weighing")
    assert (row["role"], row["seq"], row["kg_text"] or "", row["epoch"]) == ("genesis", 0, "", "2")
    assert json.loads(row["genesis"]) == named


def test_again_is_duplicate_with_the_same_name(world: World) -> None:
    record = world.scale().weigh("38440")
    (first,) = world.results([record])
    again = {**record, "seq": 77, "clock": "corrected"}
    assert world.results([again]) == [{**first, "status": "duplicate"}]


def test_another_weighing_under_the_same_number_is_conflict(world: World) -> None:
    """A store that was restored counts its alibi numbers again."""
    scale, restored = world.scale(), world.scale()
    record, other = scale.weigh("38440"), restored.weigh("38460")
    assert record["uid"] == other["uid"]
    assert world.statuses([record, other]) == ["stored", "conflict"]
    assert world.statuses([other, record]) == ["conflict", "duplicate"]
    assert world.stored(record["uid"], "weighing")["value_text"] == "38440"
    (kept,) = world.server.rows("rejection", uid=other["uid"])
    assert (kept["code"], kept["count"]) == ("conflict", 2)


CHANGED = [
    ("value", "38460", "kg"),  # the kilograms no longer fit
    ("at", 1, "hash"),
    ("stability", "Inferred", "hash"),
    ("raw_hex", "00", "hash"),
    ("operator", "op-8", "hash"),
    ("manual", True, "hash"),
    ("override", "no_zero_return: foreman", "hash"),
    ("prev_hash", "0" * 63 + "1", "hash"),
    ("hash", "0" * 64, "hash"),
    ("kg", "38441.000", "kg"),
    ("kg", "38440", "kg"),
    ("value", "3.8e4", "value"),
    ("value", 38440.0, "value"),
    ("unit", "bushel", "unit"),
    ("raw_hex", "0G", "raw_hex"),
    ("stability", "Sure", "stability"),
    ("alibi_seq", -1, "alibi_seq"),
    ("genesis", {}, "genesis"),
    ("override", "x" * 501, "override"),
]


@pytest.mark.parametrize(("key", "value", "field"), CHANGED, ids=lambda each: str(each)[:20])
def test_what_was_changed_on_the_way_is_refused(
    world_of_module: World, key: str, value: object, field: str
) -> None:
    world = world_of_module
    record = world.scale(device="ws2").weigh("38440")
    (result,) = world.results([{**record, key: value}])
    assert (result["status"], result["field"]) == ("rejected", field), result
    assert not world.server.rows("weighing", uid=record["uid"])


def test_a_number_of_another_chain_is_refused(world: World) -> None:
    scale = world.scale()
    record = scale.weigh("38440")
    record["alibi_seq"] = 2
    record["hash"] = native.weighing_hash(record, world.gateway, "1")
    (result,) = world.results([record])
    assert (result["status"], result["code"]) == ("rejected", "bad_uid")


def test_weighings_of_another_gateway(world: World) -> None:
    """Its uid and hash name the gateway: another one cannot send it, nor for a foreign site."""
    other = make_world(world.server)
    (stolen,) = world.results([other.scale().weigh("38440")])
    assert stolen["status"] == "rejected"
    abroad = world.scale()
    abroad.site = other.site
    (result,) = world.results([abroad.weigh("38440")])
    assert (result["status"], result["code"]) == ("rejected", "site_not_allowed")


@pytest.mark.parametrize(
    ("value", "unit", "kg"),
    [
        ("84745", "lb", "38439.685"),
        ("0.1", "lb", "0.045"),
        ("-20", "kg", "-20.000"),
        ("38.440", "t", "38440.000"),
        ("12345.6785", "kg", "12345.679"),
    ],
)
def test_kilograms_are_exact(world: World, value: str, unit: str, kg: str) -> None:
    record = world.scale(unit=unit).weigh(value)
    assert world.statuses([record]) == ["stored"]
    row = world.stored(record["uid"], "weighing")
    assert (row["value_text"], row["unit"], row["kg_text"]) == (value, unit, kg)
    assert Decimal(str(row["kg"])) == Decimal(kg)


def test_twins_within_one_batch(world: World) -> None:
    record = world.scale().weigh("38440")
    first, twin = world.results([record, dict(record)])
    assert (first["status"], twin["status"], twin["name"]) == ("stored", "duplicate", first["name"])


def test_a_mixed_batch_keeps_its_order(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare)
    items: list[dict[str, Any]] = [ticket, world.observation(), tare, records.gap(world.site), gross]
    results = world.results(items)
    assert [result["uid"] for result in results] == [item["uid"] for item in items]
    assert {result["status"] for result in results} == {"stored"}

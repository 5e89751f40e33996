"""Excursions: one per device, type and matter from the first flagged row to the clear, whatever order rows come in."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.contract import records
from tests.contract.conftest import World
from tests.contract.records import OBSERVED_AT

MINUTE = 60_000
HOUR = 60 * MINUTE


def reading(world: World, minute: float, value: str | None, **changes: Any) -> dict[str, Any]:
    at = OBSERVED_AT + int(minute * MINUTE)
    return world.observation(value=value, observed_at=at, received_at=at + 5, **changes)


def send(world: World, *items: dict[str, Any]) -> None:
    assert set(world.statuses(list(items))) == {"stored"}


def excursions(world: World, **filters: Any) -> list[dict[str, Any]]:
    rows = world.server.rows("excursion", site=world.site, **filters)
    return sorted(rows, key=lambda row: (row["opened_at_ms"], row["code"]))


def summary(world: World) -> list[tuple[Any, ...]]:
    """(code, severity, status, opened, last, cleared in minutes, count, peak) of each."""

    def minute(at_ms: int) -> float | None:
        return (at_ms - OBSERVED_AT) / MINUTE if at_ms else None

    return [
        (
            row["code"],
            row["severity"],
            row["status"],
            *(minute(row[f"{name}_at_ms"]) for name in ("opened", "last", "cleared")),
            row["count"],
            row["peak"],
        )
        for row in excursions(world)
        if row["count"]
    ]


def named_by(world: World, record: dict[str, Any]) -> str | None:
    return world.stored(record["uid"])["excursion"] or None


def test_from_the_first_flagged_row_to_the_clear(world: World) -> None:
    rows = [reading(world, minute, value) for minute, value in enumerate(["21", "31", "32.5", "31", "29"])]
    for row in rows:
        send(world, row)
    assert summary(world) == [("warning_max", "Warning", "Cleared", 1, 3, 4, 3, "32.5")]
    (excursion,) = excursions(world)
    assert (excursion["device_text"], excursion["observation_type"]) == (world.device, "temperature")
    assert excursion["unit"] == "C"
    assert [named_by(world, row) for row in rows] == [None, *[excursion["name"]] * 3, None]


def test_it_escalates_and_keeps_the_worst(world: World) -> None:
    send(world, reading(world, 0, "31"))
    send(world, reading(world, 1, "36"))
    send(world, reading(world, 2, "31"))
    assert summary(world) == [("critical_max", "Quarantine", "Open", 0, 2, None, 3, "36")]
    send(world, reading(world, 3, "90"))
    assert summary(world) == [("valid_max", "Invalid", "Open", 0, 3, None, 4, "90")]


def test_several_in_one_batch(world: World) -> None:
    values = ["31", "20", "4", "3", "20", "36", "37"]
    send(world, *(reading(world, minute, value) for minute, value in enumerate(values)))
    assert summary(world) == [
        ("warning_max", "Warning", "Cleared", 0, 0, 1, 1, "31"),
        ("critical_min", "Quarantine", "Cleared", 2, 3, 4, 2, "3"),
        ("critical_max", "Quarantine", "Open", 5, 6, None, 2, "37"),
    ]


def test_a_record_that_comes_twice_changes_nothing(world: World) -> None:
    items = [reading(world, minute, value) for minute, value in enumerate(["31", "36", "20"])]
    send(world, *items)
    before = summary(world)
    assert set(world.statuses(items)) == {"duplicate"}
    assert summary(world) == before == [("critical_max", "Quarantine", "Cleared", 0, 1, 2, 2, "36")]


WEEK = ["31", "32", "20", "21", "33", "36", "20", "20", "4", "4", "21", "37", "36"]
WEEK_COMES_TO = [
    ("warning_max", "Warning", "Cleared", 0, 1, 2, 2, "32"),
    ("critical_max", "Quarantine", "Cleared", 4, 5, 6, 2, "36"),
    ("critical_min", "Quarantine", "Cleared", 8, 9, 10, 2, "4"),
    ("critical_max", "Quarantine", "Open", 11, 12, None, 2, "37"),
]


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_arrival_does_not_matter(world: World, seed: int) -> None:
    items = [reading(world, minute, value) for minute, value in enumerate(WEEK)]
    if seed == 0:  # live rows first, the backlog in its order behind them
        items = [*items[-2:], *items[:-2]]
    else:
        random.Random(seed).shuffle(items)
    size = 1 + seed % 3
    for start in range(0, len(items), size):
        send(world, *items[start : start + size])
    assert summary(world) == WEEK_COMES_TO
    flagged = {row["uid"] for row in items if float(row["value"]) > 30 or float(row["value"]) < 10}
    names = {row["name"]: 0 for row in excursions(world)}
    for row in items:
        name = named_by(world, row)
        assert (name is not None) == (row["uid"] in flagged)
        if name is not None:
            names[name] += 1
    assert [names[row["name"]] for row in excursions(world) if row["count"]] == [2, 2, 2, 2]


def test_an_excursion_that_was_cleared_gets_its_late_rows(world: World) -> None:
    send(world, reading(world, 0, "36"), reading(world, 10, "20"))
    send(world, reading(world, 5, "38"))
    assert summary(world) == [("critical_max", "Quarantine", "Cleared", 0, 5, 10, 2, "38")]
    send(world, reading(world, 7, "20"))
    assert summary(world) == [("critical_max", "Quarantine", "Cleared", 0, 5, 7, 2, "38")]


def test_other_devices_and_types_are_other_excursions(world: World) -> None:
    world.server.add_device(world.site, "bin4-t1")
    send(world, reading(world, 0, "36"), reading(world, 0, "37", device="bin4-t1"))
    send(world, reading(world, 1, "20"))
    rows = {row["device_text"]: row["status"] for row in excursions(world)}
    assert rows == {"bin3-t1": "Cleared", "bin4-t1": "Open"}


def test_an_unknown_device_has_one_too(world: World) -> None:
    record = reading(world, 0, "20", device="stranger")
    send(world, record)
    (row,) = excursions(world)
    assert (row["code"], row["severity"], row["device_text"]) == ("unknown_device", "Quarantine", "stranger")
    assert not row["device"] and named_by(world, record) == row["name"]
    world.server.add_device(world.site, "stranger")
    send(world, reading(world, 1, "20", device="stranger"))
    assert excursions(world)[0]["status"] == "Cleared"


def test_what_cannot_be_read_clears_after_an_hour_of_good_ones(world: World) -> None:
    bad = reading(
        world, 0, None, type="unparsed", flag="Invalid", reasons=["undecodable:not JSON"], unit=None
    )
    send(world, bad, reading(world, 1, "20"))
    assert summary(world) == [("undecodable", "Invalid", "Open", 0, 0, None, 1, "")]
    send(world, reading(world, 59, "20"))
    assert summary(world)[0][2] == "Open"
    send(world, reading(world, 61, "20"))
    assert summary(world) == [("undecodable", "Invalid", "Cleared", 0, 0, 61, 1, "")]


def test_a_folded_row_counts_its_rows(world: World) -> None:
    fold = {"count": 312, "first_at": OBSERVED_AT, "last_at": OBSERVED_AT + 50_000, "last_raw": "x"}
    send(world, reading(world, 0, "36", fold=fold), reading(world, 0.5, "20"))
    (row,) = excursions(world)
    assert (row["count"], row["last_at_ms"], row["status"]) == (312, OBSERVED_AT + 50_000, "Open")
    send(world, reading(world, 1, "20"))
    assert excursions(world)[0]["status"] == "Cleared"


def test_hysteresis(world: World) -> None:
    world.server.add_policy(
        world.site, observation_type="co2", warning_max=1000, clear_hysteresis=50, critical_max=2000
    )
    for minute, value in enumerate(["1001", "999", "951"]):
        send(world, reading(world, minute, value, type="co2", unit="ppm"))
        assert excursions(world)[0]["status"] == "Open"
    send(world, reading(world, 3, "950", type="co2", unit="ppm"))
    assert excursions(world)[0]["status"] == "Cleared"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_on_delay(world: World, order: tuple[int, ...]) -> None:
    """A door that is open for two minutes raises nothing; one that stays open raises from its first row on."""
    world.server.add_policy(world.site, observation_type="co2", warning_max=1000, on_delay_s=300)
    blip = [reading(world, minute, "1100", type="co2", unit="ppm") for minute in (0, 2)]
    send(world, *blip, reading(world, 3, "900", type="co2", unit="ppm"))
    assert excursions(world) == []
    lasting = [reading(world, minute, "1100", type="co2", unit="ppm") for minute in (10, 12, 15)]
    for index in order:
        send(world, lasting[index])
    assert summary(world) == [("warning_max", "Warning", "Open", 10, 15, None, 3, "1100")]
    assert {named_by(world, row) for row in lasting} == {excursions(world)[0]["name"]}
    assert {named_by(world, row) for row in blip} == {None}


def test_an_amend_opens_one(world: World) -> None:
    record = reading(world, 0, "21")
    send(world, record, reading(world, 1, "21"))
    send(world, records.amend(record["uid"]))
    assert summary(world) == [("spike", "Warning", "Cleared", 0, 0, 1, 1, "21")]
    assert named_by(world, record) == excursions(world)[0]["name"]


def test_an_amend_that_came_first_opens_one(world: World) -> None:
    record = reading(world, 0, "21")
    send(world, records.amend(record["uid"]))
    send(world, record)
    assert summary(world) == [("spike", "Warning", "Open", 0, 0, None, 1, "21")]


def test_an_amend_takes_a_row_out(world: World) -> None:
    rows = [reading(world, minute, "21", flag="Quarantine", reasons=["flat_line:12"]) for minute in range(3)]
    send(world, *rows)
    fine = {"flag": "OK", "reasons": [], "cause": "rejudge"}
    send(world, records.amend(rows[2]["uid"], **fine))
    assert summary(world) == [("flat_line", "Quarantine", "Cleared", 0, 1, 2, 2, "21")]
    assert named_by(world, rows[2]) is None
    send(world, *(records.amend(row["uid"], **fine) for row in rows[:2]))
    assert summary(world) == []
    assert [(row["status"], row["count"]) for row in excursions(world)] == [("Cleared", 0)]


def test_a_repaired_clock_moves_the_row(world: World) -> None:
    alone, calm = reading(world, 0, "36"), reading(world, 5, "20")
    send(world, alone, calm)
    moved = {"cause": "clock", "clock": "corrected", "reasons": ["critical_max:35"], "flag": "Quarantine"}
    send(world, records.amend(alone["uid"], observed_at=OBSERVED_AT + HOUR, **moved))
    assert summary(world) == [("critical_max", "Quarantine", "Open", 60, 60, None, 1, "36")]
    moved = {"cause": "clock", "clock": "corrected", "reasons": [], "flag": "OK"}
    send(world, records.amend(calm["uid"], observed_at=OBSERVED_AT + HOUR + MINUTE, **moved))
    assert summary(world) == [("critical_max", "Quarantine", "Cleared", 60, 60, 61, 1, "36")]


def test_an_ok_row_that_moves_away_no_longer_clears(world: World) -> None:
    calm = reading(world, 5, "20")
    send(world, reading(world, 0, "36"), calm)
    moved = {"cause": "clock", "clock": "corrected", "reasons": [], "flag": "OK"}
    send(world, records.amend(calm["uid"], observed_at=OBSERVED_AT - MINUTE, **moved))
    assert summary(world) == [("critical_max", "Quarantine", "Open", 0, 0, None, 1, "36")]

"""The server's own judging: worse of both (design.md §3)."""

from __future__ import annotations

import pytest

from tests.contract import records
from tests.contract.conftest import World

CASES = [
    # value, edge flag, edge reasons, quality_flag, server_flag, reasons
    ("30", "OK", [], "OK", "OK", []),
    ("30.01", "OK", [], "Warning", "Warning", ["warning_max:30"]),
    ("35", "OK", ["no_policy"], "Warning", "Warning", ["warning_max:30"]),
    ("36", "OK", [], "Quarantine", "Quarantine", ["critical_max:35"]),
    ("4", "Warning", ["rate:9"], "Quarantine", "Quarantine", ["critical_min:5", "rate:9"]),
    ("90", "Quarantine", ["critical_max:35"], "Invalid", "Invalid", ["valid_max:85", "critical_max:35"]),
    ("20", "Quarantine", ["flat_line:12"], "Quarantine", "OK", ["flat_line:12"]),
    ("31", "Quarantine", ["flat_line:12"], "Quarantine", "Warning", ["flat_line:12", "warning_max:30"]),
    ("36", "Quarantine", ["critical_max:35"], "Quarantine", "Quarantine", ["critical_max:35"]),
]


@pytest.mark.parametrize(("value", "edge", "given", "quality", "server_flag", "reasons"), CASES)
def test_worse_of_both(
    world: World, value: str, edge: str, given: list[str], quality: str, server_flag: str, reasons: list[str]
) -> None:
    record = world.observation(value=value, flag=edge, reasons=given)
    assert world.statuses([record]) == ["stored"]
    row = world.stored(record["uid"])
    assert (row["quality_flag"], row["edge_flag"], row["server_flag"]) == (quality, edge, server_flag)
    assert (row["quality_reasons"] or "").splitlines() == reasons


def test_unknown_device_is_quarantined_and_kept(world: World) -> None:
    record = world.observation(device="stranger")
    assert world.statuses([record]) == ["stored"]
    row = world.stored(record["uid"])
    assert (row["quality_flag"], row["device"], row["device_text"]) == ("Quarantine", None, "stranger")
    assert "unknown_device" in row["quality_reasons"].splitlines()


def test_another_unit_is_not_judged(world: World) -> None:
    record = world.observation(value="96", unit="F")
    world.results([record])
    row = world.stored(record["uid"])
    assert row["quality_flag"] == "Warning"
    assert row["quality_reasons"].splitlines()[0].startswith("unit_mismatch")


def test_amend_of_a_stored_observation(world: World) -> None:
    record = world.observation()
    amend = records.amend(record["uid"])
    assert world.statuses([record]) == ["stored"]
    assert world.statuses([amend, amend]) == ["stored", "duplicate"]
    row = world.stored(record["uid"])
    assert (row["quality_flag"], row["edge_flag"], row["quality_reasons"]) == (
        "Warning",
        "Warning",
        "spike:6.2",
    )
    (kept,) = world.server.rows("amend", uid=amend["uid"])
    assert (kept["applied"], kept["target_uid"], kept["site"]) == (1, record["uid"], world.site)
    assert world.statuses([{**amend, "flag": "OK"}]) == ["conflict"]


def test_amend_in_the_same_batch(world: World) -> None:
    record = world.observation(value="36")
    assert world.statuses([records.amend(record["uid"]), record]) == ["stored", "stored"]
    row = world.stored(record["uid"])
    assert (row["edge_flag"], row["quality_flag"]) == ("Warning", "Quarantine")
    assert row["quality_reasons"].splitlines() == ["critical_max:35", "spike:6.2"]


def test_amend_before_its_target(world: World) -> None:
    record = world.observation()
    amend = records.amend(record["uid"])
    assert world.statuses([amend]) == ["stored"]
    assert world.server.rows("amend", uid=amend["uid"])[0]["applied"] == 0
    assert world.statuses([record]) == ["stored"]
    assert world.stored(record["uid"])["quality_flag"] == "Warning"
    assert world.server.rows("amend", uid=amend["uid"])[0]["applied"] == 1
    assert world.statuses([record]) == ["duplicate"]  # identity is what was first sent


ORDERS = [
    # (epoch, seq) as they arrive; the last in time wins whatever the order
    ([("1", 5), ("1", 9)], 1),
    ([("1", 9), ("1", 5)], 0),
    ([("3", 1), ("2", 900)], 0),
    ([("p0000000a", 900), ("3", 1)], 1),
    ([("3", 1), ("p0000000a", 900)], 0),
    ([("p0000000a", 1), ("2", 900)], 0),
]


@pytest.mark.parametrize(("arrivals", "winner"), ORDERS)
@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
def test_the_greatest_amend_wins(
    world: World, arrivals: list[tuple[str, int]], winner: int, before: bool
) -> None:
    server = world.server
    server.set_gateway(world.gateway, epoch="2")
    body = {
        "gateway": world.gateway,
        "instance": "a" * 16,
        "reason": "restore",
        "last_epoch": "2",
        "provisional": "p0000000a",
    }
    granted = world.send("POST", "gateway.new_epoch", json=body)
    assert granted.json()["message"] == {"epoch": "3"}
    record = world.observation()
    amends = [
        records.amend(record["uid"], epoch=epoch, seq=seq, reasons=[f"spike:{index}"])
        for index, (epoch, seq) in enumerate(arrivals)
    ]
    for item in [*amends, record] if before else [record, *amends]:
        assert world.statuses([item], epoch="3") == ["stored"]
    assert world.stored(record["uid"])["quality_reasons"] == f"spike:{winner}"


@pytest.mark.parametrize("late", [False, True], ids=["in order", "clock last"])
def test_a_repaired_clock_outlives_a_later_verdict(world: World, late: bool) -> None:
    record = world.observation()
    moved = record["observed_at"] + 3_600_000
    clock = records.amend(
        record["uid"], seq=5, cause="clock", observed_at=moved, clock="corrected", flag="OK", reasons=[]
    )
    spike = records.amend(record["uid"], seq=9)
    world.results([record])
    for item in (spike, clock) if late else (clock, spike):
        world.results([item])
    row = world.stored(record["uid"])
    assert (row["observed_at_ms"], row["clock_state"], row["quality_flag"]) == (moved, "corrected", "Warning")
    assert row["observed_at"].startswith("2026-02-23 14:00:00")
    assert world.statuses([record]) == ["duplicate"]


def test_nobody_amends_another_gateways_record(world: World) -> None:
    from tests.contract.conftest import make_world

    record = world.observation()
    world.results([record])
    (result,) = make_world(world.server).results([records.amend(record["uid"])])
    assert (result["status"], result["code"]) == ("rejected", "site_not_allowed")
    assert world.stored(record["uid"])["quality_flag"] == "OK"


def test_a_persons_verdict_stays(world: World) -> None:
    record = world.observation(value="36")
    world.results([record])
    world.server.release(record["uid"], "OK")
    world.results([records.amend(record["uid"], flag="Invalid", reasons=["spike:99"])])
    row = world.stored(record["uid"])
    assert (row["quality_flag"], row["edge_flag"]) == ("OK", "Invalid")

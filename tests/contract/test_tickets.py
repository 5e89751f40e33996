"""Scale tickets through submit: the server's verdict is the one of record (design.md §3, wire.md §3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from frappe_ext import native
from tests.contract.conftest import World, make_world


def numbers(row: dict[str, Any], *names: str) -> list[Decimal]:
    return [Decimal(str(row[name])) for name in names]


def test_an_honest_ticket_with_every_column(world: World) -> None:
    world.server.add_lot(world.site, "LOT-1", "wheat")
    world.server.add_tolerance(world.site, tolerance_pct=2.5)
    scale = world.scale()
    ticket = world.sent(scale, declared_net_kg="23900", lot="LOT-1", mismatch=True, reasons=["tare_drift:9"])
    row = world.stored(ticket["uid"], "scale_ticket")
    expected = {
        "site": world.site,
        "gateway": world.gateway,
        "device_text": "ws1",
        "ticket_number": f"{world.site}-S1-1-000001",
        "ticket_datetime_ms": ticket["at"],
        "direction": "Receive",
        "status": "Completed",
        "origin": "edge",
        "gross_text": "38440",
        "tare_text": "14580",
        "net_text": "23860",
        "weight_unit": "kg",
        "gross_weighing": ticket["gross_weighing"],
        "tare_weighing": ticket["tare_weighing"],
        "alibi_hash": ticket["alibi_hash"],
        "vehicle": "AB-123-C",
        "driver": "A. Driver",
        "operator": "op-7",
        "stability": "Indicator",
        "manual_entry": 0,
        "prints": 1,
        "edge_epoch": "1",
        "edge_seq": ticket["seq"],
        "edge_mismatch": 1,
        "edge_reasons": "tare_drift:9",
        "mismatch_flag": 0,
    }
    assert {key: row[key] for key in expected} == expected
    assert numbers(row, "gross_kg", "tare_kg", "net_kg", "declared_net_kg", "difference_kg") == [
        38440, 14580, 23860, 23900, -40,
    ]  # fmt: skip
    assert numbers(row, "difference_pct", "tolerance_pct") == [Decimal("0.17"), Decimal("2.5")]
    assert (row["mismatch_reasons"] or "") == ""
    assert row["policy_version"].isdecimal()
    assert row["device"] and row["lot"] and not row["notes"]
    assert not world.nonconformances(ticket["uid"])


def test_short_weight_is_one_nonconformance_however_often_it_comes(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare, declared_net_kg="24800")
    items = [gross, tare, ticket]
    assert world.statuses(items) == ["stored"] * 3
    assert world.statuses(items) == ["duplicate"] * 3
    assert world.statuses([ticket, dict(ticket)]) == ["duplicate"] * 2
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["mismatch_flag"], row["mismatch_reasons"]) == (1, "net_vs_declared:-3.79%")
    assert row["edge_mismatch"] == 0  # the edge had other tolerances
    assert numbers(row, "difference_kg", "difference_pct", "tolerance_pct") == [
        -940, Decimal("3.79"), Decimal("2.5"),
    ]  # fmt: skip
    (found,) = world.nonconformances(ticket["uid"])
    assert (found["site"], found["status"]) == (world.site, "Open")
    for text in ("net_vs_declared:-3.79%", ticket["number"], "23860", "24800"):
        assert text in found["capa_description"]


def test_concurrent_twins_make_one_ticket_and_one_nonconformance(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    items = [gross, tare, scale.ticket(gross, tare, declared_net_kg="24800")]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: world.submit(items), range(6)))
    taken = [answer.json()["message"]["results"] for answer in answers if answer.status_code == 200]
    assert len(taken) == len([answer for answer in answers if answer.status_code != 503])
    assert [results[2]["status"] for results in taken].count("stored") == 1
    assert {result["status"] for results in taken for result in results} <= {"stored", "duplicate"}
    assert world.statuses(items) == ["duplicate"] * 3
    assert len(world.nonconformances(items[2]["uid"])) == 1


@pytest.mark.parametrize(
    ("policy", "declared", "mismatch"),
    [
        ({"tolerance_pct": 4}, "24800", 0),
        ({"tolerance_pct": 3.5}, "24800", 1),
        ({"tolerance_pct": 0.5, "tolerance_kg": 1000}, "24800", 0),  # both limits must be passed
        ({"tolerance_pct": 4, "from_date": "2026-03-01"}, "24800", 1),  # not yet: 2.5 %
        ({"tolerance_pct": 4, "to_date": "2026-02-22"}, "24800", 1),  # no longer
        ({"tolerance_pct": 4, "from_date": "2026-02-23", "to_date": "2026-02-23"}, "24800", 0),
        ({"tolerance_pct": 4}, "0", 0),
    ],
    ids=str,
)
def test_the_policy_of_the_site_at_its_time(
    world: World, policy: dict[str, Any], declared: str, mismatch: int
) -> None:
    world.server.add_tolerance(world.site, **policy)
    ticket = world.sent(world.scale(), declared_net_kg=declared)
    assert world.stored(ticket["uid"], "scale_ticket")["mismatch_flag"] == mismatch
    assert len(world.nonconformances(ticket["uid"])) == mismatch


FOUND = [
    # changes to the ticket, first reason, Nonconformance
    ({"net": "23800"}, "net_arithmetic:23800", True),
    ({"gross": "14000", "net": "-580"}, "gross_below_tare", True),
    ({"gross": "38460", "net": "23880"}, "weight_not_captured:gross", True),
    ({"manual": True}, "manual_entry", False),
    ({"stability": "Inferred"}, "stability_inferred", False),
]


@pytest.mark.parametrize(("changes", "reason", "serious"), FOUND, ids=[reason for _, reason, _ in FOUND])
def test_what_the_rules_find(world: World, changes: dict[str, Any], reason: str, serious: bool) -> None:
    weights = {name: text for name, text in changes.items() if name in ("gross", "net")}
    kilograms = {f"{name}_kg": native.kg_text(text, "kg") for name, text in weights.items()}
    ticket = world.sent(world.scale(), **changes, **kilograms)
    row = world.stored(ticket["uid"], "scale_ticket")
    assert reason in row["mismatch_reasons"].splitlines()
    assert (row["mismatch_flag"], len(world.nonconformances(ticket["uid"]))) == (int(serious), int(serious))


def test_an_override_of_a_weighing_is_said_on_its_ticket(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.weigh("38440", override="no_zero_return: foreman"), scale.weigh("14580", role="tare")
    ticket = scale.ticket(gross, tare)
    world.results([gross, tare, ticket])
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["mismatch_flag"], row["mismatch_reasons"]) == (1, "no_zero_return")
    assert not world.nonconformances(ticket["uid"])


def test_a_ticket_before_its_weighings(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare)
    assert world.statuses([ticket]) == ["stored"]
    assert world.statuses([tare, gross]) == ["stored", "stored"]
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["mismatch_flag"], row["mismatch_reasons"] or "") == (0, "")
    assert not world.nonconformances(ticket["uid"])


def test_a_ticket_of_a_weighing_that_is_stored_otherwise(world: World) -> None:
    """Stored in an earlier batch; what the ticket says of it does not count."""
    scale = world.scale()
    gross, tare = scale.load()
    world.results([gross, tare])
    forged = {**gross, "value": "39440"}
    ticket = scale.ticket(forged, tare)
    assert world.statuses([ticket]) == ["stored"]
    row = world.stored(ticket["uid"], "scale_ticket")
    assert row["mismatch_reasons"].splitlines() == ["weight_not_captured:gross"]
    assert len(world.nonconformances(ticket["uid"])) == 1


def test_a_weighing_of_another_gateway_is_no_capture(world: World) -> None:
    other = make_world(world.server)
    foreign, _ = other.scale().load()
    other.results([foreign])
    scale = world.scale()
    _, tare = scale.load()
    ticket = scale.ticket(foreign, tare)
    assert world.statuses([tare, ticket]) == ["stored", "stored"]
    row = world.stored(ticket["uid"], "scale_ticket")
    assert row["mismatch_reasons"].splitlines() == ["weight_not_captured:gross"]


def test_a_stored_tare(world: World) -> None:
    scale = world.scale()
    gross = scale.weigh("38440")
    ticket = scale.ticket(
        gross, None, tare="14560", tare_vehicle="AB-123-C", tare_at=gross["at"] - 86_400_000
    )
    assert world.statuses([gross, ticket]) == ["stored", "stored"]
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["tare_vehicle"], row["tare_at"], row["tare_weighing"] or "") == (
        "AB-123-C",
        ticket["tare_at"],
        "",
    )
    assert (row["mismatch_flag"], row["mismatch_reasons"] or "") == (0, "")


def test_pounds_are_exact(world: World) -> None:
    scale = world.scale(unit="lb")
    gross, tare = scale.load("84745", "32145")
    ticket = scale.ticket(gross, tare, declared_net_kg="23858.958")
    assert world.statuses([gross, tare, ticket]) == ["stored"] * 3
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["gross_text"], row["net_text"], row["weight_unit"]) == ("84745", "52600", "lb")
    # 52600 lb = 23858.958662 kg; the difference of the rounded gross and tare would be a gram more.
    assert numbers(row, "gross_kg", "tare_kg", "net_kg", "difference_kg") == [
        Decimal("38439.685"), Decimal("14580.727"), Decimal("23858.959"), Decimal("0.001"),
    ]  # fmt: skip
    assert row["mismatch_flag"] == 0


def test_lot_and_order_that_nobody_knows_are_in_the_notes(world: World) -> None:
    ticket = world.sent(world.scale(), lot="LOT-<b>", order="EWO-404")
    row = world.stored(ticket["uid"], "scale_ticket")
    assert not row["lot"] and not row["order"]
    assert "EWO-404" in row["notes"] and "LOT-" in row["notes"]


def test_again_with_other_weights_is_conflict(world: World) -> None:
    scale = world.scale()
    ticket = world.sent(scale)
    (same,) = world.results([{**ticket, "vehicle": "other", "driver": "purged", "prints": 2}])
    assert same["status"] == "duplicate"
    changed = {**ticket, "gross": "38460", "net": "23880", "gross_kg": "38460.000", "net_kg": "23880.000"}
    assert world.statuses([changed]) == ["conflict"]
    assert world.stored(ticket["uid"], "scale_ticket")["gross_text"] == "38440"


def test_a_number_that_another_gateway_of_the_site_used(world: World) -> None:
    gateway = f"{world.gateway}-b"
    key_id, secret = world.server.add_gateway(gateway, [world.site])
    other = World(world.server, world.site, world.device, gateway, key_id, secret)
    first, second = world.sent(world.scale()), other.scale()
    gross, tare = second.load()
    same_number = second.ticket(gross, tare)
    assert same_number["number"] == first["number"] and same_number["uid"] != first["uid"]
    results = other.results([gross, tare, same_number])
    assert [result["status"] for result in results] == ["stored", "stored", "rejected"]
    assert (results[2]["code"], results[2]["field"]) == ("duplicate_number", "number")
    assert first["number"] in results[2]["message"]
    (kept,) = world.server.rows("scale_ticket", site=world.site)
    assert kept["edge_uid"] == first["uid"]


def test_a_number_twice_in_one_batch(world: World) -> None:
    """Two epochs of one gateway; the number of the second lies about its epoch."""
    scale = world.scale()
    gross, tare = scale.load()
    first = scale.ticket(gross, tare)
    later = {**first, "epoch": "p5f0c9a1e"}
    later["uid"] = native.uid_of_sequence(world.gateway, "p5f0c9a1e", "scale_ticket", first["number"])
    results = world.results([gross, tare, first, later])
    assert [result["status"] for result in results] == ["stored", "stored", "stored", "rejected"]
    assert results[3]["code"] == "duplicate_number"


REFUSED = [
    ("number", None, "number"),
    ("number", "T-1", "number"),
    ("gross", 38440.0, "gross"),
    ("net", "1e3", "net"),
    ("unit", None, "unit"),
    ("direction", "Sideways", "direction"),
    ("action", "complte", "action"),
    ("voids", "ab" * 16, "voids"),
    ("corrects", "ab" * 16, "corrects"),
    ("gross_weighing", "ws1/1", "gross_weighing"),
    ("at", "now", "at"),
    ("driver", "x" * 141, "driver"),
]


@pytest.mark.parametrize(("key", "value", "field"), REFUSED, ids=lambda each: str(each)[:16])
def test_a_malformed_ticket(world_of_module: World, key: str, value: object, field: str) -> None:
    scale = world_of_module.scale(code="S9")
    ticket = scale.ticket(*scale.load())
    ticket[key] = value
    (result,) = world_of_module.results([ticket])
    assert (result["status"], result["field"]) == ("rejected", field), result
    assert not world_of_module.server.rows("scale_ticket", uid=ticket["uid"])


HOSTILE = ["<img src=x onerror=alert(1)>", "{{ 7*7 }}", "=cmd|' /C calc'!A0", "a\u202eb"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_harms_no_ticket(world: World, text: str) -> None:
    ticket = world.sent(world.scale(), vehicle=text, driver=text, lot=text, declared_net_kg="24800")
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["status"], row["mismatch_flag"], row["net_text"]) == ("Completed", 1, "23860")
    assert len(world.nonconformances(ticket["uid"])) == 1

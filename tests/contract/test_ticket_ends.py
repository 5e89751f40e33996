"""Corrections and voids of scale tickets: after, beside and before their target (wire.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import World, make_world
from tests.contract.records import OBSERVED_AT


def test_a_correction(world: World) -> None:
    scale = world.scale()
    wrong = world.sent(scale)
    gross, tare = scale.load("38440", "14600")
    right = scale.correction(wrong, gross, tare)
    items = [right, tare, gross]
    assert world.statuses(items) == ["stored"] * 3
    assert world.statuses(items) == ["duplicate"] * 3
    assert world.stored(wrong["uid"], "scale_ticket")["status"] == "Corrected"
    row = world.stored(right["uid"], "scale_ticket")
    assert (row["status"], row["corrects"], row["mismatch_flag"]) == ("Completed", wrong["uid"], 0)


def test_a_correction_and_its_target_in_one_batch(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    wrong = scale.ticket(gross, tare)
    right = scale.correction(wrong, gross, tare)
    again = scale.correction(right, gross, tare)
    assert set(world.statuses([right, again, gross, wrong, tare])) == {"stored"}
    states = [world.stored(each["uid"], "scale_ticket")["status"] for each in (wrong, right, again)]
    assert states == ["Corrected", "Corrected", "Completed"]


def test_a_second_correction_is_kept_and_said(world: World) -> None:
    scale = world.scale()
    wrong = world.sent(scale)
    gross, tare = scale.load()
    first, second = (scale.correction(wrong, gross, tare) for _ in range(2))
    assert set(world.statuses([gross, tare, first, second])) == {"stored"}
    assert not world.nonconformances(first["uid"])
    row = world.stored(second["uid"], "scale_ticket")
    assert (row["mismatch_flag"], row["mismatch_reasons"]) == (1, "duplicate_ticket")
    assert len(world.nonconformances(second["uid"])) == 1


def test_a_void(world: World) -> None:
    scale = world.scale()
    ticket = world.sent(scale)
    name = world.stored(ticket["uid"], "scale_ticket")["name"]
    void = scale.void(ticket, reason="Wrong truck: تصحيح")
    assert world.results([void]) == [{"uid": void["uid"], "status": "stored", "name": name}]
    assert (
        world.results([void, dict(void)]) == [{"uid": void["uid"], "status": "duplicate", "name": name}] * 2
    )
    row = world.stored(ticket["uid"], "scale_ticket")
    assert (row["status"], row["void_reason"], row["void_uid"]) == (
        "Void", "Wrong truck: تصحيح", void["uid"],
    )  # fmt: skip
    assert row["gross_text"] == "38440"
    assert world.statuses([ticket]) == ["duplicate"]
    assert world.stored(ticket["uid"], "scale_ticket")["status"] == "Void"


def test_a_void_in_the_batch_of_its_target(world: World) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare)
    assert set(world.statuses([scale.void(ticket), ticket, tare, gross])) == {"stored"}
    assert world.stored(ticket["uid"], "scale_ticket")["status"] == "Void"


@pytest.mark.parametrize("action", ["void", "correct"])
def test_before_its_target_it_waits(world: World, action: str) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare)
    late = scale.void(ticket) if action == "void" else scale.correction(ticket, gross, tare)
    (result,) = world.results([late])
    assert (result["status"], result["code"]) == ("retry", "target_missing")
    assert not world.server.rows("rejection", uid=late["uid"])
    assert world.statuses([gross, tare, ticket]) == ["stored"] * 3
    assert world.statuses([late]) == ["stored"]
    state = "Void" if action == "void" else "Corrected"
    assert world.stored(ticket["uid"], "scale_ticket")["status"] == state


def test_void_under_another_epoch_changes_nothing(world: World) -> None:
    scale = world.scale()
    ticket = world.sent(scale)
    world.results([scale.void(ticket)])
    later = world.scale(epoch="p5f0c9a1e").void(ticket, reason="Again.")
    assert world.statuses([later]) == ["duplicate"]
    assert world.stored(ticket["uid"], "scale_ticket")["void_reason"] == "Wrong truck."


def test_void_and_correction_of_what_is_final(world: World) -> None:
    scale = world.scale()
    voided, corrected = world.sent(scale), world.sent(scale)
    gross, tare = scale.load()
    world.results([scale.void(voided), gross, tare, scale.correction(corrected, gross, tare)])
    (result,) = world.results([scale.void(corrected)])
    assert (result["status"], result["field"]) == ("rejected", "voids")
    assert world.stored(corrected["uid"], "scale_ticket")["status"] == "Corrected"
    assert world.statuses([scale.correction(voided, gross, tare)]) == ["stored"]
    assert world.stored(voided["uid"], "scale_ticket")["status"] == "Void"


def test_the_ticket_of_another_gateway_cannot_be_touched(world: World) -> None:
    other = make_world(world.server)
    theirs = other.sent(other.scale())
    scale = world.scale()
    gross, tare = scale.load()
    items = [scale.void(theirs), gross, tare, scale.correction(theirs, gross, tare)]
    results = world.results(items)
    assert [result["status"] for result in results] == ["rejected", "stored", "stored", "rejected"]
    assert {results[0]["code"], results[3]["code"]} == {"site_not_allowed"}
    assert other.stored(theirs["uid"], "scale_ticket")["status"] == "Completed"


def config(world: World) -> dict[str, Any]:
    return world.send("GET", "gateway.config").json()["message"]


def test_a_void_opens_its_order_again(world: World) -> None:
    order = world.server.add_order(world.site, vehicle="AB-123-C", direction="Receive")
    scale = world.scale()
    ticket = world.sent(scale, order=order)
    assert config(world)["orders"] == []
    world.statuses([scale.void(ticket)])
    assert [each["order"] for each in config(world)["orders"]] == [order]


def test_an_order_that_a_correction_fulfils_stays_closed(world: World) -> None:
    order = world.server.add_order(world.site, vehicle="AB-123-C", direction="Receive")
    scale = world.scale()
    wrong = world.sent(scale, order=order)
    gross, tare = scale.load()
    right = scale.correction(wrong, gross, tare, order=order)
    assert set(world.statuses([gross, tare, right])) == {"stored"}
    assert config(world)["orders"] == []
    world.statuses([scale.void(right)])
    assert [each["order"] for each in config(world)["orders"]] == [order]


def test_a_captured_tare_is_the_vehicles_stored_one(world: World) -> None:
    world.server.add_vehicle(world.site, "AB-123-C", 14000, OBSERVED_AT - 86_400_000)
    scale = world.scale()
    ticket = world.sent(scale)
    (vehicle,) = config(world)["vehicles"]
    assert (vehicle["tare_kg"], vehicle["tare_at"]) == ("14580", ticket["at"])
    scale.at = OBSERVED_AT - 3_600_000  # a late one says nothing of today
    gross, tare = scale.load("38440", "14600")
    assert set(world.statuses([gross, tare, scale.ticket(gross, tare)])) == {"stored"}
    assert config(world)["vehicles"][0]["tare_kg"] == "14580"


def test_a_doubtful_tare_is_nobodys(world: World) -> None:
    world.server.add_vehicle(world.site, "AB-123-C", 14000, OBSERVED_AT - 86_400_000)
    world.sent(world.scale(), declared_net_kg="30000")
    assert config(world)["vehicles"][0]["tare_kg"] == "14000"

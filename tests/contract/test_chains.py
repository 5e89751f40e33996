"""What a heartbeat finds in chains and ticket numbers (design.md §3: Nonconformance of the gateway)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import World
from tests.contract.scale import MINUTE, Scale


@pytest.fixture
def scale(world: World) -> Scale:
    """Five captures; nothing is sent yet."""
    scale = world.scale()
    for value in ("38440", "14580", "20000", "9000", "31000"):
        scale.weigh(value)
    return scale


def beat(
    world: World, scale: Scale, minutes: int = 10, head: dict[str, Any] | None = None, **fields: Any
) -> None:
    """So long after the scale's last capture."""
    world.heartbeat([head or scale.head()], scale.at + minutes * MINUTE, **fields)


def beats(world: World, scale: Scale) -> list[str]:
    """Two heartbeats and what they found: the second knows that the first one's rows were sent."""
    beat(world, scale, 10)
    beat(world, scale, 11)
    return world.findings()


def test_a_whole_chain_finds_nothing(world: World, scale: Scale) -> None:
    assert set(world.statuses(scale.links)) == {"stored"}
    assert beats(world, scale) == []
    (head,) = world.server.gateway(world.gateway)["chain_heads"]
    said = {key: head[key] for key in ("scale", "epoch", "seq", "hash")}
    assert said == scale.head()
    assert head["links_checked"] == 5
    world.results([scale.weigh("7000")])
    assert beats(world, scale) == []


def test_a_gap_is_found_once_nothing_is_on_its_way(world: World, scale: Scale) -> None:
    world.results([link for link in scale.links if link["alibi_seq"] not in (2, 3)])
    waiting = {"buffered": 2, "oldest_unsent_at": scale.links[2]["at"]}
    for minutes in (1, 2, 3):
        beat(world, scale, minutes, **waiting)
    beat(world, scale, 4, buffered=2, oldest_unsent_at=None)  # it does not say how old they are
    assert world.findings() == []
    for minutes in (5, 6, 7):
        beat(world, scale, minutes)
    (found,) = world.server.rows("nonconformance", gateway=world.gateway)
    assert (found["nc_type"], found["site"], found["status"]) == ("chain_gap", world.site, "Open")
    assert "ws1" in found["capa_description"] and "2 to 3" in found["capa_description"]


def test_telemetry_on_its_way_hides_no_gap(world: World, scale: Scale) -> None:
    world.results([*scale.links[:2], *scale.links[3:]])
    beat(world, scale, 1, buffered=70, oldest_unsent_at=scale.at + 1)
    assert world.findings() == ["chain_gap"]


def test_what_was_captured_after_the_heartbeat_was_made_is_no_gap(world: World, scale: Scale) -> None:
    world.results([*scale.links[:4], scale.links[5]])
    world.heartbeat([scale.head(3)], scale.links[4]["at"] - 1)
    assert world.findings() == []


def test_a_late_backlog_is_no_gap(world: World, scale: Scale) -> None:
    world.results(scale.links[4:])
    beat(world, scale, 1, buffered=4, oldest_unsent_at=scale.links[0]["at"])
    world.results(scale.links[:4])
    assert beats(world, scale) == []


def test_what_a_head_names_and_never_comes(world: World, scale: Scale) -> None:
    world.results(scale.links[:3])
    beat(world, scale, 1)
    assert world.findings() == []  # the newest may have been captured while the heartbeat was made
    beat(world, scale, 2)
    assert world.findings() == ["chain_gap"]


def test_a_chain_without_its_beginning(world: World, scale: Scale) -> None:
    world.results(scale.links[1:])
    assert beats(world, scale) == ["chain_gap"]


def test_a_link_that_does_not_continue_the_one_before(world: World, scale: Scale) -> None:
    other = world.scale()
    for value in ("38440", "14580", "20020"):
        other.weigh(value)
    world.results([*scale.links[:3], other.links[3], *scale.links[4:]])
    found = beats(world, scale)
    assert set(found) == {"chain_fork"}
    texts = [row["capa_description"] for row in world.server.rows("nonconformance", gateway=world.gateway)]
    assert any("record 4 does not continue the stored record 3" in text for text in texts)


def test_a_head_that_differs_from_what_is_stored(world: World, scale: Scale) -> None:
    world.results(scale.links)
    for minutes in (10, 11):
        beat(world, scale, minutes, {**scale.head(), "hash": "ab" * 32})
    assert world.findings() == ["chain_fork"]


def test_a_head_before_what_was_said(world: World, scale: Scale) -> None:
    world.results(scale.links)
    beat(world, scale, 10)
    beat(world, scale, 11, scale.head(3))
    beat(world, scale, 12, scale.head(4))
    assert world.findings() == ["chain_cut"]


def test_a_head_before_what_is_stored(world: World, scale: Scale) -> None:
    world.results(scale.links)
    beat(world, scale, 10, scale.head(3))
    assert world.findings() == ["chain_cut"]


def test_a_head_before_what_was_said_and_never_came(world: World, scale: Scale) -> None:
    waiting = {"buffered": 6, "oldest_unsent_at": scale.links[0]["at"]}
    beat(world, scale, 1, **waiting)
    beat(world, scale, 2, scale.head(2), **waiting)
    assert world.findings() == ["chain_cut"]


def test_a_weighing_that_overtakes_its_heartbeat(world: World, scale: Scale) -> None:
    world.results(scale.links)
    world.heartbeat([scale.head(4)], scale.at)
    assert world.findings() == []


def test_a_heartbeat_that_was_overtaken(world: World, scale: Scale) -> None:
    world.results(scale.links)
    beat(world, scale, 10)
    beat(world, scale, 9, scale.head(3))
    assert world.findings() == []
    (head,) = world.server.gateway(world.gateway)["chain_heads"]
    assert head["seq"] == 5


def next_epoch(world: World, scale: Scale, names: dict[str, Any] | None) -> Scale:
    later = world.scale(epoch="2", at=scale.at)
    later.genesis(names)
    later.weigh("11000")
    assert set(world.statuses(later.links)) == {"stored"}
    return later


def named(link: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": "1", "alibi_seq": link["alibi_seq"], "hash": link["hash"]}


def test_an_epoch_that_continues(world: World, scale: Scale) -> None:
    world.results(scale.links)
    beat(world, scale, 1)
    later = next_epoch(world, scale, named(scale.links[-1]))
    assert beats(world, later) == []
    heads = world.server.gateway(world.gateway)["chain_heads"]
    assert {(head["epoch"], head["seq"]) for head in heads} == {("1", 5), ("2", 1)}


@pytest.mark.parametrize("reported", [True, False])
@pytest.mark.parametrize("names", ["nothing", "an older record", "another hash"])
def test_an_epoch_that_forgets(world: World, scale: Scale, names: str, reported: bool) -> None:
    world.results(scale.links)
    if reported:
        beat(world, scale, 1)
    link = scale.links[3] if names == "an older record" else scale.links[-1]
    told = {**named(link), "hash": "ab" * 32} if names == "another hash" else named(link)
    later = next_epoch(world, scale, None if names == "nothing" else told)
    assert beats(world, later) == ["chain_restarted"]


def test_the_last_records_of_an_epoch_that_never_came(world: World, scale: Scale) -> None:
    """Its genesis tells how long the chain before was."""
    world.results(scale.links[:4])
    beat(world, scale, 1, scale.head(3))
    later = next_epoch(world, scale, named(scale.links[-1]))
    assert beats(world, later) == ["chain_gap"]
    (found,) = world.server.rows("nonconformance", gateway=world.gateway)
    assert "epoch 1" in found["capa_description"] and "4 to 5" in found["capa_description"]


def tickets(world: World, scale: Scale, *serials: int) -> None:
    """One ticket each, with their weighings."""
    for serial in serials:
        gross, tare = scale.load()
        assert world.statuses([gross, tare, scale.ticket(gross, tare, serial=serial)]) == ["stored"] * 3


def test_numbers_without_a_gap(world: World) -> None:
    scale = world.scale()
    scale.genesis()
    world.results(scale.links)
    tickets(world, scale, 2, 1, 3)
    assert beats(world, scale) == []
    (head,) = world.server.gateway(world.gateway)["chain_heads"]
    assert head["number_checked"] == f"{world.site}-S1-1-000003"
    tickets(world, scale, 4)
    assert beats(world, scale) == []


def test_a_number_that_is_missing(world: World) -> None:
    scale = world.scale()
    scale.genesis()
    world.results(scale.links)
    tickets(world, scale, 1, 2, 5, 6)
    beat(world, scale, 1, buffered=1, oldest_unsent_at=scale.links[0]["at"])
    assert world.findings() == []
    assert beats(world, scale) == ["number_gap"]
    (found,) = world.server.rows("nonconformance", gateway=world.gateway)
    assert f"{world.site}-S1-1-000003 to 000004" in found["capa_description"]
    tickets(world, scale, 7, 9)
    assert beats(world, scale) == ["number_gap", "number_gap"]


def test_two_scales_are_two_chains(world: World, scale: Scale) -> None:
    second = world.scale(device="ws2", code="S2")
    second.weigh("500")
    world.results([*scale.links, *second.links])
    heads = [scale.head(), second.head()]
    for minutes in (1, 2):
        world.heartbeat(heads, scale.at + minutes * MINUTE)
    assert world.findings() == []
    assert len(world.server.gateway(world.gateway)["chain_heads"]) == 2


def test_a_number_of_seven_digits_comes_after_one_of_six(world: World) -> None:
    scale = world.scale()
    for serial in (999_999, 1_000_000):
        gross, tare = scale.load()
        ticket = scale.ticket(gross, tare, serial=serial)
        assert world.statuses([gross, tare, ticket]) == ["stored"] * 3
        beats(world, scale)
    (head,) = world.server.gateway(world.gateway)["chain_heads"]
    assert head["number_checked"] == f"{world.site}-S1-1-1000000"

"""reconcile: blocks of 4,096 seq, then uids (wire.md §7)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from tests.contract import records
from tests.contract.conftest import World, make_world


def ask(world: World, **asked: Any) -> dict[str, Any]:
    answer = world.send("POST", "ingest.reconcile", json={"gateway": world.gateway, "epoch": "1", **asked})
    assert answer.status_code == 200, answer.text[:2000]
    return answer.json()["message"]


def block(items: list[dict[str, Any]], first: int = 1) -> dict[str, Any]:
    uids = {item["uid"] for item in items}
    xor = reduce(lambda so_far, uid: so_far ^ int(uid, 16), uids, 0)
    return {"from": first, "count": len(uids), "xor": f"{xor:032x}"}


def every_kind(world: World) -> list[dict[str, Any]]:
    """One record of each kind, a void too, with seq 1 to 7."""
    scale = world.scale()
    observation = world.observation()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare)
    items = [
        observation,
        records.amend(observation["uid"]),
        records.gap(world.site),
        gross,
        tare,
        ticket,
        scale.void(ticket),
    ]
    return [{**item, "seq": seq} for seq, item in enumerate(items, 1)]


def test_every_kind_counts(world: World) -> None:
    items = every_kind(world)
    assert set(world.statuses(items)) == {"stored"}
    assert ask(world, blocks=[block(items)]) == {"differ": []}
    for index in range(len(items)):
        assert ask(world, blocks=[block(items[:index] + items[index + 1 :])]) == {"differ": [1]}


def test_a_lost_record_is_found_and_comes_again(world: World) -> None:
    items = every_kind(world)
    lost = {**world.observation(), "seq": 8}
    world.statuses(items)
    assert ask(world, blocks=[block([*items, lost])]) == {"differ": [1]}
    uids = [item["uid"] for item in (*items, lost)]
    assert ask(world, uids=uids) == {"missing": [lost["uid"]]}
    assert world.statuses([lost]) == ["stored"]
    assert ask(world, blocks=[block([*items, lost])]) == {"differ": []}


def test_blocks_end_at_4096(world: World) -> None:
    items = [{**world.observation(), "seq": seq} for seq in (1, 4096, 4097, 8192, 8193, 40_960)]
    world.statuses(items)
    asked = [
        block(items[:2]),
        block(items[2:4], 4097),
        block(items[4:5], 8193),
        block(items[5:], 36_865),
        block([], 12_289),
    ]
    assert ask(world, blocks=asked) == {"differ": []}
    assert ask(world, blocks=[block(items[:3]), *asked[1:]]) == {"differ": [1]}


@pytest.mark.parametrize("epoch", ["1", "p5f0c9a1e"])
def test_each_epoch_by_itself(world: World, epoch: str) -> None:
    world.server.set_gateway(world.gateway, epoch="2")
    old, new = world.observation(epoch=epoch), world.observation()
    assert world.statuses([old, new], epoch="2") == ["stored", "stored"]
    assert ask(world, epoch=epoch, blocks=[block([old])]) == {"differ": []}
    assert ask(world, epoch="2", blocks=[block([new])]) == {"differ": []}
    assert ask(world, epoch="p00000000", blocks=[block([new])]) == {"differ": [1]}


def test_a_twin_under_two_seq_makes_a_block_differ_and_no_row_double(world: World) -> None:
    first = world.observation()
    twin = {**first, "seq": 5000}
    world.statuses([first])
    assert world.statuses([twin]) == ["duplicate"]
    assert ask(world, blocks=[block([first]), block([twin], 4097)]) == {"differ": [4097]}
    assert ask(world, uids=[twin["uid"]]) == {"missing": []}


def test_another_gateways_rows_are_not_counted(world: World) -> None:
    record = world.observation()
    world.statuses([record])
    other = make_world(world.server)
    assert ask(other, blocks=[block([])]) == {"differ": []}
    assert ask(world, blocks=[block([record])]) == {"differ": []}


WRONG = [
    {},
    {"blocks": {}},
    {"blocks": [1]},
    {"blocks": [{"from": 2, "count": 1, "xor": "0" * 32}]},
    {"blocks": [{"from": 0, "count": 1, "xor": "0" * 32}]},
    {"blocks": [{"from": True, "count": 1, "xor": "0" * 32}]},
    {"blocks": [{"from": 1, "count": -1, "xor": "0" * 32}]},
    {"blocks": [{"from": 1, "count": 1, "xor": "0" * 31}]},
    {"blocks": [{"from": 1, "count": 1}]},
    {"blocks": [{"from": 2**63 - 1, "count": 1, "xor": "0" * 32}]},
    {"uids": "6f24"},
    {"uids": ["6F24299C07187094BAB81EF655773FCA"]},
    {"uids": [1]},
    {"blocks": [], "epoch": "p1"},
    {"blocks": [], "instance": 7},
]


@pytest.mark.parametrize("asked", WRONG, ids=range(len(WRONG)))
def test_malformed(world_of_module: World, asked: dict[str, Any]) -> None:
    world = world_of_module
    answer = world.send("POST", "ingest.reconcile", json={"gateway": world.gateway, "epoch": "1", **asked})
    assert (answer.status_code, answer.json()["message"]["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "asked", [{"uids": ["0" * 32] * 5001}, {"blocks": [block([])] * 129}], ids=["uids", "blocks"]
)
def test_too_much_at_once(world_of_module: World, asked: dict[str, Any]) -> None:
    world = world_of_module
    answer = world.send("POST", "ingest.reconcile", json={"gateway": world.gateway, "epoch": "1", **asked})
    assert (answer.status_code, answer.json()["message"]["code"]) == (413, "too_large")
    assert ask(world, uids=["0" * 32] * 5000) == {"missing": ["0" * 32]}


def test_of_another_gateway(world: World) -> None:
    answer = world.send("POST", "ingest.reconcile", json={"gateway": "gw-x", "epoch": "1", "blocks": []})
    assert (answer.status_code, answer.json()["message"]["code"]) == (403, "wrong_gateway")

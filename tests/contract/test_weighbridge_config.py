"""What gateway.config tells a scale house: tolerances, lots, orders, vehicles (wire.md §5)."""

from __future__ import annotations

from typing import Any

from tests.contract.conftest import World, make_world
from tests.contract.records import OBSERVED_AT

DAY = 86_400_000


def config(world: World, **query: str) -> dict[str, Any]:
    answer = world.send("GET", "gateway.config", params=query)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.json()["message"]


def test_tolerances(world: World) -> None:
    world.server.add_tolerance(
        world.site,
        tolerance_pct=2.5,
        tolerance_kg=0,
        tare_drift_pct=2,
        stored_tare_max_days=90,
        from_date="2026-02-23",
        to_date="2026-02-23",
    )
    (policy,) = config(world)["tolerances"]
    midnight = OBSERVED_AT - 13 * 3_600_000  # 13 o'clock in Aden
    expected = {
        "site": world.site,
        "tolerance_pct": "2.5",
        "tolerance_kg": None,
        "tare_drift_pct": "2",
        "stored_tare_max_days": 90,
        "from": midnight,
        "to": midnight + DAY,
    }
    assert {key: policy[key] for key in expected} == expected
    assert policy["version"].isdecimal()


def test_lots_orders_and_vehicles(world: World) -> None:
    server = world.server
    server.add_lot(world.site, "LOT-1", "wheat")
    full = {"lot": "LOT-1", "vehicle": "AB-123-C", "driver": "A. Driver", "direction": "Receive"}
    order = server.add_order(world.site, **full, declared_net_kg=24800.5)
    bare = server.add_order(world.site, direction="Dispatch", declared_net_kg=0)
    server.add_vehicle(world.site, "AB-123-C", 14560, OBSERVED_AT)
    message = config(world)
    assert message["lots"] == [{"lot": "LOT-1", "site": world.site, "crop": "wheat"}]
    orders = {each["order"]: each for each in message["orders"]}
    assert orders[order] == {"order": order, "site": world.site, **full, "declared_net_kg": "24800.5"}
    nothing = {"lot": None, "vehicle": None, "driver": None, "declared_net_kg": None}
    assert orders[bare] == {"order": bare, "site": world.site, "direction": "Dispatch", **nothing}
    (vehicle,) = message["vehicles"]
    assert (vehicle["vehicle"], vehicle["tare_kg"]) == ("AB-123-C", "14560")
    assert (vehicle["tare_at"], vehicle["tares"]) == (OBSERVED_AT, [])
    other = config(make_world(server))
    assert [other[name] for name in ("lots", "orders", "vehicles", "operators")] == [[], [], [], []]


def test_a_ticket_closes_its_order(world: World) -> None:
    order = world.server.add_order(world.site, direction="Receive", vehicle="AB-123-C", declared_net_kg=23860)
    version = config(world)["version"]
    scale = world.scale()
    gross, tare = scale.load()
    ticket = scale.ticket(gross, tare, order=order, declared_net_kg="23860")
    assert world.statuses([gross, tare, ticket]) == ["stored"] * 3
    assert world.stored(ticket["uid"], "scale_ticket")["order"] == order
    changed = config(world, have=version)
    assert changed["orders"] == []

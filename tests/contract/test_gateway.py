"""gateway.config, heartbeat, new_epoch, ping, health (wire.md §5 to §7)."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.contract import records
from tests.contract.conftest import World, make_world
from tests.contract.servers import TIMEOUT


def config(world: World, **query: str) -> dict[str, Any]:
    answer = world.send("GET", "gateway.config", params=query)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.json()["message"]


def test_config_has_what_the_gateway_needs(world: World) -> None:
    other = make_world(world.server)
    message = config(world)
    assert (message["gateway"], message["time_zone"]) == (world.gateway, world.server.time_zone)
    assert [site["site"] for site in message["sites"]] == [world.site]
    device, scale = message["devices"]
    assert (device["site"], device["device"], device["status"]) == (world.site, world.device, "Active")
    assert (scale["site"], scale["device"]) == (world.site, "ws1")
    (policy,) = message["policies"]
    expected = {
        "site": world.site,
        "type": "temperature",
        "unit": "C",
        "warning": ["10", "30"],
        "critical": ["5", "35"],
        "valid": ["-40", "85"],
        "rate_per_hour_max": None,
    }
    assert {key: policy[key] for key in expected} == expected
    assert policy["version"].isdecimal()
    for name in ("tolerances", "reporting", "orders", "vehicles", "operators", "lots"):
        assert isinstance(message[name], list)
    assert other.site not in str(message)


def test_config_have(world: World) -> None:
    version = config(world)["version"]
    assert config(world, have=version) == {"unchanged": True, "version": version}
    assert "policies" in config(world, have="other")
    assert world.submit([]).json()["message"]["config_version"] == version
    world.server.add_device(world.site, "bin4-t1")
    changed = config(world, have=version)
    assert [device["device"] for device in changed["devices"]] == ["bin3-t1", "bin4-t1", "ws1"]
    assert changed["version"] != version


def test_limits_are_resolved_before_they_go_down(world: World) -> None:
    world.server.add_policy(
        world.site,
        observation_type="humidity",
        warning_min=0,
        warning_max=0,
        critical_max=80.5,
        critical_no_min=1,
    )
    (policy,) = [each for each in config(world)["policies"] if each["type"] == "humidity"]
    assert (policy["warning"], policy["critical"], policy["valid"]) == (None, [None, "80.5"], None)
    assert policy["unit"] is None


def test_heartbeat_is_stored(world: World) -> None:
    head = {"scale": "ws1", "epoch": "1", "seq": 413, "hash": "39" * 32}
    body = {
        "gateway": world.gateway,
        "epoch": "1",
        "instance": "9b1d5e0c7a2f4431",
        "version": "0.1.0",
        "at": time.time_ns() // 1_000_000,
        "clock_offset_ms": -38,
        "config_version": "x",
        "buffered": 212,
        "oldest_unsent_at": records.OBSERVED_AT,
        "horizon_days": 34.2,
        "disk_used_pct": 41,
        "drops": {"thinned": 0, "folded": 3},
        "sources": [{"name": "mqtt", "state": "up"}],
        "chain_heads": [head],
    }
    answer = world.send("POST", "gateway.heartbeat", json=body)
    assert answer.status_code == 200, answer.text[:2000]
    assert set(answer.json()["message"]) == {"server_time", "config_version"}
    stored = world.server.gateway(world.gateway)
    expected = {"version": "0.1.0", "buffered": 212, "horizon_days": 34.2, "disk_used_pct": 41, "drops": 3}
    assert {key: stored[key] for key in expected} == expected
    assert stored["clock_offset_s"] == pytest.approx(-0.038)
    assert stored["last_seen"]


HOSTILE = [
    {"buffered": -1, "horizon_days": "many", "drops": [], "chain_heads": [7, {}, {"scale": "x" * 99}]},
    {"version": "v" * 1000, "disk_used_pct": 10**30, "buffered": 2**70, "clock_offset_ms": True},
    {"version": "\ud800", "drops": {"a": "b", "c": 2**62, "d": 2**62}, "at": "soon"},
]


@pytest.mark.parametrize("change", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_heartbeat_is_taken_for_what_it_is_worth(world: World, change: dict[str, Any]) -> None:
    body = {"gateway": world.gateway, "epoch": "1", "instance": "9b1d5e0c7a2f4431", **change}
    assert world.send("POST", "gateway.heartbeat", json=body).status_code == 200


def new_epoch(world: World, **changes: Any) -> str:
    body = {"gateway": world.gateway, "instance": "b" * 16, "reason": "new_store", **changes}
    answer = world.send("POST", "gateway.new_epoch", json=body)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.json()["message"]["epoch"]


def test_new_epoch_after_a_provisional_one(world: World) -> None:
    item = world.observation()
    assert world.statuses([item], epoch="p5f0c9a1e") == ["stored"]
    asked = {"last_epoch": "1", "provisional": "p5f0c9a1e", "reason": "restore"}
    assert new_epoch(world, **asked) == "2"
    assert new_epoch(world, **asked) == "2"  # the first answer got lost
    stored = world.server.gateway(world.gateway)
    assert (stored["epoch"], stored["provisional"]) == ("2", [("p5f0c9a1e", "2")])
    later = world.observation(epoch="p5f0c9a1e")
    assert world.statuses([later], epoch="2") == ["stored"]
    assert world.submit([], epoch="1").json()["message"]["code"] == "fenced"


def test_new_epoch_is_above_what_the_gateway_knows(world: World) -> None:
    assert new_epoch(world, last_epoch="7", reason="restore") == "8"  # the server came from a backup


@pytest.mark.parametrize("change", [{"reason": "because"}, {"instance": "x"}, {"instance": None}], ids=str)
def test_new_epoch_malformed(world: World, change: dict[str, Any]) -> None:
    body = {"gateway": world.gateway, "instance": "b" * 16, "reason": "restore", **change}
    answer = world.send("POST", "gateway.new_epoch", json=body)
    assert (answer.status_code, answer.json()["message"]["code"]) == (400, "malformed")


def test_new_epoch_of_another_gateway(world: World) -> None:
    body = {"gateway": "gw-other", "instance": "b" * 16, "reason": "restore"}
    answer = world.send("POST", "gateway.new_epoch", json=body)
    assert (answer.status_code, answer.json()["message"]["code"]) == (403, "wrong_gateway")


@pytest.mark.parametrize("method", ["ping", "frappe.ping"])
def test_ping(server, method: str) -> None:
    answer = requests.get(f"{server.url}/api/method/{method}", headers=server.headers, timeout=TIMEOUT)
    assert answer.json() == {"message": "pong"}


def test_health_check(server) -> None:
    url = f"{server.url}/api/method/frappe_ext.monitoring.health_check.health_check"
    answer = requests.get(url, headers=server.headers, timeout=TIMEOUT)
    message = answer.json()["message"]
    assert {"database", "redis", "scheduler", "workers"} <= set(message["checks"])
    assert all(type(passed) is bool for passed in message["checks"].values())
    healthy = all(message["checks"].values())
    assert (answer.status_code, message["status"]) == ((200, "healthy") if healthy else (503, "degraded"))


def test_an_unknown_method(server) -> None:
    url = f"{server.url}/api/method/nosuch.method"
    answer = requests.get(url, headers=server.headers, timeout=TIMEOUT)
    assert (answer.status_code, answer.json()["exc_type"]) == (417, "ValidationError")


def test_the_key_opens_nothing_else(world: World) -> None:
    for path in (
        "/api/resource/Observation",
        "/api/method/frappe.client.get_list",
        "/api/method/frappe_ext.auth.issue_key",
    ):
        headers = {"Authorization": world.authorization, **world.server.headers}
        answer = requests.get(world.server.url + path, headers=headers, timeout=TIMEOUT)
        assert answer.status_code in (401, 403, 404, 417)

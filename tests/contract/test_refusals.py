"""Whole requests refused: keys, gateways, epochs, instances, sizes, bodies (wire.md §4)."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
import requests

from frappe_ext.contract import edge_key
from frappe_ext.contract.limits import GZIP_TYPE, JSON_TYPE
from tests.contract import records
from tests.contract.conftest import World, make_world
from tests.contract.servers import TIMEOUT

A, B = "a" * 16, "b" * 16


def refusal(answer: requests.Response) -> tuple[int, str]:
    """(HTTP, code) of our envelope."""
    return answer.status_code, answer.json()["message"]["code"]


BAD_KEYS = [
    "EdgeKey nobody:" + "x" * 43,
    "EdgeKey k1",
    "EdgeKey :",
    "EdgeKey k1:" + "x" * 42,
    "token abc:def",
    "Basic YTpi",
    "Bearer x",
]


@pytest.mark.parametrize("header", BAD_KEYS)
def test_unknown_key(world: World, header: str) -> None:
    for method, verb in (("ingest.submit", "POST"), ("gateway.config", "GET"), ("gateway.heartbeat", "POST")):
        answer = world.send(verb, method, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.json()["exc_type"] == "AuthenticationError"


def test_right_id_wrong_secret(world: World) -> None:
    header = f"EdgeKey {world.key_id}:{edge_key.generate().secret}"
    assert world.send("GET", "gateway.config", headers={"Authorization": header}).status_code == 401


def test_no_key_is_nobody(world: World) -> None:
    url = f"{world.server.url}/api/method/frappe_ext.api.gateway.config"
    answer = requests.get(url, headers=world.server.headers, timeout=TIMEOUT)
    assert answer.status_code in (401, 403)
    assert answer.json()["exc_type"] in ("AuthenticationError", "PermissionError")


def test_wrong_verb(world: World) -> None:
    assert world.send("GET", "ingest.submit").status_code == 403


def test_key_classes(world: World) -> None:
    server, gateway = world.server, world.gateway
    server.set_key(gateway, expires=-1)
    assert refusal(world.submit([])) == (403, "expired")
    server.set_key(gateway, expires=24, not_before=12)
    assert refusal(world.submit([])) == (403, "expired")
    server.set_key(gateway, expires=24, not_before=-12)
    assert world.submit([]).status_code == 200
    server.set_key(gateway, revoked=True)
    answer = world.submit([])
    assert refusal(answer) == (403, "revoked")
    assert answer.json()["message"]["gateway"] == gateway


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("enabled", False, "gateway_disabled"),
        ("revoked", True, "revoked"),
        ("user_enabled", False, "user_disabled"),
    ],
)
def test_gateway_classes(world: World, field: str, value: bool, code: str) -> None:
    world.server.set_gateway(world.gateway, **{field: value})
    assert refusal(world.submit([])) == (403, code)
    assert refusal(world.send("GET", "gateway.config")) == (403, code)
    world.server.set_gateway(world.gateway, **{field: not value})
    assert world.submit([]).status_code == 200


def test_wrong_gateway(world: World) -> None:
    other = make_world(world.server)
    answer = world.submit([], gateway=other.gateway)
    assert refusal(answer) == (403, "wrong_gateway")
    assert other.gateway not in answer.text


def test_fenced(world: World) -> None:
    world.server.set_gateway(world.gateway, epoch="3")
    record = world.observation()
    answer = world.submit([record], epoch="2")
    assert refusal(answer) == (403, "fenced")
    assert answer.json()["message"]["epoch"] == "3"
    assert not world.server.rows("observation", uid=record["uid"])
    assert world.statuses([record], epoch="3") == ["stored"]
    assert world.submit([], epoch="p0123abcd").status_code == 200  # its grant's answer got lost
    assert refusal(world.send("POST", "gateway.heartbeat", json=beat(world, epoch="1"))) == (403, "fenced")


def beat(world: World, **changes: Any) -> dict[str, Any]:
    body = {"gateway": world.gateway, "epoch": "1", "instance": A, "at": time.time_ns() // 1_000_000}
    return {**body, **changes}


def test_two_instances_are_held_until_a_person_keeps_one(world: World) -> None:
    for instance in (A, A, B, A):
        assert world.submit([], instance=instance).status_code == 200
    record = world.observation()
    assert refusal(world.submit([record], instance=B)) == (403, "held")
    assert refusal(world.submit([record], instance=A)) == (403, "held")
    assert refusal(world.send("POST", "gateway.heartbeat", json=beat(world))) == (403, "held")
    assert not world.server.rows("observation", uid=record["uid"])
    world.server.keep(world.gateway, A)
    assert refusal(world.submit([record], instance=B)) == (403, "held")
    assert world.statuses([record], instance=A) == ["stored"]
    assert world.submit([], instance="c" * 16).status_code == 200  # a restart of the kept one


def test_a_late_request_from_before_a_restart(world: World) -> None:
    now = time.time_ns() // 1_000_000
    for instance, sent_at in (
        (A, now),
        (A, now + 10),
        (B, now + 500),
        (A, now + 20),
        (B, now + 600),
        (A, now + 30),
        (B, now + 700),
    ):
        assert world.submit([], instance=instance, sent_at=sent_at).status_code == 200


def test_restarts_are_no_clones(world: World) -> None:
    for number in range(12):
        for _ in range(2):
            assert world.submit([], instance=f"{number:016x}").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": 7},
        {"gateway": "a b"},
        {"epoch": "x"},
        {"epoch": 3},
        {"epoch": "01"},
        {"instance": "xyz"},
        {"instance": "A" * 16},
        {"batch_id": "x" * 37},
        {"batch_id": "a\nb"},
        {"sent_at": "now"},
        {"sent_at": True},
        {"records": {}},
        {"records": "x"},
    ],
    ids=str,
)
def test_a_malformed_envelope(world_of_module: World, change: dict[str, object]) -> None:
    body = {**records.batch(world_of_module.gateway, []), **change}
    answer = world_of_module.send("POST", "ingest.submit", json=body)
    assert refusal(answer) == (400, "malformed")
    assert answer.json()["message"]["detail"]


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0, None], ids=str)
def test_unsupported_version(world_of_module: World, version: object) -> None:
    body = {**records.batch(world_of_module.gateway, []), "v": version}
    assert refusal(world_of_module.send("POST", "ingest.submit", json=body)) == (400, "unsupported_version")


GOOD = gzip.compress(b'{"v":1}')
BODIES = {
    "no gzip": b"{}",
    "cut gzip": GOOD[:-4],
    "trailing bytes": GOOD + b"x",
    "second member": GOOD + GOOD,
    "no json": gzip.compress(b"{nope"),
    "no object": gzip.compress(b"[]"),
    "utf-16": gzip.compress('{"v":1}'.encode("utf-16")),
    "latin-1": gzip.compress('{"v":"é"}'.encode("latin-1")),
    "NaN": gzip.compress(b'{"v":NaN}'),
    "deep": gzip.compress(b'{"v":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 1),
    "huge number": gzip.compress(b'{"v":' + bytes(str(10**4000), "ascii") * 2 + b"}", 0),
    "empty": b"",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_malformed_body(world_of_module: World, name: str) -> None:
    answer = world_of_module.send(
        "POST", "ingest.submit", data=BODIES[name], headers={"Content-Type": GZIP_TYPE}
    )
    expected = {(400, "malformed"), (413, "too_large")} if name == "deep" else {(400, "malformed")}
    assert refusal(answer) in expected


def test_bad_plain_json_never_reaches_the_method(world_of_module: World) -> None:
    """Frappe reads JSON before the method and answers 500; the stand-in does the same."""
    answer = world_of_module.send("POST", "ingest.submit", data=b"{nope", headers={"Content-Type": JSON_TYPE})
    assert (answer.status_code, answer.json()["exc_type"]) == (500, "JSONDecodeError")


def padded(world: World, size: int) -> bytes:
    body = records.batch(world.gateway, [])
    body["padding"] = "x" * (size - len(json.dumps(body)) - len(', "padding": ""'))
    return json.dumps(body).encode()


def test_plain_limit(world_of_module: World) -> None:
    headers = {"Content-Type": JSON_TYPE}
    fits, over = padded(world_of_module, 1_000_000), padded(world_of_module, 1_000_001)
    assert (len(fits), len(over)) == (1_000_000, 1_000_001)
    assert world_of_module.send("POST", "ingest.submit", data=fits, headers=headers).status_code == 200
    assert refusal(world_of_module.send("POST", "ingest.submit", data=over, headers=headers)) == (
        413,
        "too_large",
    )


def test_inflated_limits(world_of_module: World) -> None:
    headers = {"Content-Type": GZIP_TYPE}
    for bomb in (gzip.compress(b" " * 3_000_000), gzip.compress(b" " * 200_000_000, 1)):
        answer = world_of_module.send("POST", "ingest.submit", data=bomb, headers=headers)
        assert refusal(answer) == (413, "too_large")
    noise = json.dumps([index * 7919 % 1_000_003 for index in range(560_000)]).encode()
    assert len(noise) > 4_000_000
    answer = world_of_module.send(
        "POST", "ingest.submit", data=gzip.compress(noise, 9)[:999_999], headers=headers
    )
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize("method", ["ingest.submit", "ingest.reconcile", "gateway.heartbeat"])
def test_a_refusal_names_gateway_and_site(world_of_module: World, method: str) -> None:
    world = world_of_module
    headers = {"Content-Type": GZIP_TYPE}  # no gzip: nothing of the body says who sends
    message = world.send("POST", method, data=b"nonsense", headers=headers).json()["message"]
    assert (message["code"], message["gateway"], message["site"]) == ("malformed", world.gateway, world.site)

"""Enrolment (wire.md §7): a code of Desk becomes a key, once."""

from __future__ import annotations

import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.contract.conftest import World, make_world
from tests.contract.servers import TIMEOUT

INSTANCE = "9b1d5e0c7a2f4431"
# An address of its own for every test: tries are counted by address. The servers believe the proxy on this host.
_addresses = (f"198.18.{random.randrange(256)}.{number}" for number in itertools.count(1))


class Machine:
    """Somebody with a code, behind the proxy."""

    def __init__(self, world: World, proto: str = "https") -> None:
        self._server = world.server
        self.address = next(_addresses)
        self._proto = proto

    def enroll(self, code: Any, forged: str = "", **fields: Any) -> requests.Response:
        body = {"code": code, "host": "gw1", "version": "0.1.0", "instance": INSTANCE, **fields}
        chain = f"{forged}, {self.address}" if forged else self.address
        headers = {"X-Forwarded-For": chain, "X-Forwarded-Proto": self._proto, **self._server.headers}
        url = f"{self._server.url}/api/method/frappe_ext.api.gateway.enroll"
        return requests.post(url, json=body, headers=headers, timeout=TIMEOUT)


def enrolled(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text[:2000]
    return answer.json()["message"]


def refused(answer: requests.Response) -> tuple[int, dict[str, Any]]:
    return answer.status_code, answer.json()["message"]


def with_key(world: World, answer: dict[str, Any]) -> World:
    return World(world.server, world.site, world.device, world.gateway, answer["key_id"], answer["secret"])


def test_a_code_becomes_a_key(world: World) -> None:
    before = time.time_ns() // 1_000_000
    answer = enrolled(Machine(world).enroll(world.server.new_code(world.gateway)))
    assert set(answer) == {"gateway", "epoch", "key_id", "secret", "sites", "url", "server_time"}
    assert (answer["gateway"], answer["epoch"]) == (world.gateway, "2")  # known before: the next epoch
    assert (answer["sites"], len(answer["secret"])) == ([world.site], 43)
    assert answer["url"].startswith("http")
    assert abs(answer["server_time"] - before) < 60_000
    machine = with_key(world, answer)
    assert machine.statuses([world.observation()], epoch="2") == ["stored"]
    assert world.server.gateway(world.gateway)["epoch"] == "2"


def test_an_older_store_is_fenced_whatever_its_key(world: World) -> None:
    assert world.statuses([world.observation()]) == ["stored"]
    enrolled(Machine(world).enroll(world.server.new_code(world.gateway)))
    status, message = refused(world.submit([]))
    assert (status, message["code"], message["epoch"]) == (403, "fenced", "2")
    assert (message["gateway"], message["site"]) == (world.gateway, world.site)


def test_wrong_used_late_and_replaced_codes_look_alike(world: World) -> None:
    machine, server = Machine(world), world.server
    used = server.new_code(world.gateway)
    enrolled(machine.enroll(used))
    replaced = server.new_code(world.gateway)
    late = server.new_code(world.gateway)
    server.end_code(world.gateway)
    answers = [machine.enroll(code) for code in ("0123456789", used, replaced, late, 7)]
    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].json()["message"]["code"] == "bad_code"
    assert len({answer.text for answer in answers}) == 1
    names = [set(map(str.lower, answer.headers)) for answer in answers]
    assert all(found == names[0] for found in names)


def test_revoking_the_keys_ends_the_code_too(world: World) -> None:
    code = world.server.new_code(world.gateway)
    world.server.revoke_keys(world.gateway)
    assert refused(world.submit([]))[1]["code"] == "revoked"
    assert refused(Machine(world).enroll(code))[1]["code"] == "bad_code"
    answer = enrolled(Machine(world).enroll(world.server.new_code(world.gateway)))
    assert with_key(world, answer).statuses([world.observation()], epoch="2") == ["stored"]


def test_a_code_is_its_gateways(world: World) -> None:
    other = make_world(world.server)
    answer = enrolled(Machine(world).enroll(world.server.new_code(other.gateway)))
    assert (answer["gateway"], answer["sites"]) == (other.gateway, [other.site])


def test_a_code_as_people_type_it(world: World) -> None:
    code = world.server.new_code(world.gateway)
    typed = f" {code[:5].lower()}-{code[5:]} ".replace("1", "I").replace("0", "o")
    enrolled(Machine(world).enroll(typed))


def test_five_wrong_codes_a_minute(world: World) -> None:
    machine = Machine(world)
    for number in range(5):
        assert machine.enroll(f"000000000{number}", forged=f"203.0.113.{number}").status_code == 403
    code = world.server.new_code(world.gateway)
    answer = machine.enroll(code, forged="203.0.113.99")
    assert (answer.status_code, answer.json()["message"]["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    enrolled(Machine(world).enroll(code))  # another address


def test_right_codes_are_no_wrong_tries(world: World) -> None:
    machine = Machine(world)
    for _ in range(7):
        enrolled(machine.enroll(world.server.new_code(world.gateway)))


def test_https_only_and_a_code_sent_without_it_is_spent(world: World) -> None:
    code, plain = world.server.new_code(world.gateway), Machine(world, proto="http")
    status, message = refused(plain.enroll(code))
    assert (status, message["code"]) == (400, "malformed")
    assert refused(plain.enroll("0123456789")) == (status, message)
    assert refused(Machine(world).enroll(code))[1]["code"] == "bad_code"


def test_the_same_code_at_once_gives_one_key(world: World) -> None:
    code = world.server.new_code(world.gateway)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda machine: machine.enroll(code), [Machine(world) for _ in range(8)]))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7
    assert world.server.gateway(world.gateway)["epoch"] == "2"


@pytest.mark.parametrize("fields", [{"instance": "x"}, {"instance": 7}], ids=str)
def test_a_malformed_request_spends_no_code(world: World, fields: dict[str, Any]) -> None:
    code, machine = world.server.new_code(world.gateway), Machine(world)
    assert refused(machine.enroll(code, **fields))[1]["code"] == "malformed"
    enrolled(machine.enroll(code, host=None, version=["x"], instance=None))


@pytest.mark.parametrize("state", [{"enabled": False}, {"revoked": True}], ids=str)
def test_a_gateway_that_may_not_send_does_not_enrol(world: World, state: dict[str, bool]) -> None:
    code = world.server.new_code(world.gateway)
    world.server.set_gateway(world.gateway, **state)
    assert Machine(world).enroll(code).status_code == 403
    assert world.server.gateway(world.gateway)["epoch"] == "1"


def test_enrolling_ends_held(world: World) -> None:
    for number in range(4):
        instance = "ab"[number % 2] * 16
        answer = world.submit([], instance=instance, sent_at=1771840801000 + number)
    assert refused(answer)[1]["code"] == "held"
    machine = with_key(world, enrolled(Machine(world).enroll(world.server.new_code(world.gateway))))
    assert machine.statuses([world.observation()], epoch="2", instance="c" * 16) == ["stored"]

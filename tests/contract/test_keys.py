"""Two live keys: rotation without a failed upload (both runbooks: new, update, test, revoke the old one)."""

from __future__ import annotations

import threading

from tests.contract.conftest import World
from tests.contract.test_enroll import Machine, enrolled, with_key


def test_rotation_without_a_failed_upload(world: World) -> None:
    """Uploads go on, one after the other, while a person issues the second key, the gateway takes it, and the first is
    revoked."""
    current, statuses, stop = [world], [], threading.Event()

    def upload() -> None:
        while not stop.is_set():
            answer = current[0].submit([world.observation()])
            statuses.append(
                (answer.status_code, [each["status"] for each in answer.json()["message"]["results"]])
            )

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        _wait_for(statuses, 3)
        key_id, secret = world.server.new_key(world.gateway)
        _wait_for(statuses, 3)
        current[0] = World(world.server, world.site, world.device, world.gateway, key_id, secret)
        _wait_for(statuses, 3)  # the new one is in use: at most one request was on its way with the old one
        world.server.revoke_key(world.gateway, world.key_id)
        _wait_for(statuses, 3)
    finally:
        stop.set()
        thread.join()
    assert set(map(str, statuses)) == {"(200, ['stored'])"}
    refused = world.submit([]).json()["message"]
    assert (refused["code"], refused["gateway"], refused["site"]) == ("revoked", world.gateway, world.site)


def _wait_for(statuses: list, more: int) -> None:
    wanted, pause = len(statuses) + more, threading.Event()
    while len(statuses) < wanted:
        pause.wait(0.01)


def test_of_two_live_keys_enrolment_takes_the_one_out_of_use(world: World) -> None:
    key_id, secret = world.server.new_key(world.gateway)  # newer, and on no machine
    assert world.submit([]).status_code == 200
    answer = enrolled(Machine(world).enroll(world.server.new_code(world.gateway)))
    unused = World(world.server, world.site, world.device, world.gateway, key_id, secret)
    assert unused.submit([], epoch="2").json()["message"]["code"] == "revoked"
    assert world.submit([], epoch="2").status_code == 200
    assert with_key(world, answer).submit([], epoch="2").status_code == 200

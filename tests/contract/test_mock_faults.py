"""The stand-in's own ways to fail: what the agent's tests lean on."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract.conftest import World, make_world
from tests.contract.servers import TIMEOUT, StandIn


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    found = StandIn()
    yield found
    found.close()


@pytest.fixture
def world(standin: StandIn) -> Iterator[World]:
    yield make_world(standin)
    standin.control(clear=True)


STATUSES = {
    "400": 400,
    "401": 401,
    "403": 403,
    "404": 404,
    "409": 409,
    "413": 413,
    "417": 417,
    "429": 429,
    "500": 500,
    "503": 503,
}
CODES = {
    "revoked": 403, "expired": 403, "gateway_disabled": 403, "user_disabled": 403, "wrong_gateway": 403, "fenced": 403,
    "held": 403, "not_ready": 503, "native_missing": 503, "malformed": 400, "too_large": 413, "rate_limited": 429,
}  # fmt: skip


@pytest.mark.parametrize(("fault", "status"), STATUSES.items())
def test_status_without_envelope(world: World, standin: StandIn, fault: str, status: int) -> None:
    standin.control(fault=fault, count=1)
    answer = world.submit([])
    assert answer.status_code == status
    assert "message" not in answer.text
    assert ("Retry-After" in answer.headers) == (fault == "429")
    assert world.submit([]).status_code == 200


@pytest.mark.parametrize(("fault", "status"), CODES.items())
def test_status_with_envelope(world: World, standin: StandIn, fault: str, status: int) -> None:
    standin.control(fault=fault, until="cleared")
    for _ in range(2):
        answer = world.submit([])
        assert (answer.status_code, answer.json()["message"]["code"]) == (status, fault)
    standin.control(clear=True)
    assert world.submit([]).status_code == 200


def test_down_resets(world: World, standin: StandIn) -> None:
    standin.control(fault="down", until="cleared")
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            world.submit([])
    standin.control(clear=True)
    assert world.submit([]).status_code == 200


def test_down_refuses_and_comes_back_on_the_same_port(world: World, standin: StandIn) -> None:
    standin.control(fault="down", params={"refuse": True, "seconds": 0.5})
    with pytest.raises(requests.ConnectionError):
        world.submit([])
    time.sleep(0.2)
    with pytest.raises(requests.ConnectionError, match="refused"):
        world.submit([])
    time.sleep(0.8)
    assert world.submit([]).status_code == 200


def test_a_lost_answer_was_committed(world: World, standin: StandIn) -> None:
    record = world.observation()
    standin.control(fault="lost_answer")
    with pytest.raises(requests.ConnectionError):
        world.submit([record])
    assert world.statuses([record]) == ["duplicate"]


def test_half_an_answer(world: World, standin: StandIn) -> None:
    record = world.observation()
    standin.control(fault="half_answer")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        world.submit([record])
    assert world.statuses([record]) == ["duplicate"]


def test_answers_of_somebody_else(world: World, standin: StandIn) -> None:
    record = world.observation()
    standin.control(fault="html_200")
    answer = world.submit([record])
    assert answer.status_code == 200 and answer.text.startswith("<!doctype html>")
    standin.control(fault="wrong_json_200")
    assert "message" not in world.submit([record]).json()
    assert world.statuses([record]) == ["stored"]


def test_a_missing_result(world: World, standin: StandIn) -> None:
    standin.control(fault="missing_result")
    answer = world.submit([world.observation() for _ in range(3)])
    assert len(answer.json()["message"]["results"]) == 2


def test_slow(world: World, standin: StandIn) -> None:
    standin.control(fault="slow", params={"seconds": 0.4})
    started = time.monotonic()
    assert world.submit([]).status_code == 200
    assert time.monotonic() - started >= 0.4


def test_one_device_is_refused(world: World, standin: StandIn) -> None:
    standin.control(
        fault="reject_device", params={"device": world.device, "code": "too_long"}, until="cleared"
    )
    results = world.results([world.observation(), world.observation(device="other"), world.observation()])
    assert [result["status"] for result in results] == ["rejected", "stored", "rejected"]
    assert results[0]["code"] == "too_long"
    standin.control(clear=True)
    standin.control(fault="retry_device", params={"device": world.device})
    assert world.results([world.observation()])[0]["code"] == "server_error"


def test_a_fault_of_one_path(world: World, standin: StandIn) -> None:
    standin.control(fault="404", until="cleared", path="ingest.submit")
    assert world.submit([]).status_code == 404
    assert world.send("GET", "gateway.config").status_code == 200


def test_an_unknown_fault_is_refused(standin: StandIn) -> None:
    answer = requests.post(f"{standin.url}/_control", json={"fault": "gremlins"}, timeout=TIMEOUT)
    assert answer.status_code == 400 and "gremlins" in answer.text


def test_journal(world: World, standin: StandIn) -> None:
    path = standin.folder / "journal.jsonl"
    standin.control(journal=str(path))
    record = world.observation()
    world.results([record, dict(record)])
    standin.control(fault="lost_answer")
    with pytest.raises(requests.ConnectionError):
        world.submit([record])
    standin.control(journal=None)
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["status"] for line in lines] == [200, 0]
    assert lines[0]["results"] == [[record["uid"], "stored"], [record["uid"], "duplicate"]]
    assert lines[1]["fault"] == "lost_answer"
    assert world.secret not in path.read_text()


def test_the_page_escapes_what_came_from_outside(world: World, standin: StandIn) -> None:
    record = world.observation(raw="<img src=x onerror=alert(1)>{{7*7}}", flag="Invalid", reasons=["x:<b>"])
    world.results([record])
    page = requests.get(standin.url, timeout=TIMEOUT).text
    assert "<img" not in page and "&lt;img src=x" in page and "x:&lt;b&gt;" in page
    answer = requests.get(
        f"{standin.url}/records.json", {"flag": "Invalid", "rows": "0"}, timeout=TIMEOUT
    ).json()
    assert record["uid"] in answer["uids"] and answer["counts"]["flags"]["Invalid"] >= 1


def test_the_page_shows_tickets_and_nonconformances(world: World, standin: StandIn) -> None:
    scale = world.scale()
    gross, tare = scale.load()
    hostile = {"lot": "<img src=y onerror=alert(1)>", "reasons": ["x:<b>"], "mismatch": True}
    ticket = scale.ticket(gross, tare, declared_net_kg="24800", **hostile)
    assert world.statuses([gross, tare, ticket]) == ["stored"] * 3
    page = requests.get(standin.url, timeout=TIMEOUT).text
    assert ticket["number"] in page and "net_vs_declared:-3.79%" in page and "Scale ticket mismatch" in page
    assert "<img" not in page and "x:<b>" not in page
    counts = requests.get(f"{standin.url}/records.json", {"limit": "0"}, timeout=TIMEOUT).json()["counts"]
    assert counts["weighing"] >= 2 and counts["scale_ticket"] >= 1 and counts["nonconformance"] >= 1


def test_keep_alive(world: World) -> None:
    with requests.Session() as session:
        for _ in range(20):
            answer = session.get(f"{world.server.url}/api/method/ping", timeout=TIMEOUT)
            assert answer.raw.version == 11 and answer.json() == {"message": "pong"}


def test_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = StandIn("--tls-cert", str(certificate), "--tls-key", str(key))
    try:
        assert server.url.startswith("https://")
        answer = requests.get(f"{server.url}/api/method/ping", verify=str(certificate), timeout=TIMEOUT)
        assert answer.json() == {"message": "pong"}
        assert ssl.OPENSSL_VERSION
    finally:
        server.close()

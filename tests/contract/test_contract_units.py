"""frappe_ext.contract without a server."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import datetime

import pytest

from frappe_ext.contract import (
    config_answer,
    edge_key,
    envelope,
    epochs,
    late,
    refusals,
    rows,
    statuses,
    storage,
    times,
)

HOUR = 3_600_000


def test_it_never_imports_frappe() -> None:
    script = (
        "import sys, pkgutil, importlib, frappe_ext.contract as package\n"
        "for each in pkgutil.iter_modules(package.__path__): importlib.import_module('frappe_ext.contract.' + each.name)\n"
        "assert 'frappe' not in sys.modules and 'werkzeug' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_generated_key_is_parsed_and_matched() -> None:
    key = edge_key.generate()
    assert len(key.secret) == 43 and len(key.hash) == 64
    presented = edge_key.parse_header(f"EdgeKey {key.key_id}:{key.secret}")
    assert presented == edge_key.PresentedKey(key.key_id, key.secret)
    assert edge_key.matches(presented.secret, key.hash)
    assert not edge_key.matches(edge_key.generate().secret, key.hash)
    assert not edge_key.matches(key.secret, None)
    assert key.secret not in repr(key) + repr(presented)
    assert edge_key.generate() != key


@pytest.mark.parametrize(
    "header",
    [None, "", "EdgeKey", "EdgeKey a", "EdgeKey a:b", "edgekey k:" + "x" * 43, "EdgeKey k:" + "x" * 43 + "\n",
     "EdgeKey  k:" + "x" * 43, "EdgeKey k k:" + "x" * 43, "EdgeKey k:" + "é" * 43, "token k:" + "x" * 43],
)  # fmt: skip
def test_headers_that_are_no_key(header: str | None) -> None:
    assert edge_key.parse_header(header) is None


def test_two_live_keys() -> None:
    now = 1_000 * HOUR
    keys = [
        edge_key.Credential("a", "", expires=now),
        edge_key.Credential("b", "", revoked=True),
        edge_key.Credential("c", "", expires=now + 1),
    ]
    assert edge_key.room_for_new(keys, now)
    assert not edge_key.room_for_new([*keys, edge_key.Credential("d", "", not_before=now + HOUR)], now)


@pytest.mark.parametrize("code", refusals.HTTP_OF_CODE)
def test_envelope_of_a_refusal(code: str) -> None:
    refusal = refusals.Refusal(code, "why", gateway="g", epoch="3" if code == "fenced" else None)
    message = refusal.as_message()
    assert (message["code"], message["detail"], message["gateway"], message["site"]) == (
        code,
        "why",
        "g",
        None,
    )
    assert ("epoch" in message) == (code == "fenced")


def test_order_of_epochs() -> None:
    provisional = [("p00000001", "2"), ("p00000002", "4"), ("p00000003", "4")]
    wanted = ["1", "p00000001", "2", "3", "p00000002", "p00000003", "4", "10", "pffffffff"]
    for seed in range(5):
        shuffled = random.Random(seed).sample(wanted, len(wanted))
        assert sorted(shuffled, key=lambda epoch: epochs.order_key(epoch, provisional)) == wanted


@pytest.mark.parametrize(
    "wrong", [None, 3, "", "-1", "01", "p", "pABCDEF01", "p0123456", "3\n", "٣", "1" * 19]
)
def test_what_is_no_epoch(wrong: object) -> None:
    assert not epochs.is_epoch(wrong)


def test_grants() -> None:
    assert epochs.grant(None, []).epoch == "1"
    first = epochs.grant("3", [], last_epoch="3", provisional_now="p00000001")
    assert first == epochs.Grant("4", ("p00000001", "4"))
    again = epochs.grant("4", [("p00000001", "4")], last_epoch="3", provisional_now="p00000001")
    assert again == epochs.Grant("4", None, repeated=True)
    assert epochs.grant("3", [], last_epoch="9").epoch == "10"
    assert epochs.grant("3", [], last_epoch="p00000001", provisional_now="nonsense").epoch == "4"


TRAILS = [
    ("AAAA", False),
    ("AABB", False),
    ("ABA", False),
    ("ABAB", True),
    ("ABCABC", True),
    ("ABCDEFGH", False),
    ("ABaBaB", False),  # small: sent before B's first
    ("AABaBCbC", False),
]


@pytest.mark.parametrize(("text", "held"), TRAILS)
def test_trails(text: str, held: bool) -> None:
    trail = envelope.InstanceTrail()
    result = False
    for at, name in enumerate(text):
        sent_at = 0 if name.islower() else at + 1
        result = trail.note(name.upper(), sent_at)
        trail = envelope.InstanceTrail.parse(trail.dump())
    assert result is held


@pytest.mark.parametrize("text", [None, "", "x", "7", "[[1]]", "{}", '[["a","b"]]'])
def test_a_trail_that_cannot_be_read_is_empty(text: str | None) -> None:
    assert envelope.InstanceTrail.parse(text).instances() == []


NUMBERS = [
    (None, None), ("", None), (0, "0"), (0.0, "0"), (-0.0, "0"), (35.0, "35"), (28.5, "28.5"), (0.1, "0.1"), (-40, "-40"),
    ("35.000000000", "35"), (1e-9, "0.000000001"), (1e-10, "0"), (100, "100"), (1e12, "1000000000000"), ("abc", None),
    (float("nan"), None), (float("inf"), None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_decimal_text(value: object, text: str | None) -> None:
    assert config_answer.decimal_text(value) == text


BANDS = [
    ((0, 0), {}, None),
    ((None, None), {}, None),
    ((0, 8), {}, ["0", "8"]),
    ((-5, 0), {}, ["-5", "0"]),
    ((0, 80), {"no_min": 1}, [None, "80"]),
    ((10, 0), {"no_max": 1}, ["10", None]),
    ((0, 0), {"no_min": 1}, [None, "0"]),
    ((1, 2), {"no_min": 1, "no_max": 1}, None),
]


@pytest.mark.parametrize(("ends", "checks", "wanted"), BANDS)
def test_bands(ends: tuple[object, object], checks: dict[str, int], wanted: object) -> None:
    assert config_answer.band(*ends, **checks) == wanted


def test_a_version_changes_with_any_edit_and_any_deletion() -> None:
    one = config_answer.config_version({"sites": [{"site": "a"}]}, 7)
    assert one == config_answer.config_version({"sites": [{"site": "a"}]}, 7)
    assert one != config_answer.config_version({"sites": []}, 7)
    assert one != config_answer.config_version({"sites": [{"site": "a"}]}, 8)


def test_times() -> None:
    assert times.naive_local(1_771_840_800_123, "Asia/Aden") == datetime(2026, 2, 23, 13, 0, 0, 123_000)
    assert times.utc_ms(datetime(2026, 2, 23, 13, 0, 0, 123_000), "Asia/Aden") == 1_771_840_800_123
    for zone in ("Asia/Kolkata", "Pacific/Kiritimati", "America/St_Johns"):
        assert times.utc_ms(times.naive_local(0, zone), zone) == 0
        times.naive_local(times.MAX_MS, zone)


def test_merged_reasons() -> None:
    assert rows.merge_reasons(["no_policy"], ["critical_max:35"], server_first=True) == ["critical_max:35"]
    assert rows.merge_reasons(["spike:1"], ["no_value"], server_first=False) == ["spike:1"]
    assert rows.merge_reasons([], ["no_value", "no_policy"], server_first=True) == ["no_value", "no_policy"]


def test_worse() -> None:
    for a in statuses.FLAGS:
        for b in statuses.FLAGS:
            assert statuses.worse(a, b) == max(a, b, key=statuses.FLAGS.index)


def late_ticket(**changes: object) -> dict[str, object]:
    return {
        "site": "silo-a",
        "gateway": "gw-silo-a",
        "device_text": "ws1",
        "weight_unit": "kg",
        "ticket_datetime_ms": HOUR,
        "gross_text": "38440",
        "tare_text": "14580",
        "net_text": "23860",
        "gross_weighing": "a" * 32,
        "tare_weighing": "b" * 32,
        "mismatch_reasons": "",
        **changes,
    }


def late_weighing(value: str, **changes: object) -> storage.StoredWeighing:
    fields = {
        "name": "n",
        "uid": "u",
        "gateway": "gw-silo-a",
        "site": "silo-a",
        "scale": "ws1",
        "epoch": "1",
        "seq": 1,
    }
    fields |= {
        "at_ms": 0,
        "value": value,
        "unit": "kg",
        "role": "gross",
        "stability": "Indicator",
        "manual": False,
    }
    return storage.StoredWeighing(**{**fields, "override": "", "prev_hash": "", "hash": "", **changes})


LATE = [
    ({}, {}, []),
    ({}, {"a" * 32: late_weighing("38440"), "b" * 32: late_weighing("14580")}, []),
    ({}, {"a" * 32: late_weighing("38460")}, ["weight_not_captured:gross"]),
    ({}, {"b" * 32: late_weighing("14580", unit="lb")}, ["weight_not_captured:tare"]),
    ({}, {"a" * 32: late_weighing("38440", at_ms=2 * HOUR)}, ["time_order"]),
    ({}, {"a" * 32: late_weighing("38440", override="no_zero_return: rain")}, ["no_zero_return"]),
    ({"mismatch_reasons": "net_vs_declared:9.00%"}, {"a" * 32: late_weighing("38440")}, []),
    ({}, {"b" * 32: late_weighing("14580", scale="ws2")}, ["weight_not_captured:tare"]),
    ({}, {"a" * 32: late_weighing("38440", gateway="gw-b")}, ["weight_not_captured:gross"]),
    ({"mismatch_reasons": "weight_not_captured:gross"}, {"b" * 32: late_weighing("14580")}, []),
    ({"tare_weighing": None}, {"a" * 32: late_weighing("38440")}, []),
]


@pytest.mark.parametrize(("changes", "weighings", "reasons"), LATE, ids=range(len(LATE)))
def test_weighings_that_came_after_their_ticket(
    changes: dict[str, object], weighings: dict[str, storage.StoredWeighing], reasons: list[str]
) -> None:
    assert late.differing_reasons(late_ticket(**changes), weighings) == (reasons, bool(reasons))


def test_what_only_says_how_is_no_mismatch() -> None:
    weighings = {"a" * 32: late_weighing("38440", manual=True), "b" * 32: late_weighing("14580")}
    assert late.differing_reasons(late_ticket(), weighings) == (["manual_entry"], False)


def test_what_was_said_of_a_late_weighing_is_said_once() -> None:
    ticket = late_ticket(mismatch_reasons="weight_not_captured:gross")
    assert late.differing_reasons(ticket, {"a" * 32: late_weighing("38460")})[0] == []

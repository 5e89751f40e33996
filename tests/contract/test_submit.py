"""Records through submit: stored, duplicate, conflict, rejected, retry (wire.md §3 and §4)."""

from __future__ import annotations

import json

import pytest

from tests.contract import records
from tests.contract.conftest import World, make_world


@pytest.mark.parametrize("compress", [False, True], ids=["json", "gzip"])
def test_stored_with_every_column(world: World, compress: bool) -> None:
    record = world.observation(backfilled=True, value_in="70.70", unit_in="F", seq=184_467)
    answer = world.submit([record], compress=compress)
    message = answer.json()["message"]
    assert answer.status_code == 200
    assert message["batch_id"] == "01J9ZK3M6Q"
    assert isinstance(message["server_time"], int) and isinstance(message["config_version"], str)
    (result,) = message["results"]
    assert result == {"uid": record["uid"], "status": "stored", "name": result["name"]}

    row = world.stored(record["uid"])
    assert row["name"] == result["name"]
    expected = {
        "site": world.site,
        "gateway": world.gateway,
        "observation_type": "temperature",
        "value_text": "21.50",
        "value": 21.5,
        "has_value": 1,
        "unit": "C",
        "value_in": "70.70",
        "unit_in": "F",
        "quality_flag": "OK",
        "edge_flag": "OK",
        "server_flag": "OK",
        "observed_at_ms": record["observed_at"],
        "received_at_ms": record["received_at"],
        "clock_state": "synced",
        "time_source": "device",
        "backfilled": 1,
        "identity": "content",
        "device_text": "bin3-t1",
        "edge_epoch": "1",
        "edge_seq": 184_467,
        "policy_version": "1771500000000",
        "raw_payload": record["raw"],
        "raw_sha256": record["raw_sha256"],
    }
    assert {key: row[key] for key in expected} == expected
    assert row["device"]
    assert len(row["identity_hash"]) == 32


def test_observed_at_is_in_the_sites_time_zone(world: World) -> None:
    record = world.observation(observed_at=records.OBSERVED_AT + 123)
    world.results([record])
    assert world.server.time_zone == "Asia/Aden"
    assert world.stored(record["uid"])["observed_at"] == "2026-02-23 13:00:00.123000"


@pytest.mark.parametrize(
    "text", ["28.50", "0", "-0.0010", "0.000", "123456789012.123456789", "1.00000000000000000001"]
)
def test_digits_are_kept(world: World, text: str) -> None:
    record = world.observation(value=text)
    assert world.statuses([record]) == ["stored"]
    assert world.stored(record["uid"])["value_text"] == text


def test_no_value_is_not_zero(world: World) -> None:
    record = world.observation(flag="Invalid", reasons=["not_a_number:abc"])
    del record["value"]
    assert world.statuses([record]) == ["stored"]
    row = world.stored(record["uid"])
    assert (row["has_value"], row["value_text"] or "", row["quality_flag"]) == (0, "", "Invalid")
    assert row["quality_reasons"].splitlines() == ["not_a_number:abc"]


def test_again_is_duplicate_with_the_same_name(world: World) -> None:
    record = world.observation()
    (first,) = world.results([record])
    again = {**record, "flag": "Warning", "reasons": ["spike:9"], "backfilled": True, "seq": 77}
    assert world.results([again]) == [{**first, "status": "duplicate"}]
    assert world.stored(record["uid"])["edge_flag"] == "OK"


@pytest.mark.parametrize(
    "change", [{"value": "21.5"}, {"unit": "F"}, {"observed_at": 1}, {"type": "humidity"}]
)
def test_other_content_is_conflict(world: World, change: dict[str, object]) -> None:
    record = world.observation()
    world.results([record])
    (result,) = world.results([{**record, **change}])
    assert (result["status"], result["uid"]) == ("conflict", record["uid"])
    assert world.stored(record["uid"])["value_text"] == "21.50"


def test_twins_within_one_batch(world: World) -> None:
    record = world.observation()
    other = {**record, "value": "22"}
    first, twin, conflict = world.results([record, dict(record), other])
    assert [first["status"], twin["status"], conflict["status"]] == ["stored", "duplicate", "conflict"]
    assert twin["name"] == first["name"]
    assert len(world.server.rows("observation", uid=record["uid"])) == 1


def test_results_stand_in_the_order_of_records(world: World) -> None:
    items = [world.observation() for _ in range(20)]
    items[3]["uid"] = "nothing"
    items[11]["site"] = "nowhere"
    items[17] = dict(items[0])
    results = world.results(items)
    assert [result["uid"] for result in results] == [item["uid"] for item in items]
    wanted = ["stored"] * 20
    wanted[3], wanted[11], wanted[17] = "rejected", "rejected", "duplicate"
    assert [result["status"] for result in results] == wanted


def test_a_full_batch_and_one_more(world: World) -> None:
    items = [
        world.observation(raw="{}", raw_bytes=2, uid=records.fresh_uid(), seq=seq) for seq in range(1, 501)
    ]
    assert set(world.statuses(items)) == {"stored"}
    assert set(world.statuses(items, compress=True)) == {"duplicate"}
    answer = world.submit([*items, world.observation()])
    assert (answer.status_code, answer.json()["message"]["code"]) == (413, "too_large")


def test_an_empty_batch(world: World) -> None:
    assert world.results([]) == []


REJECTED = [
    ("uid", "F" * 32, "bad_uid"),
    ("uid", "6f24", "bad_uid"),
    ("uid", 7, "bad_uid"),
    ("uid", "6f24299c07187094bab81ef655773fca\n", "bad_uid"),
    ("kind", "observatio", "unknown_kind"),
    ("kind", ["observation"], "unknown_kind"),
    ("type", "Temperature", "malformed"),
    ("type", "t" * 65, "too_long"),
    ("device", "a/b", "malformed"),
    ("device", "d" * 65, "too_long"),
    ("site", "sité", "malformed"),
    ("observed_at", "1771840800000", "malformed"),
    ("observed_at", 1.5, "malformed"),
    ("observed_at", True, "malformed"),
    ("observed_at", 2**63, "malformed"),
    ("observed_at", 10**400, "malformed"),
    ("observed_at", -1, "malformed"),
    ("observed_at", 9 * 10**17, "malformed"),
    ("value", 21.5, "malformed"),
    ("value", "1e5", "malformed"),
    ("value", "NaN", "malformed"),
    ("value", "-0", "malformed"),
    ("value", "01", "malformed"),
    ("value", "1" * 41, "too_long"),
    ("value", "1234567890123", "malformed"),
    ("flag", "ok", "malformed"),
    ("reasons", "spike", "malformed"),
    ("reasons", ["Spike:6"], "malformed"),
    ("reasons", [{}], "malformed"),
    ("reasons", ["spike:\n"], "malformed"),
    ("reasons", ["x"] * 100_000, "too_long"),
    ("raw", "x" * 4097, "too_long"),
    ("raw", None, "malformed"),
    ("raw", "\ud800", "malformed"),
    ("unit", "\udfff", "malformed"),
    ("unit", "u" * 200, "too_long"),
    ("raw_sha256", "0" * 63, "malformed"),
    ("clock", "wrong", "malformed"),
    ("time_source", "", "malformed"),
    ("identity", "received ", "malformed"),
    ("seq", 0, "malformed"),
    ("seq", "1", "malformed"),
    ("epoch", "p123", "malformed"),
    ("epoch", 3, "malformed"),
    ("backfilled", 1, "malformed"),
    ("backfilled", "no", "malformed"),
    ("fold", [], "malformed"),
    ("fold", {"count": -1, "first_at": 1, "last_at": 1}, "malformed"),
    ("fold", {"count": 3, "first_at": 1, "last_at": 1, "last_raw": "\ud800"}, "malformed"),
    ("fold", {"count": 3, "first_at": 1, "last_at": 1, "last_raw": "x" * 4097}, "too_long"),
    ("agg", 5, "malformed"),
    ("agg", {"from": 1, "to": 2, "count": 3, "min": 4}, "malformed"),
]


@pytest.mark.parametrize(
    ("key", "value", "code"), REJECTED, ids=lambda value: str(value)[:24].encode("ascii", "replace").decode()
)
def test_rejected(world_of_module: World, key: str, value: object, code: str) -> None:
    world = world_of_module
    bad, good = world.observation(), world.observation()
    bad[key] = value
    results = world.results([bad, good])
    assert (results[0]["status"], results[0].get("code")) == ("rejected", code), results[0]
    assert len(results[0]["message"]) <= 500
    assert results[1]["status"] == "stored"  # the rest flows


@pytest.mark.parametrize("record", [None, 7, "text", [], [[]], {}, {"kind": None}, True, 1.5], ids=str)
def test_what_is_no_record(world_of_module: World, record: object) -> None:
    good = world_of_module.observation()
    results = world_of_module.results([record, good])
    assert [result["status"] for result in results] == ["rejected", "stored"]
    assert results[0]["uid"] is None


def test_a_rejected_record_is_kept_and_counted(world: World) -> None:
    bad = world.observation(site="nowhere")
    world.results([bad])
    world.results([bad])
    (row,) = world.server.rows("rejection", uid=bad["uid"])
    assert (row["code"], row["field"], row["status"], row["count"]) == ("unknown_site", "site", "Open", 2)
    assert json.loads(row["payload"])["raw"] == bad["raw"]


def test_unknown_site_and_site_of_another(world: World) -> None:
    other = make_world(world.server)
    unknown, foreign = world.observation(site="nowhere"), world.observation(site=other.site)
    results = world.results([unknown, foreign])
    assert [result["code"] for result in results] == ["unknown_site", "site_not_allowed"]
    for result, site in zip(results, ("nowhere", other.site), strict=True):
        assert result["field"] == "site"
        assert site in result["message"] and world.gateway in result["message"]
    assert not world.server.rows("observation", uid=foreign["uid"])


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "{{ 7*7 }}",
    "=cmd|' /C calc'!A0",
    "a\u202eb",
    "Robert'); DROP TABLE x;--",
    "\U0001f33e",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_kept_as_it_came(world_of_module: World, text: str) -> None:
    record = world_of_module.observation(raw=text, unit=text[:40], raw_bytes=len(text.encode()))
    assert world_of_module.statuses([record]) == ["stored"]
    row = world_of_module.stored(record["uid"])
    assert row["raw_payload"] == text


def test_gap(world: World) -> None:
    whole, one = records.gap(world.site), records.gap(world.site, world.device)
    homeless = records.gap(world.site, None)
    del homeless["site"]
    assert world.statuses([whole, one, homeless]) == ["stored"] * 3
    assert world.statuses([whole, {**one, "count": 1}]) == ["duplicate", "conflict"]
    (row,) = world.server.rows("gap", uid=one["uid"])
    expected = {
        "from_seq": 90_112,
        "to_seq": 94_207,
        "count": 3_991,
        "reason": "thinned_ok",
        "site": world.site,
    }
    assert {key: row[key] for key in expected} == expected
    assert row["device"]


def test_a_record_of_an_earlier_epoch(world: World) -> None:
    world.server.set_gateway(world.gateway, epoch="3")
    provisional, earlier = world.observation(epoch="p5f0c9a1e"), world.observation(epoch="2")
    assert world.statuses([provisional, earlier], epoch="3") == ["stored", "stored"]
    assert world.stored(provisional["uid"])["edge_epoch"] == "p5f0c9a1e"
    assert world.stored(earlier["uid"])["edge_epoch"] == "2"


def test_folded_and_aggregate(world: World) -> None:
    fold = {"count": 312, "first_at": 1_771_840_800_000, "last_at": 1_771_840_860_000, "last_raw": "last"}
    folded = world.observation(fold=fold)
    agg = {"from": 1, "to": 2, "min": "1", "mean": "2", "max": "3", "last": "2.5", "count": 360}
    aggregate = world.observation(agg=agg, raw="", raw_bytes=0, uid=records.fresh_uid())
    assert world.statuses([folded, aggregate]) == ["stored", "stored"]
    row = world.stored(folded["uid"])
    assert (row["fold_count"], row["fold_last_ms"]) == (312, 1_771_840_860_000)

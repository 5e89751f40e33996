"""From an MQTT message to a record on the server, over real processes."""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime

import pytest

from tests.support.server import BIN_TEMPERATURE
from tests.support.waiting import wait_until


def reading(value: object, **more: object) -> str:
    fields = {"metric": "temperature", "value": value, "unit": "C", "ts": stamp()}
    return json.dumps({k: v for k, v in (fields | more).items() if v is not ...})


def stamp(offset_s: float = 0) -> str:
    return (
        datetime.fromtimestamp(time.time() + offset_s, UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )


def reasons(row: dict) -> list[str]:
    return row["quality_reasons"].splitlines()


FLAGS = [
    ("good", "bin1", 20, {}, "OK", []),
    ("band-end-is-inside", "bin1", 30, {}, "OK", []),
    ("warning", "bin1", 30.01, {}, "Warning", ["warning_max:30"]),
    ("low-warning", "bin1", 9.9, {}, "Warning", ["warning_min:10"]),
    ("critical-end", "bin1", 35, {}, "Warning", ["warning_max:30"]),
    ("critical", "bin1", 35.01, {}, "Quarantine", ["critical_max:35"]),
    ("low-critical", "bin1", 4.99, {}, "Quarantine", ["critical_min:5"]),
    ("span", "bin1", 85.5, {}, "Invalid", ["valid_max:85"]),
    ("unknown-device", "ghost", 20, {}, "Quarantine", ["unknown_device"]),
    ("other-unit", "bin1", 68, {"unit": "F"}, "Warning", ["unit_mismatch:F"]),
    ("no-unit", "bin1", 20, {"unit": ...}, "Warning", ["unit_missing"]),
    ("no-policy", "bin1", 20, {"metric": "co2", "unit": "ppm"}, "OK", ["no_policy"]),
    ("not-a-number", "bin1", "NaN", {}, "Invalid", ["not_a_number"]),
    ("null", "bin1", None, {}, "Invalid", ["not_a_number"]),
]


def test_every_flag_reaches_the_server(rig_on):
    rig = rig_on
    rig.start()
    wait_until("policies pulled", lambda: rig.agent.status()["policy"]["version"], 15)
    payloads = {}
    for name, device, value, more, _, _ in FLAGS:
        payloads[name] = reading(value, note=name, **more)
        rig.publish(device, payloads[name])
    rows = {row["raw_payload"]: row for row in rig.wait_rows(len(FLAGS))}
    wrong = []
    for name, device, _, _, flag, why in FLAGS:
        row = rows[payloads[name]]
        codes = [reason.split(":")[0] for reason in reasons(row)]
        same = reasons(row) == why or codes == why
        if (row["quality_flag"], row["device_text"]) != (flag, device) or not same:
            wrong.append((name, row["quality_flag"], reasons(row)))
        if row["edge_flag"] != row["server_flag"]:
            wrong.append((name, "edge and server differ", row["edge_flag"], row["server_flag"]))
    assert not wrong, wrong
    status = rig.agent.wait_sent()
    assert status["conservation"]["messages"]["total"] == len(FLAGS)


GARBAGE = {
    "half-json": b'{"metric":"temperature","value":2',
    "bytes": b"\xff\xfe\x00\x01ERR",
    "frame": b"\x02 21.5C\r\n\x03",
    "html": b"<img src=x onerror=alert(1)>",
    "formula": b"=cmd|' /C calc'!A0 {{ 7*7 }}",
    "empty": b"",
    "long": b"x" * 10_000,
}


def test_garbage_is_visible_with_its_bytes(rig_on):
    rig = rig_on
    rig.start()
    for payload in GARBAGE.values():
        rig.publish("bin1", payload)
    rows = {row["raw_sha256"]: row for row in rig.wait_rows(len(GARBAGE))}
    for name, payload in GARBAGE.items():
        row = rows[hashlib.sha256(payload).hexdigest()]
        assert row["quality_flag"] == "Invalid", name
        assert not row["has_value"] and not row["value_text"], name
        raw = row["raw_payload"]
        shown = base64.b64decode(raw.removeprefix("base64:")) if raw.startswith("base64:") else raw.encode()
        assert shown == payload[: len(shown)] and len(shown) >= min(len(payload), 3000), (name, raw[:80])
    status = rig.agent.wait_sent()
    assert status["conservation"]["messages"]["undecodable"] == len(GARBAGE)
    if hasattr(rig.server, "page"):
        assert "<img" not in rig.server.page(), "text from outside became markup"


DIGITS = {
    "28.50": "28.50",
    "0.1000": "0.1000",
    "2.85e1": "28.5",
    "-0": "0",
    "1e2": "100",
    "20.123456789012345678": "20.123456789012345678",
    '"21.70"': "21.70",
}


def test_digits_stay_exact(rig_on):
    rig = rig_on
    rig.start()
    for number, written in enumerate(DIGITS):
        payload = f'{{"metric":"temperature","value":{written},"unit":"C","ts":"{stamp()}","n":{number}}}'
        rig.publish("bin1", payload)
    rows = rig.wait_rows(len(DIGITS))
    got = {json.loads(row["raw_payload"])["n"]: row["value_text"] for row in rows}
    assert got == dict(enumerate(DIGITS.values()))


def test_an_array_is_one_row_a_reading(rig_on):
    rig = rig_on
    rig.start()
    many = [{"metric": "temperature", "value": 20 + n, "unit": "C", "ts": stamp()} for n in range(3)]
    rig.publish("bin1", json.dumps(many))
    rows = rig.wait_rows(3)
    assert sorted(row["value_text"] for row in rows) == ["20", "21", "22"]
    assert len({row["edge_uid"] for row in rows}) == 3
    assert {row["raw_payload"] for row in rows} == {json.dumps(many)}
    assert rig.agent.wait_sent()["conservation"]["messages"]["decoded"] == 1


def test_the_same_reading_twice_is_one_row(rig_on):
    rig = rig_on
    rig.start()
    payload = reading(20)
    for _ in range(3):
        rig.publish("bin1", payload)
    rig.agent.wait_messages(3)
    status = rig.agent.wait_sent()
    assert len(rig.server.rows()) == 1
    assert status["conservation"]["messages"]["duplicate"] == 2


def test_equal_bytes_without_a_time_are_readings_of_their_own(rig_on):
    rig = rig_on
    rig.start()
    for _ in range(5):
        rig.publish("bin1", '{"metric":"temperature","value":20.0,"unit":"C"}')
    rows = rig.wait_rows(5)
    rig.agent.wait_sent()
    assert len(rows) == len({row["edge_uid"] for row in rows}) == 5
    assert {row["time_source"] for row in rows} == {"receive"}


def test_a_retained_message_counts_only_with_its_own_time(rig):
    rig.publish("bin1", '{"metric":"temperature","value":20.0,"unit":"C"}', retain=True)
    timed = reading(21.5)
    rig.publish("bin2", timed, retain=True)
    rig.start()
    rows = rig.wait_rows(1)
    rig.agent.wait_messages(2)
    assert [row["raw_payload"] for row in rows] == [timed]
    assert rig.agent.wait_sent()["conservation"]["messages"]["ignored"] == 1


BAD_TIMES = {
    "before-2001": lambda: "1970-01-01T00:00:05Z",
    "two-days-ahead": lambda: stamp(2 * 86400),
    "no-zone": lambda: stamp()[:19],
    "no-time-at-all": lambda: "yesterday",
}


@pytest.mark.parametrize("name", BAD_TIMES)
def test_a_time_nobody_can_use_is_a_warning(rig, name):
    rig.start()
    if name == "two-days-ahead" and rig.agent.status()["clock"] != "synced":
        pytest.skip("the kernel says that this machine's clock is not synced: then no time is too far ahead")
    ts = BAD_TIMES[name]()
    before = time.time() * 1000
    rig.publish("bin1", reading(20, ts=ts))
    row = rig.wait_rows(1)[0]
    assert row["quality_flag"] == "Warning"
    assert any(reason.startswith("bad_time:") for reason in reasons(row)), row["quality_reasons"]
    assert row["time_source"] == "receive"
    assert before - 2000 < row["observed_at_ms"] < before + 20_000


def test_a_changed_policy_is_pulled_and_judges(rig_on):
    rig = rig_on
    rig.start()
    wait_until("policies pulled", lambda: rig.agent.status()["policy"]["version"], 15)
    rig.publish("bin1", reading(33))
    assert rig.wait_rows(1)[0]["edge_flag"] == "Warning"
    rig.server.set_policy(**BIN_TEMPERATURE | {"warning_max": 34})

    def edge_says_ok():
        rig.publish("bin1", reading(33))
        return rig.row_of("bin1")["edge_flag"] == "OK"

    wait_until("the edge judges by the new policy", edge_says_ok, 45, 0.5)


def test_a_policy_outlives_a_restart_without_a_server(rig):
    rig.start()
    wait_until("policies pulled", lambda: rig.agent.status()["policy"]["version"], 15)
    rig.agent.stop()
    rig.line.cut()
    rig.agent.start()
    rig.publish("bin1", reading(40))
    rig.agent.wait_messages(1)
    rig.line.restore()
    rig.agent.poke()
    row = rig.wait_rows(1)[0]
    assert row["edge_flag"] == "Quarantine", row


def test_celsius_from_fahrenheit(rig_on):
    rig = rig_on
    rig.agent.sections["convert"] = [{"metric": "temperature", "from": "F", "to": "C"}]
    rig.start()
    rig.publish("bin1", reading(69.88, unit="F"))
    row = rig.wait_rows(1)[0]
    assert (row["value_text"], row["unit"]) == ("21.044444444", "C")
    assert (row["value_in"], row["unit_in"]) == ("69.88", "F")
    assert row["quality_flag"] == "OK"


def test_another_shape_of_payload(rig):
    rig.agent.sections["mqtt.topic"].append(
        {
            "pattern": "plant/{device}/up",
            "decoder": "json",
            "value": "/t",
            "metric": "temperature",
            "unit": "C",
        }
    )
    rig.start()
    rig.broker.publish("plant/bin4/up", '{"t":22.5,"battery":3.1}')
    row = rig.wait_rows(1)[0]
    assert (row["device_text"], row["site"], row["value_text"]) == ("bin4", rig.server.site, "22.5")
    assert row["raw_payload"] == '{"t":22.5,"battery":3.1}'

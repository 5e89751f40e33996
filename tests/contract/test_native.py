"""The compiled rules as Python sees them: vectors of wire.md §2, hostile values, memory, speed."""

from __future__ import annotations

import gc
import json
import math
import subprocess
import sys
import time
from typing import Any

import pytest

from frappe_ext import native
from tests.contract import records, weighbridge_records

PAYLOAD = '{"metric":"temperature","value":28.50,"unit":"C","ts":"2026-02-23T10:00:00Z"}'
BOOK = native.Book(
    [
        {
            "name": "p",
            "version": "17",
            "site": "silo-a",
            "type": "temperature",
            "unit": "C",
            "critical": ["5", "35"],
        }
    ],
    [("silo-a", "bin3-t1")],
)


def vector_record(**changes: Any) -> dict[str, Any]:
    return records.observation("silo-a", "bin3-t1", value="28.50", **changes)


def test_vectors_of_identity() -> None:
    assert (
        native.uid_of_content("silo-a", "bin3-t1", "temperature", 0, PAYLOAD)
        == "6f24299c07187094bab81ef655773fca"
    )
    sequences = {
        ("observation", "184468"): "4ce755bbfe518743e8e2a3939f461803",
        ("weighing", "ws1/412"): "932a4af8e6c52ebde94c2cf4d3109adc",
        ("weighing", "ws1/413"): "cb560f5cdeed2b42a62eb70505f8f62f",
        ("scale_ticket", "silo-a-S1-3-000207"): "d72822587bbbced61a39f584cd0c6b14",
        ("gap", "184470"): "38693d4fbe01fef8420f519760b0d42e",
        ("amend", "184471"): "804532d4d937d83fa48a637d11f2eecf",
    }
    for (kind, key), uid in sequences.items():
        assert native.uid_of_sequence("gw-silo-a", "3", kind, key) == uid
    assert native.identity_hash(vector_record()) == "602c6a0d9d4d7776eb5b1c09c2a9b1b2"


def test_bytes_and_text_of_a_payload_are_the_same() -> None:
    assert native.uid_of_content("s", "d", "m", 0, PAYLOAD.encode()) == native.uid_of_content(
        "s", "d", "m", 0, PAYLOAD
    )
    assert len(native.uid_of_content("s", "d", "m", 0, b"\xff\x00\xfe")) == 32


def test_only_what_is_wrong_makes_objects() -> None:
    items = [
        vector_record(),
        vector_record(flag="Warning", reasons=["spike:6"]),
        {**vector_record(), "value": "36"},
        vector_record(uid="no"),
        records.gap("silo-a"),
        {"kind": "weight"},
        records.observation("silo-a", "stranger"),
    ]
    verdict = native.validate_batch(items, BOOK)
    assert [hash_ is None for hash_ in verdict.identity_hashes] == [
        False,
        False,
        False,
        True,
        False,
        True,
        False,
    ]
    assert [(index, code, field) for index, code, field, _ in verdict.rejections] == [
        (3, "bad_uid", "uid"),
        (5, "unknown_kind", "kind"),
    ]
    assert verdict.verdicts == [
        (2, "Quarantine", ["critical_max:35"], "17"),
        (6, "Quarantine", ["unknown_device"], "17"),
    ]
    assert verdict.flags == bytes([0, 1, 2, 255, 255, 255, 2])


class OddKey(str):
    """A key that changes the dict while it is looked up."""

    __slots__ = ("victim",)

    def __hash__(self) -> int:
        return hash("uid")

    def __eq__(self, other: object) -> bool:
        self.victim.clear()
        return False


class Raising(dict):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("never asked")


def hostile_values() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    ring: dict[str, Any] = {}
    ring["kind"] = ring
    return [
        None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**4000, 0.5, math.nan, math.inf, "", "x" * 1_000_000,
        "\ud800", "\udfff" * 10, "\x00", "a\x00b", b"bytes", bytearray(b"x"), [], {}, (), set(), object(), loop, ring,
        [None], ["ok", 5], [loop], lambda: None, type, int, Raising(), "\U0010ffff", "observation", 1j,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda: records.observation("silo-a", "bin3-t1"),
        lambda: records.gap("silo-a", "x"),
        lambda: records.amend("f" * 32),
        weighbridge_records.weighing,
        weighbridge_records.genesis,
        weighbridge_records.ticket,
        weighbridge_records.void,
    ],
)
def test_any_value_in_any_field(make: Any) -> None:
    base = make()
    assert native.identity_hash(base, "gw-silo-a", "3") is not None
    items = [{**base, key: value} for key in base for value in hostile_values()]
    items += [{name: value for name, value in base.items() if name != key} for key in base]
    verdict = native.validate_batch(items, BOOK, "gw-silo-a", "3")
    assert len(verdict.identity_hashes) == len(verdict.flags) == len(items)
    known = {*vector_record(), *weighbridge_records.weighing(), *base, ""}
    rejected = {index for index, *_ in verdict.rejections}
    assert rejected == {index for index, hash_ in enumerate(verdict.identity_hashes) if hash_ is None}
    for _, code, field, message in verdict.rejections:
        assert code in {"malformed", "unknown_kind", "bad_uid", "too_long"}
        assert field.split(".")[0] in known and len(message) < 300


def test_no_reference_is_kept() -> None:
    values = [f"text {number} of its own" for number in range(20)]
    items = [{**vector_record(), "raw": value, "reasons": [value]} for value in values] + [*values]
    items += [{**weighbridge_records.weighing(), "genesis": {"epoch": value}} for value in values]
    before = [sys.getrefcount(value) for value in values]
    for _ in range(10):
        native.validate_batch(items, BOOK)
    gc.collect()
    assert [sys.getrefcount(value) for value in values] == before


def test_hostile_records_and_lists() -> None:
    verdict = native.validate_batch(hostile_values(), BOOK)
    assert len(verdict.rejections) == len(hostile_values())
    for wrong in ((), {}, "x", None, iter([])):
        with pytest.raises(TypeError):
            native.validate_batch(wrong, BOOK)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        native.validate_batch([], None)  # type: ignore[arg-type]


def test_a_dict_that_changes_while_it_is_read() -> None:
    for _ in range(100):
        record = vector_record()
        key = OddKey("uid")
        key.victim = {}
        odd = {key: 1}
        odd.update(record)
        key.victim = odd
        native.validate_batch([odd, vector_record()], BOOK)


def test_a_book_of_another_shape_is_refused() -> None:
    good = {"name": "p", "version": "1", "site": "s", "type": "*"}
    native.Book([good])
    for wrong in (
        {"critical": ["5"]},
        {"critical": 7},
        {"critical": [5, 6]},
        {"warning": ["abc", None]},
        {"name": 5},
    ):
        with pytest.raises((ValueError, TypeError)):
            native.Book([{**good, **wrong}])
    with pytest.raises(TypeError):
        native.Book([good], [("only-site",)])


def test_health_report() -> None:
    report = native.HealthReport(2000)
    assert (report.healthy, report.http_status) == (False, 503)
    report.add("database", True, 12.5)
    assert (report.status, report.http_status, report.checks) == ("healthy", 200, {"database": True})
    report.add("redis", True, 2500)
    assert (report.status, report.http_status) == ("degraded", 503)
    assert report.checks == {"database": True, "redis": False}
    for latency in (math.nan, math.inf, -1.0, 1e300):
        report.add("odd", True, latency)


def test_version_is_the_apps() -> None:
    from frappe_ext import __version__

    assert native.version() == __version__


def test_without_the_module_nothing_is_judged() -> None:
    script = (
        "import sys; sys.modules['_frappe_ext_native'] = None\n"
        "from frappe_ext import native\nfrom frappe_ext.contract import ingestion, body, envelope, refusals\n"
        "assert not native.available()\n"
        "class Store:\n def book(self, sites): return native.Book([])\n"
        "try: ingestion.store_batch(body.Batch('g','1','a'*16,'b',1,[]), envelope.Gateway('g'), Store())\n"
        "except refusals.Refusal as refusal: print(refusal.http, refusal.code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "503 native_missing\n"


def test_a_batch_takes_well_under_a_millisecond_per_hundred() -> None:
    items = json.loads(json.dumps([vector_record() for _ in range(500)]))
    best = min(_seconds(items) for _ in range(20))
    assert best < 0.02, (
        f"{best * 1e6 / 500:.2f} µs a row"
    )  # measured: about 1.2 µs; the bound is for a busy machine


def _seconds(items: list[Any]) -> float:
    started = time.perf_counter()
    native.validate_batch(items, BOOK)
    return time.perf_counter() - started

"""The compiled rules of weighings and tickets as Python sees them: vectors of wire.md, kinds of values, words."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest

from frappe_ext import native
from tests.contract import weighbridge_records as wire

BOOK = native.Book([])
TOLERANCES = native.ToleranceBook(
    [
        {
            "name": "Silo A",
            "version": "1771500000000",
            "site": "silo-a",
            "tolerance_pct": "2.5",
            "tolerance_kg": None,
            "from": None,
            "to": None,
            "tare_drift_pct": "2",
            "stored_tare_max_days": 90,
        }
    ]
)


def check(*records: Any, gateway: str = wire.GATEWAY, epoch: str = wire.EPOCH) -> Any:
    return native.validate_batch(list(records), BOOK, gateway, epoch)


def identity(*parts: str) -> str:
    """wire.md §2, written once more."""
    joined = b"".join(struct.pack(">I", len(part.encode())) + part.encode() for part in parts)
    return hashlib.sha256(joined).hexdigest()[:32]


def stored(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A weighing as the server keeps it."""
    kept = {key: record[key] for key in ("scale", "value", "unit", "stability", "at")}
    return {**kept, "override": None, "manual": 0, **changes}


def test_the_records_of_the_wire_are_good() -> None:
    verdict = check(wire.weighing(), wire.second_weighing(), wire.ticket(), wire.genesis(), wire.void())
    assert verdict.rejections == []
    assert verdict.identity_hashes == [
        identity("edge-identity-1", "weighing", wire.HASH_412),
        identity("edge-identity-1", "weighing", wire.HASH_413),
        "28470990654dec19b6da5f6998a6cea4",
        identity("edge-identity-1", "weighing", wire.genesis()["hash"]),
        identity("edge-identity-1", "scale_ticket", "silo-a", "", "", "", "", "", "", ""),
    ]
    assert verdict.flags == bytes([255] * 5)
    assert verdict.verdicts == []


def test_hash_of_a_weighing() -> None:
    for record in (wire.weighing(), wire.second_weighing(), wire.genesis()):
        assert native.weighing_hash(record, wire.GATEWAY, wire.EPOCH) == record["hash"]
        del record["hash"]
        assert native.weighing_hash(record, wire.GATEWAY, "4") != native.weighing_hash(
            record, wire.GATEWAY, "3"
        )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"value": "38460", "kg": "38460.000"}, "malformed", "hash"),
        ({"kg": "38460.000"}, "malformed", "kg"),
        ({"manual": True}, "malformed", "hash"),
        ({"manual": 1}, "malformed", "manual"),
        ({"operator": "op-8"}, "malformed", "hash"),
        ({"alibi_seq": 413}, "bad_uid", "uid"),
        ({"value": 38440}, "malformed", "value"),
        ({"override": "x" * 501}, "too_long", "override"),
        ({"genesis": {"epoch": "2", "alibi_seq": 1, "hash": "0" * 64}}, "malformed", "genesis"),
        ({"genesis": []}, "malformed", "genesis"),
    ],
)
def test_a_changed_weighing_is_rejected(change: dict[str, Any], code: str, field: str) -> None:
    ((index, found_code, found_field, message),) = check({**wire.weighing(), **change}).rejections
    assert (index, found_code, found_field) == (0, code, field)
    assert message.startswith(field)


def test_uids_are_those_of_the_gateway_and_epoch() -> None:
    items = [wire.weighing(), wire.ticket(), wire.void()]
    for sender in ({"gateway": "gw-silo-b"}, {"epoch": "4"}):
        assert [(code, field) for _, code, field, _ in check(*items, **sender).rejections] == [
            ("bad_uid", "uid")
        ] * 3
    assert [code for _, code, _, _ in native.validate_batch(items, BOOK).rejections] == ["bad_uid"] * 3
    of_epoch_3 = [{**item, "epoch": "3"} for item in items]
    assert check(*of_epoch_3, epoch="4").rejections == []


def test_identity_hash_of_one_record() -> None:
    assert native.identity_hash(wire.ticket(), wire.GATEWAY, wire.EPOCH) == "28470990654dec19b6da5f6998a6cea4"
    assert native.identity_hash(wire.ticket(), wire.GATEWAY, "4") is None


def test_the_ticket_of_the_wire_is_judged() -> None:
    verdict = native.judge_ticket(
        wire.ticket(), stored(wire.weighing()), stored(wire.second_weighing()), TOLERANCES
    )
    assert verdict.reasons == ["net_vs_declared:-3.79%"]
    assert (verdict.mismatch, verdict.nonconformance) == (True, True)
    assert (verdict.gross_kg, verdict.tare_kg, verdict.net, verdict.net_kg) == (
        "38440.000",
        "14580.000",
        "23860",
        "23860.000",
    )
    assert (verdict.difference_kg, verdict.difference_pct) == ("-940.000", "3.79")
    assert (verdict.tolerance_pct, verdict.policy_version) == ("2.5", "1771500000000")
    with pytest.raises(AttributeError):
        verdict.mismatch = False


def judged(
    gross: dict[str, Any] | None = None,
    tare: dict[str, Any] | None = None,
    /,
    origin: Any = "edge",
    **changes: Any,
) -> list[str]:
    record = {**wire.ticket(), "declared_net_kg": None, **changes}
    return native.judge_ticket(record, gross, tare, TOLERANCES, origin).reasons


def test_what_the_judge_reads() -> None:
    gross, tare = wire.weighing(), wire.second_weighing()
    assert judged() == []
    assert judged(stored(gross), stored(tare)) == []
    assert judged(stored(gross, value="38460")) == ["weight_not_captured:gross"]
    assert judged(None, stored(tare, scale="ws2")) == ["weight_not_captured:tare"]
    assert judged(stored(gross), stored(tare, unit="lb"))[1] == "unit_mismatch:kg/lb"
    assert judged(stored(gross, override="no_zero_return: queue")) == ["no_zero_return"]
    assert judged(stored(gross, manual=1)) == judged(stored(gross, manual=True)) == ["manual_entry"]
    assert judged(stored(gross, stability="Inferred")) == ["stability_inferred"]
    assert judged(stored(gross), stored(tare, at=gross["at"] - 1)) == ["time_order"]
    assert judged(manual=True) == judged(origin="desk") == judged(origin="csv") == ["manual_entry"]
    assert judged(net="1") == ["net_arithmetic:1"]
    assert judged(gross="38,4") == ["net_arithmetic:gross"]
    assert judged(unit=None) == ["net_arithmetic:unit"]
    assert judged(site="silo-b", declared_net_kg="24800") == ["net_vs_declared:-3.79%"]
    assert native.judge_ticket({"at": 0}, None, None, native.ToleranceBook([]), "csv").net == ""


def test_wrong_types_raise() -> None:
    for wrong in (
        {"gross": 38440.0},
        {"net": 1},
        {"at": None},
        {"at": "1"},
        {"manual": "yes"},
        {"site": "\ud800"},
    ):
        with pytest.raises(TypeError):
            judged(**wrong)
    with pytest.raises(TypeError, match="gross_stored: value must be text"):
        judged(stored(wire.weighing(), value=38440.0))
    with pytest.raises(ValueError, match="origin"):
        judged(origin="phone")


@pytest.mark.parametrize(
    "wrong",
    [{"tolerance_pct": 2.5}, {"tolerance_kg": "many"}, {"from": "today"}, {"version": 17}, {"to": 1.5}],
)
def test_a_tolerance_of_another_shape_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        native.ToleranceBook([{"name": "p", "site": "s", **wrong}])


def test_periods_of_tolerances() -> None:
    at = wire.ticket()["at"]
    policies = [
        {"name": "old", "version": "1", "site": "silo-a", "tolerance_pct": "2.5", "to": at},
        {"name": "new", "version": "2", "site": "silo-a", "tolerance_pct": "5", "from": at},
    ]
    book = native.ToleranceBook(policies)
    for shift, version, reasons in ((0, "2", []), (-1, "1", ["net_vs_declared:-3.79%"])):
        record = {**wire.ticket(), "at": at + shift}
        verdict = native.judge_ticket(record, None, None, book)
        assert (verdict.policy_version, verdict.reasons) == (version, reasons)


def test_words_of_weights_and_tickets() -> None:
    assert native.kg_text("84740", "lb") == "38437.417"
    assert native.kg_text("38.44", "T") == "38440.000"
    assert native.kg_text("38440.000000000", "kg") == "38440.000"
    assert native.kg_text("38,4", "kg") is None
    assert native.kg_text("1", "C") is None
    assert native.decimal_text(" +038440.50 ") == "38440.50"
    assert native.decimal_text("38.440,5") is None
    assert native.decimal_text("") is None
    assert native.parse_ticket_number("silo-a-S1-3-000207") == ("silo-a-S1-3", 207)
    assert native.parse_ticket_number("TICKET-17") is None
    assert native.is_nonconformance("net_vs_declared:-3.79%")
    assert not native.is_nonconformance("no_zero_return")

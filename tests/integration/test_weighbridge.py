"""From a truck on the deck to a ticket on the server, over every kind of line."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.support.bridge import Refused, register_map

SERIAL, TCP, RTU = "ws1", "ws2", "ws3"
SCALES = (SERIAL, TCP, RTU)


def wire_up(bridge, *arguments, profile="toledo", **keys):
    """One deck that three indicators weigh: a streaming one, a Laumas over TCP, a Dini over RTU."""
    line, bus = bridge.folder / "scale", bridge.folder / "bus"
    mock = bridge.mock(
        *("--serial", line, "--profile", profile, "--modbus-tcp", "127.0.0.1:0", "--modbus-rtu", bus),
        *("--slave", "3=laumas-tlb", "--slave", "4=dini-dgt", "--pace", 0.5, *arguments),
    )
    bridge.add_bus("net", tcp=mock.places["modbus_tcp"][0])
    bridge.add_bus("rs485", port=str(bus))
    bridge.add_serial_scale(SERIAL, "S1", line, profile=profile, **keys)
    modbus = {"every": "100ms", **keys}
    bridge.add_scale(TCP, "S2", modbus="net", slave=3, map=register_map("laumas-tlb"), **modbus)
    bridge.add_scale(RTU, "S3", modbus="rs485", slave=4, map=register_map("dini-dgt"), **modbus)
    return mock


def weigh(bridge, mock, gross, tare, declared):
    """A truck in two passes over all three scales: scale → its ticket as the agent finished it."""
    tickets = {scale: bridge.open_ticket(scale, declared) for scale in SCALES}
    for weight in (gross, tare):
        for scale in SCALES:
            bridge.wait_empty(scale)
        mock.arrive(weight)
        for scale in SCALES:
            captured = bridge.capture(tickets[scale])
            assert (captured["value"], captured["unit"]) == (weight, captured["unit"]), captured
            assert captured["stability"] == "Indicator", captured
        mock.leave()
    return {scale: bridge.complete(ticket) for scale, ticket in tickets.items()}


def test_honest_and_short_trucks_over_every_line(bridge_on):
    bridge = bridge_on
    mock = wire_up(bridge)
    bridge.start()
    honest = weigh(bridge, mock, "38440", "14580", "23860")
    short = weigh(bridge, mock, "38440", "14580", "24800")

    tickets = {row["edge_uid"]: row for row in bridge.wait_documents("scale_ticket", 6)}
    weighings = bridge.wait_documents("weighing", 15)
    bridge.agent.wait_sent()
    by_uid = {row["edge_uid"]: row for row in weighings}
    assert len(tickets) == 6 and len(weighings) == 15, "nothing doubled"
    for scale in SCALES:
        rows = [tickets[sent[scale]["uid"]] for sent in (honest, short)]
        for number, row in enumerate(rows, 1):
            name = f"{scale}, ticket {number}"
            texts = [row[key] for key in ("gross_text", "tare_text", "net_text", "weight_unit")]
            assert texts == ["38440", "14580", "23860", "kg"], name
            assert row["ticket_number"].endswith(f"-{number:06}"), name
            assert row["stability"] == "Indicator" and not row["manual_entry"], name
            for role, weight in (("gross", "38440"), ("tare", "14580")):
                weighing = by_uid[row[f"{role}_weighing"]]
                assert (weighing["value_text"], weighing["role"]) == (weight, role), name
        assert [int(row["mismatch_flag"]) for row in rows] == [0, 1], scale
        assert not rows[0]["mismatch_reasons"], rows[0]["mismatch_reasons"]
        assert rows[1]["mismatch_reasons"].splitlines()[0].startswith("net_vs_declared"), scale
        opened = [bridge.server.documents("nonconformance", reference_name=row["name"]) for row in rows]
        assert [len(each) for each in opened] == [0, 1], scale
        assert opened[1][0]["status"] == "Open"
        bridge.check_alibi(scale)
    check_frames(mock, weighings)
    check_only_reads(mock)


def check_frames(mock, weighings):
    """Every weighing's bytes went over the line, and said its digits, still."""
    sent = [entry for entry in mock.journal() if not entry.get("lost")]
    for row in weighings:
        if row["role"] == "genesis":
            continue
        said = {(e["value"], e["stable"]) for e in sent if row["raw_hex"] in e["hex"]}
        assert said == {(row["value_text"], True)}, (row["value_text"], row["raw_hex"], said)


def check_only_reads(mock):
    """Nobody ever wrote to a device: functions 3 and 4 alone."""
    asked = {entry["request"] for entry in mock.journal() if "request" in entry}
    functions = {request[14:16] if len(request) == 24 else request[2:4] for request in asked}
    assert asked and functions <= {"03", "04"}, functions


def test_digits_of_a_tenth_stay_exact(bridge_on):
    bridge = bridge_on
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--profile", "and", "--e", "0.1", "--max", "600", "--pace", 0.4)
    bridge.add_serial_scale(SERIAL, "S1", line, profile="and", e="0.1", max="600")
    bridge.start()
    ticket = two_passes(bridge, mock, "384.4", "145.0")
    assert (ticket["gross_text"], ticket["tare_text"], ticket["net_text"]) == ("384.4", "145.0", "239.4")
    assert [Decimal(str(ticket[f"{name}_kg"])) for name in ("gross", "tare", "net")] == [
        Decimal("384.4"),
        Decimal("145"),
        Decimal("239.4"),
    ]


def test_pounds_stay_pounds(bridge_on):
    bridge = bridge_on
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--unit", "lb", "--pace", 0.4)
    bridge.add_serial_scale(SERIAL, "S1", line, unit="lb")
    bridge.start()
    ticket = two_passes(bridge, mock, "38440", "14580")
    assert (ticket["gross_text"], ticket["net_text"], ticket["weight_unit"]) == ("38440", "23860", "lb")
    pound = Decimal("0.45359237")
    for name, weight in (("gross", 38440), ("tare", 14580), ("net", 23860)):
        want = (weight * pound).quantize(Decimal("0.001"), ROUND_HALF_UP)
        assert Decimal(str(ticket[f"{name}_kg"])) == want, name


def two_passes(bridge, mock, gross, tare):
    """The ticket's row on the server; its weighings have the same digits."""
    number = bridge.open_ticket(SERIAL)
    for weight in (gross, tare):
        bridge.wait_empty(SERIAL)
        mock.arrive(weight)
        assert bridge.capture(number)["value"] == weight
        mock.leave()
    bridge.complete(number)
    (row,) = bridge.wait_documents("scale_ticket", 1)
    weighings = bridge.wait_documents("weighing", 3)
    check_frames(mock, weighings)
    assert sorted(w["value_text"] for w in weighings if w["role"] != "genesis") == sorted([gross, tare])
    return row


def test_an_unstable_empty_or_foreign_capture_is_refused(bridge):
    mock = wire_up(bridge)
    bridge.start()
    ticket = bridge.open_ticket(TCP)
    bridge.wait_empty(TCP)
    bridge.wait_refusal(TCP, "below_min")
    assert refusal(bridge, ticket) == "below_min"
    mock.arrive("38440")
    bridge.capture(ticket)
    assert refusal(bridge, ticket) == "already_captured"
    # A second truck without a return to zero.
    mock.arrive("14580")
    with pytest.raises(Refused) as no:
        bridge.capture(ticket, wait="5s")
    assert no.value.code in ("already_captured", "no_zero_return"), no.value
    mock.leave()
    bridge.wait_empty(TCP)
    mock.arrive("14580")
    assert bridge.capture(ticket)["value"] == "14580"
    assert len(bridge.alibi(TCP)) == 3, "what was refused is nowhere"


def refusal(bridge, ticket):
    """The code a capture is refused with now."""
    with pytest.raises(Refused) as no:
        bridge.ask("ticket", "capture", ticket)
    return no.value.code

"""mock-scale itself, seen by raw clients: what the tests of the weighbridge lean on."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.field import ask, connection, crc, read_for, rtu, tcp, terminal
from tests.support.scale import MockScale, mock_scale_binary
from tests.support.waiting import wait_until

GROSS_38440 = bytes.fromhex("023130203030333834343030303030300d1d")  # domain.md §1.1: e = 20, stable


@pytest.fixture
def mock(scale_binary, tmp_path):
    """Makes mocks; all are ended."""
    made = []

    def make(*arguments: object, name: str = "mock-scale") -> MockScale:
        mock = MockScale(tmp_path, *arguments, name=name)
        made.append(mock)
        return mock.start()

    yield make
    for each in made:
        each.close()


def frames(data: bytes) -> list[bytes]:
    """Toledo frames with a good checksum, in order."""
    found = []
    for at in range(len(data) - 17):
        frame = data[at : at + 18]
        if frame[0] == 2 and frame[16] == 13 and sum(frame) & 0x7F == 0:
            found.append(frame)
    return found


def weight(frame: bytes) -> tuple[int, bool]:
    """(kg, motion) of a Toledo frame that shows tens of kg."""
    tens = int(frame[4:10])
    return -10 * tens if frame[2] & 2 else 10 * tens, bool(frame[2] & 8)


def test_a_truck_on_a_terminal(mock, tmp_path):
    link = tmp_path / "scale"
    scale = mock("--serial", link, "--rate", 50, "--pace", 0.4)
    with terminal(link) as fd:
        assert scale.arrive("38440")["shown"] == "38440"
        seen = [weight(frame) for frame in frames(read_for(fd, 40 * 18))]
        assert scale.leave()["shown"] == "0"
        seen += [weight(frame) for frame in frames(read_for(fd, 40 * 18))]
    highest = seen.index(max(seen))
    assert all(motion for value, motion in seen[:highest] if value), "it drives on in motion"
    assert (38440, False) in seen[highest:] and seen[-1] == (0, False)
    assert all(value % 20 == 0 for value, _ in seen), "in display steps"


def test_every_frame_stands_in_the_journal(mock, tmp_path):
    link = tmp_path / "scale"
    scale = mock("--serial", link, "--rate", 50)
    scale.do("put", weight="14580")
    with terminal(link) as fd:
        heard = read_for(fd, 10 * 18)
    sent = [bytes.fromhex(entry["hex"]) for entry in scale.journal() if not entry.get("lost")]
    assert heard in b"".join(sent), "what was heard was written before"
    assert [entry["n"] for entry in scale.journal()] == list(range(1, len(scale.journal()) + 1))


def test_what_nobody_hears_is_lost(mock, tmp_path):
    """A terminal that is opened late gets nothing of before, as on a wire."""
    link = tmp_path / "scale"
    scale = mock("--serial", link, "--rate", 50)
    scale.do("put", weight="100")
    scale.wait_sent(5)
    assert scale.journal()[-1]["lost"]
    scale.do("put", weight="200")
    with terminal(link) as fd:
        values = {weight(frame)[0] for frame in frames(read_for(fd, 5 * 18))}
    assert len(values) == 1, values


def test_unplugged_the_link_is_gone(mock, tmp_path):
    link = tmp_path / "scale"
    scale = mock("--serial", link, "--rate", 50)
    with terminal(link) as fd:
        assert read_for(fd, 18)
        scale.fault("unplug")
        assert not link.is_symlink()
        # What was under way may still be read; then the line is dead.
        assert len(read_for(fd, 10**6, 2)) < 4096
        with pytest.raises(OSError):
            os.write(fd, b"x")
    scale.clear()
    with terminal(link) as fd:
        assert len(read_for(fd, 18)) >= 18


def test_bytes_come_as_slowly_as_the_line(mock, tmp_path):
    link = tmp_path / "scale"
    mock("--serial", link, "--rate", 100, "--baud", 1200)
    with terminal(link) as fd:
        read_for(fd, 18)
        begin = time.monotonic()
        read_for(fd, 60)
        seconds = time.monotonic() - begin
    assert 0.3 < seconds < 2, f"60 characters at 1200 baud take half a second, not {seconds:.2f} s"


@pytest.mark.parametrize("kind", ["bad_checksum", "garbage", "cut"])
def test_a_damaged_stream_has_no_good_frame(mock, tmp_path, kind):
    link = tmp_path / "scale"
    scale = mock("--serial", link, "--rate", 50)
    scale.do("put", weight="38440")
    scale.fault(kind)
    with terminal(link) as fd:
        scale.wait_sent(3)
        assert not frames(read_for(fd, 40, 1))
        scale.clear()
        read_for(fd, 18)
        assert frames(read_for(fd, 5 * 18))


def test_split_bytes_are_the_same_bytes(mock, tmp_path):
    link = tmp_path / "scale"
    scale = mock("--serial", link, "--rate", 10)
    scale.do("put", weight="38440")
    scale.fault("split")
    with terminal(link) as fd:
        first = read_for(fd, 1)
        assert len(first) < 18, "a frame in one piece"
        assert set(frames(read_for(fd, 5 * 18))) == {GROSS_38440}


def test_a_serial_server_speaks_to_all(mock):
    scale = mock("--serial-tcp", "127.0.0.1:0", "--rate", 50)
    (place,) = scale.places["serial_tcp"]
    with connection(place) as one, connection(place) as two:
        assert frames(read_for(one, 5 * 18)) and frames(read_for(two, 5 * 18))
        scale.fault("unplug")
        read_for(one, 10**6, 1)
        with pytest.raises(OSError):
            connection(place).__enter__()
    scale.clear()
    with connection(place) as again:
        assert frames(read_for(again, 5 * 18))


LAUMAS = "0103 0006 0005"
SENSOR = "0504 0001 0002"


def test_modbus_over_both_framings(mock, tmp_path):
    bus = tmp_path / "bus"
    options = ("--slave", "1=laumas-tlb", "--slave", "5=xy-md02:30.5:54.6")
    scale = mock("--modbus-tcp", "127.0.0.1:0", "--modbus-rtu", bus, *options)
    scale.do("put", weight="38440")
    want = "01030a08000000962800009628"
    with terminal(bus) as fd:
        assert ask(fd, rtu(LAUMAS), 15) == rtu(want)
        assert ask(fd, rtu(SENSOR), 9) == rtu("050404 0131 0222")
        scale.sensor(5, temperature="-20.5")
        assert ask(fd, rtu(SENSOR), 9) == rtu("050404 ff33 0222")
        assert ask(fd, rtu("0104 0000 0001"), 5) == rtu("018402"), "no such register"
        assert not ask(fd, rtu("0904 0000 0001"), 1, 0.2), "no such slave"
    with connection(scale.places["modbus_tcp"][0]) as fd:
        assert ask(fd, tcp(7, LAUMAS), 19) == tcp(7, want)
        # Two requests in one segment, one in two.
        assert ask(fd, tcp(8, SENSOR) + tcp(9, LAUMAS), 32) == tcp(8, "050404ff330222") + tcp(9, want)
        os.write(fd, tcp(10, LAUMAS)[:5])
        assert ask(fd, tcp(10, LAUMAS)[5:], 19) == tcp(10, want)


def test_modbus_faults(mock, tmp_path):
    bus = tmp_path / "bus"
    scale = mock("--modbus-rtu", bus, "--slave", "1=xy-md02:20.0:50.0", "--slave", "2=xy-md02:21.0:50.0")
    first, second = rtu("0104 0001 0001"), rtu("0204 0001 0001")
    good = rtu("010402 00c8")
    with terminal(bus) as fd:
        assert ask(fd, first, 7) == good
        scale.fault("dead", unit=1)
        assert not ask(fd, first, 1, 0.2)
        assert ask(fd, second, 7) == rtu("020402 00d2"), "the other one lives"
        scale.clear()
        scale.fault("wrong_crc")
        assert crc((bad := ask(fd, first, 7))[:-2]) != bad[-2:]
        scale.clear()
        scale.fault("exception", code=6)
        assert ask(fd, first, 5) == rtu("018406")
        scale.clear()
        scale.fault("wrong_unit")
        assert ask(fd, first, 7) == rtu("410402 00c8")
        scale.clear()
        scale.fault("short")
        assert ask(fd, first, 7, 0.2) == good[:3]
        scale.clear()
        scale.fault("silence")
        assert not ask(fd, first, 1, 0.2)
        scale.clear()
        assert ask(fd, first, 7) == good


def test_a_late_answer_is_late_and_says_another_value(mock, tmp_path):
    bus = tmp_path / "bus"
    scale = mock("--modbus-rtu", bus, "--slave", "1=xy-md02:20.0:50.0")
    request = rtu("0104 0001 0001")
    scale.fault("late", unit=1, every=2, delay_ms=200, value="77.7")
    with terminal(bus) as fd:
        assert ask(fd, request, 7) == rtu("010402 00c8")
        begin = time.monotonic()
        assert ask(fd, request, 7) == rtu("010402 0309")
        assert time.monotonic() - begin >= 0.2
    assert [entry.get("fault") for entry in scale.journal()] == [None, "late"]
    assert [entry["value"] for entry in scale.journal()] == ["20.0", "77.7"]


def test_a_late_answer_is_not_for_the_next_connection(mock):
    scale = mock("--modbus-tcp", "127.0.0.1:0", "--slave", "1=xy-md02")
    scale.fault("late", unit=1, delay_ms=300, value="77.7", count=1)
    (place,) = scale.places["modbus_tcp"]
    with connection(place) as fd:
        os.write(fd, tcp(1, "0104 0001 0001"))
        wait_until("the request is there", lambda: scale.do("state"), 1)
    with connection(place) as fd:
        assert not read_for(fd, 1, 0.6)
    assert scale.journal()[-1]["lost"]


def test_trucks_come_by_themselves(mock, tmp_path):
    link = tmp_path / "scale"
    times = ("--pace", 0.2, "--stand", 0.3, "--gap", 0.2)
    scale = mock("--serial", link, "--rate", 50, "--truck", "38440", "--truck", "14580", *times)
    stood = ["38440", "0", "14580", "0"]

    def all_seen():
        values = [entry["value"] for entry in scale.journal() if entry["stable"]]
        changes = [v for n, v in enumerate(values) if n == 0 or v != values[n - 1]]
        return changes == ["0", *stood] and changes

    wait_until("both trucks have come and gone", all_seen, 10)


def test_a_wrong_command_is_explained_and_changes_nothing(mock, tmp_path):
    scale = mock("--serial", tmp_path / "scale", "--slave", "1=xy-md02")
    for wrong, words in (
        ({"do": "dance"}, "unknown command"),
        ({"do": "arrive", "weight": 38440}, "must be a text"),
        ({"do": "arrive", "weight": "38441"}, "no multiple"),
        ({"do": "fault", "kind": "gremlin"}, "unknown fault"),
        ({"do": "fault", "kind": "late"}, "value"),
        ({"do": "fault", "kind": "late", "value": "20.05"}, "slave 1 can say"),
        ({"do": "sensor", "unit": 9, "temperature": "1"}, "no such unit"),
        ([1], "not a JSON object"),
    ):
        scale._child.stdin.write(json.dumps(wrong).encode() + b"\n")
        assert words in scale._answer(5)["error"], wrong
    assert scale.do("state")["shown"] == "0"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "abacus"], "none of"),
        (["--slave", "1=toaster"], "is not UNIT="),
        (["--e", "0"], "above 0"),
        (["--truck", "38441"], "no multiple"),
        (["--modbus-tcp", "nowhere"], "address:port"),
        (["--rate", "0"], "--rate"),
    ],
)
def test_a_bad_command_line_is_explained(scale_binary, arguments, words):
    done = subprocess.run([mock_scale_binary(), *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and words in done.stderr + done.stdout, done


def test_every_family_is_shown(mock, tmp_path):
    """Each profile's stream carries the weight's digits."""
    for profile in ("toledo", "toledo-short", "and", "dini", "cas"):
        link = Path(tmp_path) / profile
        scale = mock("--serial", link, "--rate", 50, "--profile", profile, name=profile)
        scale.do("put", weight="38440")
        with terminal(link) as fd:
            assert b"3844" in read_for(fd, 60), profile

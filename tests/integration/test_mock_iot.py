"""The fleet itself: what the counting tests lean on."""

import subprocess

import pytest

from tests.support.journal import MockIot, mock_iot_binary


def test_every_behaviour_sends(mock_binary, broker, tmp_path):
    names = "normal drift spike stuck nan garbage silent wrong-clock unknown-device overheat".split()
    devices = ",".join(f"d{i}={name}" for i, name in enumerate(names))
    sent = MockIot(tmp_path, broker.url, "--devices", devices, "--rate", 0, "--count", 400).start().finish()
    by_behaviour = {name: [s for s in sent if s.behaviour == name] for name in names}
    assert len(sent) == 400
    assert len(by_behaviour["silent"]) == 3
    assert len({s.payload for s in by_behaviour["stuck"]}) == len(by_behaviour["stuck"]), (
        "each with a time of its own"
    )
    assert all(not s.has_time for s in by_behaviour["garbage"] + by_behaviour["wrong-clock"])


def test_payloads_without_a_time_repeat_byte_for_byte(mock_binary, broker, tmp_path):
    options = ("--devices", "a=normal", "--rate", 0, "--count", 200, "--no-time-share", 0.5)
    sent = MockIot(tmp_path, broker.url, *options).start().finish()
    timed, plain = ([s.payload for s in sent if s.has_time is flag] for flag in (True, False))
    assert len(set(timed)) == len(timed) > 50
    assert len(set(plain)) == 1 and len(plain) > 50


def test_the_same_seed_gives_the_same_values(mock_binary, broker, tmp_path):
    options = (
        "--devices",
        "a=stuck,b=garbage",
        "--rate",
        0,
        "--count",
        100,
        "--no-time-share",
        1,
        "--seed",
        5,
    )
    first = MockIot(tmp_path, broker.url, *options, name="first").start().finish()
    second = MockIot(tmp_path, broker.url, *options, name="second").start().finish()
    assert [s.sha256 for s in first] == [s.sha256 for s in second]


def test_a_replay_sends_the_digits_as_they_stand(mock_binary, broker, tmp_path):
    series = tmp_path / "series.csv"
    series.write_text(
        "timestamp,value\n2013-07-04 00:00:00,69.88083514\n2013-07-04 01:00:00,74.93588199999998\n"
    )
    options = ("--replay", series, "--device", "r1", "--unit", "F", "--rate", 0)
    sent = MockIot(tmp_path, broker.url, *options).start().finish()
    assert [s.payload for s in sent] == [
        '{"metric":"temperature","value":69.88083514,"unit":"F","ts":"2013-07-04T00:00:00Z"}',
        '{"metric":"temperature","value":74.93588199999998,"unit":"F","ts":"2013-07-04T01:00:00Z"}',
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--devices", "a=dancing"], "is not name=behaviour"),
        (["--devices", "0"], "write 1 to 100000"),
        (["--qos", "0"], "--qos"),
        (["--broker", "http://x"], "mqtt://"),
        (["--replay", "/nowhere.csv"], "nowhere"),
    ],
)
def test_a_bad_command_line_is_explained(mock_binary, arguments, words):
    done = subprocess.run([mock_iot_binary(), *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and words in done.stderr + done.stdout, done

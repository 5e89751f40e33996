"""The way to the server: certificates, the clock they are judged by, a proxy, a rate, keys that change under load."""

import json
import time
from pathlib import Path

import pytest

from tests.support.certs import Authority
from tests.support.proxy import Proxy
from tests.support.rig import DEVICES, Rig
from tests.support.server import StandIn
from tests.support.waiting import wait_steady, wait_until

LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
DAY_MS = 86_400_000
# Not by `faketime` itself: it would be the process that is killed.
LONG_AGO = [
    "env",
    f"LD_PRELOAD={LIBFAKETIME}",
    "FAKETIME=@2020-02-03 04:05:06",
    "FAKETIME_DONT_FAKE_MONOTONIC=1",
]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


@pytest.fixture
def https_rig(binaries, tmp_path, authority, broker):
    server = StandIn(tmp_path / "server", DEVICES, tls=authority.issue("server")).start()
    rig = Rig(tmp_path, server, broker)
    rig.agent.sections["frappe"]["ca_file"] = str(authority.ca)
    yield rig
    rig.close()
    server.close()


def codes(status):
    return [reason["code"] for reason in status["reasons"]]


def reading(value=20):
    return json.dumps({"metric": "temperature", "value": value, "unit": "C"})


def test_the_end_of_the_servers_certificate_is_shown(https_rig):
    rig = https_rig
    rig.start()
    rig.publish("bin1", reading())
    rig.wait_rows(1)
    status = wait_until("seen", lambda: (s := rig.agent.status())["certificate_expires"] and s)
    left = status["certificate_expires"] - status["at"]
    assert 1.9 * DAY_MS < left <= 2 * DAY_MS
    assert status["healthy"] and "server_certificate" in codes(status)
    shown = rig.agent.cli("status").stdout
    assert "of the server ends 20" in shown and "renew it there" in shown
    _, metrics = rig.agent.get("/metrics")
    (line,) = [
        each for each in metrics.splitlines() if each.startswith("edge_peer_certificate_expires_timestamp")
    ]
    assert abs(float(line.split()[-1]) * 1000 - status["certificate_expires"]) < 1000


def test_without_tls_there_is_no_certificate(rig):
    rig.start()
    rig.publish("bin1", reading())
    rig.wait_rows(1)
    status = rig.agent.status()
    assert status["certificate_expires"] is None and "server_certificate" not in codes(status)
    assert "certificate" not in rig.agent.get("/metrics")[1]


@pytest.mark.skipif(not LIBFAKETIME.exists(), reason="libfaketime is not installed")
def test_a_clock_of_long_ago_is_named_and_nothing_is_lost(https_rig):
    rig = https_rig
    rig.agent.start(prefix=LONG_AGO, timeout=30)
    rig.publish("bin1", reading())
    rig.agent.wait_messages(1)

    def explained():
        status = rig.agent.status()
        return status if "set the clock" in status["epoch_error"] + status["sync"]["reason"] else None

    status = wait_until("the clock is named", explained, 30)
    words = status["epoch_error"] + status["sync"]["reason"]
    assert "this gateway's clock says 2020-02-03T" in words, words
    assert status["pending"] == 1 and not rig.server.rows()
    assert "set the clock" in rig.agent.process.log_file.read_text()
    rig.agent.kill()
    rig.agent.start()
    rig.wait_rows(1)


def test_keys_change_under_load_without_a_refused_request(rig_on):
    rig = rig_on
    journal = rig.folder / "requests.jsonl"
    if rig.server.name == "stand-in":
        rig.server.control(journal=str(journal))
    rig.start()
    mock = rig.mock("--rate", 300, "--qos", 1, "--devices", 20, "--duration", 3600).start()
    rig.agent.wait_messages(300)
    old, new = rig.server.key, rig.server.new_key()
    key_file = rig.folder / "agent" / "frappe.key"
    key_file.write_text(new + "\n")
    done = rig.agent.cli("reload")
    assert (done.returncode, done.stdout) == (0, "reloaded\n"), done
    rig.agent.wait_messages(rig.agent.counter("messages") + 300)
    rig.server.revoke_key(old)
    rig.agent.wait_messages(rig.agent.counter("messages") + 300)
    status = rig.wait_complete(mock.stop())
    assert status["sync"]["retries"] == 0, status["sync"]
    if journal.exists():
        answers = [json.loads(line) for line in journal.read_text().splitlines()]
        assert len(answers) > 10 and {each["status"] for each in answers} == {200}
    log = rig.agent.process.log_file.read_text()
    assert old.split(":")[1] not in log and new.split(":")[1] not in log
    # The old one is dead indeed: with it the agent is turned away, and keeps what comes.
    key_file.write_text(old + "\n")
    rig.agent.cli("reload")
    rig.publish("bin1", reading())
    wait_until("stopped", lambda: rig.agent.status()["sync"]["code"] == "revoked", 20)
    key_file.write_text(new + "\n")
    rig.agent.cli("reload")
    rig.agent.wait_sent()


def test_a_key_file_that_cannot_be_used_changes_nothing(rig):
    rig.start()
    key_file = rig.folder / "agent" / "frappe.key"
    key_file.chmod(0o644)
    done = rig.agent.cli("reload")
    assert done.returncode == 1 and "frappe.key" in done.stderr
    rig.publish("bin1", reading())
    rig.wait_rows(1)


RATE = 16 * 1024


def test_no_more_than_the_rate_and_the_rest_goes_on(rig):
    rig.agent.sections["frappe"] |= {"max_rate": "16KiB/s", "batch_rows": 100}
    rig.start()
    rig.line.cut()
    sent = rig.mock("--rate", 0, "--count", 1500, "--qos", 1, "--devices", 20).start().finish()
    rig.agent.wait_messages(1500)
    rig.line.sent_bytes = 0
    begun = time.monotonic()
    rig.line.restore()
    rig.agent.poke()
    rig.wait_complete(sent)
    took = time.monotonic() - begun
    # Ten per cent for what TCP's acknowledgements and the last batch, which nobody waits for, make of it.
    assert rig.line.sent_bytes > 4 * RATE, "too little to tell"
    assert rig.line.sent_bytes / took < RATE * 1.1 + 20_000 / took, (rig.line.sent_bytes, took)
    assert "waiting" not in rig.agent.status()["sync"]["state"]


def test_a_slow_line_never_holds_up_a_stop_or_the_watchdog(rig):
    rig.agent.sections["frappe"] |= {"max_rate": "1KiB/s", "gzip": False}
    rig.start()
    rig.mock("--rate", 0, "--count", 1000, "--qos", 1, "--devices", 20).start().finish()
    rig.agent.wait_messages(1000)
    wait_until("a batch has gone", lambda: rig.agent.status()["sync"]["batches"] > 0, 20)
    pending = rig.agent.status()["pending"]
    assert pending > 0
    wait_steady("alive while it waits", lambda: rig.agent.get("/healthz")[0] == 200, 3)
    begun = time.monotonic()
    assert rig.agent.stop() == 0
    assert time.monotonic() - begun < 5


def test_through_a_proxy_and_without_it(https_rig):
    rig = https_rig
    proxy = Proxy().start()
    rig.agent.sections["frappe"]["proxy"] = proxy.url
    rig.start()
    rig.publish("bin1", reading(21))
    rig.wait_rows(1)
    assert proxy.asked and set(proxy.asked) == {f"CONNECT 127.0.0.1:{rig.line.port} HTTP/1.1"}
    proxy.stop()
    rig.publish("bin1", reading(22))
    wait_until("it waits", lambda: rig.agent.status()["sync"]["state"] == "waiting", 30)
    assert rig.agent.status()["pending"] == 1
    proxy.start()
    rig.wait_rows(2)
    rig.agent.wait_sent()
    secret = rig.server.key.split(":")[1]
    assert not any(secret in head for head in proxy.heads), "the proxy sees no key"
    assert secret not in rig.agent.process.log_file.read_text()
    proxy.stop()


def test_a_proxy_with_a_password_in_its_address_is_refused_and_not_repeated(rig):
    rig.agent.sections["frappe"]["proxy"] = "http://user:hunter2@192.0.2.1:3128"
    rig.agent.write_config()
    done = rig.agent.cli("check-config")
    assert done.returncode == 2
    assert "proxy must be an address" in done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_dead_server_fills_no_log(rig):
    rig.start()
    rig.line.cut()
    for value in range(20):
        rig.publish("bin1", reading(value))
        rig.agent.poke()  # tries at once, each time
        time.sleep(0.1)
    wait_until("it waits", lambda: rig.agent.status()["sync"]["state"] == "waiting", 30)
    lines = rig.agent.process.log_file.read_text().splitlines()
    assert len([line for line in lines if "delivery waiting" in line]) <= 2, lines

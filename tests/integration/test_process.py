"""How the process behaves: signals, configuration errors, a second agent, its local pages, the command line."""

import fcntl
import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.agent import Agent
from tests.support.waiting import wait_until


def test_sigterm_ends_within_five_seconds_while_the_server_hangs(rig):
    rig.start()
    rig.agent.wait_sent()
    rig.server.fault("slow", path="ingest.submit", seconds=30)
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    wait_until("the request hangs", lambda: rig.server.faults()[0]["hits"] > 0, 15)
    begin = time.monotonic()
    assert rig.agent.stop(timeout=10) == 0
    assert time.monotonic() - begin < 5
    rig.server.clear()
    rig.start()
    rig.wait_rows(1)
    assert rig.agent.wait_sent()["conservation"]["adds_up"]


@pytest.mark.parametrize("gone", ["server", "broker", "both"])
def test_sigterm_ends_within_five_seconds_while_a_peer_is_gone(rig, gone):
    rig.start()
    if gone in ("server", "both"):
        rig.line.cut()
    if gone in ("broker", "both"):
        rig.broker.stop()
    rig.agent.process.wait_for("notices", lambda: True)
    begin = time.monotonic()
    assert rig.agent.stop(timeout=10) == 0
    assert time.monotonic() - begin < 5


def test_it_starts_without_broker_and_server(rig):
    rig.broker.stop()
    rig.line.cut()
    rig.agent.write_config()
    rig.agent.process.start()
    status = wait_until("status answers", rig.agent.status_or_none, 15)
    assert status["running"] and status["sources"][0]["state"] == "down"
    rig.broker.start()
    rig.line.restore()
    wait_until("connected", rig.agent.sources_up, 40)
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.wait_rows(1, 60)


def test_sighup_takes_a_new_topic_and_keeps_the_store(rig):
    rig.start()
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.wait_rows(1)
    rig.agent.sections["mqtt.topic"].append({"pattern": "other/{device}/up", "decoder": "json"})
    instance = rig.agent.status()["instance"]
    rig.agent.reload()

    def arrives():
        rig.broker.publish("other/bin2/up", '{"metric":"temperature","value":21,"unit":"C"}')
        return [row for row in rig.server.rows() if row["device_text"] == "bin2"]

    wait_until("a message on the new topic", arrives, 15, 0.5)
    assert rig.agent.status()["instance"] == instance, "the store was opened again"


def test_sighup_with_a_broken_file_changes_nothing(rig):
    rig.start()
    rig.agent.config_file.write_text("[gateway\n")
    rig.agent.process.signal(signal.SIGHUP)
    time.sleep(0.5)  # nothing is expected to happen
    rig.agent.write_config()
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.wait_rows(1)
    assert "edge-agent.toml:1:" in rig.agent.process.log_file.read_text(errors="replace")


# What is wrong → (change of a good file, the place that is named).
BROKEN = {
    "syntax": (("[gateway]", "[gateway"), "1:"),
    "unknown-key": (('id = "g"', 'id = "g"\nidd = "x"'), "3:1"),
    "type": (('id = "g"', "id = 7"), "2:"),
    "unknown-section": (("[mqtt]", "[mqqt]\n[mqtt]"), "6:"),
    "duration": (('key_file = "/k"', 'key_file = "/k"\ntimeout = 30'), "6:"),
    "plain-http": (("http://127.0.0.1:1", "http://erp.example.org"), "4:"),
    "plain-mqtt": (("mqtt://127.0.0.1:1", "mqtt://broker.example.org"), "7:"),
    "no-device-level": (("yam/{site}/{device}/observation", "yam/{site}/observation"), "9:"),
    "section-missing": (('[frappe]\nurl = "http://127.0.0.1:1"\nkey_file = "/k"\n', ""), ""),
}
GOOD = """[gateway]
id = "g"
[frappe]
url = "http://127.0.0.1:1"
key_file = "/k"
[mqtt]
url = "mqtt://127.0.0.1:1"
[[mqtt.topic]]
pattern = "yam/{site}/{device}/observation"
"""


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("command", ["run", "check-config"])
def test_a_bad_configuration_is_refused_with_its_place(rig, name, command):
    (good, bad), place = BROKEN[name]
    assert good in GOOD
    rig.agent.config_file.write_text(GOOD.replace(good, bad))
    done = rig.agent.cli(command)
    assert done.returncode == 2, done
    assert f"edge-agent.toml:{place}" in done.stderr + done.stdout, done
    assert not (rig.agent.folder / "state").exists()


def test_a_second_agent_on_the_same_store_is_refused(rig, tmp_path):
    rig.start()
    second = Agent(
        tmp_path / "second",
        broker_url=rig.broker.url,
        server_url=rig.server.url,
        key=rig.server.key,
        gateway=rig.server.gateway,
        site=rig.server.site,
    )
    second.sections["gateway"]["state_dir"] = rig.agent.sections["gateway"]["state_dir"]
    second.write_config()
    second.process.start()
    try:
        assert second.process.wait(10) == 2, second.process.tail()
    finally:
        second.kill()
    assert str(rig.agent.folder / "state") in second.process.log_file.read_text()
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.wait_rows(1)


def test_a_key_file_others_may_read_is_refused(rig):
    key_file = rig.agent.folder / "frappe.key"
    key_file.chmod(0o644)
    rig.agent.write_config()
    rig.agent.process.start()
    assert rig.agent.process.wait(10) == 2
    log = rig.agent.process.log_file.read_text()
    assert str(key_file) in log and rig.server.key.split(":")[1] not in log


def test_local_pages(rig):
    rig.start()
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.wait_rows(1)
    rig.agent.wait_sent()
    assert rig.agent.get("/healthz")[0] == 200
    assert rig.agent.get("/readyz")[0] == 200
    code, metrics = rig.agent.get("/metrics")
    assert code == 200 and "edge_" in metrics
    rig.broker.stop()
    wait_until("not ready without the broker", lambda: rig.agent.get("/readyz")[0] == 503, 15)
    assert rig.agent.get("/nothing")[0] == 404


def test_the_command_line_reads_the_store_without_a_running_agent(rig):
    rig.start()
    rig.line.cut()
    for n in range(3):
        rig.publish("bin1", f'{{"metric":"temperature","value":2{n},"unit":"C"}}')
    rig.agent.wait_messages(3)
    running = rig.agent.status()
    rig.agent.stop()
    stopped = rig.agent.status()
    assert running["running"] and not stopped["running"]
    assert stopped["pending"] == running["pending"] == 3
    listed = rig.agent.cli("outbox", "list", "--json")
    assert listed.returncode == 0, listed
    assert len(json.loads(listed.stdout)) == 3


def test_what_it_writes_is_not_for_everybody(rig):
    rig.start()
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.agent.wait_messages(1)
    state = rig.agent.folder / "state"
    open_to_others = [p for p in [state, *state.rglob("*")] if os.stat(p).st_mode & 0o007]
    assert not open_to_others, open_to_others


def test_its_log_holds_no_secret_and_no_control_characters(rig):
    rig.agent.sections["log"]["level"] = "debug"
    rig.start()
    rig.publish("bin1", b"\x1b[31mred\r\nfake line\x00")
    rig.broker.publish(f"yam/{rig.server.site}/bad device/observation", "x")
    rig.wait_rows(1)
    rig.agent.wait_sent()
    rig.agent.stop()
    log = rig.agent.process.log_file.read_bytes()
    assert rig.server.key.split(":")[1].encode() not in log
    assert not [byte for byte in log if byte < 32 and byte != 10]


def holds_open(pid, file):
    try:
        return any(entry.readlink() == file for entry in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # one was closed meanwhile
        return False


@pytest.fixture
def slow_start(rig):
    """The agent has begun and waits for its directory, which another process holds; called, that one lets go."""
    state = Path(rig.agent.sections["gateway"]["state_dir"])
    state.mkdir(parents=True)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rig.agent.write_config()
        rig.agent.process.start()
        wait_until("at the lock", lambda: holds_open(rig.agent.process.pid, state / "lock"), 5, 0.005)
        yield lambda: fcntl.flock(lock, fcntl.LOCK_UN)


def test_sighup_during_the_start_is_a_reload_once_it_is_up(rig, slow_start):
    rig.agent.process.signal(signal.SIGHUP)
    slow_start()
    rig.agent.process.wait_for("sources up", rig.agent.sources_up)
    wait_until("reloaded", lambda: "reloaded " in rig.agent.process.log_file.read_text(), 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_during_the_start_ends_it_at_once(rig, slow_start, number):
    rig.agent.process.signal(number)
    assert rig.agent.process.wait(5) == 0, "it does not wait for the lock"
    slow_start()
    rig.start()
    assert rig.agent.stop() == 0

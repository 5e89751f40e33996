"""The broker at its worst: it loses its sessions, sends again in floods, carries megabytes, is killed."""

import hashlib
import re
import time

from tests.support.broker import SHIPPED_CONF
from tests.support.sampler import rss_kib
from tests.support.sensor import Sensor
from tests.support.waiting import wait_until

LOAD = ("--qos", 2, "--rate", 0, "--no-time-share", 0.5, "--devices", 20)


def test_it_has_lost_its_sessions(rig):
    """Persistence wiped: the agent subscribes anew; what came in between is the broker's loss and is not made up."""
    rig.start()
    sent = rig.mock(*LOAD, "--count", 200, name="before").start().finish()
    rig.wait_complete(sent)
    rig.broker.stop()
    wait_until("the agent sees it", lambda: rig.agent.ask("status")["sources"][0]["state"] == "down", 15)
    for file in (rig.broker.folder / "mosquitto-data").iterdir():
        file.unlink()
    rig.broker.start()
    wait_until("connected again", rig.agent.sources_up, 30)
    sent += rig.mock(*LOAD, "--count", 200, "--seed", 2, name="after").start().finish()
    rig.wait_complete(sent)


def test_floods_of_redeliveries(rig):
    """Killed again and again with a thousand messages in hand: the broker sends them all again, none counts twice."""
    rig.start()
    rig.agent.stop()
    sent = rig.mock(*LOAD, "--count", 6000).start().finish()
    for mark in (500, 1500, 2500, 3500):
        rig.agent.process.start()
        rig.agent.process.wait_for("so many kept", lambda m=mark: kept(rig) >= m, 15)
        rig.agent.kill()
    rig.agent.start()
    status = rig.wait_complete(sent)
    print(f"redelivered and known: {status['counters'].get('duplicate', 0)}")


def kept(rig):
    status = rig.agent.ask("status")
    return status["counters"].get("messages", 0) if status else 0


def test_messages_of_a_megabyte(rig):
    """Kept cut, with the hash and the size of all; memory stays bounded and the small ones pass."""
    rig.start()
    rig.agent.wait_sent()
    sensor = Sensor(rig.broker.port, "large")
    payloads = [
        f'{{"metric":"temperature","value":2{n % 10},"unit":"C","blob":"{str(n % 10) * 1_000_000}","n":{n}}}'.encode()
        for n in range(30)
    ]
    for payload in payloads:
        sensor.publish(f"yam/{rig.server.site}/bin1/observation", payload)
    sensor.wait_acked()
    sensor.close()
    rig.publish("bin2", '{"metric":"temperature","value":20,"unit":"C"}')
    rows = [row for row in rig.wait_rows(31) if row["device_text"] == "bin1"]
    rig.agent.wait_sent()
    assert {row["raw_sha256"] for row in rows} == {
        hashlib.sha256(payload).hexdigest() for payload in payloads
    }
    assert all(len(row["raw_payload"]) <= 4096 for row in rows)
    assert {row["value_text"] for row in rows} == {f"2{n}" for n in range(10)}
    store = rig.agent.ask("status")["store"]["used_bytes"]
    assert store < 16 << 20, f"{store} bytes: the whole payloads were kept"
    assert rss_kib(rig.agent.process.pid) < 64 << 10


def test_a_kill_of_the_broker_is_measured(rig):
    """kill -9 of mosquitto under load, with the settings it is shipped with. What it had acknowledged to the sensor and
    not yet saved is its own loss: printed, not asserted. Asserted: what the agent acknowledged is on the server."""
    shipped = re.search(r"(?m)^autosave_interval .*$", SHIPPED_CONF.read_text()).group()
    conf = rig.broker.folder / "mosquitto.conf"
    plain, count = re.subn(r"(?m)^autosave_interval .*$", shipped, conf.read_text())
    assert count == 1
    conf.write_text(plain)
    rig.start()
    rig.broker.stop()  # a broker that has run for a while has saved the agent's session
    rig.broker.start()
    wait_until("connected", rig.agent.sources_up, 20)
    sensor = Sensor(rig.broker.port, "sensor", qos=1)

    def publish(n):
        payload = f'{{"metric":"temperature","value":20,"unit":"C","n":{n}}}'.encode()
        sensor.publish(f"yam/{rig.server.site}/bin1/observation", payload)
        time.sleep(0.002)  # 500 a second, as a large site
        return hashlib.sha256(payload).hexdigest()

    for n in range(1500):
        publish(n)
        if n in (500, 1000):
            rig.broker.process.kill()
            rig.broker.start()
    sensor.wait_acked()
    wait_until("connected again", rig.agent.sources_up, 30)
    last = publish(1500)
    wait_until("the last one", lambda: last in {row["raw_sha256"] for row in rig.server.rows()}, 20, 0.2)
    sensor.close()
    status = rig.agent.wait_sent()
    rows = [row["raw_sha256"] for row in rig.server.rows()]
    distinct = len(set(rows))
    print(
        f"{shipped}, two kills at 500 msg/s: {sensor.acked} acknowledged to the sensor, {distinct} arrived, "
        f"{sensor.acked - distinct} lost by the broker, {len(rows) - distinct} sent on twice by it"
    )
    counters = status["counters"]
    assert len(rows) == counters["decoded"] - counters.get("readings.duplicate", 0), counters

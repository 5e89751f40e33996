"""A proxy between agent and server that fails: what status says, nothing lost, nothing double, back-off obeyed.

One rig for all of it, as in life: each fault meets what the ones before it have left behind.
"""

import hashlib
from collections import Counter

import pytest

from tests.support.broker import Broker
from tests.support.faulty_proxy import MODES, FaultyProxy
from tests.support.rig import DEVICES, Rig
from tests.support.sensor import Sensor
from tests.support.server import StandIn
from tests.support.waiting import wait_steady, wait_until

COUNT = 20
# Mode → (parameters, words of which one stands in code or reason).
TROUBLE = {
    "lost_answer": ({}, ["reset", "connection", "recv"]),
    "half_answer": ({}, ["transfer closed", "bytes remaining", "end of"]),
    "stall_before": ({}, ["time"]),
    "stall_after": ({}, ["time"]),
    "slow_drip": ({}, ["time"]),
    "reset": ({}, ["reset", "connection", "recv"]),
    "status-500": ({"status": "500 Internal Server Error"}, ["500"]),
    "status-502": ({"status": "502 Bad Gateway"}, ["502"]),
    "status-504": ({"status": "504 Gateway Timeout"}, ["504"]),
    "too_many": ({"retry_after": 1}, ["429", "rate"]),
    "maintenance": ({}, ["503"]),
    "portal": ({}, []),
    "redirect": ({}, ["302"]),
    "wrong_json": ({}, []),
    "other_uids": ({}, []),
    "huge": ({}, ["larger", "exceed", "large"]),
    "too_long_length": ({}, ["transfer closed", "bytes remaining", "end of"]),
    "too_short_length": ({}, []),
    "no_http": ({}, []),
    "broken_chunks": ({}, []),
}


class Proxied:
    def __init__(self, folder):
        self.broker = Broker(folder / "broker").start()
        self.server = StandIn(folder / "server", DEVICES).start()
        self.proxy = FaultyProxy(self.server.port)
        self.rig = Rig(folder, self.server, self.broker)
        frappe = self.rig.agent.sections["frappe"]
        frappe["url"] = f"http://127.0.0.1:{self.proxy.port}"
        frappe["timeout"] = "1s"
        self.rig.start()
        self.sensor = Sensor(self.broker.port, "faulty-proxy")
        self.sent = Counter()

    def send(self):
        """COUNT messages; every second one repeats byte for byte."""
        for number in range(COUNT):
            said = f',"note":"{len(self.sent)}-{number}"' if number % 2 else ""
            payload = f'{{"metric":"temperature","value":20.5,"unit":"C"{said}}}'.encode()
            self.sensor.publish(f"yam/{self.server.site}/bin1/observation", payload)
            self.sent[hashlib.sha256(payload).hexdigest()] += 1
        self.sensor.wait_acked()

    def finish(self):
        """The proxy is good again: all of it is there once."""
        self.proxy.mend()

        def idle():
            self.rig.agent.poke()
            status = self.rig.agent.ask("status")
            return status if status["pending"] == 0 and status["sync"]["state"] == "idle" else None

        wait_until(
            "all taken", lambda: self.rig.agent.ask("status")["counters"]["decoded"] >= self.sent.total(), 10
        )
        status = wait_until("nothing pending", idle, 20, 0.3)
        assert status["conservation"]["adds_up"] and status["dead_letters"] == 0, status
        assert Counter(row["raw_sha256"] for row in self.server.rows()) == self.sent

    def close(self):
        self.sensor.close()
        self.rig.close()
        self.proxy.close()
        self.server.close()
        self.broker.stop()


@pytest.fixture(scope="module")
def proxied(binaries, tmp_path_factory):
    proxied = Proxied(tmp_path_factory.mktemp("faulty-proxy"))
    yield proxied
    proxied.close()


def test_no_mode_is_forgotten():
    assert {name.split("-")[0] for name in TROUBLE} == set(MODES)


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_on_the_way(proxied, name):
    params, words = TROUBLE[name]
    proxied.proxy.fail(name.split("-")[0], **params)
    proxied.send()

    def waiting():
        sync = proxied.rig.agent.ask("status")["sync"]
        return sync if sync["state"] == "waiting" and proxied.proxy.tries else None

    sync = wait_until("the agent waits", waiting, 10)
    said = (sync["code"] + " " + sync["reason"]).lower()
    assert sync["reason"] and (not words or any(word in said for word in words)), sync
    status = proxied.rig.agent.ask("status")
    assert status["pending"] == COUNT and status["dead_letters"] == 0, status
    proxied.finish()


def test_retry_after_is_obeyed(proxied):
    proxied.proxy.fail("too_many", retry_after=3)
    proxied.send()
    wait_until("asked once", lambda: proxied.proxy.tries, 10)
    wait_steady("no second try before its time", lambda: len(proxied.proxy.tries) == 1, 2.5, 0.05)
    wait_until("and then it tries", lambda: len(proxied.proxy.tries) == 2, 3)
    first, second = proxied.proxy.tries
    assert second - first >= 2.95
    proxied.finish()


def test_the_tries_grow_rare(proxied):
    """Full jitter up to 1, 2, 4 … seconds: no more than a handful in five seconds, never a storm."""
    proxied.proxy.fail("reset")
    proxied.send()
    wait_until("asked once", lambda: proxied.proxy.tries, 10)
    # A reset of a kept connection is tried once more at once: two requests of one try.
    wait_steady("a handful", lambda: len(proxied.proxy.tries) <= 16, 4)
    proxied.finish()

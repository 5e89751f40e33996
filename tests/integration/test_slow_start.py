"""Trouble of the uplink at the start: within seconds messages are kept, trucks are weighed and status answers."""

import socket
import subprocess
import threading
import time

import pytest

from tests.support.waiting import free_port, wait_until

NAME_SERVER = "127.0.0.54"


class Silent:
    """Accepts connections and says nothing, as a server whose workers all hang."""

    def __init__(self):
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.accepted = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                self.accepted.append(self._listener.accept()[0])
            except OSError:
                return

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.accepted:
            connection.close()


@pytest.fixture
def silent():
    silent = Silent()
    yield silent
    silent.close()


@pytest.fixture
def deaf_name_server(tmp_path):
    """A command prefix: names are asked of a server that never answers."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(f"nameserver {NAME_SERVER}\noptions timeout:30 attempts:5\n")
    prefix = ["unshare", "-m", "sh", "-c", f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh"]
    done = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a mount namespace is not permitted here: {done.stderr.strip()}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        try:
            deaf.bind((NAME_SERVER, 53))
        except OSError as e:
            pytest.skip(f"port 53 on {NAME_SERVER} cannot be had: {e}")
        yield prefix


@pytest.fixture
def field(bridge, broker):
    """A bridge that hears a broker too, and its mock of a scale."""
    agent = bridge.agent
    agent.sections["mqtt"] = {"url": broker.url}
    agent.sections["mqtt.topic"] = [{"pattern": "yam/{site}/{device}/observation", "decoder": "json"}]
    link = bridge.folder / "scale"
    mock = bridge.mock("--serial", link, "--pace", 0.1, "--rate", 20)
    bridge.add_serial_scale("ws1", "S1", link)
    return bridge, broker, mock


def works_at_once(field, prefix=None):
    """Started against an uplink that does not work, everything else does; it stops as fast."""
    bridge, broker, mock = field
    agent = bridge.agent
    begin = time.monotonic()
    agent.start(prefix, timeout=5)
    for number in range(20):
        payload = f'{{"metric":"temperature","value":20,"unit":"C","note":{number}}}'
        broker.publish(f"yam/{bridge.server.site}/shed1/observation", payload)
    agent.wait_messages(20, 5)
    assert time.monotonic() - begin < 5, "intake waits for the uplink"
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    mock.arrive("38440")
    assert bridge.capture(ticket)["value"] == "38440"
    asked = time.monotonic()
    status = agent.status()
    assert time.monotonic() - asked < 1 and status["pending"] >= 20 and status["conservation"]["adds_up"]
    assert agent.get("/healthz")[0] == 200
    begin = time.monotonic()
    assert agent.stop(10) == 0
    assert time.monotonic() - begin < 5


def test_the_server_refuses_connections(field):
    field[0].line.cut()
    works_at_once(field)


def test_the_server_accepts_and_never_answers(field, silent):
    field[0].agent.sections["frappe"]["url"] = f"http://127.0.0.1:{silent.port}"
    works_at_once(field)


def test_the_tls_handshake_hangs(field, silent):
    field[0].agent.sections["frappe"]["url"] = f"https://127.0.0.1:{silent.port}"
    works_at_once(field)


def test_the_name_server_hangs(field, deaf_name_server):
    field[0].agent.sections["frappe"]["url"] = "https://erp.example.org"
    works_at_once(field, deaf_name_server)


def test_what_waited_flows_when_the_server_is_there(field):
    bridge, broker, _ = field
    bridge.line.cut()
    bridge.agent.start(timeout=5)
    broker.publish(
        f"yam/{bridge.server.site}/shed1/observation", '{"metric":"temperature","value":20,"unit":"C"}'
    )
    bridge.agent.wait_messages(1, 5)
    bridge.line.restore()
    bridge.agent.poke()
    wait_until("one row", lambda: len(bridge.server.rows()) == 1, 10)

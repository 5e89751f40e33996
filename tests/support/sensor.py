"""A sensor on MQTT 3.1.1, written out by hand: it keeps its session over any loss of the broker, counts to the message.

Paho gives messages back that it sends all the same (journal.py, given_back); where the broker restarts and every message
must be counted, this one is used. QoS 2: what doubles has doubled behind the broker.
"""

import contextlib
import socket
import struct
import threading
import time

from tests.support.waiting import wait_until

CONNECT, CONNACK, PUBLISH, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 5, 6, 7
PUBACK, PINGREQ = 4, 12
WINDOW = 500


def packet(kind: int, flags: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind << 4 | flags]) + length + body


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


def read_packet(connection: socket.socket) -> tuple[int, bytes]:
    kind, size, shift = read_exactly(connection, 1)[0] >> 4, 0, 0
    while True:
        digit = read_exactly(connection, 1)[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return kind, read_exactly(connection, size) if size else b""


class Sensor:
    """publish() blocks while WINDOW messages are on their way; a lost connection is made again and the session resumed."""

    def __init__(self, port: int, client_id: str, qos: int = 2):
        self.port, self.client_id, self.qos = port, client_id, qos
        self.published = self.acked = 0
        self._changed = threading.Condition()
        self._open: dict[int, tuple[str, bytes] | None] = {}  # None: released, waits for PUBCOMP
        self._next = 0
        self._connection: socket.socket | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def publish(self, topic: str, payload: bytes, timeout: float = 60) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._open) < WINDOW or self._ended, timeout):
                raise AssertionError(f"the broker took nothing for {timeout:g} s")
            while True:
                self._next = self._next % 65535 + 1
                if self._next not in self._open:
                    break
            self._open[self._next] = (topic, payload)
            self.published += 1
            self._send(self._publish(self._next, topic, payload, False))

    def wait_acked(self, timeout: float = 30) -> None:
        wait_until("all acknowledged by the broker", lambda: not self._open, timeout, 0.01)

    def close(self) -> None:
        self._ended = True
        with self._changed:
            self._changed.notify_all()
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _publish(self, number: int, topic: str, payload: bytes, again: bool) -> bytes:
        flags = self.qos << 1 | (8 if again else 0)
        return packet(PUBLISH, flags, text(topic) + struct.pack(">H", number) + payload)

    def _send(self, data: bytes) -> None:
        if self._connection is None:
            return  # sent when the session is resumed
        try:
            self._connection.sendall(data)
        except OSError:
            self._connection = None

    def _run(self) -> None:
        while not self._ended:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
                with connection:
                    self._resume(connection)
                    while not self._ended:
                        self._take(*read_packet(connection))
            except OSError:
                pass
            with self._changed:
                self._connection = None
            time.sleep(0.05)

    def _resume(self, connection: socket.socket) -> None:
        """Connect with the kept session; what is open goes again, in its order."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(packet(CONNECT, 0, text("MQTT") + b"\x04\x00\x00\x00" + text(self.client_id)))
        kind, _ = read_packet(connection)
        assert kind == CONNACK, kind
        connection.settimeout(None)
        with self._changed:
            for number, message in self._open.items():
                if message is None:
                    connection.sendall(packet(PUBREL, 2, struct.pack(">H", number)))
                else:
                    connection.sendall(self._publish(number, *message, True))
            self._connection = connection

    def _take(self, kind: int, body: bytes) -> None:
        number = struct.unpack(">H", body[:2])[0] if len(body) >= 2 else 0
        with self._changed:
            if kind == PUBREC:
                if number in self._open:
                    self._open[number] = None
                self._send(packet(PUBREL, 2, struct.pack(">H", number)))
            elif kind in (PUBACK, PUBCOMP) and number in self._open:
                del self._open[number]
                self.acked += 1
                self._changed.notify_all()

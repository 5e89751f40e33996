"""Raw clients of field lines, without any of the agent's code: a terminal, and Modbus TCP and RTU masters."""

import contextlib
import os
import select
import socket
import struct
import time
import tty
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def terminal(link: str | Path) -> Iterator[int]:
    """The terminal under a link, opened raw."""
    fd = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(fd)
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def connection(place: str) -> Iterator[int]:
    """A TCP connection to host:port, as its fd."""
    host, port = place.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as s:
        s.setblocking(False)
        yield s.fileno()


def read_for(fd: int, size: int, timeout: float = 5) -> bytes:
    """At least `size` bytes, or what came until the deadline or the end."""
    heard = b""
    deadline = time.monotonic() + timeout
    while len(heard) < size:
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        try:
            more = os.read(fd, 4096)
        except OSError:
            break  # the other end of a terminal is gone
        if not more:
            break
        heard += more
    return heard


def crc(data: bytes) -> bytes:
    """Modbus CRC-16 as it stands on the wire."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def rtu(text: str) -> bytes:
    """Hex without CRC → the frame."""
    data = bytes.fromhex(text)
    return data + crc(data)


def tcp(transaction: int, text: str) -> bytes:
    """Hex of unit and PDU → the frame."""
    data = bytes.fromhex(text)
    return struct.pack(">HHH", transaction, 0, len(data)) + data


def ask(fd: int, request: bytes, size: int = 1, timeout: float = 5) -> bytes:
    """At least `size` bytes of answer."""
    os.write(fd, request)
    return read_for(fd, size, timeout)

"""Waiting for a condition with a deadline, and free ports: what integration tests use in place of sleeps."""

import random
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def wait_until(what: str, probe: Callable[[], T], timeout: float = 10, every: float = 0.05) -> T:
    """The first truthy answer of `probe`; AssertionError naming `what` and the last answer at the deadline."""
    deadline = time.monotonic() + timeout
    while True:
        last = probe()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what} (last answer: {last!r})")
        time.sleep(every)


def wait_steady(what: str, probe: Callable[[], T], seconds: float, every: float = 0.1) -> T:
    """`probe` must stay truthy for so long: for things that must not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        last = probe()
        assert last, f"did not stay so for {seconds:g} s: {what}"
        time.sleep(every)
    return last


_given: set[int] = set()


def free_port() -> int:
    """A loopback port nobody listens on now and that no outgoing connection can take before it is listened on: it lies
    below the kernel's range of ephemeral ports. No port is given twice by one process."""
    ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    first = max(1024, min(ephemeral, 32768) - 16384)
    for _ in range(1000):
        port = random.randrange(first, max(ephemeral, first + 1024))
        if port in _given:
            continue
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise AssertionError("no free port on the loopback address")


def listens(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0

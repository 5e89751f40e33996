"""Waiting for a condition with a deadline, and free ports: what integration tests use in place of sleeps."""

import socket
import time
from collections.abc import Callable
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


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0

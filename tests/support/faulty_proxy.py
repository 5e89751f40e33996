"""A proxy before the server that fails in every way a network, a proxy or a captive portal can. Speaks HTTP/1.1 itself.

`mode` says what happens to requests whose path ends with `path` (the others pass); `tries` when each of these came.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.waiting import free_port

SUBMIT = "ingest.submit"
MAINTENANCE = b"<!doctype html><title>Updating</title><h1>Sorry! We will be back soon.</h1>"
PORTAL = b"<!doctype html><title>Sign in</title><h1>Please sign in to the network</h1>"
HUGE = 64 << 20


@dataclass
class Exchange:
    """One request and the way back to its sender."""

    proxy: "FaultyProxy"
    raw: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    params: dict[str, Any] = field(default_factory=dict)

    async def upstream(self) -> bytes:
        """The server's whole answer: from here on it has committed."""
        far_reader, far_writer = await asyncio.open_connection(*self.proxy.target)
        try:
            far_writer.write(self.raw)
            return await read_message(far_reader)
        finally:
            far_writer.close()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hang(self) -> None:
        """Until the other side gives up."""
        while await self.reader.read(65536):
            pass


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """Head and body by Content-Length; raises where it ends early."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + (await reader.readexactly(length) if length else b"")


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def made_up(
    status: str, body: bytes, *headers: str, kind: str = "text/html", length: int | None = None
) -> bytes:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {size}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _lost_answer(x: Exchange) -> None:
    await x.upstream()
    x.reset()


async def _half_answer(x: Exchange) -> None:
    answer = await x.upstream()
    await x.send(answer[: len(answer) - len(body_of(answer)) // 2])
    x.writer.close()


async def _stall_before(x: Exchange) -> None:
    await x.hang()


async def _stall_after(x: Exchange) -> None:
    await x.upstream()
    await x.hang()


async def _reset(x: Exchange) -> None:
    x.reset()


async def _status(x: Exchange) -> None:
    await x.send(made_up(x.params["status"], b"<h1>" + x.params["status"].encode() + b"</h1>"))


async def _too_many(x: Exchange) -> None:
    after = f"Retry-After: {x.params.get('retry_after', 2)}"
    await x.send(made_up("429 Too Many Requests", b"<h1>Slow down</h1>", after))


async def _maintenance(x: Exchange) -> None:
    await x.send(made_up("503 Service Unavailable", MAINTENANCE))


async def _portal(x: Exchange) -> None:
    await x.send(made_up("200 OK", PORTAL))


async def _redirect(x: Exchange) -> None:
    await x.send(made_up("302 Found", PORTAL, "Location: http://127.0.0.1:1/login"))


async def _wrong_json(x: Exchange) -> None:
    """Stored, and the answer is somebody else's."""
    await x.upstream()
    await x.send(made_up("200 OK", b'{"message":{"hello":["you"]}}', kind="application/json"))


async def _other_uids(x: Exchange) -> None:
    """An answer of the right form, about other records."""
    body = body_of(await x.upstream()).replace(b'"uid":"', b'"uid":"f').replace(b'","status"', b'0","status"')
    await x.send(made_up("200 OK", body, kind="application/json"))


async def _slow_drip(x: Exchange) -> None:
    answer = await x.upstream()
    for at in range(0, len(answer), 20):
        await x.send(answer[at : at + 20])
        await asyncio.sleep(x.params.get("pause", 0.5))


async def _huge(x: Exchange) -> None:
    await x.upstream()
    await x.send(made_up("200 OK", b'{"message":"', kind="application/json", length=HUGE))
    for _ in range(HUGE // 65536):
        await x.send(b"x" * 65536)


async def _too_long_length(x: Exchange) -> None:
    body = body_of(await x.upstream())
    await x.send(made_up("200 OK", body, kind="application/json", length=len(body) + 100))
    x.writer.close()


async def _too_short_length(x: Exchange) -> None:
    """The rest stands on the kept connection, where the next answer is looked for."""
    body = body_of(await x.upstream())
    await x.send(made_up("200 OK", body, kind="application/json", length=len(body) // 2))


async def _no_http(x: Exchange) -> None:
    await x.send(b"\x15\x03\x01\x00\x02\x02\x46 what is this\r\n\r\n")
    x.writer.close()


async def _broken_chunks(x: Exchange) -> None:
    await x.upstream()
    await x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
    x.writer.close()


async def _pass(x: Exchange) -> None:
    await x.send(await x.upstream())


Mode = Callable[[Exchange], Awaitable[None]]
MODES: dict[str, Mode] = {
    "lost_answer": _lost_answer,
    "half_answer": _half_answer,
    "stall_before": _stall_before,
    "stall_after": _stall_after,
    "reset": _reset,
    "status": _status,
    "too_many": _too_many,
    "maintenance": _maintenance,
    "portal": _portal,
    "redirect": _redirect,
    "wrong_json": _wrong_json,
    "other_uids": _other_uids,
    "slow_drip": _slow_drip,
    "huge": _huge,
    "too_long_length": _too_long_length,
    "too_short_length": _too_short_length,
    "no_http": _no_http,
    "broken_chunks": _broken_chunks,
}


class FaultyProxy:
    """On a thread of its own. Good until fail() says otherwise."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1"):
        self.target = (target_host, target_port)
        self.port = free_port()
        self.tries: list[float] = []
        self._mode, self._path, self._params = "", "", {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=32 << 20))

    def fail(self, mode: str, path: str = SUBMIT, **params: Any) -> None:
        assert mode in MODES, mode
        self.tries = []
        self._path, self._params = path, params
        self._mode = mode

    def mend(self) -> None:
        self._mode = ""

    def close(self) -> None:
        self._server.close()
        self._call(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _cancel_all(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (
            OSError,
            EOFError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            asyncio.CancelledError,
        )
        with contextlib.suppress(*gone):
            while not writer.is_closing():
                raw = await read_message(reader)
                path = raw.split(b" ", 2)[1].decode().partition("?")[0]
                mode = self._mode if path.endswith(self._path) else ""
                if mode:
                    self.tries.append(time.monotonic())
                await MODES.get(mode, _pass)(Exchange(self, raw, reader, writer, self._params))
        with contextlib.suppress(*gone):
            writer.close()

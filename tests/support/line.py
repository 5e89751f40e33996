"""The line between agent and server: a TCP forwarder that can be cut, so that any server can be "gone"."""

import contextlib
import socket
import threading
from collections.abc import Callable

from tests.support.waiting import free_port


class Line:
    """Forwards 127.0.0.1:port to a server. cut(): connection refused, and what was open is reset; restore() mends it."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1"):
        self.target = (target_host, target_port)
        self.port = free_port()
        self.sent_bytes = 0  # towards the server, ever
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.restore()

    def restore(self) -> None:
        with self._lock:
            if self._listener is not None:
                return
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(64)
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
            if listener is not None:
                _close(listener)
                listener.close()
            for connection in self._open:
                _close(connection)

    close = cut

    def _count(self, size: int) -> None:
        with self._lock:
            self.sent_bytes += size

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return  # cut
            try:
                far = socket.create_connection(self.target, timeout=5)
                far.settimeout(None)
            except OSError:
                _close(near)
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
                cut = self._listener is not listener
            if cut:
                _close(near)
                _close(far)
            threading.Thread(target=self._both_ways, args=(near, far), daemon=True).start()

    def _both_ways(self, near: socket.socket, far: socket.socket) -> None:
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far, self._count)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()


def _pump(
    source: socket.socket, sink: socket.socket, count: Callable[[int], None] = lambda size: None
) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            count(len(data))
            sink.sendall(data)
    _close(source)
    _close(sink)


def _close(connection: socket.socket) -> None:
    """Wakes whoever reads from it; close() alone would not."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)

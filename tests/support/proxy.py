"""An HTTP proxy that knows CONNECT, and what it was asked and saw."""

import contextlib
import socket
import threading

from tests.support.line import _close, _pump
from tests.support.waiting import free_port


class Proxy:
    """On 127.0.0.1:port from start() to stop(); `asked` has the first line of each request, `heads` all of its head."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()

    def start(self) -> "Proxy":
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(16)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            _close(listener)
            listener.close()
        for connection in list(self._open):
            _close(connection)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._open.add(near)
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError, ValueError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = near.recv(4096)
                if not data:
                    return
                head += data
            text = head.split(b"\r\n\r\n")[0].decode()
            self.heads.append(text)
            self.asked.append(text.splitlines()[0])
            verb, place, _ = self.asked[-1].split(" ")
            if verb != "CONNECT":
                near.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
                return
            host, port = place.rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=5) as far:
                far.settimeout(None)
                self._open.add(far)
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join()

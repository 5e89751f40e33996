"""HTTP/1.1 with keep-alive, a thread per connection, optional TLS; can close its port for a while."""

from __future__ import annotations

import ssl
import threading
import time
from socketserver import ThreadingMixIn

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from mock_devices.mock_frappe.app import App


class Handler(WSGIRequestHandler):
    """Quiet, and without Nagle: an answer is one small write behind its headers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        self.close_connection = True

    def log_request(self, *_: object) -> None: ...

    def log_error(self, *_: object) -> None: ...


class Server(ThreadingMixIn, BaseWSGIServer):
    """`run` serves until `stop`."""

    daemon_threads = True
    multithread = True
    request_queue_size = 128


class Runner:
    """Owns the listening socket: opens, closes and reopens it on the same port."""

    def __init__(self, app: App, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._app = app
        self._host = host
        self._tls = tls
        self._refuse_for = 0.0
        self._stopped = threading.Event()
        self._server = self._open(port)
        self.port: int = self._server.server_port
        app.refuse = self.refuse

    def _open(self, port: int) -> Server:
        return Server(self._host, port, self._app, handler=Handler, ssl_context=self._tls)

    def refuse(self, seconds: float) -> None:
        """Closes the port for so long: connections are refused."""
        self._refuse_for = seconds
        threading.Thread(target=self._server.shutdown, daemon=True).start()

    def run(self) -> None:
        """Serves; returns after `stop`."""
        while not self._stopped.is_set():
            self._server.serve_forever(poll_interval=0.05)
            self._server.server_close()
            if self._refuse_for and not self._stopped.is_set():
                time.sleep(self._refuse_for)
                self._refuse_for = 0.0
                self._server = self._open(self.port)

    def stop(self) -> None:
        """From another thread or a signal handler's thread."""
        self._stopped.set()
        threading.Thread(target=self._server.shutdown, daemon=True).start()

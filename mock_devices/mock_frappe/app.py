"""WSGI application: Frappe's outer behaviour around the endpoints, faults, journal, pages and /_control."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from frappe_ext.contract.body import read_body
from frappe_ext.contract.refusals import HTTP_OF_CODE, Refusal
from mock_devices.mock_frappe import control, page
from mock_devices.mock_frappe.database import Database
from mock_devices.mock_frappe.endpoints import Endpoints, UnknownKey, now_ms
from mock_devices.mock_frappe.enrolments import Enrolments, way_of
from mock_devices.mock_frappe.faults import ENVELOPE_FAULTS, FRAPPE_FAULTS, Fault, Faults, wait

METHOD = "/api/method/"
API = "frappe_ext.api."
MAX_BODY = 25 * 1024 * 1024
CAPTIVE = "<!doctype html><title>Sign in</title><h1>Please sign in to the network</h1>"
MAINTENANCE = "<!doctype html><title>Updating</title><h1>Sorry! We will be back soon.</h1>"
TOO_LARGE = "<html><head><title>413 Request Entity Too Large</title></head></html>"


class DropConnection(ConnectionError):
    """Ends the connection without (the rest of) an answer."""


class App:
    """`refuse`: closes the listening socket for some seconds (set by the server)."""

    def __init__(self, database: Database, zone: str, journal: Path | None = None) -> None:
        self.database = database
        self.endpoints = Endpoints(database, zone)
        self.enrolments = Enrolments(database)
        self.faults = Faults()
        self.journal = journal
        self.refuse: Callable[[float], None] = lambda seconds: None
        self._journal_lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.path == "/_control":
            return control.respond(self, request)(environ, start_response)
        fault = self.faults.take(request.path)
        seen: dict[str, Any] = {"at": now_ms(), "method": request.method, "path": request.path}
        if fault is not None:
            seen["fault"] = fault.name
        response = self._answer(request, fault, seen)
        if fault is not None:
            response = self._spoil(response, fault, environ, seen)
        self._note(seen, response.status_code)
        return response(environ, start_response)

    def _answer(self, request: Request, fault: Fault | None, seen: dict[str, Any]) -> Response:
        early = self._instead(request, fault, seen) if fault else None
        if early is not None:
            request.get_data()  # as a proxy does: the connection stays usable
            return early
        if (request.content_length or 0) > MAX_BODY:
            return Response(TOO_LARGE, 413, content_type="text/html")
        try:
            return self._serve(request, fault, seen)
        except UnknownKey:
            return frappe_error(401, "AuthenticationError")
        except Refusal as refusal:
            seen["code"] = refusal.code
            return refused(refusal)

    def _instead(self, request: Request, fault: Fault, seen: dict[str, Any]) -> Response | None:
        """The answers that come without our code being reached."""
        name = fault.name
        if name == "down":
            self._note(seen, 0)
            if fault.params.get("refuse"):
                self.refuse(float(fault.params.get("seconds", 5)))
            drop(request.environ, reset=True)
        if name == "slow":
            wait(fault)
        if name in FRAPPE_FAULTS:
            return frappe_error(*FRAPPE_FAULTS[name])
        if name in ENVELOPE_FAULTS:
            seen["code"] = name
            refusal = Refusal(name, "Made up by a fault.", retry_after=fault.params.get("retry_after"))
            refusal.epoch = fault.params.get("epoch")
            return refused(refusal)
        match name:
            case "413":
                return Response(TOO_LARGE, 413, content_type="text/html")
            case "429":
                response = frappe_error(429, "TooManyRequestsError")
                response.headers["Retry-After"] = str(fault.params.get("retry_after", 2))
                return response
            case "503":
                return Response(MAINTENANCE, 503, content_type="text/html")
            case "html_200":
                return Response(CAPTIVE, 200, content_type="text/html")
            case "wrong_json_200":
                return as_json({"hello": ["somebody else"]})
        return None

    def _spoil(
        self, response: Response, fault: Fault, environ: dict[str, Any], seen: dict[str, Any]
    ) -> Response:
        """The answers that get lost or damaged after everything was committed."""
        if fault.name == "lost_answer":
            self._note(seen, 0)
            drop(environ, reset=True)
        if fault.name == "half_answer":
            self._note(seen, response.status_code)
            data = response.get_data()
            head = f"HTTP/1.1 {response.status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            environ["werkzeug.socket"].sendall(head.encode() + data[: len(data) // 2])
            drop(environ, reset=False)
        if fault.name == "missing_result":
            body = json.loads(response.get_data())
            results = body.get("message", {}).get("results")
            if results:
                results.pop(len(results) // 2)
            return as_json(body, response.status_code)
        return response

    def _serve(self, request: Request, fault: Fault | None, seen: dict[str, Any]) -> Response:
        path = request.path
        if path == "/":
            return Response(page.render(self.database), content_type="text/html; charset=utf-8")
        if path == "/records.json":
            return as_json(page.records(self.database, request.args))
        if not path.startswith(METHOD):
            return (
                frappe_error(404, "DoesNotExistError")
                if path.startswith("/api/")
                else Response("Not found", 404)
            )
        method = path.removeprefix(METHOD)
        data = request.get_data()
        if data and request.is_json and not _is_json(data):
            return frappe_error(500, "JSONDecodeError")  # Frappe reads JSON before anything else
        authorization = request.headers.get("Authorization")
        gateway = None
        if authorization is not None:
            # As with Frappe: a header that is no good is refused even where a guest would be served.
            gateway = self.endpoints.authenticate(authorization)
            seen["gateway"] = gateway["gateway_id"]
        if method in ("ping", "frappe.ping"):
            return as_json({"message": "pong"})
        if method == "frappe_ext.monitoring.health_check.health_check" and request.method == "GET":
            status, message = self.endpoints.health()
            return as_json({"message": message}, status)
        return self._serve_gateway(method, request, gateway, fault, seen)

    def _serve_gateway(
        self,
        method: str,
        request: Request,
        gateway: dict[str, Any] | None,
        fault: Fault | None,
        seen: dict[str, Any],
    ) -> Response:
        verb = {
            "ingest.submit": "POST",
            "ingest.reconcile": "POST",
            "gateway.config": "GET",
            "gateway.heartbeat": "POST",
            "gateway.new_epoch": "POST",
            "gateway.enroll": "POST",
        }
        short = method.removeprefix(API)
        if not method.startswith(API) or short not in verb:
            return frappe_error(417, "ValidationError")
        if short == "gateway.enroll" and request.method == "POST":
            return self._enroll(request)
        if gateway is None or request.method != verb[short]:
            return frappe_error(403, "PermissionError")
        try:
            message = self._message(short, request, gateway, fault, seen)
        except Refusal as refusal:
            raise refusal.told_to(gateway["gateway_id"], gateway["sites"]) from None
        return as_json({"message": message})

    def _enroll(self, request: Request) -> Response:
        """The only method without a key."""
        asked = read_body(request.get_data(), request.content_type)
        address, safe = way_of(request)
        url = request.host_url.rstrip("/")
        message = self.enrolments.enroll(asked, address=address, safe=safe, url=url, now_ms=now_ms())
        return as_json({"message": message})

    def _message(
        self, short: str, request: Request, gateway: dict[str, Any], fault: Fault | None, seen: dict[str, Any]
    ) -> dict[str, Any]:
        gateway_id, data, kind = gateway["gateway_id"], request.get_data(), request.content_type
        match short:
            case "ingest.submit":
                return self.endpoints.submit(gateway_id, data, kind, fault, seen)
            case "ingest.reconcile":
                return self.endpoints.reconcile(gateway_id, data, kind)
            case "gateway.config":
                return self.endpoints.config(gateway_id, request.args.get("have"))
            case "gateway.heartbeat":
                return self.endpoints.heartbeat(gateway_id, data, kind)
            case _:
                return self.endpoints.new_epoch(gateway_id, data, kind)

    def _note(self, seen: dict[str, Any], status: int) -> None:
        """One line per request, while a journal is wanted. Status 0: the caller got no answer."""
        if self.journal is None:
            return
        with self._journal_lock, self.journal.open("a") as file:
            file.write(json.dumps({**seen, "status": status}) + "\n")


def as_json(body: Any, status: int = 200) -> Response:
    """Frappe's JSON answer; ASCII, so that nothing from outside can break it."""
    return Response(json.dumps(body, separators=(",", ":")), status, content_type="application/json")


def frappe_error(status: int, exc_type: str) -> Response:
    """As with allow_error_traceback = 0: nothing but the type remains."""
    return as_json({"exc_type": exc_type}, status)


def refused(refusal: Refusal) -> Response:
    """Our envelope."""
    response = as_json({"message": refusal.as_message()}, HTTP_OF_CODE[refusal.code])
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def drop(environ: dict[str, Any], *, reset: bool) -> None:
    """Closes the connection under the answer; `reset`: with RST. Always raises."""
    connection: socket.socket = environ["werkzeug.socket"]
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        connection.shutdown(socket.SHUT_RDWR)
    os.close(connection.detach())  # close() would wait for the handler's files on it
    raise DropConnection


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True

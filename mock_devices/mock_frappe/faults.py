"""Every way a server can fail, on demand. A fault holds for `count` requests or until it is cleared."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What takes the place of an answer: (HTTP status, exc_type) of Frappe's own refusals.
FRAPPE_FAULTS = {
    "400": (400, "BadRequest"),
    "401": (401, "AuthenticationError"),
    "403": (403, "PermissionError"),
    "404": (404, "DoesNotExistError"),
    "409": (409, "DuplicateEntryError"),
    "417": (417, "ValidationError"),
    "500": (500, "OperationalError"),
}
# Refusals by the method itself, with the envelope.
ENVELOPE_FAULTS = frozenset(
    "malformed unsupported_version revoked expired gateway_disabled user_disabled wrong_gateway fenced held too_large "
    "rate_limited not_ready native_missing".split()
)
# Done by the server around the answer.
SHAPE_FAULTS = frozenset(
    {
        "down",  # the connection is reset; params {"refuse": true, "seconds": 5}: the port is closed for so long
        "413",  # the proxy's own page
        "429",  # params {"retry_after": 2} (seconds)
        "503",  # maintenance page, HTML
        "slow",  # params {"seconds": 2}
        "lost_answer",  # everything is committed, then the connection is reset
        "half_answer",  # half of the body, then the connection is closed
        "html_200",  # a login page of a captive portal
        "wrong_json_200",  # JSON of somebody else
        "missing_result",  # one result of the batch is missing
        "reject_device",  # params {"device": "bin3-t1", "code": "unknown_site", "message": "…"}
        "retry_device",  # params {"device": "bin3-t1"}; without device: every record
    }
)
NAMES = frozenset(FRAPPE_FAULTS) | ENVELOPE_FAULTS | SHAPE_FAULTS


@dataclass(slots=True)
class Fault:
    """`count` None = until cleared. `path`: only requests whose path ends with it."""

    name: str
    count: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
    path: str = ""
    hits: int = 0


class Faults:
    """The active faults; every request takes the first that fits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: list[Fault] = []

    def add(self, order: Mapping[str, Any]) -> Fault:
        """`{"fault": name, "count": n | "until": "cleared", "params": {}, "path": "ingest.submit"}`; ValueError."""
        name = order.get("fault")
        if name not in NAMES:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(sorted(NAMES))}")
        count = None if order.get("until") == "cleared" else int(order.get("count", 1))
        fault = Fault(str(name), count, dict(order.get("params", {})), str(order.get("path", "")))
        with self._lock:
            self._active.append(fault)
        return fault

    def clear(self) -> None:
        """Ends all of them."""
        with self._lock:
            self._active.clear()

    def take(self, path: str) -> Fault | None:
        """The fault of this request, counted."""
        with self._lock:
            for fault in self._active:
                if not path.endswith(fault.path):
                    continue
                fault.hits += 1
                if fault.count is not None and fault.hits >= fault.count:
                    self._active.remove(fault)
                return fault
        return None

    def state(self) -> list[dict[str, Any]]:
        """For GET /_control."""
        with self._lock:
            return [
                {
                    "fault": each.name,
                    "count": each.count,
                    "hits": each.hits,
                    "params": each.params,
                    "path": each.path,
                }
                for each in self._active
            ]


def wait(fault: Fault) -> None:
    """The delay of `slow`."""
    time.sleep(float(fault.params.get("seconds", 2)))

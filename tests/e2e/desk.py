"""Desk in a headless Chromium: one page, logged in, that remembers what went wrong in it.

Needs `playwright` (its browser is not downloaded: Debian's /usr/bin/chromium, or EDGE_CHROMIUM).
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.contract.servers import TIMEOUT

CHROMIUM = os.environ.get("EDGE_CHROMIUM", "/usr/bin/chromium")
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
# Neither is ours: there is no socketio process beside a test's gunicorn.
NOT_OURS = ("socket.io", "favicon")


def desk_url() -> str:
    """Where a browser reaches the site: its name is the host, whatever the port."""
    url = urlsplit(os.environ.get("FRAPPE_URL", "http://127.0.0.1:8000"))
    site = os.environ.get("FRAPPE_SITE", "edge.localhost")
    return f"{url.scheme}://{site}:{url.port}"


class Desk:
    """`errors`: exceptions of scripts and messages of level error, as they come."""

    def __init__(self, browser: Any, viewport: dict[str, int] = LAPTOP) -> None:
        self.url = desk_url()
        self._context = browser.new_context(viewport=viewport)
        self.page = self._context.new_page()
        self.page.set_default_timeout(30_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        where = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not any(part in where for part in NOT_OURS):
            self.errors.append(where)

    def log_in(self, user: str, password: str) -> Desk:
        """With a session of its own, as the login form would make it."""
        url = os.environ.get("FRAPPE_URL", "http://127.0.0.1:8000")
        headers = {"X-Frappe-Site-Name": os.environ.get("FRAPPE_SITE", "edge.localhost")}
        credentials = {"usr": user, "pwd": password}
        answer = requests.post(f"{url}/api/method/login", data=credentials, headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text[:500]
        self._context.add_cookies([{"name": "sid", "value": answer.cookies["sid"], "url": self.url}])
        return self

    def open(self, route: str, wait_for: str | None = None) -> Desk:
        """`/app/…` as in the address line; waits until Desk asks for nothing more, and for an element."""
        self.page.goto(f"{self.url}/app/{route}")
        self.page.wait_for_function("() => window.frappe?.router?.current_route?.length")
        if wait_for:
            self.page.wait_for_selector(wait_for)
        self.settle()
        return self

    def settle(self) -> None:
        """Until no request of Desk's is under way and nothing fades any more."""
        quiet = "() => frappe.request && !frappe.request.ajax_count && !document.body.classList.contains('modal-opening')"
        self.page.wait_for_function(quiet)
        self.page.wait_for_load_state("networkidle")

    def close(self) -> None:
        self._context.close()

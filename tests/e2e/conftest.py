"""Fixtures of the tests that look at Desk: only with a bench (FRAPPE_BENCH) and playwright (docs/testing.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.conftest import World, make_world
from tests.contract.servers import Bench
from tests.e2e.desk import CHROMIUM, Desk


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not os.environ.get("FRAPPE_BENCH"):
        pytest.skip("FRAPPE_BENCH names no bench")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        # A runner is often root; its proxy knows nothing of the site.
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def bench(browser: Any) -> Iterator[Bench]:
    found = Bench()
    yield found
    found.close()


@pytest.fixture(scope="module")
def world(bench: Bench) -> World:
    """A site with a scale, a policy and a gateway of its own."""
    return make_world(bench)


@pytest.fixture
def desk(browser: Any) -> Iterator[Desk]:
    """Desk as Administrator."""
    found = Desk(browser).log_in("Administrator", os.environ.get("FRAPPE_PASSWORD", "admin"))
    yield found
    found.close()

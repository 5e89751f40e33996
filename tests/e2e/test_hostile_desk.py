"""Text from outside stays text on every page of Desk: a payload that ran would set window.__pwned."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.contract.conftest import World
from tests.contract.servers import Bench
from tests.e2e.desk import Desk

HTML = "<img src=x onerror=\"window.__pwned='html'\">"
TEMPLATE = "{{ window.__pwned='template' }}"
FORMULA = "=cmd|'/c calc'!A1"
HOSTILE = f"{HTML}{TEMPLATE}{FORMULA}"
CRLF = "\r\nX-Evil: 1\r\n"


@pytest.fixture(scope="module")
def stored(world: World, bench: Bench) -> dict[str, str]:
    """What a gateway and a person can write, as hostile as the contract lets it through; names by type."""
    raw = f'{{"metric":"temperature","value":51.5,"note":"{HTML.replace(chr(34), chr(39))}"}}'
    digest = hashlib.sha256(raw.encode()).hexdigest()
    flagged = {"value": "51.50", "raw": raw, "raw_bytes": len(raw), "raw_sha256": digest}
    reasons = [f"critical_max:{HTML}"[:88], f"bad_time:{TEMPLATE}"]
    observation = world.observation(flag="Quarantine", reasons=reasons, unit=HTML[:20], **flagged)
    assert world.statuses([observation]) == ["stored"]
    ticket = world.sent(world.scale(), vehicle=HTML[:60], driver=HOSTILE[:100], declared_net_kg="9")
    site = bench._sites[world.site]
    row = world.stored(observation["uid"])
    finding = {"nc_type": f"Finding {HTML}", "capa_description": HOSTILE + CRLF, "root_cause": HOSTILE}
    # What Frappe's sanitising takes from a mandatory text must leave something.
    return {
        "observation": row["name"],
        "edge-excursion": row["excursion"],
        "scaleticket": world.stored(ticket["uid"], "scale_ticket")["name"],
        "nonconformance": bench._insert("Nonconformance", site=site, severity="Critical", **finding),
        "certificate": bench._insert(
            "Certificate", site=site, cert_type=f"Organic {HTML}", certificate_number=HOSTILE
        ),
        "device": bench._insert(
            "Device", site=site, device_id="h1", device_name=f"Bin {HTML}", notes=HOSTILE
        ),
        "site": site,
    }


def assert_harmless(desk: Desk) -> None:
    desk.page.wait_for_timeout(300)  # an image that fails does so a moment later
    assert desk.page.evaluate("() => window.__pwned") is None
    assert desk.page.evaluate("() => document.querySelectorAll('img[src=x]').length") == 0


LISTS = ("observation", "edge-excursion", "scaleticket", "nonconformance", "certificate", "device", "site")


@pytest.mark.parametrize("kind", LISTS)
def test_lists(desk: Desk, stored: dict[str, str], kind: str) -> None:
    desk.open(kind, ".list-row")
    assert_harmless(desk)


@pytest.mark.parametrize("kind", LISTS)
def test_forms(desk: Desk, stored: dict[str, str], kind: str) -> None:
    desk.open(f"{kind}/{stored[kind]}", ".form-page")
    assert_harmless(desk)


def test_the_observation_shows_it_as_text(desk: Desk, stored: dict[str, str]) -> None:
    desk.open(f"observation/{stored['observation']}", "[data-edge-section=trend] circle")
    page: Any = desk.page
    assert "<img" in page.text_content("[data-edge-raw=json]")
    assert "<img" in page.text_content("[data-edge-section=verdict]")
    page.locator("[data-edge-section=trend] circle").first.dispatch_event("pointerenter")
    assert "51.5" in page.text_content(".edge-trend-caption")
    page.get_by_role("button", name="Raw payload").click()
    page.wait_for_selector(".modal [data-edge-raw=json]")
    assert_harmless(desk)


def test_a_measured_form_is_not_changed_by_showing_it(desk: Desk, stored: dict[str, str]) -> None:
    """A date control once rounded the seconds of a measured time: the form could not be saved."""
    for kind in ("observation", "scaleticket"):
        desk.open(f"{kind}/{stored[kind]}", ".form-page")
        assert desk.page.evaluate("() => cur_frm.is_dirty()") is False


def test_the_ticket_shows_it_as_text(desk: Desk, stored: dict[str, str]) -> None:
    desk.open(f"scaleticket/{stored['scaleticket']}", "[data-edge-chain]")
    assert desk.page.locator("[data-edge-weighing]").count() == 2
    assert desk.page.get_attribute("[data-edge-verdict]", "data-edge-verdict") == "mismatch"
    assert_harmless(desk)


def test_the_workspace(desk: Desk, stored: dict[str, str]) -> None:
    desk.open("site-edge", ".number-widget-box .number")
    assert desk.page.locator(".number-widget-box").count() == 6
    assert_harmless(desk)
    assert desk.errors == []

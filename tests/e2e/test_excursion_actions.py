"""What a person does with an excursion in Desk reaches the server, and the form shows it."""

from __future__ import annotations

from tests.contract.conftest import World
from tests.e2e.desk import Desk

REASON = "Probe was out of the bin."


def act(desk: Desk, label: str) -> None:
    """Press a button of the form and give the reason it asks for."""
    desk.page.get_by_role("button", name=label, exact=True).first.click()
    desk.page.locator(".modal.show textarea").fill(REASON)
    desk.page.locator(".modal.show .btn-modal-primary").click()
    desk.page.wait_for_selector(".modal.show", state="hidden")
    desk.settle()


def test_nonconformance_and_release(desk: Desk, world: World) -> None:
    record = world.observation(value="51.50")
    assert world.statuses([record]) == ["stored"]
    excursion = world.stored(record["uid"])["excursion"]
    form = f"edge-excursion/{excursion}"

    desk.open(form, "[data-edge-section=rows]")
    assert "above the critical limit of 35" in desk.page.text_content("[data-edge-section=summary]")
    act(desk, "Open nonconformance")
    desk.page.wait_for_url("**/app/nonconformance/*")

    desk.open(form, "[data-edge-section=rows]")
    act(desk, "Release")
    desk.page.wait_for_function("() => cur_frm.doc.status === 'Released'")
    row = world.stored(record["uid"])
    assert row["quality_flag"] == "OK"
    assert REASON in row["released_reason"]

    desk.open(form, "[data-edge-section=rows]")
    assert desk.page.get_by_role("button", name="Release", exact=True).count() == 0
    assert desk.errors == []

"""Weighing while somebody kills the agent, and what must hold afterwards. For tests and long runs."""

from collections import Counter
from typing import Any

from tests.support.bridge import Bridge
from tests.support.scale import MockScale
from tests.support.waiting import wait_until

Records = dict[str, dict[str, Any]]


def step(
    bridge: Bridge, mock: MockScale, weight: str, shown: Records, finished: list[dict[str, Any]]
) -> None:
    """One weighing on the open ticket, which is finished after its second. Raises Refused where the agent dies."""
    mock.do("put", weight="0")
    bridge.wait_empty("ws1")
    mock.arrive(weight)
    tickets = bridge.ask("ticket", "list")["open"]
    ticket = tickets[0]["id"] if tickets else bridge.open_ticket("ws1")
    if not (tickets and tickets[0]["second_weighing"]):
        record = bridge.capture(ticket)
        assert record["value"] == weight
        shown[record["uid"]] = record
    opened = {each["id"]: each for each in bridge.ask("ticket", "list")["open"]}
    if opened[ticket]["second_weighing"]:
        finished.append(bridge.complete(ticket))


def check_weighings(bridge: Bridge, shown: Records) -> None:
    stored = {row["edge_uid"] for row in bridge.server.documents("weighing")}
    kept = {record["uid"] for record in bridge.alibi("ws1")}
    assert stored <= kept, "the server has a weighing that the alibi memory has not"
    bridge.wait_documents("weighing", len(kept))
    bridge.agent.wait_sent()
    by_uid = bridge.check_alibi("ws1")
    for uid, record in shown.items():
        assert uid in by_uid, "a weight that was shown is gone"
        assert by_uid[uid]["hash"] == record["hash"]


def check_tickets(bridge: Bridge, finished: list[dict[str, Any]]) -> None:
    kept = bridge.ask("ticket", "list", "--limit", 1000)["finished"]
    for ticket in finished:
        assert ticket["number"] in {each["number"] for each in kept}, "a ticket that was shown is gone"

    def arrived():
        return len(bridge.server.documents("scale_ticket")) == len(kept)

    wait_until("all tickets on the server", arrived, 30, 0.2)
    rows = bridge.server.documents("scale_ticket")
    assert {row["ticket_number"] for row in rows} == {each["number"] for each in kept}
    series = Counter(each["number"].rsplit("-", 1)[0] for each in kept)
    for name, count in series.items():
        serials = sorted(int(e["number"].rsplit("-", 1)[1]) for e in kept if e["number"].startswith(name))
        assert serials == list(range(1, count + 1)), f"series {name} has a gap"

"""kill -9 of the agent at random moments of weighing: nothing that was shown is lost, no number is missing."""

import random
import threading
from collections import Counter

from tests.support.bridge import Refused, register_map
from tests.support.waiting import wait_until

SEED = 20260223


def test_kill_at_random_moments_of_weighing(bridge_on, long_run):
    """10 weighings (100 with EDGE_LONG=1); in every second the agent is killed up to 2.2 s later."""
    bridge = bridge_on
    count = 100 if long_run else 10
    draw = random.Random(SEED)
    mock = bridge.mock("--modbus-tcp", "127.0.0.1:0", "--slave", "3=laumas-tlb", "--pace", 0.1)
    bridge.add_bus("bus1", tcp=mock.places["modbus_tcp"][0])
    bridge.add_scale("ws1", "S1", modbus="bus1", slave=3, map=register_map("laumas-tlb"), every="100ms")
    bridge.start()
    shown, finished, kills = {}, [], 0
    for number in range(count):
        killer = None
        if draw.random() < 0.5:
            killer = threading.Timer(draw.uniform(0.2, 2.2), bridge.agent.kill)
            killer.start()
        try:
            step(bridge, mock, f"{20 * draw.randint(50, 2500)}", shown, finished)
        except Refused:
            assert killer is not None, f"weighing {number} was refused though nobody killed the agent"
        if killer is not None:
            killer.join()
            kills += 1
            bridge.start()
    print(f"seed {SEED}: {kills} kills, {len(shown)} weighings shown, {len(finished)} tickets finished")
    check_weighings(bridge, shown)
    check_tickets(bridge, finished)


def step(bridge, mock, weight, shown, finished):
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


def check_weighings(bridge, shown):
    stored = {row["edge_uid"] for row in bridge.server.documents("weighing")}
    kept = {record["uid"] for record in bridge.alibi("ws1")}
    assert stored <= kept, "the server has a weighing that the alibi memory has not"
    bridge.wait_documents("weighing", len(kept))
    bridge.agent.wait_sent()
    by_uid = bridge.check_alibi("ws1")
    for uid, record in shown.items():
        assert uid in by_uid, "a weight that was shown is gone"
        assert by_uid[uid]["hash"] == record["hash"]


def check_tickets(bridge, finished):
    kept = bridge.ask("ticket", "list", "--limit", 1000)["finished"]
    for ticket in finished:
        assert ticket["number"] in {each["number"] for each in kept}, "a ticket that was shown is gone"
    rows = wait_until(
        "all tickets on the server",
        lambda: len(rows := bridge.server.documents("scale_ticket")) == len(kept) and rows,
        30,
        0.2,
    )
    assert {row["ticket_number"] for row in rows} == {each["number"] for each in kept}
    series = Counter(each["number"].rsplit("-", 1)[0] for each in kept)
    for name, count in series.items():
        serials = sorted(int(e["number"].rsplit("-", 1)[1]) for e in kept if e["number"].startswith(name))
        assert serials == list(range(1, count + 1)), f"series {name} has a gap"

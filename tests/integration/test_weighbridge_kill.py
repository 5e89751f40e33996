"""kill -9 of the agent at random moments of weighing: nothing that was shown is lost, no number is missing."""

import random
import threading

from tests.support.bridge import Refused, register_map
from tests.support.weighing_steps import check_tickets, check_weighings, step

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

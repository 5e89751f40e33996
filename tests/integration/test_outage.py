"""The server goes away under load and comes back; the broker stops; the agent is killed: 0 lost, 0 double.

The publisher speaks QoS 2 to the broker, so what doubles has doubled behind it. Half of its payloads carry a time, half
repeat byte for byte without one, as cheap sensors do.
"""

import random
import time

from tests.support.waiting import wait_until

LOAD = ("--qos", 2, "--rate", 400, "--no-time-share", 0.5, "--devices", 20)


def test_server_gone_under_load_and_back(rig_on, long_run):
    rig = rig_on
    gone_s = 60 if long_run else 8
    rig.start()
    mock = rig.mock(*LOAD, "--duration", gone_s + 6).start()
    rig.agent.wait_messages(400)
    rig.line.cut()
    wait_until("the agent waits", lambda: rig.agent.status()["sync"]["state"] == "waiting", 20)
    time.sleep(gone_s)  # the outage itself, not a wait for something
    assert rig.agent.status()["pending"] > 400 * gone_s * 0.5
    rig.line.restore()
    sent = mock.finish()
    status = rig.wait_complete(sent)
    assert status["conservation"]["messages"]["total"] == len(sent)


def test_server_process_gone_under_load_and_back(rig):
    rig.start()
    mock = rig.mock(*LOAD, "--duration", 8).start()
    rig.agent.wait_messages(400)
    rig.server.stop()
    rig.agent.wait_messages(1600)
    rig.server.start()
    rig.wait_complete(mock.finish())


def test_agent_killed_again_and_again_under_load(rig_on, long_run):
    rig = rig_on
    kills = 20 if long_run else 5
    pause = random.Random(7)  # noqa: S311
    rig.start()
    mock = rig.mock(*LOAD, "--duration", 3600).start()
    for _ in range(kills):
        before = rig.agent.counter("messages")
        rig.agent.wait_messages(before + pause.randint(100, 700))
        rig.agent.kill()
        rig.agent.start()
    rig.agent.wait_messages(rig.agent.counter("messages") + 200)
    sent = mock.stop()
    assert len(sent) > 200 * kills
    rig.wait_complete(sent)


def test_agent_killed_while_the_server_answers(rig):
    """Batches that were stored and whose answer nobody read come again and are duplicates, not doubles."""
    rig.start()
    mock = rig.mock(*LOAD, "--duration", 3600).start()
    for _ in range(3):
        rig.agent.wait_messages(rig.agent.counter("messages") + 300)
        rig.server.fault("lost_answer", count=2, path="ingest.submit")
        wait_until("answers lost", lambda: not rig.server.faults(), 20)
        rig.agent.kill()
        rig.agent.start()
    rig.wait_complete(mock.stop())


def test_broker_stops_and_starts_under_load(rig_on):
    rig = rig_on
    rig.start()
    mock = rig.mock(*LOAD, "--duration", 3600).start()
    for _ in range(2):
        rig.agent.wait_messages(rig.agent.counter("messages") + 400)
        rig.broker.stop()
        wait_until("the agent sees it", lambda: rig.agent.status()["sources"][0]["state"] == "down", 15)
        rig.broker.start()
        wait_until("connected again", rig.agent.sources_up, 30)
    rig.agent.wait_messages(rig.agent.counter("messages") + 400)
    rig.wait_complete(mock.stop(), given_back=mock.given_back())


def test_agent_away_while_the_broker_queues(rig):
    rig.start()
    rig.agent.stop()
    sent = rig.mock(*LOAD, "--count", 2000, "--rate", 0).start().finish()
    rig.agent.start()
    rig.wait_complete(sent)


def test_everything_at_once(rig_on):
    """Line cut, broker restarted and the agent killed in one run."""
    rig = rig_on
    rig.start()
    mock = rig.mock(*LOAD, "--duration", 3600).start()
    rig.agent.wait_messages(400)
    rig.line.cut()
    rig.agent.wait_messages(rig.agent.counter("messages") + 400)
    rig.agent.kill()
    rig.broker.stop()
    rig.broker.start()
    rig.agent.start()
    rig.agent.wait_messages(rig.agent.counter("messages") + 400)
    rig.line.restore()
    rig.agent.kill()
    rig.agent.start()
    rig.agent.wait_messages(rig.agent.counter("messages") + 200)
    rig.wait_complete(mock.stop(), given_back=mock.given_back())

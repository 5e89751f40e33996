"""Two agents where one should be: on one state folder, or with one identity from a copied folder."""

import shutil

import pytest

from tests.support.agent import Agent
from tests.support.waiting import wait_steady, wait_until


def second_agent(rig, tmp_path):
    """Same gateway and key, its own socket, page and MQTT session."""
    second = Agent(
        tmp_path / "second",
        broker_url=rig.broker.url,
        server_url=rig.server.url,
        key=rig.server.key,
        gateway=rig.server.gateway,
        site=rig.server.site,
    )
    second.sections["mqtt"]["client_id"] = "edge-second"
    # One hears the first half of the site, the other the rest: what doubles has doubled in the agents.
    rig.agent.sections["mqtt.topic"][0]["pattern"] = "yam/{site}/{device}/observation"
    second.sections["mqtt.topic"][0]["pattern"] = "other/{site}/{device}/observation"
    return second


@pytest.fixture
def clone(rig, tmp_path):
    """A machine restored from an image of the first one, which goes on."""
    second = second_agent(rig, tmp_path)
    rig.start()
    rig.publish("bin1", '{"metric":"temperature","value":20,"unit":"C"}')
    rig.wait_rows(1)
    rig.agent.wait_sent()
    rig.agent.stop()
    shutil.copytree(rig.agent.sections["gateway"]["state_dir"], second.sections["gateway"]["state_dir"])
    yield second
    second.kill()


def refused_start(agent) -> str:
    """What it said before it ended with exit code 2."""
    agent.write_config()
    agent.process.start()
    try:
        assert agent.process.wait(10) == 2, agent.process.tail()
    finally:
        agent.kill()
    return agent.process.log_file.read_text()


def test_a_second_agent_on_one_store_says_who_holds_it(rig, tmp_path):
    rig.start()
    second = second_agent(rig, tmp_path)
    second.sections["gateway"]["state_dir"] = rig.agent.sections["gateway"]["state_dir"]
    said = refused_start(second)
    assert "another" in said and str(rig.agent.folder / "state") in said, said
    assert rig.agent.sources_up(), "the first goes on undisturbed"


def test_a_second_agent_on_one_socket_says_so(rig, tmp_path):
    rig.start()
    second = second_agent(rig, tmp_path)
    second.sections["gateway"]["socket"] = rig.agent.sections["gateway"]["socket"]
    assert "another edge-agent answers on" in refused_start(second)
    assert rig.agent.sources_up(), "the first goes on undisturbed"


def test_two_of_one_identity_are_held_until_a_person_keeps_one(rig, clone):
    rig.start()
    clone.start()
    count = 0

    def both_speak():
        nonlocal count
        for prefix in ("yam", "other"):
            count += 1
            payload = f'{{"metric":"temperature","value":21,"unit":"C","note":"{prefix}-{count}"}}'
            rig.broker.publish(f"{prefix}/{rig.server.site}/bin2/observation", payload)
        for agent in (rig.agent, clone):
            agent.poke()
        return [a.ask("status")["sync"]["code"] for a in (rig.agent, clone)]

    codes = wait_until(
        "the server holds both",
        lambda: (said := both_speak()) and set(said) <= {"held", "fenced"} and said,
        20,
        0.3,
    )
    print(codes)
    for agent in (rig.agent, clone):
        status = agent.ask("status")
        assert status["sync"]["state"] == "stopped" and not status["healthy"], status["sync"]
        assert len(status["sync"]["reason"]) > 20, "words a technician can act on"
        # Before the server sees two of them, a reading of one may meet the other's under the same uid: kept, and told.
        assert status["conservation"]["adds_up"] and status["dead_letters"] <= 2
    before = len(rig.server.rows())
    rig.publish("bin3", '{"metric":"temperature","value":22,"unit":"C"}')
    wait_steady("nothing is taken while held", lambda: len(rig.server.rows()) == before, 1)
    rig.server.control(keep={"gateway": rig.server.gateway, "instance": rig.agent.ask("status")["instance"]})
    wait_until(
        "the one that was kept goes on",
        lambda: rig.agent.poke() or rig.agent.ask("status")["pending"] == 0,
        20,
        0.3,
    )
    assert clone.ask("status")["sync"]["state"] == "stopped"
    rows = rig.server.rows()
    assert len({row["edge_uid"] for row in rows}) == len(rows)
    assert len({row["raw_sha256"] for row in rows}) == len(rows), "something stands there twice"
    assert sum(row["device_text"] == "bin3" for row in rows) == 1

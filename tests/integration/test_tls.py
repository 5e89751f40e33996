"""The shipped mosquitto.conf with TLS, users and ACL, and a server behind https: one run with everything on."""

import subprocess

import pytest

from tests.support.broker import Broker, Tls
from tests.support.certs import Authority
from tests.support.rig import DEVICES, Rig
from tests.support.server import StandIn
from tests.support.waiting import wait_until

USERS = {"edge-agent": "agent-pass", "bin1": "bin1-pass", "bin2": "bin2-pass"}


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


@pytest.fixture
def tls_broker(tmp_path, authority):
    cert, key = authority.issue("broker")
    broker = Broker(tmp_path / "broker", Tls(authority.ca, cert, key, USERS)).start()
    yield broker
    broker.stop()


@pytest.fixture
def tls_rig(binaries, tmp_path, authority, tls_broker):
    server = StandIn(tmp_path / "server", DEVICES, tls=authority.issue("server")).start()
    rig = Rig(tmp_path, server, tls_broker)
    password = tmp_path / "mqtt.pass"
    password.write_text(USERS["edge-agent"] + "\n")
    password.chmod(0o600)
    rig.agent.sections["mqtt"] |= {
        "username": "edge-agent",
        "password_file": str(password),
        "ca_file": str(authority.ca),
    }
    rig.agent.sections["frappe"]["ca_file"] = str(authority.ca)
    yield rig
    rig.close()
    server.close()


def device_options(tmp_path, authority, user):
    password = tmp_path / f"{user}.pass"
    password.write_text(USERS[user] + "\n")
    return ["--username", user, "--password-file", password, "--ca-file", authority.ca]


def test_a_run_with_tls_on_both_sides(tls_rig, tmp_path, authority):
    tls_rig.start()
    options = device_options(tmp_path, authority, "bin1")
    mock = tls_rig.mock(
        *options,
        "--devices",
        "bin1=normal",
        "--qos",
        2,
        "--rate",
        300,
        "--count",
        1500,
        "--no-time-share",
        0.5,
    )
    mock.start()
    tls_rig.agent.wait_messages(300)
    tls_rig.line.cut()
    tls_rig.agent.wait_messages(800)
    tls_rig.agent.kill()
    tls_rig.broker.stop()
    tls_rig.broker.start()
    tls_rig.agent.start()
    tls_rig.line.restore()
    tls_rig.wait_complete(mock.finish(), given_back=mock.given_back())


def test_a_device_writes_under_its_own_name_only(tls_rig, tls_broker, tmp_path, authority):
    tls_rig.start()
    # What the ACL denies gets no acknowledgement from mosquitto 2.0.11: it ends the connection.
    publish(tls_broker, authority, "bin2", "-u", "bin1", "-P", USERS["bin1"])
    options = device_options(tmp_path, authority, "bin1")
    own = tls_rig.mock(*options, "--devices", "bin1=normal", "--count", 20, "--rate", 0).start().finish()
    tls_rig.wait_complete(own)
    assert {row["device_text"] for row in tls_rig.server.rows()} == {"bin1"}


def publish(broker, authority, device, *options):
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "--cafile", str(authority.ca)]
    command += ["-t", f"yam/{StandIn.site}/{device}/observation", "-m", "x", "-q", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_nobody_without_a_password(tls_rig, tls_broker, authority):
    done = publish(tls_broker, authority, "bin1")
    assert done.returncode != 0 and "not authori" in (done.stdout + done.stderr).lower(), done


def test_nobody_with_a_wrong_password(tls_rig, tls_broker, authority):
    done = publish(tls_broker, authority, "bin1", "-u", "bin1", "-P", "guess")
    assert done.returncode != 0 and "not authori" in (done.stdout + done.stderr).lower(), done


def test_the_agent_trusts_nobody_else(tls_rig, tmp_path):
    """Another CA: neither broker nor server gets a word, and the status says why."""
    stranger = Authority(tmp_path / "stranger", "Somebody else")
    tls_rig.agent.sections["mqtt"]["ca_file"] = str(stranger.ca)
    tls_rig.agent.sections["frappe"]["ca_file"] = str(stranger.ca)
    tls_rig.agent.write_config()
    tls_rig.agent.process.start()

    def refused():
        status = tls_rig.agent.status_or_none()
        return (
            status
            and status["running"]
            and status["sources"][0]["error"]
            and status["epoch_error"]
            and status
        )

    status = wait_until("both refused", refused, 20)
    assert status["sources"][0]["state"] == "down"
    words = status["sources"][0]["error"] + status["epoch_error"]
    assert "cert" in words.lower() or "ssl" in words.lower() or "tls" in words.lower(), words

"""`edge-agent enroll`: a code becomes key, configuration and epoch; before that a person compares the certificate."""

import hashlib
import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.agent import agent_binary
from tests.support.broker import Broker
from tests.support.certs import Authority
from tests.support.process import ROOT
from tests.support.rig import DEVICES, Rig
from tests.support.server import StandIn

READING = '{"metric":"temperature","value":21.5,"unit":"C"}'


def fingerprint(pem: Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read_text())).hexdigest()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


@pytest.fixture
def server(tmp_path, authority):
    """Sends its own certificate and, below it, the CA's."""
    cert, key = authority.issue("server")
    chain = tmp_path / "chain.pem"
    chain.write_text(cert.read_text() + authority.ca.read_text())
    server = StandIn(tmp_path / "server", DEVICES, tls=(chain, key)).start()
    yield server
    server.close()


@pytest.fixture
def enroll(tmp_path, binaries):
    """The command, with a configuration file of its own."""
    folder = tmp_path / "etc"
    folder.mkdir()

    def run(url: str, code: str, *arguments: str, config: Path = folder / "edge-agent.toml"):
        command = [agent_binary(), "enroll", url, code, *arguments, "--config", config]
        done = subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            cwd=ROOT,
        )
        return done.returncode, done.stdout, done.stderr

    run.folder = folder
    return run


def code_of(server: StandIn) -> str:
    return server.control(code={"gateway": server.gateway})["code"]


def test_a_new_machine_becomes_a_gateway(server, authority, enroll):
    code, out, err = enroll(server.url, code_of(server), "--fingerprint", fingerprint(authority.ca).upper())
    assert code == 0, err
    assert f"gateway      {server.gateway}, epoch 2" in out
    key = enroll.folder / "frappe.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_text().strip().split(":")[1]
    assert secret not in out + err
    assert (enroll.folder / "frappe-ca.pem").read_text().strip() == authority.ca.read_text().strip()
    text = (enroll.folder / "edge-agent.toml").read_text()
    for line in (f'id = "{server.gateway}"', f'site = "{server.site}"', f'url = "{server.url}"'):
        assert line in text
    check = subprocess.run(
        [agent_binary(), "check-config", "--config", enroll.folder / "edge-agent.toml"],
        capture_output=True,
        text=True,
    )
    assert (check.returncode, check.stderr) == (0, "")


def test_nothing_leaves_before_the_certificate_is_compared(server, enroll, tmp_path):
    journal = tmp_path / "requests"
    server.control(journal=str(journal))
    code = code_of(server)
    for arguments, said in (([], "say --fingerprint"), (["--fingerprint", "00" * 32], "nothing was sent")):
        rc, _, err = enroll(server.url, code, *arguments)
        assert (rc, said in err) == (1, True), err
    assert "enroll" not in (journal.read_text() if journal.exists() else "")
    assert list(enroll.folder.iterdir()) == []


def test_another_server_in_the_way_gets_no_code(server, authority, enroll, tmp_path):
    """The fingerprint is public: a chain that only shows the right CA's certificate is not believed."""
    other = Authority(tmp_path / "other")
    cert, key = other.issue("thief")
    chain = tmp_path / "thief.pem"
    chain.write_text(cert.read_text() + authority.ca.read_text())
    thief = StandIn(tmp_path / "thief", DEVICES, tls=(chain, key)).start()
    try:
        journal = tmp_path / "stolen"
        thief.control(journal=str(journal))
        rc, _, err = enroll(thief.url, code_of(server), "--fingerprint", fingerprint(authority.ca))
        assert rc == 2, err
        assert "certificate" in err
        assert "enroll" not in (journal.read_text() if journal.exists() else "")
        assert not (enroll.folder / "frappe.key").exists()
    finally:
        thief.close()


def test_a_wrong_code_and_a_wrong_address_are_explained(server, authority, enroll):
    rc, _, err = enroll(server.url, "0123456789", "--fingerprint", fingerprint(authority.ca))
    assert rc == 1
    assert "bad_code" in err
    for url, said in (("http://erp.example.org", "must be https"), ("erp.example.org", "must look like")):
        rc, _, err = enroll(url, "0123456789")
        assert (rc, said in err) == (2, True), err
    assert not (enroll.folder / "frappe.key").exists()


def test_a_gateway_that_runs_goes_on_with_the_new_key(tmp_path, binaries, enroll):
    """Key and epoch are new, the old key is revoked, no row is lost or double; comments stay."""
    server = StandIn(tmp_path / "server", DEVICES).start()
    broker = Broker(tmp_path / "broker").start()
    rig = Rig(tmp_path, server, broker)
    try:
        rig.agent.start()
        config = rig.agent.config_file
        config.write_text("# the silo by the road\n" + config.read_text())
        rig.publish("bin1", READING)
        rig.wait_rows(1)
        url = rig.agent.sections["frappe"]["url"]
        rc, out, err = enroll(url, code_of(server), config=config)
        assert rc == 0, err
        server.control(revoke={"gateway": server.gateway, "key_id": "k1"})
        for _ in range(3):
            rig.publish("bin1", READING)
        rows = rig.wait_rows(4)
        rig.agent.wait_sent()
        assert len(rows) == 4
        status = rig.agent.status()
        # Whatever the store was granted before: the one that came with the key.
        assert f"epoch {status['epoch']}" in out
        assert status["sync"]["state"] == "idle"
        assert config.read_text().startswith("# the silo by the road\n")
    finally:
        rig.close()
        broker.stop()
        server.close()


def test_a_code_of_another_gateway_changes_nothing(tmp_path, binaries, enroll):
    server = StandIn(tmp_path / "server", DEVICES).start()
    broker = Broker(tmp_path / "broker").start()
    rig = Rig(tmp_path, server, broker)
    try:
        server.control(
            seed={"gateways": [{"gateway_id": "gw-other", "sites": [server.site], "credentials": []}]}
        )
        rig.agent.start()
        before = rig.agent.config_file.read_text()
        code = server.control(code={"gateway": "gw-other"})["code"]
        rc, _, err = enroll(rig.agent.sections["frappe"]["url"], code, config=rig.agent.config_file)
        assert rc == 1
        assert "gw-other" in err and server.gateway in err
        assert rig.agent.config_file.read_text() == before
        assert Path(rig.agent.sections["frappe"]["key_file"]).read_text().strip() == server.key
    finally:
        rig.close()
        broker.stop()
        server.close()

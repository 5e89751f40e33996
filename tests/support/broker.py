"""A mosquitto of the test's own."""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.process import ROOT, Process
from tests.support.waiting import free_port, listens

SHIPPED_CONF = ROOT / "deploy" / "mosquitto.conf"
SHIPPED_ACL = ROOT / "deploy" / "mosquitto.acl"


def find_mosquitto() -> str:
    # Debian puts it into /usr/sbin, which a user's PATH may lack.
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    assert found, "mosquitto is not installed (apt install mosquitto)"
    return found


def shipped_setting(conf: str, key: str, value: str) -> str:
    """The shipped configuration with the value of one key replaced; the key must stand there."""
    text, count = re.subn(rf"(?m)^{re.escape(key)} .*$", f"{key} {value}", conf)
    assert count == 1, f"{key} stands {count} times in {SHIPPED_CONF}"
    return text


@dataclass
class Tls:
    ca: Path
    cert: Path
    key: Path
    users: dict[str, str] = field(default_factory=dict)  # name → password


class Broker:
    """Persistent sessions on, so that what is queued outlives a restart. Plain on loopback, or the shipped file with TLS."""

    def __init__(self, folder: Path, tls: Tls | None = None, port: int | None = None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.tls = tls
        conf = self.folder / "mosquitto.conf"
        conf.write_text(self._shipped() if tls else self._plain())
        self.process = Process("mosquitto", self.folder, [find_mosquitto(), "-c", str(conf)])

    @property
    def url(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self) -> "Broker":
        self.process.start()
        self.process.wait_for("port open", lambda: listens(self.port))
        return self

    def stop(self) -> None:
        self.process.stop()

    def publish(self, topic: str, payload: bytes | str, qos: int = 1, retain: bool = False) -> None:
        """One message by mosquitto_pub (plain broker only)."""
        data = payload.encode() if isinstance(payload, str) else payload
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic, "-q", str(qos)]
        command += ["-s"] if data else ["-n"]  # its standard input may not be empty
        command += ["-r"] if retain else []
        subprocess.run(command, input=data, check=True, timeout=20)

    def _data_folder(self) -> Path:
        data = self.folder / "mosquitto-data"
        data.mkdir(exist_ok=True)
        return data

    def _plain(self) -> str:
        # root would be dropped to user "mosquitto", who may not write here.
        return "\n".join(
            [
                f"listener {self.port} 127.0.0.1",
                "allow_anonymous true",
                "user root",
                "persistence true",
                f"persistence_location {self._data_folder()}/",
                "autosave_on_changes true",
                "autosave_interval 1000",
                "max_queued_messages 0",
                "max_queued_bytes 268435456",
                "max_inflight_messages 1000",
                "log_dest stderr",
                "log_type error",
                "log_type warning",
                "log_type notice",
                "",
            ]
        )

    def _shipped(self) -> str:
        passwords = self.folder / "passwd"
        passwords.touch(mode=0o600)
        for name, password in self.tls.users.items():
            subprocess.run(
                ["mosquitto_passwd", "-b", str(passwords), name, password], check=True, capture_output=True
            )
        acl = self.folder / "acl"
        acl.write_text(SHIPPED_ACL.read_text())
        acl.chmod(0o600)
        text = SHIPPED_CONF.read_text()
        for key, value in {
            "listener": f"{self.port} 127.0.0.1",
            "cafile": self.tls.ca,
            "certfile": self.tls.cert,
            "keyfile": self.tls.key,
            "password_file": passwords,
            "acl_file": acl,
            "persistence_location": f"{self._data_folder()}/",
            "pid_file": self.folder / "mosquitto.pid",
            "log_dest": "stderr",
        }.items():
            text = shipped_setting(text, key, str(value))
        return text + "\nuser root\n"

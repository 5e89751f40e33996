"""edge-agent as a child process, its configuration file and what it says of itself."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.process import ROOT, Process
from tests.support.waiting import free_port, wait_until


def agent_binary() -> Path:
    """Of the release build, or of the one EDGE_PRESET names."""
    return ROOT / "build" / os.environ.get("EDGE_PRESET", "release") / "agent" / "edge-agent"


def to_toml(sections: dict[str, Any]) -> str:
    """Sections of plain keys; a list of tables becomes [[section]], one inside a table [[section.key]] below it. A TOML
    basic string is a JSON string here."""
    lines: list[str] = []
    for name, section in sections.items():
        for table in section if isinstance(section, list) else [section]:
            lines.append(f"[[{name}]]" if isinstance(section, list) else f"[{name}]")
            nested = {key: value for key, value in table.items() if isinstance(value, list)}
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items() if key not in nested]
            lines += [to_toml({f"{name}.{key}": tables}) for key, tables in nested.items()]
    return "\n".join(lines) + "\n"


class Agent:
    """`sections` of edge-agent.toml may be changed before start() or reload()."""

    def __init__(self, folder: Path, *, broker_url: str, server_url: str, key: str, gateway: str, site: str):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config_file = self.folder / "edge-agent.toml"
        key_file = self.folder / "frappe.key"
        key_file.write_text(key + "\n")
        key_file.chmod(0o600)
        self.web_port = free_port()
        self.sections: dict[str, Any] = {
            "gateway": {
                "id": gateway,
                "site": site,
                "state_dir": str(self.folder / "state"),
                "socket": str(self.folder / "control.sock"),
            },
            "frappe": {"url": server_url, "key_file": str(key_file), "timeout": "10s"},
            "store": {"max_bytes": "256MiB", "min_free": "0MiB"},
            "mqtt": {"url": broker_url},
            "mqtt.topic": [{"pattern": "yam/{site}/{device}/observation", "decoder": "json"}],
            "web": {"listen": f"127.0.0.1:{self.web_port}"},
            "log": {"level": "info"},
        }
        self.process = Process("agent", self.folder, [agent_binary(), "run", "--config", self.config_file])

    def write_config(self) -> None:
        self.config_file.write_text(to_toml(self.sections))

    def start(self, prefix: list[str] | None = None, timeout: float = 15) -> "Agent":
        """Returns once its sources are up."""
        self.write_config()
        self.process.start(prefix)
        self.process.wait_for("sources up", self.sources_up, timeout)
        return self

    def sources_up(self) -> bool:
        if not Path(self.sections["gateway"]["socket"]).exists():
            return False  # asked now, the command line would open the store itself
        status = self.status_or_none()
        return bool(status and status["running"] and all(s["state"] == "up" for s in status["sources"]))

    def stop(self, timeout: float = 10) -> int:
        return self.process.stop(timeout)

    def kill(self) -> None:
        self.process.kill()

    def reload(self) -> None:
        self.write_config()
        self.process.signal(signal.SIGHUP)

    def poke(self) -> None:
        """SIGHUP with the same configuration: tries the server at once."""
        self.process.signal(signal.SIGHUP)

    def cli(self, *arguments: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        command = [str(agent_binary()), *arguments, "--config", str(self.config_file)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT)

    def status_or_none(self) -> dict[str, Any] | None:
        done = self.cli("status", "--json")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return None

    def status(self) -> dict[str, Any]:
        done = self.cli("status", "--json")
        assert done.stdout, f"status said nothing, exit {done.returncode}: {done.stderr}"
        return json.loads(done.stdout)

    def ask(self, command: str, timeout: float = 10) -> dict[str, Any] | None:
        """The control socket itself, a hundredth of the cost of the command line; None where no agent answers."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(timeout)
                s.connect(self.sections["gateway"]["socket"])
                s.sendall(json.dumps({"command": command}).encode() + b"\n")
                line = s.makefile("rb").readline()
            answer = json.loads(line)
        except (OSError, ValueError):
            return None
        return answer["result"] if answer["ok"] else None

    def counter(self, name: str) -> int:
        return self.status()["counters"].get(name, 0)

    def wait_messages(self, count: int, timeout: float = 30) -> None:
        """So many messages have been made durable."""
        wait_until(f"{count} messages at the agent", lambda: self.counter("messages") >= count, timeout, 0.1)

    def wait_sent(self, timeout: float = 60) -> dict[str, Any]:
        """Nothing is pending; the status of that moment, which must add up."""

        def idle():
            status = self.status()
            return status if status["pending"] == 0 and status["sync"]["state"] == "idle" else None

        status = wait_until("agent has nothing pending", idle, timeout, 0.1)
        assert status["conservation"]["adds_up"], status["conservation"]
        return status

    def get(self, path: str) -> tuple[int, str]:
        """GET of the local pages: status and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

"""What the ingest benchmark measures: each takes QoS 1 messages of one broker and posts them to one sink."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.bench.agent.measure import Child, build_dir, tool, wait_for
from tests.support.agent import to_toml
from tests.support.waiting import free_port

HERE = Path(__file__).parent
TOPIC = "yam/+/+/observation"


def agent_config(folder: Path, broker_port: int, sink_url: str, **changes: dict[str, object]) -> Path:
    """edge-agent.toml; gzip off, as no peer here compresses."""
    key = folder / "frappe.key"
    key.write_text("k1:" + "b" * 43 + "\n")
    key.chmod(0o600)
    sections: dict[str, dict[str, object] | list[dict[str, object]]] = {
        "gateway": {
            "id": "gw-test",
            "site": "silo-a",
            "state_dir": str(folder / "state"),
            "socket": str(folder / "control.sock"),
        },
        "frappe": {"url": sink_url, "key_file": str(key), "timeout": "30s", "gzip": False},
        "store": {"max_bytes": "4GiB", "min_free": "64MiB"},
        "mqtt": {"url": f"mqtt://127.0.0.1:{broker_port}"},
        "mqtt.topic": [{"pattern": "yam/{site}/{device}/observation", "decoder": "json"}],
        "web": {"listen": f"127.0.0.1:{free_port()}"},
    }
    for name, values in changes.items():
        section = sections[name]
        assert isinstance(section, dict)
        section.update(values)
    file = folder / "edge-agent.toml"
    file.write_text(to_toml(sections))
    return file


def start_agent(folder: Path, config: Path) -> Child:
    """Not waited for."""
    return Child("agent", folder, [build_dir() / "agent" / "edge-agent", "run", "--config", config])


class AgentSubject:
    """edge-agent as it is, at one level of durability."""

    def __init__(self, durability: str = "default", gzip: bool = False):
        self.name = "agent" if durability == "default" else f"agent, {durability}"
        self.name += ", gzip" if gzip else ""
        self._durability = durability
        self._gzip = gzip

    def start(self, folder: Path, broker_port: int, sink_url: str) -> Child:
        """Returns once it is subscribed and knows its policies."""
        config = agent_config(
            folder, broker_port, sink_url, store={"durability": self._durability}, frappe={"gzip": self._gzip}
        )
        child = start_agent(folder, config)
        wait_for("the agent's subscription", lambda: child.says("connected and subscribed"), 20)
        return child


class TelegrafSubject:
    """Telegraf with its buffer in memory or on disk: parse, judge by a Starlark script, post in batches of 500."""

    def __init__(self, buffer: str):
        self.name = f"Telegraf, {buffer} buffer"
        self._buffer = buffer

    @staticmethod
    def binary() -> str | None:
        """Of the environment or the PATH."""
        return os.environ.get("TELEGRAF") or shutil.which("telegraf")

    def start(self, folder: Path, broker_port: int, sink_url: str) -> Child:
        """Returns once it is subscribed."""
        text = (HERE / "telegraf.conf").read_text()
        for key, value in {
            "@BROKER@": f"tcp://127.0.0.1:{broker_port}",
            "@SINK@": f"{sink_url}/count?of=timestamp",
            "@BUFFER@": self._buffer,
            "@DIR@": str(folder / "telegraf-buffer"),
        }.items():
            text = text.replace(key, value)
        config = folder / "telegraf.conf"
        config.write_text(text)
        child = Child("telegraf", folder, [self.binary(), "--config", config])
        wait_for("Telegraf's subscription", lambda: child.says("Connected"), 30)
        return child


class PythonSubject:
    """paho-mqtt with manual acknowledgements and an SQLite group commit."""

    name = "Python, group commit"

    @staticmethod
    def python() -> str:
        """BENCH_PYTHON, or this one; it needs tests/bench/requirements.txt."""
        return os.environ.get("BENCH_PYTHON", sys.executable)

    def start(self, folder: Path, broker_port: int, sink_url: str) -> Child:
        """Returns once it is subscribed."""
        script = HERE / "peer_group_commit.py"
        child = Child(
            "python", folder, [self.python(), script, str(broker_port), sink_url, folder / "peer.sqlite"]
        )
        wait_for("the Python peer's subscription", lambda: child.says("ready"), 20)
        return child


class PahoSubject:
    """A bare Paho C++ subscriber: nothing is judged, kept or sent. Counts by itself."""

    name = "bare Paho subscriber"

    def start(self, folder: Path, broker_port: int, count: int) -> Child:
        """Returns once it is subscribed."""
        child = Child(
            "bare-paho", folder, [tool("bare-peers"), "paho", "--port", broker_port, "--count", count]
        )
        wait_for("the bare subscription", lambda: child.says("ready"), 20)
        return child

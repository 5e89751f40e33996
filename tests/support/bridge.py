"""Indicator → line → agent → server: a weighbridge without a broker, all real processes, in one temporary folder."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.agent import Agent
from tests.support.line import Line
from tests.support.process import ROOT
from tests.support.scale import MockScale
from tests.support.server import Row, Server
from tests.support.waiting import wait_until

MAPS = ROOT / "deploy" / "devices"


def register_map(name: str) -> str:
    """The shipped map of a Modbus device."""
    return str(MAPS / f"{name}.toml")


class Refused(Exception):
    """The agent said no; `code` is why, e.g. "in_motion"."""

    def __init__(self, said: str):
        super().__init__(said)
        self.code = said.removeprefix("edge-agent: ").split(":")[0].strip()


class Bridge:
    """Not started: add scales, buses and a mock, then start(). `line` is the way to the server and can be cut."""

    def __init__(self, folder: Path, server: Server):
        self.folder = folder
        self.server = server
        self.line = Line(server.port)
        self.mocks: list[MockScale] = []
        scheme = server.url.split("://")[0]
        self.agent = Agent(
            folder / "agent",
            broker_url="",
            server_url=f"{scheme}://127.0.0.1:{self.line.port}",
            key=server.key,
            gateway=server.gateway,
            site=server.site,
        )
        for without in ("mqtt", "mqtt.topic"):
            del self.agent.sections[without]
        if server.site_header:
            self.agent.sections["frappe"]["site_header"] = server.site_header

    def mock(self, *arguments: object, name: str = "mock-scale") -> MockScale:
        """Started: its places are known."""
        mock = MockScale(self.folder, *arguments, name=name)
        self.mocks.append(mock)
        return mock.start()

    def add_scale(self, device: str, code: str, **keys: Any) -> None:
        """A [[scale]] of 60 t in steps of 20 kg, if nothing else is said."""
        defaults = {"e": "20", "max": "60000", "unit": "kg"}
        self.agent.sections.setdefault("scale", []).append(
            {"device": device, "code": code, **defaults, **keys}
        )

    def add_serial_scale(self, device: str, code: str, port: Path, **keys: Any) -> None:
        """On a pseudo terminal, which keeps no parity: 8N1."""
        self.add_scale(device, code, **{"profile": "toledo", "port": str(port), "line": "9600 8N1", **keys})

    def add_bus(
        self, name: str, slaves: dict[int, str] | None = None, every: str = "1s", **keys: Any
    ) -> None:
        """`slaves`: unit → device of an xy-md02."""
        bus: dict[str, Any] = {"name": name, "timeout": "100ms", **keys}
        if slaves:
            bus["slave"] = [
                {"unit": unit, "device": device, "map": register_map("xy-md02"), "every": every}
                for unit, device in slaves.items()
            ]
        # Before the scales: a TOML reader does not care, a person does.
        self.agent.sections.setdefault("modbus", []).append(bus)

    def start(self) -> "Bridge":
        self.agent.start()
        return self

    def start_without_lines(self) -> "Bridge":
        """For an agent whose lines are not there: returns once it answers."""
        self.agent.write_config()
        self.agent.process.start()

        def answers():
            status = self.agent.status_or_none() if self.socket.exists() else None
            return status and status["running"]

        self.agent.process.wait_for("answers", answers)
        return self

    @property
    def socket(self) -> Path:
        return Path(self.agent.sections["gateway"]["socket"])

    def close(self) -> None:
        """The end of a test, however it went."""
        self.agent.kill()
        self.line.close()
        for mock in self.mocks:
            mock.close()

    def ask(self, *arguments: object, timeout: float = 60) -> Any:
        """A command with --json: what it answers. Raises Refused with the code."""
        done = self.agent.cli(*map(str, arguments), "--json", timeout=timeout)
        if done.returncode != 0:
            raise Refused(done.stderr.strip())
        return json.loads(done.stdout)

    def open_ticket(self, scale: str, declared: str = "", vehicle: str = "") -> int:
        """Of a vehicle that has none open yet: without a plate of its own, one for each scale."""
        plate = vehicle or f"AB-{scale}"
        said = ["--declared", declared] if declared else []
        opened = self.ask(
            *("ticket", "start", "--scale", scale, "--vehicle", plate, "--direction", "Receive", *said)
        )
        return opened["id"]

    def capture(self, ticket: int, wait: str = "20s") -> dict[str, Any]:
        """The weighing record; waits while the weight is not still."""
        return self.ask("ticket", "capture", ticket, "--wait", wait)

    def complete(self, ticket: int) -> dict[str, Any]:
        """The ticket record."""
        return self.ask("ticket", "complete", ticket)

    def alibi(self, scale: str) -> list[dict[str, Any]]:
        """The alibi memory of a scale, genesis records too."""
        found: list[dict[str, Any]] = []
        while more := self.ask(
            *("alibi", "show", "--scale", scale, "--limit", 1000, "--after", found[-1]["id"] if found else 0)
        ):
            found += more
        return found

    def check_alibi(self, scale: str) -> dict[str, dict[str, Any]]:
        """The alibi memory verifies, is dense within each epoch, and the server has the same: uid → record."""
        report = self.ask("alibi", "verify", "--scale", scale)
        assert report["verifies"], report
        kept = self.alibi(scale)
        for epoch, count in Counter(record["epoch"] for record in kept).items():
            numbers = [record["alibi_seq"] for record in kept if record["epoch"] == epoch]
            assert numbers == list(range(count)), f"{scale}, epoch {epoch}: not dense"
        stored = {
            r["edge_uid"]: r["hash"] for r in self.server.documents("weighing") if r["device_text"] == scale
        }
        assert stored == {record["uid"]: record["hash"] for record in kept}, scale
        return {record["uid"]: record for record in kept}

    def scale(self, device: str) -> dict[str, Any]:
        """What the scale shows now."""
        (found,) = (each for each in self.ask("scales") if each["scale"] == device)
        return found

    def wait_refusal(self, device: str, code: str | None, timeout: float = 10) -> None:
        """Until a capture would be refused with this code (None: would be taken)."""
        wait_until(
            f"{device} refuses with {code}",
            lambda: (seen := self.scale(device)["refusal"]) == code or not seen and not code,
            timeout,
            0.1,
        )

    def wait_empty(self, device: str, timeout: float = 10) -> None:
        """Until the agent has seen the scale return to zero."""
        wait_until(f"{device} is empty", lambda: self.scale(device)["state"] == "empty", timeout, 0.1)

    def wait_documents(self, kind: str, count: int, timeout: float = 30, **filters: str) -> list[Row]:
        """At least so many on the server."""

        def enough():
            rows = self.server.documents(kind, **filters)
            return rows if len(rows) >= count else None

        try:
            return wait_until(f"{count} {kind} on the server", enough, timeout, 0.2)
        except AssertionError as e:
            status = self.agent.status_or_none()
            raise AssertionError(f"{e}\nstatus: {status}\n{self.agent.process.tail()}") from e

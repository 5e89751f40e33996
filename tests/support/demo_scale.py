"""The weighbridge and the Modbus shed of the demo: a truck that brings less than its paper says."""

import json
import threading
from pathlib import Path

from tests.support.process import ROOT
from tests.support.rig import Rig
from tests.support.scale import MockScale

SCALE, SHED = "ws1", "shed-t1"
GROSS, TARE, DECLARED = "38440", "14580", "24800"
MAP = ROOT / "deploy/devices/xy-md02.toml"


class Weighbridge:
    """A Toledo indicator on a terminal and a shed sensor on a Modbus RTU line; the operator is a thread of ours."""

    def __init__(self, folder: Path, rig: Rig):
        self._rig = rig
        line, bus = folder / "ws1", folder / "bus1"
        options = ["--serial", line, "--profile", "toledo", "--pace", 1, "--rate", 10]
        self._mock = MockScale(folder, *options, "--modbus-rtu", bus, "--slave", "5=xy-md02:24.5:61.0")
        rig.agent.sections["modbus"] = [{"name": "bus1", "port": str(bus), "timeout": "500ms"}]
        rig.agent.sections["modbus.slave"] = [{"unit": 5, "device": SHED, "map": str(MAP), "every": "1s"}]
        rig.agent.sections["scale"] = [
            {
                "device": SCALE,
                "code": "S1",
                "profile": "toledo",
                "port": str(line),
                "unit": "kg",
                "e": "20",
                "max": "60000",
            }
        ]
        self._way_out = threading.Event()
        self._thread = threading.Thread(target=self._drive, daemon=True)
        self._trouble = ""
        self.news = "empty"
        self.ticket: dict = {}

    def start(self) -> None:
        self._mock.start()

    def truck(self) -> None:
        self._thread.start()

    def way_out(self) -> None:
        self._way_out.set()

    def wait_ticket(self) -> dict:
        """The finished ticket."""
        self._thread.join(60)
        assert self.ticket, f"the truck got no ticket: {self._trouble or self.news}"
        return self.ticket

    def close(self) -> None:
        self._way_out.set()
        self._mock.close()

    def _drive(self) -> None:
        try:
            self.news = "a truck drives on"
            opened = self._cli(
                "start",
                "--scale",
                SCALE,
                "--vehicle",
                "AB-123-C",
                "--direction",
                "Receive",
                "--declared",
                DECLARED,
            )
            self._pass(str(opened["id"]), GROSS)
            self._way_out.wait(120)
            self.news = "the truck comes back empty"
            self._pass(str(opened["id"]), TARE)
            self.ticket = self._cli("complete", str(opened["id"]))
            self.news = f"ticket {self.ticket['number']}"
        except AssertionError as trouble:
            self._trouble = str(trouble)

    def _pass(self, ticket: str, weight: str) -> None:
        self._mock.arrive(weight)
        weighing = self._cli("capture", ticket, "--wait", "30s")
        self.news = f"{weighing['value']} {weighing['unit']} captured, alibi number {weighing['alibi_seq']}"
        self._mock.leave()

    def _cli(self, *arguments: str) -> dict:
        done = self._rig.agent.cli("ticket", *arguments, "--json", timeout=60)
        assert done.returncode == 0, done.stderr or done.stdout
        return json.loads(done.stdout)

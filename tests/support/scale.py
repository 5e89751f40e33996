"""mock-scale as a child process: the scene is driven by calls that return once it is so."""

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.support.process import ROOT


def mock_scale_binary() -> Path:
    """Of the release build, or of the one EDGE_PRESET names."""
    return (
        ROOT
        / "build"
        / os.environ.get("EDGE_PRESET", "release")
        / "mock_devices"
        / "mock_scale"
        / "mock-scale"
    )


class MockScale:
    """One platform and the lines its indicator speaks on; `places` says where they are once it is started.

    arrive(), leave() and the faults return when the mock has answered, so that no test sleeps.
    """

    def __init__(self, folder: Path, *arguments: object, name: str = "mock-scale"):
        self.folder = Path(folder)
        self.journal_file = self.folder / f"{name}.journal"
        self.log_file = self.folder / f"{name}.log"
        command = [mock_scale_binary(), "--journal", self.journal_file, *arguments]
        self.command = [str(part) for part in command]
        self.places: dict[str, list[str]] = {}
        self._child: subprocess.Popen | None = None
        self._heard = b""

    def start(self) -> "MockScale":
        with open(self.log_file, "ab") as log:
            self._child = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, bufsize=0
            )
        self.places = self._answer(10)["listening"]
        return self

    def close(self) -> None:
        """SIGTERM; it must end well."""
        if self._child is None:
            return
        child, self._child = self._child, None
        with child:  # closes the pipes
            child.terminate()
            try:
                code = child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
        assert code == 0, f"mock-scale ended with {code}: {self.log_file.read_text()}"

    def do(self, what: str, timeout: float = 30, **more: Any) -> dict[str, Any]:
        """One command (mock-scale --help); its answer."""
        assert self._child is not None and self._child.stdin is not None, "mock-scale does not run"
        self._child.stdin.write(json.dumps({"do": what, **more}).encode() + b"\n")
        answer = self._answer(timeout)
        assert answer.get("done") == what, answer
        return answer

    def arrive(self, weight: str) -> dict[str, Any]:
        """A truck drives on; returns when the deck is still."""
        return self.do("arrive", weight=weight)

    def leave(self) -> dict[str, Any]:
        """The truck drives off; returns when the scale is empty and still."""
        return self.do("leave")

    def fault(self, kind: str, on: bool = True, **more: Any) -> None:
        self.do("fault", kind=kind, on=on, **more)

    def clear(self) -> None:
        self.do("clear")

    def sensor(self, unit: int, **values: str) -> None:
        self.do("sensor", unit=unit, **values)

    def wait_sent(self, frames: int, timeout: float = 30) -> int:
        """So many more frames and answers have gone out; the number of the last."""
        return self.do("wait", timeout, frames=frames)["sent"]

    def journal(self) -> list[dict[str, Any]]:
        """Everything that went out, in order."""
        lines = self.journal_file.read_text().splitlines() if self.journal_file.exists() else []
        return [json.loads(line) for line in lines]

    def _answer(self, timeout: float) -> dict[str, Any]:
        assert self._child is not None and self._child.stdout is not None
        out = self._child.stdout.fileno()
        deadline = time.monotonic() + timeout
        while b"\n" not in self._heard:
            ready, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(out, 65536) if ready else b""
            assert more, f"mock-scale said nothing within {timeout:g} s: {self.log_file.read_text()}"
            self._heard += more
        line, self._heard = self._heard.split(b"\n", 1)
        return json.loads(line)

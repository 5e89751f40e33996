"""A child process with its log in a file."""

import os
import signal
import subprocess
from pathlib import Path

from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """Starts, stops and kills one program; its output is appended to `folder/<name>.log`."""

    def __init__(self, name: str, folder: Path, command: list[str], env: dict[str, str] | None = None):
        self.name = name
        self.command = [str(part) for part in command]
        self.log_file = Path(folder) / f"{name}.log"
        self.env = {**os.environ, **(env or {})}
        self.detached = False  # True before start(): goes on when this Python ends
        self._child: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None, f"{self.name} was never started"
        return self._child.pid

    def start(self, prefix: list[str] | None = None) -> "Process":
        """`prefix` stands before the command, e.g. strace."""
        assert not self.running(), f"{self.name} runs already"
        with open(self.log_file, "ab") as log:
            self._child = subprocess.Popen(
                [*(prefix or []), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.env,
                start_new_session=self.detached,
            )
        return self

    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        self._child.send_signal(number)

    def wait(self, timeout: float) -> int:
        assert self._child is not None
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired as e:
            raise AssertionError(f"{self.name} did not end within {timeout:g} s\n{self.tail()}") from e

    def stop(self, timeout: float = 10) -> int:
        """SIGTERM; its exit code. A program that does not end is killed and is an AssertionError."""
        if self._child is None:
            return 0
        if self.running():
            self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except AssertionError:
            self.kill()
            raise

    def kill(self) -> None:
        """kill -9, as a power cut of the process alone."""
        if self.running():
            self._child.kill()
            self._child.wait()

    def tail(self, lines: int = 30) -> str:
        if not self.log_file.exists():
            return f"{self.name}: no log"
        text = self.log_file.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- {self.log_file} ---", *text])

    def wait_for(self, what: str, probe, timeout: float = 15):
        """wait_until that also fails at once when the program has ended."""

        def alive_and():
            assert self.running(), f"{self.name} ended while waiting for {what}\n{self.tail()}"
            return probe()

        return wait_until(f"{self.name}: {what}", alive_and, timeout)

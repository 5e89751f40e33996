"""The agent under libfaketime: its wall clock can be set while it runs; the monotonic ones stay true, as in the kernel."""

import time
from pathlib import Path

from tests.support.agent import Agent

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class WildClock:
    """Before the agent's start."""

    def __init__(self, agent: Agent, file: Path):
        assert LIBRARIES, "libfaketime is missing (apt install faketime)"
        self._file = file
        self.set(0)
        agent.process.env.update(
            LD_PRELOAD=str(LIBRARIES[0]),
            FAKETIME_TIMESTAMP_FILE=str(file),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )

    def set(self, offset_s: float) -> None:
        """So far from the true time, at once."""
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{offset_s:+.0f}\n")
        whole.replace(self._file)

    def set_1970(self) -> None:
        """A board without a battery: the first minutes of 1970."""
        self.set(-(time.time() - 120))

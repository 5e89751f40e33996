"""What systemd does with Restart=always: starts the agent again when it ends by itself."""

import threading

from tests.support.agent import Agent


class Keeper:
    """From start() to stop(); `ends` are the exit codes it has seen."""

    def __init__(self, agent: Agent, pause: float = 0.3):
        self.agent, self.pause = agent, pause
        self.ends: list[int] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Keeper":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self.pause):
            if not self.agent.process.running():
                self.ends.append(self.agent.process.wait(1))
                self.agent.process.start()

"""What the mock's own faults do not do: the program behind a serial line is killed, and noise stands between frames."""

import contextlib
import os
import random
import threading

from tests.support.process import Process
from tests.support.waiting import wait_until


class Noise:
    """Between the indicator's terminal and the agent's: copies, and now and then writes garbage of its own before a frame
    or in the middle of it."""

    def __init__(self, source, sink):
        self.on = False
        self.added = 0
        self._draw = random.Random(7)
        self._ends = [os.open(str(path), os.O_RDWR | os.O_NOCTTY) for path in (source, sink)]
        self._ended = False
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        near, far = self._ends
        with contextlib.suppress(OSError):
            while not self._ended and (data := os.read(near, 256)):
                if self.on and self._draw.random() < 0.5:
                    at = self._draw.randrange(len(data) + 1)
                    data = data[:at] + self._draw.randbytes(self._draw.randint(1, 40)) + data[at:]
                    self.added += 1
                os.write(far, data)

    def close(self):
        self._ended = True


def socat(bridge, name):
    """A pair of terminals: (indicator's side, agent's side)."""
    ends = bridge.folder / f"{name}-a", bridge.folder / f"{name}-b"
    command = ["socat", *(f"pty,raw,echo=0,link={end}" for end in ends)]
    process = Process("socat", bridge.folder, command)
    return process, ends


def start(process, ends):
    process.start()
    wait_until("both terminals", lambda: all(end.exists() for end in ends), 5, 0.02)


def test_noise_between_frames_gives_no_weight_that_was_not_there(bridge):
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.2, "--rate", 20)
    process, ends = socat(bridge, "noise")
    start(process, ends)
    noise = Noise(line, ends[0])
    try:
        bridge.add_serial_scale("ws1", "S1", ends[1])
        bridge.start()
        ticket = bridge.open_ticket("ws1")
        bridge.wait_empty("ws1")
        noise.on = True
        wait_until("noise enough", lambda: noise.added > 20, 10)
        shown = bridge.scale("ws1")["gross"]
        assert shown is None or float(shown) == 0, shown
        mock.arrive("38440")
        wait_until("noise on the truck too", lambda n=noise.added: noise.added > n + 10, 10)
        noise.on = False
        assert bridge.capture(ticket)["value"] == "38440"
        assert [record["role"] for record in bridge.alibi("ws1")] == ["genesis", "gross"]
    finally:
        noise.close()
        process.kill()


def test_the_port_vanishes_under_the_agent_and_returns(bridge):
    """kill -9 of what holds the line: the terminals are gone without a word, and come back under other numbers."""
    line = bridge.folder / "scale"
    mock = bridge.mock("--serial", line, "--pace", 0.2, "--rate", 20)
    process, ends = socat(bridge, "line")
    start(process, ends)
    noise = Noise(line, ends[0])
    bridge.add_serial_scale("ws1", "S1", ends[1])
    bridge.start()
    ticket = bridge.open_ticket("ws1")
    bridge.wait_empty("ws1")
    try:
        process.kill()
        noise.close()
        for end in ends:
            end.unlink(missing_ok=True)
        bridge.wait_refusal("ws1", "stale")
        assert bridge.scale("ws1")["gross"] is None
        start(process, ends)
        noise = Noise(line, ends[0])
        bridge.wait_empty("ws1", 20)
        mock.arrive("38440")
        assert bridge.capture(ticket)["value"] == "38440"
    finally:
        noise.close()
        process.kill()

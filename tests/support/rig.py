"""Sensors → broker → agent → line → server, all real processes, in one temporary folder."""

from collections import Counter
from pathlib import Path

from tests.support.agent import Agent
from tests.support.broker import Broker
from tests.support.journal import MockIot, Sent, compare
from tests.support.line import Line
from tests.support.server import Server
from tests.support.waiting import wait_until

# Known to the server; anything else is an unknown device.
DEVICES = ["bin1", "bin2", "bin3", "bin4", "bin5", *(f"dev{n}" for n in range(1, 51))]


class Rig:
    """Not started: start() or the parts one by one. `line` is the way to the server and can be cut."""

    def __init__(self, folder: Path, server: Server, broker: Broker):
        self.folder = folder
        self.server = server
        self.broker = broker
        self.line = Line(server.port)
        self.mocks: list[MockIot] = []
        scheme = server.url.split("://")[0]
        self.agent = Agent(
            folder / "agent",
            broker_url=broker.url,
            server_url=f"{scheme}://127.0.0.1:{self.line.port}",
            key=server.key,
            gateway=server.gateway,
            site=server.site,
        )
        if server.site_header:
            self.agent.sections["frappe"]["site_header"] = server.site_header

    def start(self) -> "Rig":
        self.agent.start()
        return self

    def close(self) -> None:
        """The end of a test, however it went."""
        self.agent.kill()
        for mock in self.mocks:
            mock.process.kill()
        self.line.close()

    def mock(self, *arguments: object, name: str = "mock-iot") -> MockIot:
        mock = MockIot(
            self.folder, self.broker.url, "--site", self.server.site, *map(str, arguments), name=name
        )
        self.mocks.append(mock)
        return mock

    def publish(self, device: str, payload: bytes | str, **more) -> None:
        self.broker.publish(f"yam/{self.server.site}/{device}/observation", payload, **more)

    def wait_rows(self, count: int, timeout: float = 30) -> list[dict]:
        """At least so many observations on the server."""

        def enough():
            rows = self.server.rows()
            return rows if len(rows) >= count else None

        try:
            return wait_until(f"{count} rows on the server", enough, timeout, 0.2)
        except AssertionError as e:
            raise AssertionError(
                f"{e}\nstatus: {self.agent.status_or_none()}\n{self.agent.process.tail()}"
            ) from e

    def row_of(self, device: str, timeout: float = 30) -> dict:
        """The newest row of a device."""

        def newest():
            found = [row for row in self.server.rows() if row["device_text"] == device]
            return found[-1] if found else None

        return wait_until(f"a row of {device}", newest, timeout, 0.1)

    def wait_complete(self, sent: list[Sent], timeout: float = 300, given_back: int = 0) -> dict:
        """Everything that was sent is on the server once; answers the agent's status.

        `given_back`: MockIot.given_back(), each of which may spoil two messages before they reach the broker.
        """
        assert all(message.acked for message in sent), "the publisher itself has not finished"

        def all_taken():
            counters = self.agent.status()["counters"]  # redeliveries are messages too, but no readings
            return counters.get("decoded", 0) + counters.get("undecodable", 0) >= len(sent)

        wait_until(f"{len(sent)} messages at the agent", all_taken, timeout, 0.2)
        status = self.agent.wait_sent(timeout)
        lost, double = compare(sent, self.rows())
        spoilt = max(total(lost), total(double))
        assert spoilt <= 2 * given_back, f"lost {total(lost)}, double {total(double)}\n{status}"
        assert status["dead_letters"] == 0, status
        return status

    def rows(self) -> list[dict]:
        """Rows of the server under the names of the wire, for compare()."""
        return [{**row, "device": row["device_text"]} for row in self.server.rows()]


def total(counter: Counter) -> int:
    return sum(counter.values())

"""Fixtures: `server` (every contract test runs on each), `world` (a site, a device, a policy, a gateway with key)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.contract import records
from tests.contract.scale import Scale
from tests.contract.servers import TIMEOUT, Bench, ContractServer, StandIn


@dataclass
class World:
    """A gateway of its own for one test; `post` speaks as that gateway."""

    server: ContractServer
    site: str
    device: str
    gateway: str
    key_id: str
    secret: str = field(repr=False)

    @property
    def authorization(self) -> str:
        return f"EdgeKey {self.key_id}:{self.secret}"

    def send(self, verb: str, method: str, **arguments: Any) -> requests.Response:
        """One request with this gateway's key; `headers` add to it."""
        headers = {"Authorization": self.authorization, **self.server.headers, **arguments.pop("headers", {})}
        url = f"{self.server.url}/api/method/frappe_ext.api.{method}"
        answer = requests.request(verb, url, headers=headers, timeout=TIMEOUT, **arguments)
        assert self.secret not in answer.text
        return answer

    def submit(self, items: list[Any], *, compress: bool = False, **envelope: Any) -> requests.Response:
        """A batch, whatever the answer."""
        data, kind = records.encoded(records.batch(self.gateway, items, **envelope), compress=compress)
        return self.send("POST", "ingest.submit", data=data, headers={"Content-Type": kind})

    def results(self, items: list[Any], **envelope: Any) -> list[dict[str, Any]]:
        """The results of a batch that is taken: one per record."""
        answer = self.submit(items, **envelope)
        assert answer.status_code == 200, answer.text[:2000]
        results = answer.json()["message"]["results"]
        assert len(results) == len(items)
        return results

    def statuses(self, items: list[Any], **envelope: Any) -> list[str]:
        return [result["status"] for result in self.results(items, **envelope)]

    def observation(self, **changes: Any) -> dict[str, Any]:
        return records.observation(
            changes.pop("site", self.site), changes.pop("device", self.device), **changes
        )

    def stored(self, uid: str, kind: str = "observation") -> dict[str, Any]:
        """The one stored record of this uid."""
        (row,) = self.server.rows(kind, uid=uid)
        return row

    def scale(self, **changes: Any) -> Scale:
        """A scale of this gateway; nothing is sent yet."""
        return Scale(self.gateway, self.site, **changes)

    def sent(self, scale: Scale, **changes: Any) -> dict[str, Any]:
        """A ticket that is stored with its two weighings."""
        gross, tare = scale.load()
        ticket = scale.ticket(gross, tare, **changes)
        assert self.statuses([gross, tare, ticket]) == ["stored"] * 3
        return ticket

    def nonconformances(self, uid: str) -> list[dict[str, Any]]:
        """Those about the ticket with this uid."""
        name = self.stored(uid, "scale_ticket")["name"]
        return self.server.rows("nonconformance", reference_name=name)

    def heartbeat(self, heads: list[dict[str, Any]], at: int, **fields: Any) -> None:
        """As of a gateway that has sent everything."""
        body = {"gateway": self.gateway, "epoch": "1", "instance": "9b1d5e0c7a2f4431", "at": at}
        body |= {"buffered": 0, "oldest_unsent_at": None, "chain_heads": heads, **fields}
        answer = self.send("POST", "gateway.heartbeat", json=body)
        assert answer.status_code == 200, answer.text[:2000]

    def findings(self) -> list[str]:
        """Types of the Nonconformances about this gateway, oldest first."""
        return [row["nc_type"] for row in self.server.rows("nonconformance", gateway=self.gateway)]


SERVERS = ["stand-in", *(["frappe"] if os.environ.get("FRAPPE_BENCH") else [])]


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[ContractServer]:
    """Each server the contract is tried on."""
    found = StandIn() if request.param == "stand-in" else Bench()
    yield found
    found.close()


@pytest.fixture
def world(server: ContractServer) -> World:
    """Fresh masters: a scale ws1, and bin temperature 10–30 OK, 5–35 Warning, -40–85 the sensor's span."""
    return make_world(server)


@pytest.fixture(scope="module")
def world_of_module(server: ContractServer) -> World:
    """As `world`, shared by tests that only send."""
    return make_world(server)


def make_world(server: ContractServer) -> World:
    token = secrets.token_hex(4)
    site, device, gateway = f"site-{token}", "bin3-t1", f"gw-{token}"
    server.add_site(site)
    server.add_device(site, device)
    server.add_device(site, "ws1")
    server.add_policy(
        site,
        observation_type="temperature",
        unit="C",
        warning_min=10,
        warning_max=30,
        critical_min=5,
        critical_max=35,
        valid_min=-40,
        valid_max=85,
    )
    key_id, secret = server.add_gateway(gateway, [site])
    return World(server, site, device, gateway, key_id, secret)

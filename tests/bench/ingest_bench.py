"""How many rows a second a real Frappe site takes: one by one, in batches, flagged, from twenty gateways at once.

    FRAPPE_URL=http://127.0.0.1:8003 FRAPPE_SITE=c.localhost FRAPPE_PASSWORD=admin \\
        .venv/bin/python tests/bench/ingest_bench.py

Makes a site, devices and gateways of its own; client and server share the machine. All figures are of one run:
one by one `POST /api/resource/Observation` (a session, one client), then batches of 500 through ingest.submit by one
gateway, OK and flagged in turn with it, then twenty gateways at once, each sending its rows twice over in overlapping
batches with weighings, tickets, voids and amends between them. Exit 1 where a goal of the issue is missed.
"""

from __future__ import annotations

import argparse
import random
import secrets
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import requests

from tests.contract import records
from tests.contract.scale import Scale
from tests.contract.servers import Bench

ROWS = 500
DEVICES = 50
GATEWAYS = 20
TIMEOUT_S = 120
GOAL_OK, GOAL_FLAGGED, GOAL_P95_MS = 40.0, 3.0, 500.0


class Sender:
    """One gateway with a connection of its own."""

    def __init__(self, bench: Bench, site: str) -> None:
        self.gateway = f"gw-{secrets.token_hex(4)}"
        self.site = site
        self.url = f"{bench.url}/api/method/frappe_ext.api.ingest.submit"
        key_id, secret = bench.add_gateway(self.gateway, [site])
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"EdgeKey {key_id}:{secret}", **bench.headers})
        self.codes: Counter[int] = Counter()
        self.refusals: Counter[str] = Counter()
        """The first words of every answer that was not 200."""

    def post(self, items: list[Any], *, compress: bool = True) -> requests.Response:
        """One batch, whatever the answer."""
        data, kind = records.encoded(records.batch(self.gateway, items), compress=compress)
        answer = self.session.post(self.url, data=data, headers={"Content-Type": kind}, timeout=TIMEOUT_S)
        self.codes[answer.status_code] += 1
        if answer.status_code != 200:
            self.refusals[f"HTTP {answer.status_code} {answer.text[:200]}"] += 1
        return answer

    def store(self, items: list[Any]) -> float:
        """Seconds until every record is stored."""
        started = time.perf_counter()
        answer = self.post(items)
        taken = time.perf_counter() - started
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
        statuses = Counter(result["status"] for result in answer.json()["message"]["results"])
        assert statuses == {"stored": len(items)}, statuses
        return taken

    def observations(self, count: int, value: str, since: int = 0) -> list[dict[str, Any]]:
        """Of all devices in turn, a second apart."""
        return [
            records.observation(
                self.site,
                device_of(number),
                seq=since + number + 1,
                value=value,
                observed_at=records.OBSERVED_AT + (since + number) * 1000,
            )
            for number in range(count)
        ]


def device_of(number: int) -> str:
    """Its id on the wire."""
    return f"bin{number % DEVICES}-t1"


def scale_of(number: int) -> str:
    """The same of the weighbridge that a gateway has."""
    return f"ws{number}"


def make_site(bench: Bench) -> str:
    """With devices, a scale, and a policy of temperature: 10–30 OK, above 35 Quarantine."""
    site = f"bench-{secrets.token_hex(4)}"
    bench.add_site(site)
    for number in range(DEVICES):
        bench.add_device(site, device_of(number))
    for number in range(GATEWAYS):
        bench.add_device(site, scale_of(number))
    bench.add_policy(
        site,
        observation_type="temperature",
        unit="C",
        warning_min=10,
        warning_max=30,
        critical_min=5,
        critical_max=35,
    )
    return site


def one_by_one(bench: Bench, site: str, count: int) -> float:
    """Rows a second through the resource API."""
    row = {
        "site": bench._sites[site],
        "observation_type": "temperature",
        "value": 21.5,
        "has_value": 1,
        "unit": "C",
        "quality_flag": "OK",
    }
    times = []
    for number in range(count + 5):
        minute, second = divmod(number, 60)
        started = time.perf_counter()
        bench._insert("Observation", **row, observed_at=f"2026-02-23 10:{minute % 60:02}:{second:02}")
        times.append(time.perf_counter() - started)
    return count / sum(times[5:])


def traffic(sender: Sender, seed: int) -> tuple[list[list[Any]], int]:
    """Batches of one gateway, overlapping and shuffled, and how many observations they hold once each."""
    rng = random.Random(seed)
    rows = sender.observations(400, "21.50") + sender.observations(20, "36", since=400)
    for row in rng.sample(rows, 5):
        rows.append(records.amend(row["uid"], seq=1000 + len(rows)))
    scale = Scale(sender.gateway, sender.site, scale_of(seed), f"S{seed}")  # numbers are unique in a site
    weighbridge: list[Any] = []
    for _ in range(3):
        gross, tare = scale.load()
        ticket = scale.ticket(gross, tare)
        weighbridge += [gross, tare, ticket, scale.void(ticket)]
    halves = [rows[start : start + 200] for start in range(0, len(rows), 100)]
    batches = [*halves, weighbridge, weighbridge]
    rng.shuffle(batches)
    return batches, sum(row["kind"] == "observation" for row in rows)


def drive(sender: Sender, batches: list[list[Any]]) -> Counter[str]:
    """As a gateway does: what comes back as retry goes out again."""
    statuses: Counter[str] = Counter()
    waiting = list(batches)
    for _ in range(10):
        again = []
        for batch in waiting:
            answer = sender.post(batch)
            if answer.status_code != 200:
                again.append(batch)
                time.sleep(1)  # a gateway backs off, for longer
                continue
            results = answer.json()["message"]["results"]
            statuses.update(result["status"] for result in results)
            retry = [item for item, result in zip(batch, results, strict=True) if result["status"] == "retry"]
            if retry:
                again.append(retry)
        waiting = again
        if not waiting:
            return statuses
    sender.refusals[f"{sender.gateway}: batches that were never taken"] += len(waiting)
    return statuses


def count_of(bench: Bench, doctype: str, gateway: str) -> tuple[int, int]:
    """Rows, and different uids among them."""
    rows = bench._list(doctype, [["gateway", "=", bench._gateways[gateway]]])
    return len(rows), len({row["edge_uid"] for row in rows})


def together(bench: Bench, site: str) -> list[str]:
    """What went wrong with GATEWAYS at once; nothing where all is well."""
    senders = [Sender(bench, site) for _ in range(GATEWAYS)]
    work = [traffic(sender, seed) for seed, sender in enumerate(senders)]
    started = time.perf_counter()
    with ThreadPoolExecutor(GATEWAYS) as pool:
        statuses = list(pool.map(lambda pair: drive(pair[0], pair[1][0]), zip(senders, work, strict=True)))
    taken = time.perf_counter() - started
    codes = sum((sender.codes for sender in senders), Counter())
    wrong = [f"{count} × {text}" for sender in senders for text, count in sender.refusals.items()]
    for sender, (_, observations) in zip(senders, work, strict=True):
        wanted = {"Observation": observations, "Edge Amend": 5, "Edge Weighing": 6, "ScaleTicket": 3}
        for doctype, count in wanted.items():
            found = count_of(bench, doctype, sender.gateway)
            if found != (count, count):
                wrong.append(
                    f"{sender.gateway}: {doctype} has {found[0]} rows of {found[1]} uids, not {count}"
                )
    total = sum(statuses, Counter())
    print(
        f"{GATEWAYS} gateways at once: {sum(codes.values())} requests in {taken:.1f} s, {dict(codes)}, {dict(total)}"
    )
    return wrong


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[max(0, round(0.95 * len(times)) - 1)]


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--single", type=int, default=150, help="rows one by one")
    parser.add_argument("--batches", type=int, default=40, help="OK batches")
    parser.add_argument("--flagged", type=int, default=4, help="flagged batches")
    parser.add_argument("--no-together", action="store_true", help="without the twenty gateways")
    arguments = parser.parse_args()
    bench = Bench()
    site = make_site(bench)
    sender = Sender(bench, site)
    sender.store(sender.observations(ROWS, "21.50"))  # the server reads its configuration
    since = ROWS
    single = one_by_one(bench, site, arguments.single)
    ok, flagged = [], []
    for number in range(arguments.batches):
        ok.append(sender.store(sender.observations(ROWS, "21.50", since)))
        since += ROWS
        if number < arguments.flagged:
            flagged.append(sender.store(sender.observations(ROWS, f"{36 + number}", since)))
            since += ROWS
    ok_rate, flagged_rate = ROWS / statistics.median(ok), ROWS / statistics.median(flagged)
    print(f"one by one:      {single:8.0f} rows/s")
    print(
        f"OK batches:      {ok_rate:8.0f} rows/s, {ok_rate / single:.0f} ×; p50 {statistics.median(ok) * 1000:.0f} ms, ",
        end="",
    )
    print(f"p95 {p95(ok) * 1000:.0f} ms of {len(ok)} batches of {ROWS}")
    print(
        f"flagged batches: {flagged_rate:8.0f} rows/s, {flagged_rate / single:.1f} ×; {len(flagged)} batches"
    )
    wrong = [] if arguments.no_together else together(bench, site)
    print("\n".join(wrong) or "no error reached a gateway, no row lost or double")
    met = (
        ok_rate / single >= GOAL_OK and flagged_rate / single >= GOAL_FLAGGED and p95(ok) * 1000 < GOAL_P95_MS
    )
    return 0 if met and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())

"""The compiled rules beside pydantic and msgspec: the same 500 valid observations, the same rules, one run.

    python3 -m venv build/bench-venv
    build/bench-venv/bin/pip install -r tests/bench/requirements.txt .
    build/bench-venv/bin/python tests/bench/native_bench.py

Every side takes the list of dicts that json.loads makes of a batch and answers which records are wrong and which flag
each has. "form": types, lengths, patterns, ranges and words of wire.md §3. "judged": the form, then the device is looked
up and the value compared with the six band ends of the policy of its site and type. Peers compare binary doubles,
ours compares exact decimals. Only ours makes identity hashes (SHA-256) beside it; it is shown with and without.
Sides take turns; processor time, the median of the rounds counts; ratios are of this run, microseconds of this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec
import pydantic

from frappe_ext import native
from tests.bench import peer_msgspec, peer_pydantic
from tests.bench.peer_rules import DEVICES, POLICIES, SITE, Rules
from tests.contract import records

COUNT = 500
WANTED_PYDANTIC = 6.0
MSGSPEC = "msgspec + Python rules: judged"


def batch() -> list[dict[str, Any]]:
    """500 different valid records of 20 devices, as a JSON reader makes them."""
    made = []
    for number in range(COUNT):
        value = f"{15 + number % 140 / 10:.2f}"
        at = records.OBSERVED_AT + number * 1000
        device = DEVICES[number % len(DEVICES)]
        made.append(
            records.observation(
                SITE, device, seq=number + 1, value=value, observed_at=at, received_at=at + 412
            )
        )
    return json.loads(json.dumps(made))


def sides(book: native.Book) -> dict[str, Callable[[list[Any]], Any]]:
    """Name → what takes the list."""
    rules = Rules()
    adapter, typed_dicts = peer_pydantic.models(), peer_pydantic.typed_dicts()
    return {
        "ours: judged": lambda items: native.validate_batch(items, book, "gw", "1", False),
        "ours: judged + identity hash": lambda items: native.validate_batch(items, book, "gw", "1"),
        "pydantic models: form": adapter.validate_python,
        "pydantic models: judged": lambda items: rules.flags_of_objects(adapter.validate_python(items)),
        "pydantic TypedDict: form": typed_dicts.validate_python,
        "pydantic TypedDict: judged": lambda items: rules.flags_of_dicts(typed_dicts.validate_python(items)),
        "msgspec patterns: form": peer_msgspec.with_patterns,
        MSGSPEC: lambda items: rules.flags_of_objects(peer_msgspec.with_rules(items)),
        "plain Python: judged": lambda items: rules.flags_of_dicts(peer_msgspec.plain(items)),
    }


def measure(found: dict[str, Callable[[list[Any]], Any]], rounds: int) -> dict[str, list[float]]:
    """Microseconds a record of each round; sides take turns."""
    items = batch()
    taken: dict[str, list[float]] = {name: [] for name in found}
    for call in found.values():
        for _ in range(3):
            call(items)
    for _ in range(rounds):
        for name, call in found.items():
            started = time.thread_time_ns()  # of the processor: what else runs here counts for less
            call(items)
            taken[name].append((time.thread_time_ns() - started) / 1000 / COUNT)
    return taken


def check_sides_agree(book: native.Book) -> None:
    """A side that takes what is wrong would be fast for nothing."""
    items = batch()
    verdict = native.validate_batch(items, book)
    assert verdict.flags == bytes(COUNT) and not verdict.rejections and None not in verdict.identity_hashes
    assert Rules().flags_of_dicts(items) == [0] * COUNT
    wrong = {
        "uid": "no", "seq": 0, "identity": "guess", "site": "a b", "type": "A", "index": -1, "observed_at": -1,
        "time_source": "sun", "clock": "late", "value": "1,5", "unit": "x" * 141, "flag": "Good", "reasons": [5],
        "raw": "x" * 4097, "raw_bytes": True, "raw_sha256": "00", "policy_version": 7, "device": None,
    }  # fmt: skip
    checks = {
        "pydantic models": peer_pydantic.models().validate_python,
        "pydantic TypedDict": peer_pydantic.typed_dicts().validate_python,
        "msgspec patterns": peer_msgspec.with_patterns,
        "msgspec + Python": peer_msgspec.with_rules,
        "plain Python": peer_msgspec.plain,
    }
    for field, value in wrong.items():
        bad = {**items[0], field: value}
        assert len(native.validate_batch([bad], book).rejections) == 1, field
        for name, check in checks.items():
            try:
                check([bad])
            except (ValueError, TypeError, msgspec.ValidationError, pydantic.ValidationError):
                continue
            raise AssertionError(f"{name} takes {field} = {value!r:.40}")


def main() -> int:
    """Prints the table; 1 where a goal of the issue is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    book = native.Book(POLICIES, [(SITE, device) for device in DEVICES])
    check_sides_agree(book)
    taken = measure(sides(book), arguments.rounds)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ours = medians["ours: judged"]
    print(
        f"{COUNT} valid records, {arguments.rounds} rounds, {platform.processor() or platform.machine()}, ",
        end="",
    )
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"pydantic {pydantic.VERSION}, msgspec {msgspec.__version__}")
    print(f"{'':34}{'µs a record':>12}{'fastest':>10}{'× ours':>9}")
    for name, median in medians.items():
        print(f"{name:34}{median:12.2f}{min(taken[name]):10.2f}{median / ours:9.1f}")
    # The goal compares like with like: nobody else makes identity hashes.
    to_models, to_msgspec = (medians[name] / ours for name in ("pydantic models: judged", MSGSPEC))
    print(f"Judging alone: pydantic models {to_models:.1f} × (wanted {WANTED_PYDANTIC:.0f}), ", end="")
    print(f"msgspec + Python rules {to_msgspec:.1f} × (wanted more than 1).")
    return 0 if to_models >= WANTED_PYDANTIC and to_msgspec > 1 else 1


if __name__ == "__main__":
    sys.exit(main())

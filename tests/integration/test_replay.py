"""Recorded series of real sensors through the whole chain; flags against a second, independent computation.

EDGE_SERIES names the folder with the CSV files (timestamp,value). The expected flags are computed here with Python's
decimal module from the policy's text: no code of ours is shared with what is tested.
"""

import csv
import os
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

SERIES = os.environ.get("EDGE_SERIES")
# Rows of the short form; EDGE_LONG=1 takes all.
SHORT = 3000
POLICY = {
    "observation_type": "temperature",
    "unit": "C",
    "warning_min": 18,
    "warning_max": 24,
    "critical_min": 16,
    "critical_max": 26.5,
    "valid_min": -40,
    "valid_max": 110,
}

pytestmark = pytest.mark.skipif(not SERIES, reason="EDGE_SERIES names no folder with recorded series")


def celsius(fahrenheit: str) -> Decimal:
    exact = (Decimal(fahrenheit) - 32) * 5 / 9
    return exact.quantize(Decimal("1e-9"), ROUND_HALF_UP)


def expected_flag(value: Decimal) -> str:
    if not POLICY["valid_min"] <= value <= POLICY["valid_max"]:
        return "Invalid"
    if not POLICY["critical_min"] <= value <= Decimal(str(POLICY["critical_max"])):
        return "Quarantine"
    if not POLICY["warning_min"] <= value <= POLICY["warning_max"]:
        return "Warning"
    return "OK"


@pytest.mark.parametrize("name", ["ambient_temperature", "machine_temperature"])
def test_flags_of_a_recorded_series(rig_on, name, long_run):
    rig = rig_on
    file = Path(SERIES) / f"{name}.csv"
    if not file.exists():
        pytest.skip(f"{file} is missing")
    rig.server.set_policy(**POLICY)
    rig.agent.sections["convert"] = [{"metric": "temperature", "from": "F", "to": "C"}]
    rig.start()
    wait_until("policies pulled", lambda: rig.agent.status()["policy"]["version"], 15)
    with open(file, newline="") as lines:
        recorded = list(csv.DictReader(lines))
    if not long_run:
        recorded = recorded[:SHORT]
    options = [
        "--replay",
        file,
        "--device",
        "bin1",
        "--unit",
        "F",
        "--rate",
        0,
        "--qos",
        2,
        "--count",
        len(recorded),
    ]
    sent = rig.mock(*options).start().finish()
    assert len(sent) == len(recorded)
    wait_until("all at the agent", lambda: rig.agent.counter("messages") == len(sent), 120)
    rig.agent.wait_sent(900)
    rows = {(row["observed_at_ms"], row["value_in"]): row for row in rig.server.rows()}
    wrong = []
    for entry in recorded:
        at = datetime.fromisoformat(entry["timestamp"]).replace(tzinfo=UTC)
        row = rows.pop((int(at.timestamp() * 1000), entry["value"]), None)
        value = celsius(entry["value"])
        if row is None:
            wrong.append((entry, "is not on the server"))
        elif Decimal(row["value_text"]) != value or row["quality_flag"] != expected_flag(value):
            wrong.append((entry, str(value), row["value_text"], expected_flag(value), row["quality_flag"]))
    assert not wrong, (len(wrong), wrong[:5])
    assert not rows, f"{len(rows)} rows nobody sent"

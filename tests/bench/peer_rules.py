"""The rules of an observation for the peers of native_bench.py, as a Python developer would write them for speed.

Not the rules of the product: those live once, in protocols/record.
"""

from __future__ import annotations

import re
from typing import Any

SITE = "silo-a"
DEVICES = [f"bin{number}-t1" for number in range(20)]
POLICIES = [
    {
        "name": f"{site} {metric}",
        "version": "1771500000000",
        "site": site,
        "type": metric,
        "unit": unit,
        "warning": ["10", "30"],
        "critical": ["5", "35"],
        "valid": ["-40", "85"],
    }
    for site in (SITE, "silo-b")
    for metric, unit in (("temperature", "C"), ("humidity", "%"), ("co2", "ppm"))
]

UID = r"^[0-9a-f]{32}$"
SHA256 = r"^[0-9a-f]{64}$"
WIRE_ID = r"^[A-Za-z0-9._:-]{1,64}$"
WIRE_TYPE = r"^[a-z0-9_.]{1,64}$"
DECIMAL = r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]+)?$"
REASON = r"^[a-z0-9_]{1,40}(:[^\r\n]{0,80})?$"
MAX_INT = 2**63 - 1
MAX_INDEX = 2**31 - 1
MAX_TIME = 253_370_764_800_000
MAX_RAW = 4096
MAX_NAME = 140
MAX_DECIMAL = 40
MAX_REASONS = 64

OK, WARNING, QUARANTINE, INVALID = range(4)
FLAGS = {"OK": OK, "Warning": WARNING, "Quarantine": QUARANTINE, "Invalid": INVALID}

is_uid = re.compile(UID).match
is_sha256 = re.compile(SHA256).match
is_wire_id = re.compile(WIRE_ID).match
is_wire_type = re.compile(WIRE_TYPE).match
is_decimal = re.compile(DECIMAL).match
is_reason = re.compile(REASON).match


class Rules:
    """The stateless verdict: the value between the band ends of its policy, the unit, the device known."""

    def __init__(self) -> None:
        self._devices = {(SITE, device) for device in DEVICES}
        self._policies = {
            (policy["site"], policy["type"]): (policy["unit"], *self._ends(policy)) for policy in POLICIES
        }

    @staticmethod
    def _ends(policy: dict[str, Any]) -> list[float]:
        return [float(end) for band in ("valid", "critical", "warning") for end in policy[band]]

    def flag(self, site: str, device: str, metric: str, value: str | None, unit: str | None) -> int:
        """The server's flag of one reading."""
        if value is None:
            return INVALID
        flag = OK
        policy = self._policies.get((site, metric)) or self._policies.get((site, "*"))
        if policy is not None:
            wanted, valid_min, valid_max, critical_min, critical_max, warning_min, warning_max = policy
            number = float(value)
            if wanted and wanted != unit:
                flag = WARNING
            elif not valid_min <= number <= valid_max:
                flag = INVALID
            elif not critical_min <= number <= critical_max:
                flag = QUARANTINE
            elif not warning_min <= number <= warning_max:
                flag = WARNING
        if flag < QUARANTINE and (site, device) not in self._devices:
            flag = QUARANTINE
        return flag

    def flags_of_objects(self, items: list[Any]) -> list[int]:
        """Of validated models."""
        flag = self.flag
        return [max(FLAGS[i.flag], flag(i.site, i.device, i.type, i.value, i.unit)) for i in items]

    def flags_of_dicts(self, items: list[dict[str, Any]]) -> list[int]:
        """Of validated dicts."""
        flag = self.flag
        return [
            max(FLAGS[i["flag"]], flag(i["site"], i["device"], i["type"], i.get("value"), i.get("unit")))
            for i in items
        ]

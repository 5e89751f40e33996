"""Adds up JUnit files: "812 passed, 0 failed, 3 skipped", the last line of run.sh test. Exit 1 when something failed."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def count(file: Path) -> tuple[int, int, int]:
    """Passed, failed, skipped."""
    passed = failed = skipped = 0
    for case in ET.parse(file).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(folder: str) -> int:
    sums = [count(file) for file in sorted(Path(folder).glob("*.xml"))]
    passed, failed, skipped = (sum(column) for column in zip(*sums, strict=True)) if sums else (0, 0, 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""run.sh long: starts a long run that outlives the terminal, and says how it goes. Standard library only.

long list | long status [NAME] | long NAME [--wait] [--fresh] [arguments of the run; --help shows them]
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.long.report import LONG
from tests.support.process import ROOT

RUNS = {
    "kill_loop": "2,000 kills -9 under load, with weighings: about 20 minutes",
    "week_offline": "3 million rows with the server gone, restarts, then back: 5 to 15 minutes",
    "soak": "45 minutes at 500 msg/s with faults of all kinds",
}


def report_of(name: str) -> dict[str, Any]:
    file = LONG / name / "report.json"
    return json.loads(file.read_text()) if file.exists() else {}


def runs_now(report: dict[str, Any], name: str) -> bool:
    """The process of the report is alive and is that run, not another one with its number."""
    try:
        command = Path(f"/proc/{report['pid']}/cmdline").read_bytes()
    except (OSError, KeyError):
        return False
    return report["state"] == "running" and f"tests.long.{name}".encode() in command


def show_list() -> int:
    for name, what in RUNS.items():
        print(f"  {name:<14}{what}")
    return 0


def show_status(names: list[str]) -> int:
    for name in names or RUNS:
        report = report_of(name)
        state = report.get("state", "never run")
        if state == "running" and not runs_now(report, name):
            state = "interrupted; ./run.sh long " + name + " resumes it"
        print(f"  {name:<14}{state}   {LONG / name / 'report.json'}")
        for key, value in report.items():
            if key not in ("name", "state", "pid"):
                print(f"      {key}: {json.dumps(value)}")
    return 0


def start(name: str, arguments: list[str]) -> int:
    wait, fresh = "--wait" in arguments, "--fresh" in arguments
    arguments = [each for each in arguments if each not in ("--wait", "--fresh")]
    command = [sys.executable, "-m", f"tests.long.{name}", *arguments]
    if "--help" in arguments or "-h" in arguments:
        return subprocess.run(command, cwd=ROOT).returncode
    folder = LONG / name
    if runs_now(report_of(name), name):
        print(f"{name} runs already, pid {report_of(name)['pid']}", file=sys.stderr)
        return 1
    if (
        fresh or report_of(name).get("state") != "running"
    ):  # an interrupted run is resumed, a finished one begins anew
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "log", "ab") as log:
        child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    print(
        f"{name} runs, pid {child.pid}; ./run.sh long status {name} tells more, its log is {folder / 'log'}"
    )
    if not wait:
        time.sleep(1)  # a bad argument shows at once
        return child.poll() or 0
    code = child.wait()
    show_status([name])
    return code


def main() -> int:
    name, *arguments = sys.argv[1:] or ["list"]
    if name == "list":
        return show_list()
    if name == "status":
        return show_status([each for each in arguments if each in RUNS])
    if name not in RUNS:
        print(__doc__, file=sys.stderr)
        show_list()
        return 2
    os.chdir(ROOT)
    return start(name, arguments)


if __name__ == "__main__":
    sys.exit(main())

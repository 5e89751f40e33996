"""run.sh up, down, status, logs: broker, stand-in, agent and a small fleet in the background. State in .run/.

Standard library only: down, status and logs work without the virtual environment.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.agent import Agent
from tests.support.broker import Broker
from tests.support.journal import mock_iot_binary
from tests.support.process import ROOT, Process
from tests.support.server import StandIn
from tests.support.waiting import free_port, listens

RUN = ROOT / ".run"
STATE = RUN / "state.json"
FLEET = "bin1=normal,bin2=drift,bin3=spike,bin4=stuck,bin5=nan,bin6=wrong-clock,ghost=unknown-device"
DEVICES = [f"bin{n}" for n in range(1, 7)]


def read_state() -> dict[str, Any]:
    return json.loads(STATE.read_text()) if STATE.exists() else {"processes": {}, "urls": {}}


def started_at(pid: int) -> str | None:
    """The kernel's start time of a process; with it a pid that is used again is not taken for ours."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def alive(entry: dict[str, Any]) -> bool:
    return started_at(entry["pid"]) == entry["started_at"]


def port_or_free(wanted: int) -> int:
    return free_port() if listens(wanted) else wanted


def up() -> int:
    if any(alive(entry) for entry in read_state()["processes"].values()):
        print("it runs already")
        return status()
    RUN.mkdir(exist_ok=True)
    broker = Broker(RUN / "broker", port=port_or_free(1883))
    server = StandIn(RUN / "server", DEVICES, port=port_or_free(8300))
    agent = Agent(
        RUN / "agent",
        broker_url=broker.url,
        server_url=server.url,
        key=server.key,
        gateway=server.gateway,
        site=server.site,
    )
    agent.web_port = port_or_free(8380)
    agent.sections["web"]["listen"] = f"127.0.0.1:{agent.web_port}"
    (RUN / "mock").mkdir(exist_ok=True)
    fleet = Process(
        "mock-iot",
        RUN / "mock",
        [
            mock_iot_binary(),
            "--broker",
            broker.url,
            "--devices",
            FLEET,
            "--rate",
            "7",
            "--no-time-share",
            "0.3",
        ],
    )
    started: list[Process] = []
    try:
        for process, start in (
            (broker.process, broker.start),
            (server.process, server.start),
            (agent.process, agent.start),
            (fleet, fleet.start),
        ):
            process.detached = True
            start()
            started.append(process)
    except AssertionError as trouble:
        print(trouble, file=sys.stderr)
        for process in started:
            process.stop()
        return 1
    state = {
        "processes": {
            process.name: {
                "pid": process.pid,
                "started_at": started_at(process.pid),
                "log": str(process.log_file),
            }
            for process in started
        },
        "urls": {
            "flagged records (stand-in for Frappe)": server.url + "/",
            "agent: health": f"http://127.0.0.1:{agent.web_port}/healthz",
            "agent: metrics": f"http://127.0.0.1:{agent.web_port}/metrics",
            "broker": broker.url,
            "agent: command line": f"{agent.process.command[0]} status --config {agent.config_file}",
        },
    }
    STATE.write_text(json.dumps(state, indent=1))
    return status()


def status() -> int:
    state = read_state()
    for name, entry in state["processes"].items():
        print(f"  {name:<12}{'runs, pid ' + str(entry['pid']) if alive(entry) else 'STOPPED'}")
    running = [alive(entry) for entry in state["processes"].values()]
    if not any(running):
        print("nothing runs; ./run.sh up starts it")
        return 1
    for what, url in state["urls"].items():
        print(f"  {what:<40}{url}")
    return 0 if all(running) else 1


def down() -> int:
    state = read_state()
    # The sensors first, the broker last: nothing gets lost on the way.
    for name, entry in reversed(state["processes"].items()):
        if not alive(entry):
            continue
        os.kill(entry["pid"], signal.SIGTERM)
        end = time.monotonic() + 15
        while alive(entry) and time.monotonic() < end:
            time.sleep(0.05)
        if alive(entry):
            os.kill(entry["pid"], signal.SIGKILL)
        print(f"  {name} stopped")
    STATE.unlink(missing_ok=True)
    print(f"the data stays in {RUN}; rm -r {RUN} forgets it")
    return 0


def logs(name: str | None) -> int:
    entries = read_state()["processes"]
    if name is not None and name not in entries:
        print(f"there is {', '.join(entries) or 'nothing (./run.sh up)'}", file=sys.stderr)
        return 2
    files = [entry["log"] for key, entry in entries.items() if name in (None, key)]
    if not files:
        print("nothing runs; ./run.sh up starts it")
        return 1
    tail = shutil.which("tail") or "/usr/bin/tail"
    try:
        return subprocess.run([tail, "-n", "40", "-F", *files]).returncode
    except KeyboardInterrupt:
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.sh")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "status"):
        commands.add_parser(name)
    commands.add_parser("logs").add_argument("name", nargs="?")
    options = parser.parse_args()
    if options.command == "logs":
        return logs(options.name)
    return {"up": up, "down": down, "status": status}[options.command]()


if __name__ == "__main__":
    sys.exit(main())

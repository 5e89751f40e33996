"""The report of a long run: build/long/<name>/report.json, always whole, readable while it runs and after a kill."""

import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.process import ROOT

LONG = ROOT / "build" / "long"


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def end_orphans(session: int) -> list[int]:
    """Ends what a run that was killed has left behind: the processes of its session. Their ids."""
    ended = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == session and fields[0] != "Z" and int(stat.parent.name) != os.getpid():
                os.kill(int(stat.parent.name), signal.SIGKILL)
                ended.append(int(stat.parent.name))
        except OSError:
            continue  # gone meanwhile
    return ended


class Report:
    """state: running, passed or failed; `interrupted` is what a reader makes of running without a process."""

    def __init__(self, folder: Path, name: str, arguments: dict[str, Any]):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "report.json"
        before = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.resumed = before.get("state") == "running"
        self.data: dict[str, Any] = before if self.resumed else {"name": name, "started": now()}
        if self.resumed:
            if self.data["pid"] not in (os.getpid(), os.getsid(0)):
                end_orphans(self.data["pid"])
            self.data["resumed"] = [*self.data.get("resumed", []), now()]
        self.update(state="running", pid=os.getpid(), arguments=arguments)

    @property
    def work(self) -> Path:
        """Where the processes of the run live; kept, so that a failure can be looked at and a run resumed."""
        folder = self.folder / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def update(self, **values: Any) -> None:
        self.data.update(values)
        self.data["at"] = now()
        whole = self.file.with_suffix(".new")
        whole.write_text(json.dumps(self.data, indent=1, default=str) + "\n")
        whole.replace(self.file)


def carry_out(report: Report, run: Callable[[Report], dict[str, Any]]) -> int:
    """Runs it; its answer or its failure becomes the report's end. The exit code."""
    begin = time.monotonic()
    try:
        result = run(report)
    except BaseException as e:
        if isinstance(e, KeyboardInterrupt | SystemExit):
            raise  # stopped by somebody: it may be resumed
        traceback.print_exc()
        report.update(state="failed", failure=f"{type(e).__name__}: {e}", ended=now())
        return 1
    report.update(state="passed", result=result, seconds=round(time.monotonic() - begin, 1), ended=now())
    print(json.dumps(result, indent=1, default=str))
    return 0

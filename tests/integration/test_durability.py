"""Durable before acknowledged, seen from outside: strace shows the write before the PUBACK leaves.

Each message is sent alone. In its order of system calls there must be, between the read that brought it and the
acknowledgement that left, a write to the journal; with durability = "power-cut" one to the write-ahead log and a sync of it.
"""

import re
import shutil
import subprocess

import pytest

from tests.support.process import Process
from tests.support.waiting import wait_until

CALLS = "read,recv,recvfrom,recvmsg,write,writev,send,sendto,sendmsg,pwrite64,pwritev,fdatasync,fsync"
LINE = re.compile(
    r"^(?P<pid>\d+) +(?P<at>[\d.]+) (?P<call>\w+)\((?P<fd>\d+)<(?P<path>.*?)>(?=[,) ])(?P<rest>.*)$"
)
RESUMED = re.compile(r"^(?P<pid>\d+) +(?P<at>[\d.]+) <\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)$")
PUBACK = re.compile(r'"@\\2')
COUNT = 20


def events(trace: str) -> list[tuple[str, str]]:
    """("message", marker) as it is read, ("journal", ""), ("wal", ""), ("sync", ""), ("ack", ""): in their order.

    A call that strace shows in two halves counts where it ended for reads and syncs, where it began for the
    acknowledgement: the direction that can only make the check stricter. Writes to the log count where they ended.
    """
    found: list[tuple[str, str]] = []
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        if match := LINE.match(line):
            call, path, rest = match["call"], match["path"], match["rest"]
            to_broker = path.startswith(("socket:", "TCP:")) and call.startswith(("write", "send"))
            if to_broker and PUBACK.search(rest):
                found.append(("ack", ""))
                continue
            if "<unfinished" in rest:
                begun[match["pid"]] = path
                continue
        elif match := RESUMED.match(line):
            call, rest = match["call"], match["rest"]
            path = begun.pop(match["pid"], "")
        else:
            continue
        if call.startswith(("pwrite", "write")) and path.endswith("-wal"):
            found.append(("wal", ""))
        elif call.startswith(("pwrite", "write")) and path.endswith("/journal"):
            found.append(("journal", ""))
        elif call in ("fdatasync", "fsync") and path.endswith("-wal"):
            found.append(("sync", ""))
        elif call.startswith(("read", "recv")):
            found += [("message", marker) for marker in re.findall(r"marker-\d{3}", rest)]
    return found


def check(found: list[tuple[str, str]], need: tuple[str, ...]) -> list[str]:
    """What is wrong: messages whose acknowledgement left before everything in `need` had happened."""
    wrong = []
    for index, (kind, marker) in enumerate(found):
        if kind != "message":
            continue
        after = [k for k, _ in found[index + 1 :]]
        if "ack" not in after:
            wrong.append(f"{marker}: never acknowledged")
            continue
        before_ack = after[: after.index("ack")]
        wrong += [f"{marker}: acknowledged before its {what}" for what in need if what not in before_ack]
    return wrong


def test_the_check_sees_a_reversed_order():
    line = '7 1.{} {}({}<{}>, "{}", 99) = 99'
    read = line.format(1, "read", 5, "TCP:[127.0.0.1:1->127.0.0.1:2]", 'x{\\"note\\":\\"marker-001\\"}')
    wal = line.format(2, "pwrite64", 6, "/x/edge.sqlite-wal", "data")
    sync = "7 1.3 fdatasync(6</x/edge.sqlite-wal>) = 0"
    ack = line.format(4, "write", 5, "TCP:[127.0.0.1:1->127.0.0.1:2]", "@\\2\\0\\1")
    assert check(events("\n".join([read, wal, sync, ack])), ("wal", "sync")) == []
    assert check(events("\n".join([read, ack, wal])), ("wal",)) == ["marker-001: acknowledged before its wal"]
    journal = line.format(2, "pwrite64", 6, "/x/journal", "data")
    assert check(events("\n".join([read, journal, ack])), ("journal",)) == []
    assert check(events("\n".join([read, wal, ack])), ("journal",)) == [
        "marker-001: acknowledged before its journal"
    ]
    assert check(events("\n".join([wal, read, ack])), ("wal",)) == ["marker-001: acknowledged before its wal"]
    assert check(events("\n".join([read, wal, ack])), ("wal", "sync")) == [
        "marker-001: acknowledged before its sync"
    ]
    assert check(events("\n".join([read, wal])), ("wal",)) == ["marker-001: never acknowledged"]
    begun, ended = (
        "7 1.3 fdatasync(6</x/edge.sqlite-wal> <unfinished ...>",
        "7 1.4 <... fdatasync resumed>) = 0",
    )
    other = "8 1.3 read(9</x/y>, 1) = 1"
    assert check(events("\n".join([read, wal, begun, other, ended, ack])), ("wal", "sync")) == []
    late = check(events("\n".join([read, wal, begun, other, ack, ended])), ("wal", "sync"))
    assert late == ["marker-001: acknowledged before its sync"]


def strace_works() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not strace_works(), reason="strace is missing or ptrace is closed here")
@pytest.mark.parametrize(("durability", "need"), [("default", ("journal",)), ("power-cut", ("wal", "sync"))])
def test_the_write_comes_before_the_puback(rig, tmp_path, durability, need):
    trace = tmp_path / "trace"
    rig.agent.sections["store"]["durability"] = durability
    # -s: the whole message must be visible; -y: paths of descriptors.
    rig.agent.start()
    rig.agent.wait_sent()
    rig.line.cut()  # from here nothing but ingest may write to the log
    # -f: all threads; -y: paths of descriptors; -s: the whole message is visible.
    options = ["-f", "-y", "-ttt", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(trace)]
    strace = Process("strace", tmp_path, ["strace", *options, "-p", str(rig.agent.process.pid)]).start()
    strace.wait_for("attached", lambda: "attached" in strace.log_file.read_text(), 20)
    for number in range(COUNT):
        rig.publish("bin1", f'{{"metric":"temperature","value":20,"unit":"C","note":"marker-{number:03}"}}')
        rig.agent.wait_messages(number + 1)
        wait_until("PUBACK left", lambda n=number: trace.read_text(errors="replace").count('"@\\2') > n, 10)
    rig.agent.stop(30)
    strace.wait(20)
    found = events(trace.read_text(errors="replace"))
    assert {marker for kind, marker in found if kind == "message"} == {f"marker-{n:03}" for n in range(COUNT)}
    wrong = check(found, need)
    assert not wrong, "\n".join(wrong)

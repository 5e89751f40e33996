"""A peer: paho-mqtt with manual acknowledgements, rows committed in groups (WAL, FULL), posted in batches of 500.

peer_group_commit.py BROKER_PORT SINK_URL DATABASE
"""

from __future__ import annotations

import http.client
import json
import queue
import sqlite3
import sys
import threading
import uuid
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

BATCH = 500


def judge(value: float) -> str:
    """By the same limits as the agent's policy."""
    if value < 5 or value > 35:
        return "Quarantine"
    return "Warning" if value < 10 or value > 30 else "OK"


def open_database(file: str) -> sqlite3.Connection:
    """WAL; a sync for each commit."""
    database = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=30)
    database.execute("PRAGMA journal_mode=wal")
    database.execute("PRAGMA synchronous=full")
    return database


def commit_groups(client: mqtt.Client, waiting: queue.Queue[Any], file: str, kept: threading.Event) -> None:
    """All that waits becomes one transaction; only then it is acknowledged."""
    database = open_database(file)
    while True:
        group = [waiting.get()]
        while len(group) < BATCH and not waiting.empty():
            group.append(waiting.get_nowait())
        rows = []
        for message in group:
            reading = json.loads(message.payload)
            site, device = message.topic.split("/")[1:3]
            rows.append(
                (uuid.uuid4().hex, site, device, reading["metric"], reading["ts"], reading["value"], reading["unit"],
                 judge(reading["value"]), message.payload.decode())
            )  # fmt: skip
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO reading(uid, site, device, metric, ts, value, unit, flag, raw) VALUES(?,?,?,?,?,?,?,?,?)",
            rows,
        )
        database.execute("COMMIT")
        kept.set()
        for message in group:
            client.ack(message.mid, message.qos)


def post_batches(url: str, file: str, kept: threading.Event) -> None:
    """Oldest first, with a cursor."""
    database = open_database(file)
    link = http.client.HTTPConnection(urlsplit(url).netloc)
    sent = 0
    keys = ("id", "uid", "site", "device", "metric", "ts", "value", "unit", "flag", "raw")
    while True:
        rows = database.execute(
            f"SELECT {', '.join(keys)} FROM reading WHERE id > ? LIMIT {BATCH}", (sent,)
        ).fetchall()
        if not rows:
            kept.wait(0.1)
            kept.clear()
            continue
        body = json.dumps({"records": [dict(zip(keys, row, strict=True)) for row in rows]})
        link.request("POST", "/count?of=uid", body, {"Content-Type": "application/json"})
        assert link.getresponse().read() is not None
        sent = rows[-1][0]
        database.execute("UPDATE sent SET upto = ?", (sent,))


def main() -> None:
    """Runs until it is killed."""
    port, url, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    database = open_database(file)
    database.execute(
        "CREATE TABLE reading(id INTEGER PRIMARY KEY, uid TEXT UNIQUE, site TEXT, device TEXT, metric TEXT, ts INTEGER,"
        " value REAL, unit TEXT, flag TEXT, raw TEXT)"
    )
    database.execute("CREATE TABLE sent(upto INTEGER)")
    database.execute("INSERT INTO sent VALUES(0)")
    database.close()
    waiting: queue.Queue[Any] = queue.Queue()
    kept = threading.Event()
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id="python-bench", clean_session=False, manual_ack=True
    )
    client.on_message = lambda _client, _data, message: waiting.put(message)
    client.on_connect = lambda *_: client.subscribe("yam/+/+/observation", 1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    threading.Thread(target=commit_groups, args=(client, waiting, file, kept), daemon=True).start()
    threading.Thread(target=post_batches, args=(url, file, kept), daemon=True).start()
    client.loop_forever()


if __name__ == "__main__":
    main()

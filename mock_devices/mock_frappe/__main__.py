"""python -m mock_devices.mock_frappe --port 0 --db FILE [--seed FILE] [--port-file FILE] …

Prints one JSON line once it listens: {"port": 40123, "url": "http://127.0.0.1:40123"}.
"""

from __future__ import annotations

import argparse
import json
import signal
import ssl
import sys
from pathlib import Path

from mock_devices.mock_frappe import seed
from mock_devices.mock_frappe.app import App
from mock_devices.mock_frappe.database import Database
from mock_devices.mock_frappe.endpoints import now_ms
from mock_devices.mock_frappe.server import Runner


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="mock_frappe", description="Stand-in for a Frappe site with Site Edge."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 = any free one")
    parser.add_argument("--db", required=True, help="SQLite file, made where it is missing")
    parser.add_argument("--seed", type=Path, help="JSON of sites, devices, policies, gateways (seed.py)")
    parser.add_argument("--port-file", type=Path, help="gets the JSON line too")
    parser.add_argument("--time-zone", default=None, help="of the site; default: the seed's, else Asia/Aden")
    parser.add_argument("--journal", type=Path, help="JSON line per request")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    return parser.parse_args()


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Server side of TLS, or None for plain HTTP."""
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def main() -> int:
    """Serves until SIGTERM or SIGINT."""
    options = arguments()
    database = Database(options.db)
    masters = json.loads(options.seed.read_text()) if options.seed else {}
    seed.load(database, masters, now_ms())
    app = App(database, options.time_zone or masters.get("time_zone", "Asia/Aden"), options.journal)
    context = tls_context(options.tls_cert, options.tls_key)
    runner = Runner(app, options.host, options.port, context)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    scheme = "https" if context else "http"
    line = json.dumps({"port": runner.port, "url": f"{scheme}://{options.host}:{runner.port}"})
    if options.port_file:
        partial = options.port_file.with_suffix(".part")
        partial.write_text(line + "\n")
        partial.rename(options.port_file)  # a reader never sees half of it
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    runner.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

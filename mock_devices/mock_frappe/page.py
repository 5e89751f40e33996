"""`/` for people and `/records.json` for tests. Everything shown came from outside: escaped, never markup."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from mock_devices.mock_frappe.database import TABLES, Database

SHOWN = 200
STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;font:15px/1.45 system-ui,sans-serif}
body{max-width:76rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.35rem;margin:0}p{opacity:.75;margin:.3rem 0 1.2rem}
ul{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;padding:0}
li{border:1px solid var(--line);border-radius:.6rem;padding:.5rem .9rem}
li b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td:nth-child(-n+5){white-space:nowrap}td:nth-child(n+6){overflow-wrap:anywhere;min-width:6rem}
td:nth-child(7){min-width:12rem}
th{font-weight:600;opacity:.7}tr:hover{background:var(--soft)}
td.raw{font:12px/1.4 ui-monospace,monospace;min-width:16rem}
td.raw div{max-height:7em;overflow-y:auto;white-space:pre-wrap}
.flag{border-radius:1rem;padding:.05rem .6rem;font-size:.85rem;color:#fff}
.OK{background:#2b7a3f}.Warning{background:#a86200}.Quarantine{background:#b3261e}.Invalid{background:#5b5b66}
"""


def render(database: Database) -> str:
    """The flagged records, newest first; reloads itself every five seconds."""
    tiles = "".join(f"<li><b>{number}</b>{_text(name)}</li>" for name, number in _tiles(database).items())
    rows = "".join(_row(each) for each in reversed(_newest_flagged(database)))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Stand-in for Frappe</title>'
        f"<style>{STYLE}</style><h1>Stand-in for Frappe: flagged records</h1>"
        f"<p>What the gateway sent and the rules flagged, newest first (at most {SHOWN}).</p><ul>{tiles}</ul>"
        '<div class="wide"><table><thead><tr><th>Flag<th>Observed at<th>Site<th>Device<th>Type<th>Value<th>Reasons<th>Raw</thead>'
        f"<tbody>{rows}</tbody></table></div></html>"
    )


def records(database: Database, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Counts, uids and rows. Filters: kind, uid, flag, site, device, gateway, reason (a code), limit."""
    kind = wanted.get("kind", "observation")
    if kind not in TABLES:
        return {"error": f"kind must be one of {', '.join(TABLES)}"}
    where, values = ["1"], []
    for key, column in (
        ("uid", "edge_uid"),
        ("flag", "quality_flag"),
        ("site", "site"),
        ("device", "device_text"),
        ("gateway", "gateway"),
    ):
        if key in wanted and column in TABLES[kind]:
            where.append(f'"{column}" = ?')
            values.append(wanted[key])
    if "reason" in wanted and kind == "observation":
        where.append("instr(char(10) || quality_reasons, char(10) || ?) > 0")
        values.append(wanted["reason"])
    rows = database.select(kind, " AND ".join(where), values, limit=int(wanted.get("limit", 100_000)))
    answer: dict[str, Any] = {"counts": _counts(database), "uids": [row["edge_uid"] for row in rows]}
    if wanted.get("rows", "1") != "0":
        answer["rows"] = rows
    if "gateway" in wanted:
        gateway = database.master("gateway", wanted["gateway"]) or {}
        answer["gateway"] = {key: value for key, value in gateway.items() if key != "credentials"}
    return answer


def _counts(database: Database) -> dict[str, Any]:
    connection = database.connection()
    counts: dict[str, Any] = {
        table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in TABLES
    }
    flags = connection.execute("SELECT quality_flag, count(*) FROM observation GROUP BY 1").fetchall()
    return {**counts, "flags": {row[0]: row[1] for row in flags}}


def _tiles(database: Database) -> dict[str, int]:
    counts = _counts(database)
    flags = {name: counts["flags"].get(name, 0) for name in ("OK", "Warning", "Quarantine", "Invalid")}
    return {
        "Observations": counts["observation"],
        **flags,
        "Gaps": counts["gap"],
        "Rejected": counts["rejection"],
    }


def _newest_flagged(database: Database) -> list[dict[str, Any]]:
    found = database.connection().execute(
        "SELECT * FROM (SELECT * FROM observation WHERE quality_flag != 'OK' ORDER BY id DESC LIMIT ?) ORDER BY id",
        (SHOWN,),
    )
    return [dict(row) for row in found]


def _row(row: Mapping[str, Any]) -> str:
    value = f"{row['value_text']} {row['unit']}" if row["has_value"] else "—"
    flag = _text(row["quality_flag"])
    cells = (row["observed_at"][:19], row["site"], row["device_text"], row["observation_type"], value)
    plain = "".join(f"<td>{_text(cell)}" for cell in cells)
    reasons = "<br>".join(_text(reason) for reason in row["quality_reasons"].splitlines())
    raw = f'<td class="raw"><div>{_text(row["raw_payload"])}</div>'
    return f'<tr><td><span class="flag {flag}">{flag}</span>{plain}<td>{reasons}{raw}'


def _text(value: object) -> str:
    return html.escape(str(value))

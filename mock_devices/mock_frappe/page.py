"""`/` for people and `/records.json` for tests. Everything shown came from outside: escaped, never markup."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from mock_devices.mock_frappe.database import TABLES, Database

SHOWN = 200
STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;font:15px/1.45 system-ui,sans-serif}
body{max-width:92rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.35rem;margin:0}p{opacity:.75;margin:.3rem 0 1.2rem}
ul{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;padding:0}
li{border:1px solid var(--line);border-radius:.6rem;padding:.5rem .9rem}
li b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td{white-space:nowrap}
.records td:nth-child(n+6){white-space:normal;overflow-wrap:anywhere;min-width:6rem}
.records td:nth-child(7){min-width:12rem}td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.text{white-space:normal;min-width:12rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .4rem}
th{font-weight:600;opacity:.7}.tickets th:nth-child(n+5):nth-child(-n+9){text-align:right}tr:hover{background:var(--soft)}
td.raw{font:12px/1.4 ui-monospace,monospace;min-width:16rem}
td.raw div{max-height:7em;overflow-y:auto;white-space:pre-wrap}
.flag{border-radius:1rem;padding:.05rem .6rem;font-size:.85rem;color:#fff}
.OK,.Completed{background:#2b7a3f}.Warning{background:#a86200}.Quarantine{background:#b3261e}.Invalid,.Void,.Corrected{background:#5b5b66}
.mismatch,.Open{background:#b3261e}
"""


TABLE = '<div class="wide"><table class="{name}"><thead><tr>{head}</thead><tbody>{rows}</tbody></table></div>'


def render(database: Database) -> str:
    """Flagged observations, tickets and Nonconformances, newest first; reloads itself every five seconds."""
    tiles = "".join(f"<li><b>{number}</b>{_text(name)}</li>" for name, number in _tiles(database).items())
    flagged = _table(
        "records",
        "Flag, Observed at, Site, Device, Type, Value, Reasons, Raw",
        map(_row, _newest(database, "observation", "quality_flag != 'OK'")),
    )
    tickets = _table(
        "tickets",
        "Ticket, Status, At, Scale, Gross, Tare, Net, Declared, Difference, Reasons",
        map(_ticket, _newest(database, "scale_ticket")),
    )
    findings = _table(
        "findings", "Status, Type, Site, What", map(_nonconformance, _newest(database, "nonconformance"))
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Stand-in for Frappe</title>'
        f"<style>{STYLE}</style><h1>Stand-in for Frappe</h1>"
        f"<p>What the gateways sent, newest first (at most {SHOWN} of each).</p><ul>{tiles}</ul>"
        f"<h2>Flagged records</h2>{flagged}<h2>Scale tickets</h2>{tickets}<h2>Nonconformances</h2>{findings}</html>"
    )


def records(database: Database, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Counts, uids and rows. Filters: kind, uid, flag, site, device, gateway, reason (a code), limit; of
    Nonconformances nc_type and reference_name."""
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
        ("nc_type", "nc_type"),
        ("reference_name", "reference_name"),
    ):
        if key in wanted and column in TABLES[kind]:
            where.append(f'"{column}" = ?')
            values.append(wanted[key])
    if "reason" in wanted and kind == "observation":
        where.append("instr(char(10) || quality_reasons, char(10) || ?) > 0")
        values.append(wanted["reason"])
    rows = database.select(kind, " AND ".join(where), values, limit=int(wanted.get("limit", 100_000)))
    answer: dict[str, Any] = {"counts": _counts(database), "uids": [row.get("edge_uid") for row in rows]}
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
        "Weighings": counts["weighing"],
        "Tickets": counts["scale_ticket"],
        "Nonconformances": counts["nonconformance"],
        "Rejected": counts["rejection"],
    }


def _newest(database: Database, table: str, where: str = "1") -> list[dict[str, Any]]:
    found = database.connection().execute(
        f'SELECT * FROM "{table}" WHERE {where} ORDER BY id DESC LIMIT ?', (SHOWN,)
    )
    return [dict(row) for row in found]


def _table(name: str, head: str, rows: Iterable[str]) -> str:
    return TABLE.format(
        name=name, head="".join(f"<th>{name}" for name in head.split(", ")), rows="".join(rows)
    )


def _row(row: Mapping[str, Any]) -> str:
    value = f"{row['value_text']} {row['unit']}" if row["has_value"] else "—"
    flag = _text(row["quality_flag"])
    cells = (row["observed_at"][:19], row["site"], row["device_text"], row["observation_type"], value)
    plain = "".join(f"<td>{_text(cell)}" for cell in cells)
    reasons = "<br>".join(_text(reason) for reason in row["quality_reasons"].splitlines())
    raw = f'<td class="raw"><div>{_text(row["raw_payload"])}</div>'
    return f'<tr><td><span class="flag {flag}">{flag}</span>{plain}<td>{reasons}{raw}'


def _ticket(row: Mapping[str, Any]) -> str:
    status = _text(row["status"])
    mismatch = ' <span class="flag mismatch">mismatch</span>' if row["mismatch_flag"] else ""
    cells = (row["ticket_datetime"][:19], row["device_text"])
    weights = [
        f"{row[f'{name}_text'] or '—'} {row['weight_unit'] or ''}" for name in ("gross", "tare", "net")
    ]
    weights += [
        "—" if row[name] is None else f"{row[name]} kg" for name in ("declared_net_kg", "difference_kg")
    ]
    plain = "".join(f"<td>{_text(cell)}" for cell in cells)
    numbers = "".join(f'<td class="number">{_text(weight)}' for weight in weights)
    reasons = "<br>".join(_text(reason) for reason in row["mismatch_reasons"].splitlines())
    return (
        f"<tr><td>{_text(row['ticket_number'])}"
        f'<td><span class="flag {status}">{status}</span>{mismatch}{plain}{numbers}<td class="text">{reasons}'
    )


def _nonconformance(row: Mapping[str, Any]) -> str:
    status = _text(row["status"])
    plain = "".join(f"<td>{_text(row[name])}" for name in ("nc_type", "site"))
    return (
        f'<tr><td><span class="flag {status}">{status}</span>{plain}'
        f'<td class="text">{_text(row["capa_description"])}'
    )


def _text(value: object) -> str:
    return html.escape(str(value))

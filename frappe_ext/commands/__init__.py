"""`bench --site SITE edge-…`: what an operator runs by hand or from cron. Exit code 0 only where all is well."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from frappe.commands import get_site, pass_context

from frappe_ext.contract.spreadsheet import safe_cell


@click.command("edge-smoke")
@click.option("--skip-health", is_flag=True, help="Do not fail where Redis, scheduler or workers are down.")
@pass_context
def edge_smoke(context: Any, skip_health: bool) -> None:
	"""AT-01: Site, Device, Lot, observation, scale ticket, nonconformance; then removes them all."""
	with site_of(context):
		from frappe_ext.smoke import Smoke

		passed = Smoke(say=click.echo, with_health=not skip_health).run()
	click.echo("edge-smoke: passed" if passed else "edge-smoke: FAILED")
	sys.exit(0 if passed else 1)


@click.command("edge-access-audit")
@click.option("--csv", "as_csv", is_flag=True, help="CSV for a spreadsheet.")
@click.option("--only-remarks", is_flag=True, help="Only users that a person should look at.")
@pass_context
def edge_access_audit(context: Any, as_csv: bool, only_remarks: bool) -> None:
	"""Users, roles, sites, API keys and gateway keys, with what to look at."""
	with site_of(context):
		from frappe_ext import access_audit

		rows = access_audit.rows({"only_remarks": only_remarks})
	click.echo(_as_csv(access_audit.COLUMNS, rows) if as_csv else _as_blocks(rows), nl=False)


@click.command("edge-baseline")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def edge_baseline(context: Any, as_json: bool) -> None:
	"""Rows and bytes of the record types and of the database, files, and the time of a list."""
	with site_of(context):
		from frappe_ext import baseline

		found = baseline.measure()
	click.echo(json.dumps(found, indent=1) if as_json else baseline.text(found))


@click.command("edge-analyze-tables")
@pass_context
def edge_analyze_tables(context: Any) -> None:
	"""ANALYZE TABLE of the record types that grow: fresh statistics for the query planner."""
	with site_of(context):
		from frappe_ext import baseline

		for table, message in baseline.analyze().items():
			click.echo(f"{table}: {message}")


@click.command("edge-retention")
@click.option("--dry-run", is_flag=True, help="Only count.")
@pass_context
def edge_retention(context: Any, dry_run: bool) -> None:
	"""Removes (after archiving) observations older than Edge Settings say; flagged ones stay until released."""
	with site_of(context):
		from frappe_ext import retention

		found = retention.due() if dry_run else retention.run_to_end()
	for site, count in found.items():
		click.echo(f"{site}: {count} {'due' if dry_run else 'removed'}")
	if not found:
		click.echo("nothing is due")


@click.command("edge-report-backup-failure")
@click.option("--message", default="", help="What went wrong, in a line.")
@click.option("--host", default="", help="Where; this site's name if empty.")
@click.option("--exit-code", default=1, show_default=True)
@pass_context
def edge_report_backup_failure(context: Any, message: str, host: str, exit_code: int) -> None:
	"""Tells the IT Admins by mail that a backup failed."""
	with site_of(context):
		import frappe

		from frappe_ext.monitoring import backup

		name = backup.record_failure(message, host, exit_code)
		frappe.db.commit()  # a command is its own transaction
	click.echo(f"noted as {name}; the mail follows within minutes")


commands = [
	edge_smoke,
	edge_access_audit,
	edge_baseline,
	edge_analyze_tables,
	edge_retention,
	edge_report_backup_failure,
]


@contextmanager
def site_of(context: Any) -> Iterator[None]:
	"""Connected to the site of `--site`, as Administrator."""
	import frappe

	frappe.init(site=get_site(context))
	frappe.connect()
	try:
		yield
	finally:
		frappe.destroy()


def _as_csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
	"""A cell that a spreadsheet would run is prefixed (design.md §10)."""
	out = io.StringIO()
	writer = csv.writer(out)
	writer.writerow(columns)
	for row in rows:
		writer.writerow([safe_cell(row[column]) for column in columns])
	return out.getvalue()


def _as_blocks(rows: list[dict[str, Any]]) -> str:
	lines = []
	for row in rows:
		state = "" if row["enabled"] else " (disabled)"
		lines.append(f"{row['user']}{state}: {row['roles'] or 'no role of ours'}")
		for name in ("role_profile", "sites", "edge_keys", "last_login", "last_active", "remark"):
			if row[name]:
				lines.append(f"    {name.replace('_', ' ')}: {row[name]}")
		if row["api_key"]:
			lines.append("    API key: yes")
	return "".join(f"{line}\n" for line in lines)

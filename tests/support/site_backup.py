"""Backup and restore of a real site's database: what `bench backup` and `bench restore` do to it, without the files.

The bench is the folder FRAPPE_BENCH names, or /opt/bench where it only says that there is one.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path


def _bench() -> Path:
    named = Path(os.environ.get("FRAPPE_BENCH", ""))
    return named if (named / "sites").is_dir() else Path("/opt/bench")


def _database(site: str) -> tuple[list[str], str, dict[str, str]]:
    """Options of the MariaDB clients, the database's name and the environment with its password."""
    config = json.loads((_bench() / "sites" / site / "site_config.json").read_text())
    options = ["--protocol=tcp", "--host=127.0.0.1", f"--user={config['db_name']}"]
    return options, config["db_name"], {**os.environ, "MYSQL_PWD": config["db_password"]}


def dump(site: str) -> str:
    options, name, env = _database(site)
    handle, file = tempfile.mkstemp(prefix="site-backup-", suffix=".sql")
    with os.fdopen(handle, "wb") as out:
        command = ["mariadb-dump", *options, "--single-transaction", "--quick", name]
        subprocess.run(command, env=env, stdout=out, check=True, timeout=300)
    return file


def restore(site: str, backup: str) -> None:
    options, name, env = _database(site)
    with open(backup, "rb") as source:
        subprocess.run(["mariadb", *options, name], env=env, stdin=source, check=True, timeout=300)
    # Redis still has what was true before.
    command = [str(_bench() / "bin" / "bench"), "--site", site, "clear-cache"]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    Path(backup).unlink()

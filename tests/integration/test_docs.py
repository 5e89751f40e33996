"""Documentation against the program: every key stands there, and nothing that is no key; links lead somewhere."""

import re
import subprocess

import pytest

from tests.support.agent import agent_binary
from tests.support.process import ROOT

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")])


def test_every_configuration_key_is_documented_and_the_reverse(binaries):
    done = subprocess.run(
        [agent_binary(), "check-config", "--list-keys"], capture_output=True, text=True, check=True
    )
    keys = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    text = (ROOT / "docs" / "configuration.md").read_text()
    # A row of a table names its key in backquotes in the first column.
    documented = set(re.findall(r"(?m)^\| *`([a-z0-9_.\[\]]+)`", text))
    assert keys - documented == set(), "not documented"
    assert documented - keys == set(), "documented and unknown to the program"


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert page.exists()
    targets = [
        target
        for target in LINK.findall(page.read_text())
        if "://" not in target and not target.startswith("mailto:")
    ]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing

"""monitoring.metrics: the text format by hand, its reader promtool where there is one, and a real site's page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
import requests

from frappe_ext.contract.stretches import clusters, stretches
from frappe_ext.monitoring.exposition import Page, label_value, number
from tests.contract.conftest import World
from tests.contract.servers import ROOT, TIMEOUT, Bench

EXAMPLES = ROOT / "deploy" / "prometheus"
METHOD = "/api/method/frappe_ext.monitoring.metrics.metrics"
# A sample as the format has it: name, labels with escaped values, a number.
SAMPLE = re.compile(
    r'[a-z_][a-z0-9_]*(\{[a-z_]+="(\\[\\"n]|[^"\\\n])*"(,[a-z_]+="(\\[\\"n]|[^"\\\n])*")*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)'
)


def page_of(*samples: tuple[float | None, dict[str, str]]) -> str:
    page = Page()
    page.family("site_edge_thing", "gauge", "One line\nand another, with \\.")
    for value, labels in samples:
        page.add("site_edge_thing", value, labels)
    return page.text()


def test_a_page_is_exactly_this() -> None:
    assert page_of((1.5, {"gateway": "gw-1"}), (2, {})) == (
        "# HELP site_edge_thing One line\\nand another, with \\\\.\n"
        "# TYPE site_edge_thing gauge\n"
        'site_edge_thing{gateway="gw-1"} 1.5\n'
        "site_edge_thing 2\n"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain", "plain"),
        ('say "yes"', 'say \\"yes\\"'),
        ("back\\slash", "back\\\\slash"),
        ("two\nlines", "two\\nlines"),
        ('a"} 1\nforged 7', 'a\\"} 1\\nforged 7'),
        ("قمح", "قمح"),
    ],
)
def test_label_values_stay_in_their_quotes(text: str, escaped: str) -> None:
    assert label_value(text) == escaped
    lines = page_of((1, {"site": text})).splitlines()
    assert lines[2:] == [f'site_edge_thing{{site="{escaped}"}} 1']
    assert SAMPLE.fullmatch(lines[2])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (False, "0"),
        (7, "7"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_what_is_not_known_is_absent() -> None:
    assert page_of((None, {"gateway": "gw-1"})) == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Site-Edge", "gauge"),
        ("site_edge_rows", "histogram"),
        ("site_edge_rows", "counter"),
        ("x_total", "gauge"),
    ],
)
def test_names_follow_the_convention(name: str, kind: str) -> None:
    with pytest.raises(ValueError, match=name):
        Page().family(name, kind, "")


def test_a_sample_needs_its_family() -> None:
    with pytest.raises(KeyError):
        Page().add("site_edge_unknown", 1)


@pytest.mark.parametrize(
    ("removed", "present", "found"),
    [
        ([], [], []),
        ([3], [], [(3, 3)]),
        ([1, 2, 3], [], [(1, 3)]),
        ([3, 1, 2], [], [(1, 3)]),
        ([1, 3], [], [(1, 1), (3, 3)]),
        ([1, 3], [2], [(1, 3)]),
        ([1, 4], [2], [(1, 1), (4, 4)]),
        ([2], [1, 3], [(2, 2)]),
        ([1, 2, 5, 6], [3, 4, 7], [(1, 6)]),
    ],
)
def test_stretches(removed: list[int], present: list[int], found: list[tuple[int, int]]) -> None:
    assert stretches(removed, present) == found


def test_clusters_part_at_wide_holes() -> None:
    assert clusters([1, 2, 5, 9, 20], 3) == [[1, 2, 5, 9], [20]]
    assert clusters([], 3) == []


@pytest.fixture
def bench(world: World) -> World:
    if not isinstance(world.server, Bench):
        pytest.skip("the stand-in has no users and no metrics")
    return world


@pytest.fixture
def administrator(bench: World) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers.update(bench.server.headers)
        login = {"usr": "Administrator", "pwd": os.environ.get("FRAPPE_PASSWORD", "admin")}
        answer = session.post(f"{bench.server.url}/api/method/login", data=login, timeout=TIMEOUT)
        assert answer.status_code == 200
        yield session


def test_the_page_of_a_site(bench: World, administrator: requests.Session) -> None:
    bench.heartbeat([], 1771840860000, buffered=212)
    answer = administrator.get(bench.server.url + METHOD, timeout=TIMEOUT)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    lines = answer.text.splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert [line for line in samples if not SAMPLE.fullmatch(line)] == []
    assert len(samples) == len({line.rpartition(" ")[0] for line in samples}), "a series stands twice"
    assert f'site_edge_gateway_buffered_records{{gateway="{bench.gateway}"}} 212' in lines
    assert f'site_edge_gateway_silent{{gateway="{bench.gateway}"}} 0' in lines
    assert 'site_edge_check_passed{check="database"} 1' in lines
    assert [line for line in samples if line.startswith("site_edge_section_up") and line.endswith(" 0")] == []
    assert bench.secret not in answer.text


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool (Debian: prometheus)")
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "config", "--syntax-only", "prometheus.yml"],
        ["check", "rules", "site_edge.rules.yml"],
        ["test", "rules", "site_edge.rules.test.yml"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_the_shipped_files(promtool: str, arguments: list[str]) -> None:
    done = subprocess.run([promtool, *arguments], cwd=EXAMPLES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_of_the_rules_exists() -> None:
    metrics = (ROOT / "frappe_ext" / "monitoring" / "metrics.py").read_text()
    used = set(re.findall(r"site_edge_[a-z0-9_]+(?=[ {\[=])", (EXAMPLES / "site_edge.rules.yml").read_text()))
    assert used
    assert [name for name in sorted(used) if f'"{name}"' not in metrics] == []


def test_promtool_reads_it(bench: World, administrator: requests.Session, promtool: str) -> None:
    text = administrator.get(bench.server.url + METHOD, timeout=TIMEOUT).text
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_who_may_read(bench: World) -> None:
    url = bench.server.url + METHOD
    assert requests.get(url, headers=bench.server.headers, timeout=TIMEOUT).status_code == 403
    # A gateway's key opens frappe_ext.api and nothing else.
    keyed = {**bench.server.headers, "Authorization": bench.authorization}
    assert requests.get(url, headers=keyed, timeout=TIMEOUT).status_code in (401, 403)

"""What deploy/ ships holds together: the compose file by its schema, the unit by its exposure, the texts by each other."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yaml"
UNIT = ROOT / "deploy/systemd/edge-agent.service"
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
BUILT_HERE = {"mosquitto", "edge-agent", "mock-iot", "mock-scale"}


@pytest.fixture(scope="module")
def services():
    return YAML(typ="safe").load(COMPOSE)["services"]


def test_the_compose_file_follows_its_schema():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_has_the_whole_site(services):
    assert set(services) == {"frappe", "db", "redis"} | BUILT_HERE
    assert {name for name, service in services.items() if "build" in service} == BUILT_HERE
    assert services["frappe"]["image"].startswith("${FRAPPE_IMAGE")


def test_every_image_has_its_dockerfile_and_target(services):
    for name in BUILT_HERE:
        build = services[name]["build"]
        text = (ROOT / build["dockerfile"]).read_text()
        if "target" in build:
            assert re.search(rf"^FROM \S+ AS {re.escape(build['target'])}$", text, re.M)


def test_images_copy_only_what_the_build_context_holds():
    context = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    for dockerfile in (ROOT / "deploy/docker").glob("*ockerfile"):
        for line in dockerfile.read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line and line != "COPY . .":
                for source in [word for word in line.split()[1:-1] if not word.startswith("--")]:
                    assert (ROOT / source).exists(), f"{dockerfile.name}: {source}"
                    assert source.split("/")[0] in context, f"{dockerfile.name}: {source}"


def test_the_image_configures_with_what_its_context_holds(tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    for line in (ROOT / ".dockerignore").read_text().split():
        if line.startswith("!"):
            source = ROOT / line[1:]
            (shutil.copytree if source.is_dir() else shutil.copy)(source, context / source.name)
    configure = re.search(r"^RUN (cmake .*?) \\$", DOCKERFILE.read_text(), re.M)[1].replace(
        "/build", "../build"
    )
    done = subprocess.run(configure.split(), cwd=context, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_images_install_what_the_project_installs():
    """The build stage names the same libraries as run.sh: one list that grows alone would break the other."""
    in_image = set(
        re.findall(r"lib[a-z0-9.+-]+-dev|nlohmann-json3-dev|prometheus-cpp-dev", DOCKERFILE.read_text())
    )
    by_script = set(
        re.findall(
            r"lib[a-z0-9.+-]+-dev|nlohmann-json3-dev|prometheus-cpp-dev",
            (ROOT / "run.sh").read_text().split("TEST_PACKAGES")[0],
        )
    )
    assert in_image == by_script - {"python3-dev"}


def test_no_secret_stands_in_the_compose_file(services):
    for name, service in services.items():
        for key in service.get("environment", {}):
            assert not re.search("PASSWORD|SECRET|KEY|TOKEN", key) or key.endswith("_FILE"), f"{name}: {key}"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_hardened():
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", UNIT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_the_unit_says_what_the_agent_needs():
    unit = UNIT.read_text()
    for line in (
        "Type=notify",
        "WatchdogSec=",
        "Restart=always",
        "SupplementaryGroups=dialout",
        "Group=edge",
    ):
        assert line in unit
    assert "ProcSubset=pid\n" not in unit, "hides the boot id"

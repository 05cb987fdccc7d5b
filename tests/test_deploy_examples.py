"""Run the commands of examples/deploy, with other ports and folders."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.conftest import environment
from tests.support import ROOT
from tools.install_n8n import N8N

DEPLOY = ROOT / "examples" / "deploy"
UNIT = (DEPLOY / "threecx-executor.service").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
KEY = "a-long-random-text"


@contextmanager
def running(words: Sequence[str], env: dict[str, str] | None = None) -> Iterator[str]:
    """Run `threecx` with these arguments on a free loopback port; yield its URL."""
    free = {"8765": "0", "5001": "0", "0.0.0.0": "127.0.0.1"}  # noqa: S104 (it is replaced)
    here = [free.get(word, word) for word in words]
    command = [sys.executable, "-m", "threecx_node.cli", *here]
    with subprocess.Popen(
        command, env={**environment(), **(env or {})}, text=True, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://[\d.:]+", said)
        try:
            assert found, said
            yield found.group()
        finally:
            process.terminate()
            process.communicate(timeout=30)
        assert process.returncode in (0, -15)


@pytest.mark.slow
def test_compose_executor() -> None:
    executor = SERVICES["executor"]
    assert set(executor["environment"]) == {"THREECX_SERVICE_KEY", "XDG_STATE_HOME", "THREECX_ALLOW_PBX"}
    assert f"state:{executor['environment']['XDG_STATE_HOME']}" in executor["volumes"]
    assert executor["environment"]["THREECX_ALLOW_PBX"] == "simulator:5001"
    with running(executor["command"], {"THREECX_SERVICE_KEY": KEY}) as url:
        _, _, *words = executor["healthcheck"]["test"]
        words = [word.replace("http://127.0.0.1:8765", url) for word in words]
        assert words[-1].count(url) == 1
        subprocess.run([sys.executable, *words], check=True, timeout=20)
        assert httpx.post(f"{url}/v1/fields", json={"operation": "UpdateUser"}).status_code == 401
        good = httpx.post(
            f"{url}/v1/fields", json={"operation": "UpdateUser"}, headers={"authorization": f"Bearer {KEY}"}
        )
        assert good.status_code == 200


def test_state_folders_exist_and_are_private() -> None:
    folder = SERVICES["executor"]["environment"]["XDG_STATE_HOME"]
    assert f"install -d -o threecx -m 700 {folder}" in (DEPLOY / "Dockerfile").read_text()
    # %S is the parent of the folder that StateDirectory names.
    assert "StateDirectory=threecx\nStateDirectoryMode=0700\nEnvironment=XDG_STATE_HOME=%S\n" in UNIT


@pytest.mark.slow
def test_compose_simulator(tmp_path: Path) -> None:
    words = [word.replace("/data", str(tmp_path)) for word in SERVICES["simulator"]["command"]]
    with running(words) as url:
        assert httpx.get(f"{url}/", headers={"accept": "text/html"}).status_code == 200
    assert (tmp_path / "pbx.sqlite").exists()


def test_compose_file() -> None:
    assert SERVICES["n8n"]["image"] == SERVICES["node-package"]["image"] == f"n8nio/n8n:{N8N}"
    assert "../../build/n8n-nodes-threecx:/package:ro" in SERVICES["node-package"]["volumes"]
    assert SERVICES["n8n"]["depends_on"]["node-package"]["condition"] == "service_completed_successfully"
    assert (DEPLOY / SERVICES["executor"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / SERVICES["executor"]["build"]["dockerfile"]).is_file()
    assert {each["image"] for name, each in SERVICES.items() if name in ("executor", "simulator")} == {
        "threecx-node"
    }
    used = {volume.split(":")[0] for each in SERVICES.values() for volume in each.get("volumes", ())}
    assert {each for each in used if "/" not in each} == set(COMPOSE["volumes"])


def test_compose_replaces_the_node_package(tmp_path: Path) -> None:
    package, home = tmp_path / "package", tmp_path / "n8n"
    package.mkdir()
    (package / "package.json").write_text("{}")
    place = home / "nodes" / "node_modules" / "n8n-nodes-threecx"
    place.mkdir(parents=True)
    (place / "old.js").touch()
    service = SERVICES["node-package"]
    script = service["command"][0].replace("$$", "$")
    script = script.replace("/home/node/.n8n", str(home)).replace("/package ", f"{package} ")
    subprocess.run([*service["entrypoint"], script], check=True, timeout=20)
    assert [each.name for each in place.iterdir()] == ["package.json"]


@pytest.mark.slow
def test_docker_build_context(tmp_path: Path) -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    for name in (line[1:] for line in ignored if line.startswith("!")):
        here = ROOT / name
        copy = tmp_path / name
        if here.is_dir():
            shutil.copytree(here, copy, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copyfile(here, copy)
    # The image builds the engine with npm; this test uses the one in the checkout.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "dist").glob("threecx_node-*.whl"))


def exec_start(folder: Path) -> list[str]:
    line = next(line for line in UNIT.splitlines() if line.startswith("ExecStart="))
    return shlex.split(line.partition("=")[2].replace("%d", str(folder)))


@pytest.mark.slow
def test_unit_starts(tmp_path: Path) -> None:
    for name in re.findall(r"^LoadCredential=(\S+):", UNIT, re.MULTILINE):
        (tmp_path / name).write_text(KEY if name == "key" else "")
        (tmp_path / name).chmod(0o400)
    program, *words = exec_start(tmp_path)
    assert program == "/opt/threecx/bin/threecx"
    with running(words) as url:
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
        assert httpx.post(f"{url}/v1/check", json={}).status_code == 401


def test_stop_timeouts() -> None:
    grace = exec_start(Path())[-1]
    wait = re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert wait
    assert int(wait[1]) > int(grace) + 20
    compose = SERVICES["executor"]
    assert int(compose["stop_grace_period"].removesuffix("s")) > int(compose["command"][-1]) + 20


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not on this machine, so the unit is not verified",
)
def test_unit_is_valid(tmp_path: Path) -> None:
    unit = tmp_path / "threecx-executor.service"
    # systemd-analyze checks that the program exists.
    unit.write_text(UNIT.replace("/opt/threecx/bin/threecx", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip
    ours = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert not ours


def test_readme_names() -> None:
    text = (DEPLOY / "README.md").read_text()
    for name in ("threecx-executor.service", "profiles.toml", "/etc/threecx/key", "http://executor:8765"):
        assert name in text
    assert "30 seconds (`--grace`)" in text

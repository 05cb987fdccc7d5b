"""The built wheel: what is in it, and that it works without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support import OPERATIONS, ROOT
from threecx_node.catalog import load_catalog

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist, built by hatchling itself: no index is asked."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    [wheel] = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True, capture_output=True, timeout=300)
    return folder


def run(installed: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("THREECX_", "PYTHONPATH"))
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={**kept, "PYTHONPATH": str(installed)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_wheel_contains_all_files(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "threecx_node/node_definition.json",
        "threecx_node/catalog/xapi.json",
        "threecx_node/descriptor/schema.json",
        "threecx_node/expressions/engine/engine.js",
        "threecx_node/codegen/catalog/overrides.json",
        "threecx_node/examples/delete-call-flow-apps/node.json",
        "threecx_node/examples/delete-call-flow-apps/items.json",
        "threecx_node/py.typed",
        "threecx_credentials/py.typed",
        "threecx_credentials/token.py",
    ):
        assert needed in names
    templates = ROOT / "nodes" / "threecx_node" / "simulator" / "page" / "templates"
    assert {path.suffix for path in templates.iterdir()} == {".html", ".css"}
    for path in templates.iterdir():
        assert path.relative_to(ROOT / "nodes").as_posix() in names
    for part in ("nodes", "credentials"):
        for path in (ROOT / part).rglob("*.py"):
            assert path.relative_to(ROOT / part).as_posix() in names
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "threecx_node",
        "threecx_credentials",
    }
    assert not [name for name in names if "/engine/src/" in name or name.endswith((".ts", ".pyc"))]


def test_the_sdist_can_build_without_npm(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "hatch_build.py",
        "tools/build_engine.py",
        "node_definition.json",
        "README.md",
        "LICENSE",
    } <= names
    assert "nodes/threecx_node/expressions/engine/engine.js" in names
    assert "engine/package-lock.json" in names
    assert not [name for name in names if "node_modules" in name]


def test_the_installed_wheel_is_what_runs(installed: Path) -> None:
    done = run(installed, "-c", "import threecx_node, threecx_credentials; print(threecx_node.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed), done.stderr


def test_the_installed_wheel_works(installed: Path) -> None:
    listed = run(installed, "-m", "threecx_node.cli", "operations", "--json")
    # With API Request, which is not part of the catalog.
    assert len(json.loads(listed.stdout)) == OPERATIONS + len(load_catalog().task_ids) + 1, listed.stderr
    shown = run(
        installed, "-m", "threecx_node.cli", "execute", "GetUser", "-p", "Id=={{ Number($json.n) + 1 }}",
        "--items", "-", "--dry-run", stdin='[{"n": "4"}]',
    )  # fmt: skip
    assert json.loads(shown.stdout)[0]["request"]["url"] == "/xapi/v1/Users(5)", shown.stderr


def test_the_installed_wheel_shows_the_simulators_page(installed: Path) -> None:
    script = """
from urllib.request import Request, urlopen
from threecx_node.simulator import Simulator
with Simulator() as pbx:
    with urlopen(Request(pbx.base_url, headers={"accept": "text/html"})) as answer:
        print(answer.status, b"<h1>Overview</h1>" in answer.read())
"""
    done = run(installed, "-c", script)
    assert done.stdout == "200 True\n", done.stderr


def test_pytest_finds_the_fixture_of_the_installed_wheel(installed: Path) -> None:
    [points] = installed.glob("threecx_node-*.dist-info/entry_points.txt")
    assert "[pytest11]\nthreecx_simulator = threecx_node.simulator.pytest_plugin" in points.read_text()


def test_the_installed_wheel_runs_the_demo(installed: Path) -> None:
    done = run(installed, "-m", "threecx_node.cli", "demo")
    assert done.returncode == 0, done.stderr
    assert "4 of 6 items done" in done.stdout


def test_no_lock_file_names_where_packages_come_from() -> None:
    for path in ROOT.rglob("package-lock.json"):
        if "node_modules" not in path.parts:
            assert '"resolved"' not in path.read_text()

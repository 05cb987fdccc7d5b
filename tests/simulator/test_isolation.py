"""The simulator's imports, and its error if a required package is not installed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nodes" / "threecx_node" / "simulator"


def imported_from_outside(path: Path) -> set[str]:
    """Return the modules of the project, except the simulator's own, that a source file imports."""
    found = set()
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level > depth:
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("threecx"):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("threecx")}
    return found


def test_imports_from_other_rooms() -> None:
    sources = list(PACKAGE.glob("**/*.py"))
    assert len(sources) > 15
    used = set().union(*(imported_from_outside(path) for path in sources))
    assert used == {"catalog", "errors", "server", "values"}


def python(code: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / name) for name in ("nodes", "credentials"))
    env = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)


def test_importing_it_is_fast() -> None:
    code = "import sys; from threecx_node.simulator import Simulator; print(*sys.modules)"
    modules = set(python(code).stdout.split())
    assert "threecx_node.simulator.simulator" in modules
    assert not modules & {"starlette", "uvicorn", "odata_query", "jwt", "httpx", "asyncio"}


@pytest.mark.parametrize(
    "missing", ["uvicorn", "starlette", "odata_query", "jwt", "python_multipart", "jinja2", "websockets"]
)
def test_without_the_extra(missing: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator
try:
    Simulator()
except ConfigurationError as error:
    print(error.one_line())
"""
    finished = python(code)
    line = finished.stdout.strip()
    assert finished.stderr == ""
    assert "\n" not in line
    assert 'pip install "threecx-node[simulator]"' in line

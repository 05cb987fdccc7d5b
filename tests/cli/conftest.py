"""Fixtures for the tests of the command line: a simulated PBX, and commands as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from tests.command_server import find_server
from tests.support import ROOT
from threecx_node.cli import app
from threecx_node.errors import ThreeCxError
from threecx_node.simulator import Simulator

COMMAND = (sys.executable, "-m", "threecx_node.cli")


@dataclass(frozen=True)
class Ran:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output as JSON."""
        return orjson.loads(self.out)


Threecx = Callable[..., Ran]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command, without the variables of any other PBX."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THREECX_")}
    path = os.pathsep.join(str(ROOT / part) for part in ("nodes", "credentials"))
    return {**kept, "PYTHONPATH": path, "COLUMNS": "200", **(more or {})}


def run(
    *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "", cwd: Path | None = None
) -> Ran:
    """Run `threecx` as a process; a traceback in its output fails the test."""
    given = stdin.encode("utf-8", "surrogateescape")
    variables = environment(env)
    if (server := find_server(variables)) is not None:
        done = server.run(arguments, variables, given, cwd, timeout=60)
    else:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=given,
            capture_output=True,
            env=variables,
            cwd=cwd,
            timeout=60,
            check=False,
        )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    return ran


def fail(*arguments: str, env: Mapping[str, str] | None = None) -> ThreeCxError:
    """Run `threecx` in this process, which is faster, and return the error that ends it before it listens."""
    hidden = {name: None for name in os.environ if name.startswith("THREECX_")}
    result = CliRunner(env={**hidden, **(env or {})}).invoke(app, arguments)
    assert isinstance(result.exception, ThreeCxError), result.output
    return result.exception


@pytest.fixture
def pbx() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def threecx(pbx: Simulator) -> Threecx:
    """Run a command with the simulated PBX in its environment."""
    given = {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
    }

    def command(*arguments: str, **options: Any) -> Ran:
        ran = run(*arguments, **{"env": given, **options})
        assert pbx.client_secret not in ran.out + ran.err
        return ran

    return command

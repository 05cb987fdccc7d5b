"""Run a scenario of a foreign client, which is a program for Node.js."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tools.build_foreign_client import find_node
from tools.cache import BuildError


def build_or_fail(build: Callable[[], Path]) -> Path:
    """Return the program that `build` builds; fail the test where it cannot."""
    try:
        return build()
    except BuildError as error:
        pytest.fail(f"the client cannot be built: {error}", pytrace=False)


def run_driver(driver: Path, argument: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the name of a scenario, and with these variables of the environment."""
    # No proxy between two programs on one machine.
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.casefold()}
    return subprocess.run(
        [*find_node(), str(driver), argument],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def check_list(driver: Path, scenarios: Iterable[str]) -> None:
    """Fail unless a program has these scenarios, and no others."""
    listed = run_driver(driver, "--list")
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout) == list(scenarios)

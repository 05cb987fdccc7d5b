"""Run the commands and the code of README.md unchanged against a simulated PBX."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Threecx, environment
from tests.support import ROOT
from threecx_node.simulator import Simulator

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
# These commands report an error on purpose: an earlier command deleted the call flow app.
FAILING = ("--continue-on-fail", "--node")


def commands() -> list[str]:
    lines = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
    return [line for line in lines if line.startswith("threecx ") and line != "threecx simulator"]


def test_first_screen_has_demo_and_test() -> None:
    first_screen = "\n".join(README.splitlines()[:24])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_commands(threecx: Threecx, tmp_path: Path) -> None:
    # The part of the checkout that the commands use.
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    ran = 0
    for command in commands():
        words = shlex.split(command, comments=True)[1:]
        done = threecx(*words, cwd=tmp_path)
        expected = (0, 1) if any(each in words for each in FAILING) else (0,)
        assert done.code in expected, f"{command}: {done.err}"
        ran += 1
    assert ran >= 7


def test_python_code(pbx: Simulator) -> None:
    [code] = [block for language, block in BLOCKS if language == "python"]
    for written, here in (
        ("https://pbx.example.com:5001", pbx.base_url),
        ('"900"', repr(pbx.client_id)),
        ("the API key", pbx.client_secret),
    ):
        assert written in code
        code = code.replace(written, here)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("'deleted': True") == 2


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links(target: str) -> None:
    assert (ROOT / target).exists()

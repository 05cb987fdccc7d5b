"""Run the programs of docs/python.md against a simulated PBX, and compare its table of options with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from tests.support import ROOT
from threecx_node import Options
from threecx_node.simulator import Simulator

PAGE = (ROOT / "docs" / "python.md").read_text()
EXPECTED = (
    r"(DELETE http://[\d.:]+/xapi/v1/CallFlowApps\(\d+\)\n){3}",
    r"0 failed, 0 not tried\n",
    r"25\n",
    r"\d 0\n",
    r"updated 10[01] \w+\n",
    r"",
    r"call\.started internal\n",
)


@pytest.mark.slow
def test_programs(tmp_path: Path) -> None:
    programs = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    with Simulator() as pbx:
        for program, expected in zip(programs, EXPECTED, strict=True):
            code = program.replace("https://pbx.example.com:5001", pbx.base_url).replace(
                "the API key", pbx.client_secret
            )
            done = subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                env=environment(),
                cwd=tmp_path,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert re.fullmatch(expected, done.stdout), done.stdout


def test_options() -> None:
    table = PAGE.partition("## Options")[2].partition("## Items")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [each.name for each in fields(Options)]

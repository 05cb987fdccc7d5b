"""Run the programs of docs/call-control.md against a simulated PBX, and compare its tables with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.callcontrol.leg_changes import PBX, at
from tests.cli.conftest import environment
from tests.support import ROOT
from threecx_node.callcontrol.call_events import CALL_EVENT_TYPES, CallEvent
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator

PAGE = (ROOT / "docs" / "call-control.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
EXPECTED = (r"success \d+\ncall.started internal (.*\n)+call\.ended internal .*\n", "")


@pytest.mark.slow
def test_programs() -> None:
    with Simulator() as pbx:
        for program, expected in zip(PROGRAMS, EXPECTED, strict=True):
            code = program.replace("https://pbx.example.com:5001", pbx.base_url)
            done = subprocess.run(
                [sys.executable, "-c", code.replace("the API key", pbx.client_secret)],
                capture_output=True,
                text=True,
                env=environment(),
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert re.fullmatch(expected, done.stdout), done.stdout


def table(heading: str) -> list[str]:
    """Return the names in the first columns of the tables of a section."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([\w.-]+)`", row)]


def test_the_operations() -> None:
    found = load_catalog().operations(resource="CallControl")
    names = {each.id for each in found if each.task is None}
    assert set(table("Operations")) - {"waitFor", "alreadyGone"} == names


def test_the_events_and_their_fields() -> None:
    texts: dict[str, Any] = dict.fromkeys(
        ("extension", "external_number", "caller_number", "caller_name", "called_number", "did"), "1"
    )
    event = CallEvent(
        id="1", type="call.started", time=at(0), pbx=PBX, inferred=True, call_id=1, dn="100", participant_id=7,
        direction="inbound", extensions=("1",), queue="1", ring_group="1", transferred_from="1",
        started_at=at(0), answered_at=at(0), ended_at=at(0), **texts,
    )  # fmt: skip
    assert sorted(table("Events")) == sorted([*CALL_EVENT_TYPES, *event.to_json()])
    assert set(replace(event, queue="", did="").to_json()) == set(event.to_json()) - {"queue", "did"}

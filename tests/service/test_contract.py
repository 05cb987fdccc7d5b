"""A real service returns the lines of the fixtures in tests/contract, which the n8n node's tests read too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from threecx_node.simulator import Simulator

FOLDER = Path(__file__).resolve().parents[1] / "contract"
FIXTURES = sorted(FOLDER.glob("*.json"))


def test_fixtures_exist() -> None:
    assert len(FIXTURES) >= 5


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path, service: httpx.Client, pbx: dict[str, Any], simulator: Simulator) -> None:
    fixture = json.loads(path.read_text())
    body = {**fixture["request"], "pbx": pbx}
    text = service.post("/v1/execute", json=body, headers={"accept": "application/x-ndjson"}).text
    lines = [
        json.loads(line) for line in text.replace(simulator.base_url, "https://pbx.test").splitlines() if line
    ]
    expected = [json.loads(line) if isinstance(line, str) else line for line in fixture["ndjson"]]
    # Lines come as results do; only the end has its place.
    assert sorted(map(json.dumps, lines)) == sorted(map(json.dumps, expected))
    assert lines[-1] == expected[-1]

"""The calls of the office, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.engine import CallEngine
from threecx_node.simulator.calls.models import Change


@pytest.fixture
def calls(pbx: Simulator) -> Iterator[CallEngine]:
    """The calls of the office, with a clock that the test turns."""
    pbx.calls.clock.manual = True
    yield pbx.calls
    pbx.calls.clock.manual = False


@pytest.fixture
def changes(calls: CallEngine) -> Iterator[list[Change]]:
    heard: list[Change] = []
    remove = calls.add_listener(heard.append)
    yield heard
    remove()

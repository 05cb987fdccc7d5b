"""The calls of the office, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.engine import CallEngine
from threecx_node.simulator.calls.models import Change


@pytest.fixture(scope="session")
def office() -> Simulator:
    """A PBX without ports; its calls are cleared before every test, and its entities never change."""
    return Simulator()


@pytest.fixture
def calls(office: Simulator) -> CallEngine:
    """The calls of the office, with a clock that the test turns."""
    office.calls.clear()
    office.calls.clock.manual = True
    return office.calls


@pytest.fixture
def changes(calls: CallEngine) -> Iterator[list[Change]]:
    heard: list[Change] = []
    remove = calls.add_listener(heard.append)
    yield heard
    remove()

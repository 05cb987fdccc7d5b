"""The clock of the calls, stopped for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from threecx_node.simulator import Simulator


@pytest.fixture
def turned_by_hand(pbx: Simulator) -> Iterator[None]:
    """Stop the clock of the calls of `pbx` while a test runs."""
    pbx.calls.clock.manual = True
    yield
    pbx.calls.clock.manual = False

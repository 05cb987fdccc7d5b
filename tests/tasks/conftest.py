"""A PBX that the tests of one file share, because they change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from threecx_node.simulator import Simulator


@pytest.fixture(scope="module")
def unchanged_pbx() -> Iterator[Simulator]:
    """Return the simulator of all tests of a module that only read."""
    with Simulator() as pbx:
        yield pbx

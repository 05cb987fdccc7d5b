"""An HTTP client that sends a browser's headers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from threecx_node.simulator import Simulator


@pytest.fixture
def browser(pbx: Simulator) -> Iterator[httpx.Client]:
    """A client that accepts HTML, as a browser does."""
    with httpx.Client(base_url=pbx.base_url, headers={"accept": "text/html,*/*;q=0.8"}) as client:
        yield client

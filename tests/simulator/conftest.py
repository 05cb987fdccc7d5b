"""One running PBX per session, reset to its seed before every test, and plain HTTP clients for it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from threecx_node.simulator import Simulator


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def pbx(running: Simulator) -> Iterator[Simulator]:
    running.state.reset()
    running.end_tokens()
    running.forget_requests()
    yield running
    running.faults.latency_ms = 0


@pytest.fixture
def api(pbx: Simulator) -> Iterator[httpx.Client]:
    """A client that is logged in and has /xapi/v1 as its base."""
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def anyone(pbx: Simulator) -> Iterator[httpx.Client]:
    """A client that is not logged in."""
    with httpx.Client(base_url=pbx.base_url, timeout=10) as client:
        yield client

"""A client of the Call Control API that shares no code with this package: httpx and the WebSockets of websockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from websockets.sync.client import ClientConnection

from threecx_node.simulator import Simulator

from .client import open_socket


@pytest.fixture
def pbx(pbx: Simulator) -> Iterator[Simulator]:
    """The PBX of the session, with a clock that only tests turn, and without faults afterwards."""
    pbx.calls.clock.manual = True
    yield pbx
    pbx.faults.set("")
    pbx.calls.clear()
    pbx.calls.clock.manual = False


@pytest.fixture
def http(pbx: Simulator) -> Iterator[httpx.Client]:
    """A client that is logged in and has /callcontrol as its base."""
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    with httpx.Client(base_url=f"{pbx.base_url}/callcontrol", headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def connect(pbx: Simulator, http: httpx.Client) -> Iterator[Callable[[], ClientConnection]]:
    """A function that opens a WebSocket with the token of `http`."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(open_socket(pbx, http.headers["Authorization"]))


@pytest.fixture
def ws(connect: Callable[[], ClientConnection]) -> ClientConnection:
    """An open WebSocket."""
    return connect()

"""A real service on a real socket, and a simulated PBX for it to work with."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.cli.conftest import environment
from threecx_node.server.bounded import BoundedServer
from threecx_node.server.limits import RequestLimits
from threecx_node.service.app import create_app
from threecx_node.service.config import ServiceConfig
from threecx_node.service.serve import make_server_config
from threecx_node.simulator import Simulator

NDJSON = {"accept": "application/x-ndjson"}


@contextmanager
def serving(
    *, head_timeout: float = 20.0, write_timeout: float = 60.0, **options: Any
) -> Iterator[httpx.Client]:
    """A client of a service with these options, in a thread of its own."""
    limits = RequestLimits(head_timeout=head_timeout, body_timeout=None, write_timeout=write_timeout)
    config = ServiceConfig(grace=5, request_limits=limits, **options)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(config)
        server = BoundedServer(make_server_config(app, config), app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.002)
        port = listening.getsockname()[1]
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                yield client
        finally:
            server.end()
            thread.join(10)
        assert not thread.is_alive()


def wait_for_requests(pbx: Simulator, count: int) -> None:
    """Until the PBX has seen `count` requests."""
    deadline = time.monotonic() + 20
    while len(pbx.requests) < count:
        assert time.monotonic() < deadline, "the PBX was not asked"
        time.sleep(0.02)


def pbx_of(simulator: Simulator) -> dict[str, Any]:
    return {
        "baseUrl": simulator.base_url,
        "clientId": simulator.client_id,
        "clientSecret": simulator.client_secret,
        "verifyTls": True,
    }


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def pbx(simulator: Simulator) -> dict[str, Any]:
    return pbx_of(simulator)


@pytest.fixture
def service() -> Iterator[httpx.Client]:
    with serving(heartbeat=0.2) as client:
        yield client


class Started(subprocess.Popen[str]):
    """A process that a failed test leaves nothing of: otherwise the end of `with` would wait for it for ever."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)


def start(*arguments: str, env: dict[str, str] | None = None) -> Started:
    command = [sys.executable, "-m", "threecx_node.cli", "serve", *arguments]
    return Started(
        command,
        env={**environment(), **(env or {})},
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def read_url(process: Started) -> str:
    """The URL in the first line of a service that was started."""
    assert process.stderr is not None
    return process.stderr.readline().split(" ")[4].rstrip(";")


def batch(operation: str, items: list[dict[str, Any]], pbx: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The request body of a batch; `items` are the parameters of each."""
    return {
        "operation": operation,
        "items": [{"parameters": each} for each in items],
        "options": options,
        "pbx": pbx,
    }

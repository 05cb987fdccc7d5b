"""Callers that close their connection: the PBX is free for others at once, and no connection to it stays open."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.service.conftest import serving
from tests.transport.hostile import ENDLESS, Peer, hostile
from tests.transport.servers import response
from threecx_node.service import batches
from threecx_node.service.handlers import NDJSON


def endless_reads(first: str) -> Iterable[bytes]:
    """Answer users with a body that never ends, and everything else at once."""
    if "/Users" in first or first.startswith(("DELETE", "PATCH")):
        return ENDLESS["a body that drips"](first)
    return [response(body=b'{"value": [{"Id": 1, "Number": "1"}]}')]


@contextmanager
def left_call(url: httpx.URL, path: str, body: dict[str, Any], accept: str) -> Iterator[None]:
    """Send a request whose caller closes its connection at the end of the block, without reading."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nAccept: {accept}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 80)) as connection:
        connection.sendall(head.encode() + content)
        yield


def bodies(peer: Peer) -> dict[str, tuple[str, dict[str, Any]]]:
    pbx = {"baseUrl": peer.url, "clientId": "a", "clientSecret": "b"}
    return {
        "list": (
            "/v1/execute",
            {"operation": "ListUser", "items": [{}], "pbx": pbx, "options": {"timeout": 600}},
        ),
        "delete": (
            "/v1/execute",
            {
                "operation": "DeleteUser",
                "items": [{"parameters": {"Id": 5}}],
                "pbx": pbx,
                "options": {"timeout": 600},
            },
        ),
        "search": ("/v1/search", {"operation": "GetUser", "pbx": pbx}),
    }


@pytest.mark.parametrize(
    ("kind", "accept"),
    [
        ("list", "application/json"),
        ("list", NDJSON),
        ("delete", "application/json"),
        ("search", "application/json"),
    ],
)
def test_callers_that_have_left_occupy_no_connection(
    kind: str, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LEFT_TIMEOUTS", {"read": 0.05, "change": 0.1})

    async def run() -> httpx.Response:
        async with hostile(endless_reads) as peer:
            path, body = bodies(peer)[kind]

            def leave(service: httpx.Client) -> None:
                with left_call(service.base_url, path, body, accept):
                    arrived.wait(20)

            with serving(connections=1, heartbeat=0.1) as service:
                for _ in range(3):
                    count = peer.gone
                    arrived = _Arrival(peer)
                    await asyncio.to_thread(leave, service)
                    while peer.gone == count:
                        peer.left.clear()
                        await asyncio.wait_for(peer.left.wait(), 30)
                return await asyncio.to_thread(
                    service.post,
                    "/v1/execute",
                    json={"operation": "ListGroup", "items": [{}], "pbx": body["pbx"]},
                )

    answer = asyncio.run(run())
    assert answer.json()["results"][0]["items"]


class _Arrival:
    """The arrival of one more request at a peer that it never answers to its end."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._count = self._endless()

    def _endless(self) -> int:
        return sum("Defs" not in each for each in self._peer.heads)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._endless() == self._count:
            assert time.monotonic() < end, "no request arrived"
            time.sleep(0.01)

"""Clients that do not read a response lose their connection; those that read slowly get it whole."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from threecx_node.server.config import ServerConfig
from threecx_node.server.h11_protocol import LimitedH11Protocol
from threecx_node.server.httptools_protocol import LimitedHttpToolsProtocol
from threecx_node.server.limits import RequestLimits
from threecx_node.server.listener import open_sockets
from threecx_node.server.thread import ServerThread

CHUNK = 64 * 1024
CHUNKS = 400
both = pytest.mark.parametrize("protocol", [LimitedH11Protocol, LimitedHttpToolsProtocol])


class Large:
    """An application with a large response; counts the chunks that it could send."""

    def __init__(self) -> None:
        self.sent = 0
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = [(b"content-length", str(CHUNK * CHUNKS).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(self._wait_for_end(receive))
        for number in range(CHUNKS):
            if gone.done():
                break
            more = number < CHUNKS - 1
            await send({"type": "http.response.body", "body": b"x" * CHUNK, "more_body": more})
            self.sent += 1
        gone.cancel()
        self.ended.set()

    async def _wait_for_end(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


@contextmanager
def reading(protocol: type[asyncio.Protocol], timeout: float) -> Iterator[tuple[Large, socket.socket]]:
    """A client that has sent a request, and the application that responds."""
    app = Large()
    config = ServerConfig(app, protocol, limits=RequestLimits(write_timeout=timeout), grace=1)
    [listening] = open_sockets("127.0.0.1", [0])
    server = ServerThread([(config, [listening])], name="test")
    try:
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
            peer.settimeout(20)
            peer.connect(listening.getsockname())
            peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            yield app, peer
    finally:
        server.stop()


@both
def test_a_client_that_does_not_read_is_closed(protocol: type[asyncio.Protocol]) -> None:
    with reading(protocol, 0.3) as (app, _):
        assert app.ended.wait(20)
        # Its buffers were full: the application has waited, and nothing more was kept.
        assert app.sent < CHUNKS


@both
def test_a_client_that_reads_slowly_gets_everything(protocol: type[asyncio.Protocol]) -> None:
    with reading(protocol, 2.0) as (_, peer):
        received = 0
        while received < CHUNK * CHUNKS and (chunk := peer.recv(CHUNK * 8)):
            received += len(chunk)
            if received < CHUNK * 40:
                time.sleep(0.01)
        # The head too.
        assert received >= CHUNK * CHUNKS

"""WebSockets in a server with limits: their place, slow readers, bad handshakes, and the end of the server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from threecx_node.server.config import ServerConfig
from threecx_node.server.connections import ConnectionLimit
from threecx_node.server.h11_protocol import LimitedH11Protocol
from threecx_node.server.httptools_protocol import LimitedHttpToolsProtocol
from threecx_node.server.limits import RequestLimits
from threecx_node.server.listener import open_sockets
from threecx_node.server.thread import ServerThread
from threecx_node.server.websocket_protocol import LimitedWebSocketProtocol

TIMEOUT = 20
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


class Echo:
    """Sends messages back; floods a client that asks for it, and notes when it is gone."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while (message := await receive())["type"] == "websocket.receive":
                for _ in range(100_000 if message["text"] == "flood" else 1):
                    await send({"type": "websocket.send", "text": message["text"] * 100})
        finally:
            self.ended.set()


@contextmanager
def serving(
    app: Echo, *, maximum: int = 100, limits: RequestLimits | None = None
) -> Iterator[tuple[ServerThread, int]]:
    config = ServerConfig(
        app,
        LimitedHttpToolsProtocol,
        limits=limits,
        connections=ConnectionLimit(maximum),
        grace=1,
        websocket=LimitedWebSocketProtocol,
    )
    [listening] = open_sockets("127.0.0.1", [0])
    server = ServerThread([(config, [listening])], name="test")
    try:
        yield server, listening.getsockname()[1]
    finally:
        server.stop()


def open_ws(port: int) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}/", compression=None, open_timeout=TIMEOUT)


def echo(ws: ClientConnection) -> None:
    ws.send("a")
    assert ws.recv(timeout=TIMEOUT) == "a" * 100


def ask(port: int, head: bytes) -> bytes:
    """Send a request, and return the response until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(head)
        got = b""
        try:
            while chunk := connection.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
        return got


def test_an_open_websocket_does_not_make_room_for_others() -> None:
    with serving(Echo(), maximum=1) as (_, port):
        with open_ws(port) as ws:
            assert ask(port, UPGRADE).partition(b"\r\n")[0] in (b"HTTP/1.1 503 Service Unavailable", b"")
            echo(ws)
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            # Its place is free as soon as the server has seen the end.
            address = ("127.0.0.1", port)
            with suppress(ConnectionError), socket.create_connection(address, timeout=TIMEOUT) as connection:
                connection.sendall(UPGRADE)
                if connection.recv(1024).startswith(b"HTTP/1.1 101 "):
                    return
        pytest.fail("the place of a closed WebSocket is not free")


def test_an_open_websocket_is_not_a_slow_request() -> None:
    limits = RequestLimits(head_timeout=0.2, body_timeout=0.2, write_timeout=0.2)
    with serving(Echo(), limits=limits) as (_, port), open_ws(port) as ws:
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            echo(ws)


def test_a_client_that_does_not_read_loses_its_websocket() -> None:
    app = Echo()
    with serving(app, limits=RequestLimits(write_timeout=0.3)) as (_, port), socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        peer.settimeout(TIMEOUT)
        peer.connect(("127.0.0.1", port))
        peer.sendall(UPGRADE)
        assert peer.recv(1024).startswith(b"HTTP/1.1 101 ")
        # A text message, masked by zeros.
        peer.sendall(b"\x81\x85\0\0\0\0flood")
        assert app.ended.wait(TIMEOUT)


def test_the_server_ends_with_open_websockets() -> None:
    with serving(Echo()) as (server, port), open_ws(port) as ws:
        echo(ws)
        server.stop()
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(timeout=TIMEOUT)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1012


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"", b"400"),
        (b"Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n", b"400"),
        (b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", b"400"),
        (b"X: y\r\n" * 300, b"431"),
        (b"X: " + b"y" * 70_000 + b"\r\n", b"431"),
    ],
)
def test_bad_handshakes(head: bytes, status: bytes) -> None:
    with serving(Echo()) as (_, port):
        request = (
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + head + b"\r\n"
        )
        answer = ask(port, request)
        # A reset may discard the response of a server that does not read any more.
        assert answer == b"" or answer.startswith(b"HTTP/1.1 " + status)
        with open_ws(port) as ws:
            echo(ws)


def test_noise_on_a_websocket_closes_it() -> None:
    with serving(Echo()) as (_, port):
        request = (
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as peer:
            peer.sendall(request)
            assert peer.recv(1024).startswith(b"HTTP/1.1 101 ")
            peer.sendall(b"\xff" * 1000)
            got = b""
            try:
                while chunk := peer.recv(65536):
                    got += chunk
            except ConnectionResetError:
                pass
        with open_ws(port) as ws:
            echo(ws)


@pytest.mark.parametrize("protocol", [LimitedH11Protocol, LimitedHttpToolsProtocol])
def test_a_server_without_websockets_answers_the_request(protocol: type) -> None:
    config = ServerConfig(Echo(), protocol, grace=1)
    [listening] = open_sockets("127.0.0.1", [0])
    server = ServerThread([(config, [listening])], name="test")
    try:
        with pytest.raises(InvalidStatus, match="200"):
            open_ws(listening.getsockname()[1])
    finally:
        server.stop()

"""Clients that are slow, or that send without end."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.service.conftest import batch, read_url, serving, start


def test_endless_headers() -> None:
    with start("--without-key", "--port", "0") as process:
        parts = urlsplit(read_url(process))
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as peer:
            peer.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            sent = 0
            with suppress(ConnectionError):
                while sent < 20_000:
                    peer.sendall(f"X-{sent}: {'y' * 1_000}\r\n".encode())
                    sent += 1
                    time.sleep(0.001)
            assert sent < 20_000
        process.terminate()
        process.communicate(timeout=20)


def closed_after(peer: socket.socket, drip: bytes, limit: float) -> float:
    """Seconds until the server closed the connection of a peer that sends a byte now and then."""
    started = time.monotonic()
    peer.settimeout(0.05)
    while time.monotonic() - started < limit:
        with suppress(TimeoutError):
            try:
                if drip:
                    peer.sendall(drip)
                if not peer.recv(4096):
                    break
            except ConnectionError:
                break
    return time.monotonic() - started


@pytest.mark.parametrize("first", [b"", b"G", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
@pytest.mark.parametrize("drip", [b"", b"a"])
def test_incomplete_head_is_closed(first: bytes, drip: bytes) -> None:
    with (
        serving(head_timeout=0.5) as service,
        socket.create_connection((service.base_url.host, service.base_url.port)) as peer,
    ):
        peer.sendall(first)
        # A letter alone is not a valid request; h11 refuses it sooner.
        assert closed_after(peer, drip, 10) < 5
        # Others are served as ever.
        assert service.get("/health").status_code == 200


def test_body_of_a_refused_request_is_closed() -> None:
    head = b"POST /v1/execute HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    with (
        serving(key="k" * 20, head_timeout=0.5) as service,
        socket.create_connection((service.base_url.host, service.base_url.port), timeout=10) as peer,
    ):
        peer.sendall(head)
        assert peer.recv(4096).startswith(b"HTTP/1.1 401")
        assert closed_after(peer, b"a", 10) < 5


def test_slow_body_and_pauses_are_allowed(pbx: dict[str, Any]) -> None:
    body = json.dumps(batch("ListUser", [{"limit": 1}], pbx)).encode()
    head = f"POST /v1/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with (
        serving(head_timeout=1) as service,
        socket.create_connection((service.base_url.host, service.base_url.port)) as peer,
    ):
        peer.settimeout(10)
        for _ in range(2):
            peer.sendall(head + body[:10])
            time.sleep(1.5)
            peer.sendall(body[10:])
            answer = b""
            while b'"results"' not in answer:
                received = peer.recv(65_536)
                assert received, answer
                answer += received
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(1.5)


def test_refusal_arrives_before_a_large_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing at once would reset the connection of a caller that is still sending."""
    # The delays of so many wrong keys would take minutes, and are not what is tried here.
    monkeypatch.setattr("threecx_node.service.slow_down.compute_delay", lambda _: 0.0)
    with serving(key="k" * 20) as service:
        for _ in range(50):
            assert service.post("/v1/execute", content=b"x" * 3_000_000).status_code == 401

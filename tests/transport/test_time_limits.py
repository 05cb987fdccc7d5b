"""The time limit of an attempt: every way of a peer to answer without an end is ended, and its connection closed."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpx
import pytest

from tests.transport.clients import DELETE, GET, KEY
from tests.transport.hostile import ENDLESS, drops, head, hostile
from tests.transport.servers import response
from threecx_credentials import Credential
from threecx_node.errors import TransportError
from threecx_node.messages import HttpRequest
from threecx_node.transport import attempt
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy
from threecx_node.transport.session import Session

LIMIT = 0.2
POST = HttpRequest("POST", "/Users", body=b"{}")
ONCE = RetryPolicy(retry_time=0)


def client_of(url: str, **options: Any) -> PbxClient:
    return PbxClient(Credential.of(url, "workflow", KEY), retry=ONCE, connections=1, **options)


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS.keys())
def test_the_time_limit_ends_an_endless_answer(answer: Callable[[str], Iterable[bytes]]) -> None:
    def first_endless(line: str) -> Iterable[bytes]:
        return answer(line) if "Users(5)" in line else [response()]

    async def run() -> None:
        async with hostile(first_endless) as peer, client_of(peer.url) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(GET, timeout=LIMIT)
            assert caught.value.code == "timeout"
            assert "0.2 seconds" in caught.value.message
            await peer.left.wait()
            # The one connection that the client may have is free for others.
            assert (await client.send(HttpRequest("GET", "/Defs"), timeout=5)).status == 200

    asyncio.run(run())


@pytest.mark.parametrize("request_", [DELETE, POST], ids=["delete", "create"])
def test_a_write_whose_answer_never_ends_is_unknown(request_: HttpRequest) -> None:
    async def run() -> None:
        async with hostile(ENDLESS["a body that drips"]) as peer, client_of(peer.url) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(request_, timeout=LIMIT)
            assert caught.value.outcome_unknown
            assert len(peer.heads) == 1

    asyncio.run(run())


def test_a_login_that_drips_is_ended() -> None:
    async def run() -> None:
        drip = ENDLESS["a body that drips"]
        async with hostile(drip, answers_login=False) as peer, client_of(peer.url) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(GET, timeout=LIMIT)
            assert caught.value.code == "timeout"
            await peer.left.wait()
            assert peer.heads == ["POST /connect/token HTTP/1.1"]

    asyncio.run(run())


def test_a_flood_of_informational_responses_is_ended() -> None:
    async def run() -> None:
        flood = ENDLESS["informational responses without an end"]
        async with hostile(flood, is_flood=True) as peer, client_of(peer.url) as client:
            with pytest.raises(TransportError):
                await client.send(GET, timeout=LIMIT)
            await peer.left.wait()

    asyncio.run(run())


def test_a_flood_of_header_lines_is_refused() -> None:
    def flood(_: str) -> Iterable[bytes]:
        return itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X: 1\r\n" * 100))

    async def run() -> None:
        async with hostile(flood, is_flood=True) as peer, client_of(peer.url) as client:
            with pytest.raises(TransportError):
                await client.send(GET, timeout=60)
            await peer.left.wait()

    asyncio.run(run())


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x03\x40\x00\x02"], ids=["silent", "byte by byte"])
def test_a_tls_handshake_without_an_end_is_a_failed_connection(sent: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = asyncio.ensure_future(reader.read())
        for piece in itertools.chain(drops(sent), itertools.repeat(b"\x00" if sent else b"")):
            writer.write(piece)
            await asyncio.wait({end}, timeout=0.01)
            if end.done():
                break
        end.exception()
        left.set()
        writer.close()

    async def run() -> None:
        listener = await asyncio.start_server(drip, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with listener, client_of(url, connect_timeout=LIMIT) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(DELETE, timeout=60)
            assert caught.value.code == "connect_timeout"
            assert not caught.value.outcome_unknown, "nothing was sent"
            await left.wait()

    left = asyncio.Event()
    asyncio.run(run())


def test_a_file_that_makes_progress_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "MINIMUM_RATE", 10)
    content = b"RIFF" * 40

    def slowly(_: str) -> Iterable[bytes]:
        # 160 times 0.01 seconds and more, longer than the limit.
        yield head(b"Transfer-Encoding: chunked\r\n", b"audio/wav")
        yield from (b"1\r\n%s\r\n" % each for each in drops(content))
        yield b"0\r\n\r\n"

    async def run() -> bytes:
        async with hostile(slowly) as peer, client_of(peer.url) as client:
            return (await client.send(GET, timeout=1)).content

    assert asyncio.run(run()) == content


def test_json_that_makes_progress_may_not_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "MINIMUM_RATE", 1)

    async def run() -> None:
        async with hostile(ENDLESS["chunks that drip"]) as peer, client_of(peer.url) as client:
            with pytest.raises(TransportError):
                await client.send(GET, timeout=LIMIT)

    asyncio.run(run())


def test_an_upload_that_makes_progress_may_take_longer() -> None:
    # More than the operating system keeps for a peer that has not read it.
    step, steps = 600_000, 36

    async def read_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(steps):
            await reader.readexactly(step)
            await asyncio.sleep(0.04)
        writer.write(response(204, b""))
        await writer.drain()
        writer.close()

    async def run() -> int:
        listener = await asyncio.start_server(read_slowly, "127.0.0.1", 0, limit=64 * 1024)
        session = Session(tls=ssl.create_default_context(), connect_timeout=5)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        async with listener:
            found = await session.exchange("POST", url, headers={}, body=b"x" * (step * steps), timeout=1)
            await session.aclose()
        return found.status

    assert asyncio.run(run()) == 204


def test_a_peer_that_does_not_read_is_sent_nothing_more() -> None:
    async def read_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await given_up.wait()
        # An orderly end would keep the socket open until all was sent.
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(len(body))
        closed.set()
        writer.close()

    async def run() -> None:
        listener = await asyncio.start_server(read_late, "127.0.0.1", 0)
        session = Session(tls=ssl.create_default_context(), connect_timeout=5)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        with pytest.raises(httpx.WriteTimeout):
            await session.exchange("POST", url, headers={}, body=body, timeout=LIMIT)
        given_up.set()
        await closed.wait()
        await session.aclose()
        listener.close()

    body = b"x" * 20_000_000
    given_up, closed = asyncio.Event(), asyncio.Event()
    asyncio.run(run())


@pytest.mark.parametrize("body", [None, b"x" * 20_000_000], ids=["waiting", "sending"])
def test_a_caller_that_leaves_frees_its_connection_at_once(body: bytes | None) -> None:
    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(30_000_000)
        left.set()
        writer.close()

    async def run() -> None:
        listener = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        session = Session(tls=ssl.create_default_context(), connect_timeout=5)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        task = asyncio.create_task(session.exchange("POST", url, headers={}, body=body, timeout=60))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await left.wait()
        await session.aclose()
        listener.close()

    arrived, left = asyncio.Event(), asyncio.Event()
    asyncio.run(run())


def test_a_transport_of_the_user_has_the_same_limit() -> None:
    class Drip(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/connect/token":
                return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
            return httpx.Response(200, headers={"content-type": "application/json"}, stream=Endless())

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # bytes
            while True:
                await asyncio.sleep(0.01)
                yield b" "

        async def aclose(self) -> None:
            closed.append(self)

    closed: list[Endless] = []

    async def run() -> None:
        async with client_of("http://pbx.test", transport=Drip(), connect_timeout=0.1) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(GET, timeout=LIMIT)
            assert caught.value.code == "timeout"

    asyncio.run(run())
    assert closed

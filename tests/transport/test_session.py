"""The session against real servers: the bytes that are sent, bodies that are decoded, and use by httpx itself."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

from tests.transport.servers import RawServer, response, running
from threecx_credentials import Credential
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.transport.client import PbxClient
from threecx_node.transport.session import Session

T = TypeVar("T")


def in_session(use: Callable[[Session], Awaitable[T]], *, connect_timeout: float = 5) -> T:
    async def run() -> T:
        session = Session(
            tls=ssl.create_default_context(), connect_timeout=connect_timeout, headers={"user-agent": "test"}
        )
        try:
            return await use(session)
        finally:
            await session.aclose()

    return asyncio.run(run())


def exchange(
    server: RawServer,
    method: str,
    target: str = "/",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 5,
) -> HttpResponse:
    url = f"http://127.0.0.1:{server.port}{target}"
    return in_session(
        lambda session: session.exchange(method, url, headers=headers or {}, body=body, timeout=timeout)
    )


def ask_with_httpx(server: RawServer, *requests: tuple[str, str]) -> list[httpx.Response]:
    async def run(session: Session) -> list[httpx.Response]:
        async with httpx.AsyncClient(
            transport=session, base_url=f"http://127.0.0.1:{server.port}", timeout=5
        ) as client:
            return [await client.request(method, target) for method, target in requests]

    return in_session(run)


@pytest.mark.parametrize(
    "target",
    [
        "/Users('O''Brien%20%26%20S%C3%B6hne%2F1%28%29%2C')",
        "/Users('%25%32%36')?$filter=Name%20eq%20'A%26B%2B%2F'&$select=Id,N",
        "/a/../b/./c//d",
        "/Users?$search=%22a%22&x=%7e~",
    ],
)
def test_a_url_is_sent_byte_for_byte(target: str) -> None:
    with running(lambda _: response()) as server:
        exchange(server, "GET", target)
        assert server.heads == [f"GET {target} HTTP/1.1"]


def test_only_the_given_headers_are_sent() -> None:
    with running(lambda _: response()) as server:
        exchange(server, "DELETE", headers={"authorization": "Bearer t", "If-Match": 'W/"1"'})
        exchange(server, "POST")
        exchange(server, "PATCH", body=b"{}", headers={"content-type": "application/json"})
        names = [sorted(line.partition(":")[0].lower() for line in head[1:]) for head in server.whole_heads]
    assert names[0] == [
        *("accept", "accept-encoding", "authorization", "content-length", "host", "if-match", "user-agent")
    ]
    assert names[1] == ["accept", "accept-encoding", "content-length", "host", "user-agent"]
    assert names[2] == [
        *("accept", "accept-encoding", "content-length", "content-type", "host", "user-agent")
    ]


def deflate_raw(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


ENCODINGS = pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", deflate_raw), ("identity", bytes)],
    ids=["gzip", "deflate", "deflate without a header", "identity"],
)


@ENCODINGS
def test_a_compressed_body_is_decoded_once(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    # The body looks compressed after it was decoded: a second time would change it.
    body = gzip.compress(b'{"Id": 5}' * 100)
    data = response(body=encode(body), extra=f"Content-Encoding: {encoding}\r\n")
    with running(lambda _: data) as server:
        assert exchange(server, "GET").content == body
        assert ask_with_httpx(server, ("GET", "/"))[0].content == body


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_cannot_be_decoded(encoding: str) -> None:
    data = response(body=b"not compressed", extra=f"Content-Encoding: {encoding}\r\n")
    with running(lambda _: data) as server, pytest.raises(httpx.DecodingError):
        exchange(server, "GET")


def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    data = response(302, extra="Location: /other\r\nSet-Cookie: session=1; Path=/\r\n")
    with running(lambda _: data) as server:

        async def run(session: Session) -> list[HttpResponse]:
            url = f"http://localhost:{server.port}/"
            return [await session.exchange("GET", url, headers={}, timeout=5) for _ in range(2)]

        assert [each.status for each in in_session(run)] == [302, 302]
        assert server.heads == ["GET / HTTP/1.1"] * 2
        assert not [line for head in server.whole_heads for line in head if line.lower().startswith("cookie")]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_request_is_repeated_on_a_closed_connection(method: str) -> None:
    answers = iter([response(), b""])
    with running(lambda _: next(answers, response(204, b""))) as server:

        async def run(session: Session) -> None:
            url = f"http://127.0.0.1:{server.port}/"
            await session.exchange("GET", url, headers={}, timeout=5)
            with pytest.raises(httpx.RemoteProtocolError):
                await session.exchange(method, url, headers={}, timeout=5)

        in_session(run)
        assert server.heads == ["GET / HTTP/1.1", f"{method} / HTTP/1.1"]
        assert server.connections == 1


def test_a_large_body_is_sent_whole() -> None:
    body = bytes(range(256)) * 2000
    with running(lambda _: response(201)) as server:
        assert exchange(server, "POST", body=body).status == 201
        assert server.bodies == [body]


def test_a_peer_that_does_not_read_the_body() -> None:
    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await closing.wait()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        session = Session(tls=ssl.create_default_context(), connect_timeout=5)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(httpx.WriteTimeout):
            await session.exchange("POST", url, headers={}, body=b"x" * 20_000_000, timeout=0.2)
        closing.set()
        await session.aclose()
        server.close()
        await server.wait_closed()

    closing = asyncio.Event()
    asyncio.run(run())


def test_httpx_can_use_it() -> None:
    with running(lambda _: response(extra="X-Name: 1\r\nX-Name: 2\r\n")) as server:
        found = ask_with_httpx(server, ("GET", "/a?b=%26"), ("DELETE", "/a('%2F')"))
        assert [each.status_code for each in found] == [200, 200]
        assert found[0].headers.get_list("x-name") == ["1", "2"]
        assert found[0].json() == {}
        assert server.heads == ["GET /a?b=%26 HTTP/1.1", "DELETE /a('%2F') HTTP/1.1"]
        assert server.connections == 1


def test_a_transport_around_it_serves_a_client() -> None:
    class Counting(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self.session = Session(tls=ssl.create_default_context(), connect_timeout=5)
            self.targets: list[bytes] = []

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.targets.append(request.url.raw_path)
            return await self.session.handle_async_request(request)

        async def aclose(self) -> None:
            await self.session.aclose()

    async def run() -> HttpResponse:
        transport = Counting()
        async with PbxClient(
            Credential.of(f"http://127.0.0.1:{server.port}", "a", "b"), transport=transport
        ) as client:
            found = await client.send(HttpRequest("PATCH", "/Users('%2F')", body=b'{"a": 1}'))
        assert transport.targets == [b"/connect/token", b"/xapi/v1/Users('%2F')"]
        return found

    with running(lambda _: response(204, b"")) as server:
        assert asyncio.run(run()).status == 204
        assert server.heads == ["PATCH /xapi/v1/Users('%2F') HTTP/1.1"]
        assert server.bodies == [b'{"a": 1}']


def test_a_streamed_body_of_httpx_is_sent() -> None:
    async def pieces() -> object:
        yield b"one "
        yield b"two"

    with running(lambda _: response()) as server:

        async def run(session: Session) -> None:
            async with httpx.AsyncClient(transport=session, timeout=5) as client:
                await client.post(f"http://127.0.0.1:{server.port}/", content=pieces())  # type: ignore[arg-type]  # bytes

        in_session(run)
        assert server.bodies == [b"one two"]


def test_cancelling_closes_the_connection() -> None:
    with running(lambda _: None) as server:

        async def run(session: Session) -> None:
            url = f"http://127.0.0.1:{server.port}/"
            task = asyncio.create_task(session.exchange("GET", url, headers={}, timeout=5))
            assert await asyncio.to_thread(server.arrived.wait, 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(server.closed.wait, 5)

        in_session(run)

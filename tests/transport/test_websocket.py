"""WebSockets have the TLS, the address checks, the login and the masking of all other requests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.errors import TransportError
from threecx_node.messages import HttpResponse
from threecx_node.transport import websocket
from threecx_node.transport.addresses import ForbiddenAddressError
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy
from threecx_node.transport.websocket import WebSocket, WebSocketClosedError

KEY = "s3cr3t-key"
Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve logins, and `handler` at all other paths; yield the port."""

    async def login(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "the-token", "expires_in": 60})

    app = web.Application()
    app.router.add_post("/connect/token", login)
    app.router.add_get("/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server: Any = site._server
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await runner.cleanup()


async def open_at(
    base_url: str, use: Callable[[WebSocket | HttpResponse], Any] | None = None, **options: Any
) -> Any:
    credential = Credential.of(base_url, "900", KEY, **options)
    retry = RetryPolicy(retry_time=0)
    store = MemoryTokenStore()
    async with PbxClient(credential, token_store=store, connect_timeout=5, retry=retry) as client:
        opened = await client.sockets.open("/callcontrol/ws", timeout=5)
        return await use(opened) if use is not None else opened


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(f"{request.raw_path} {request.headers['Authorization']}")
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def talk(opened: WebSocket | HttpResponse) -> list[str | bytes]:
    assert isinstance(opened, WebSocket)
    texts = [await opened.receive()]
    await opened.send("hello")
    texts.append(await opened.receive())
    await opened.close()
    with pytest.raises(WebSocketClosedError):
        await opened.receive()
    with pytest.raises(WebSocketClosedError):
        await opened.send("too late")
    return texts


def test_the_token_is_in_the_header_and_not_in_the_query() -> None:
    async def run() -> None:
        async with serving(echo) as port:
            texts = await open_at(f"http://127.0.0.1:{port}", talk)
            assert texts == ["/callcontrol/ws Bearer the-token", "hello"]

    asyncio.run(run())


def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)

    async def run() -> None:
        async with serving(echo, tls) as port:
            base_url = f"https://localhost:{port}"
            with pytest.raises(TransportError) as caught:
                await open_at(base_url)
            assert caught.value.code in ("tls", "tls_self_signed")
            assert (await open_at(base_url, talk, ca_file=str(tmp_path / "ca.pem")))[1] == "hello"
            assert (await open_at(base_url, talk, verify_tls=False))[1] == "hello"

    asyncio.run(run())


def test_the_address_is_checked_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The login goes to the right address, and the name then resolves to a forbidden one."""

    def refuse(_: object) -> Any:
        raise ForbiddenAddressError

    async def run() -> None:
        async with serving(echo) as port:
            monkeypatch.setattr(websocket, "open_socket", refuse)
            with pytest.raises(TransportError) as caught:
                await open_at(f"http://127.0.0.1:{port}")
            assert caught.value.code == "forbidden_address"

    asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async def run() -> None:
        async with serving(redirect) as port:
            answer = await open_at(f"http://127.0.0.1:{port}")
            assert isinstance(answer, HttpResponse)
            assert answer.status == status

    asyncio.run(run())
    assert asked == ["/callcontrol/ws"]


def test_other_responses_are_returned_without_secrets() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=403, text=f"no: {request.headers['Authorization']} {KEY}")

    async def run() -> None:
        async with serving(answer) as port:
            response = await open_at(f"http://127.0.0.1:{port}")
            assert isinstance(response, HttpResponse)
            assert response.status == 403
            assert b"the-token" not in response.content
            assert KEY.encode() not in response.content

    asyncio.run(run())


def test_a_server_that_keeps_silent_is_an_error_of_time() -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    async def run() -> None:
        async with serving(silent) as port:
            credential = Credential.of(f"http://127.0.0.1:{port}", "900", KEY)
            async with PbxClient(credential, token_store=MemoryTokenStore(), connect_timeout=0.2) as client:
                with pytest.raises(TransportError) as caught:
                    await client.sockets.open("/callcontrol/ws", timeout=0.1)
        assert caught.value.code == "timeout"

    asyncio.run(run())


def test_no_server_is_an_error_that_says_so(unused_port: int) -> None:
    with pytest.raises(TransportError) as caught:
        asyncio.run(open_at(f"http://127.0.0.1:{unused_port}"))
    assert caught.value.code == "connection_refused"


@pytest.fixture
def unused_port() -> int:
    from tests.transport.servers import free_port

    return free_port()

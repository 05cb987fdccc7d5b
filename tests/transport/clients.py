"""Clients for tests: they send requests without waiting between retries, and check what every failure must have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.transport.servers import RawServer
from threecx_credentials import Credential
from threecx_node.errors import ThreeCxError
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy

KEY = "s3cr3t-key"
GET = HttpRequest("GET", "/Users(5)")
DELETE = HttpRequest("DELETE", "/Users(5)")


async def _no_wait(seconds: float) -> None:
    del seconds


def send(
    base_url: str,
    *requests: HttpRequest,
    timeout: float = 5,
    verify: bool = True,
    ca: str | None = None,
) -> list[HttpResponse]:
    async def run() -> list[HttpResponse]:
        credential = Credential.of(base_url, "workflow", KEY, verify_tls=verify, ca_file=ca)
        policy = RetryPolicy(sleep=_no_wait)
        async with PbxClient(credential, retry=policy) as client:
            return [await client.send(request, timeout=timeout) for request in requests]

    return asyncio.run(run())


def failure(base_url: str, request: HttpRequest = GET, **options: object) -> ThreeCxError:
    with pytest.raises(ThreeCxError) as caught:
        send(base_url, request, **options)  # type: ignore[arg-type]  # options of send
    error = caught.value
    assert KEY not in str(error.to_json())
    assert error.description, "every failure says what to do"
    assert "\n" not in error.one_line()
    return error


def at(server: RawServer, scheme: str = "http") -> str:
    return f"{scheme}://localhost:{server.port}"


def failure_with(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], scheme: str = "http"
) -> ThreeCxError:
    async def run() -> ThreeCxError:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]  # a coroutine
        port = listener.sockets[0].getsockname()[1]
        async with listener:
            credential = Credential.of(f"{scheme}://127.0.0.1:{port}", "workflow", KEY)
            async with PbxClient(credential, retry=RetryPolicy(sleep=_no_wait)) as client:
                with pytest.raises(ThreeCxError) as caught:
                    await client.send(GET)
        return caught.value

    return asyncio.run(run())

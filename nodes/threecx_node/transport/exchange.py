"""Send one request: the interface that the client uses, and its implementation over any transport of httpx."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import httpx

from .. import __version__
from ..messages import IN_MEMORY, HttpResponse, is_file
from ..options import MINIMUM_RATE
from .body import open_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import BodyFile, Reception

Transport = httpx.AsyncBaseTransport
"""The interface at which a user or a test replaces the network."""
HEADERS = {
    "user-agent": f"threecx-node/{__version__}",
    "accept": "application/json, */*;q=0.5",
    "accept-encoding": "gzip, deflate",
}


class Exchange(Protocol):
    """Sends one request and returns its response. `Session.exchange` is one; raises httpx's exceptions."""

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
        reception: Reception = IN_MEMORY,
    ) -> HttpResponse:
        """Return the response; `url` is encoded, `timeout` is in seconds and bounds the attempt as a whole."""


class HttpxExchange:
    """Sends requests through any transport of httpx."""

    def __init__(self, transport: Transport, connect_timeout: float) -> None:
        self._transport = transport
        self._connect_timeout = connect_timeout

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
        reception: Reception = IN_MEMORY,
    ) -> HttpResponse:
        """Return the response; `url` is encoded, `timeout` is in seconds and bounds the attempt as a whole."""
        limits = httpx.Timeout(timeout, connect=self._connect_timeout).as_dict()
        request = httpx.Request(
            method, url, headers={**HEADERS, **headers}, content=body, extensions={"timeout": limits}
        )
        # It is not known whether the transport connects or waits for the response.
        async with asyncio.timeout(self._connect_timeout + timeout) as limit:
            response = await self._transport.handle_async_request(request)
            try:
                content, file = await _take_body(response, reception, limit, timeout)
            finally:
                await response.aclose()
        return HttpResponse(response.status_code, response.headers, content, file=file)


async def _take_body(
    response: httpx.Response, reception: Reception, limit: asyncio.Timeout, timeout: float
) -> tuple[bytes, BodyFile | None]:
    """Return the decoded body, or the file that it was written to; each part of a file extends `limit`."""
    loop = asyncio.get_running_loop()
    is_saved = response.is_success and is_file(response.headers)
    started, size = loop.time(), 0
    if response.is_stream_consumed:
        # The transport has made the response from bytes, and httpx has decoded them.
        encoding, chunks = "", response.aiter_bytes()
    else:
        encoding, chunks = response.headers.get("content-encoding", ""), response.aiter_raw()
    with open_body(reception, encoding, is_file=is_saved) as body:
        async for chunk in chunks:
            body.add(chunk)
            size += len(chunk)
            if is_saved:
                limit.reschedule(min(started + timeout + size / MINIMUM_RATE, loop.time() + timeout))
        return body.take()

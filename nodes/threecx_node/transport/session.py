"""Send HTTP requests with aiohttp. No other module knows aiohttp, and this one uses only its public API.

`Session` is an `httpx.AsyncBaseTransport`: it raises httpx's exceptions, and fits wherever httpx takes a transport.
`Session.exchange` does the same without httpx's request and response objects, which cost as much time as the
rest of a request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import httpx
import yarl

from ..messages import HttpResponse
from ..options import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

_KEEP_ALIVE = 30.0
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
# A larger body is sent in pieces of this many bytes.
_PIECE = 64 * 1024

# The first class that fits counts, so a subclass is listed before its base class.
_HTTPX_ERRORS: tuple[tuple[type[aiohttp.ClientError], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
)


class Session(httpx.AsyncBaseTransport):
    """Keeps connections open and sends requests over them, within one event loop.

    URLs are sent byte for byte. Redirects are not followed, cookies are not kept, and no request is sent twice.
    The number of connections is not limited here. `headers` are added to every request.
    """

    def __init__(
        self, *, tls: ssl.SSLContext, connect_timeout: float, headers: Mapping[str, str] | None = None
    ) -> None:
        self._tls = tls
        self._headers = headers
        self._connect_timeout = connect_timeout
        self._timeout = _timeout(connect_timeout, DEFAULT_TIMEOUT)
        self._client: aiohttp.ClientSession | None = None

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
    ) -> HttpResponse:
        """Send a request and return the response, its body decoded.

        `url` must be encoded. `timeout` is the time in seconds to wait for the response, and for each further part
        of it. Raises httpx's exceptions.
        """
        if timeout != self._timeout.sock_read:
            self._timeout = _timeout(self._connect_timeout, timeout)
        response, content = await self._send(
            method, yarl.URL(url, encoded=True), headers, body, self._timeout
        )
        if "content-encoding" in response.headers:
            content = httpx.Response(200, headers=response.headers, content=content).content
        return HttpResponse(response.status, response.headers, content)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx, with the timeouts in its extensions."""
        body = await request.aread()
        headers = {name: value for name, value in request.headers.items() if name != "transfer-encoding"}
        limits = request.extensions.get("timeout", {})
        timeout = _timeout(limits.get("connect"), limits.get("read"))
        url = yarl.URL(str(request.url), encoded=True)
        response, content = await self._send(request.method, url, headers, body or None, timeout)
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": (response.reason or "").encode()}
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=httpx.ByteStream(content),
            request=request,
            extensions=extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _send(
        self,
        method: str,
        url: yarl.URL,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: aiohttp.ClientTimeout,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        if body is not None and len(body) > _PIECE:
            return await self._send_in_pieces(method, url, headers, body, timeout)
        # aiohttp would give an empty body the type application/octet-stream.
        skip = ("Content-Type",) if body is None and method in _BODY_METHODS else None
        return await self._request(method, url, headers, body, timeout, skip)

    async def _send_in_pieces(
        self,
        method: str,
        url: yarl.URL,
        headers: Mapping[str, str],
        body: bytes,
        timeout: aiohttp.ClientTimeout,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send a large body. Raises WriteTimeout if the peer does not read it, since aiohttp sets no limit for that."""
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(None)

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), _PIECE):
                if timeout.sock_read is not None:
                    limit.reschedule(loop.time() + timeout.sock_read)
                yield body[start : start + _PIECE]
            limit.reschedule(None)

        headers = {**headers, "content-length": str(len(body))}
        try:
            async with limit:
                return await self._request(method, url, headers, pieces(), timeout)
        except TimeoutError as error:
            raise httpx.WriteTimeout("the peer did not read the request body in time") from error

    async def _request(
        self,
        method: str,
        url: yarl.URL,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None,
        timeout: aiohttp.ClientTimeout,
        skip: tuple[str, ...] | None = None,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        client = self._client or self._open()
        try:
            response = await client.request(
                method,
                url,
                headers=headers,
                data=body,
                skip_auto_headers=skip,
                timeout=timeout,
                allow_redirects=False,
            )
            # Also returns the connection to the pool, or closes it after an error.
            return response, await response.read()
        except aiohttp.ClientError as error:
            raise _httpx_error(error) from _cause(error)

    def _open(self) -> aiohttp.ClientSession:
        # Here, because aiohttp needs the event loop that is running.
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls, keepalive_timeout=_KEEP_ALIVE),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_prevent_repetition,),
            auto_decompress=False,
        )
        return self._client


async def _prevent_repetition(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Raise httpx's exceptions in place of aiohttp's.

    When a kept connection is closed by the peer, aiohttp sends a DELETE or PUT again after its own exceptions, but
    not after others. Only retry.py decides what is sent again.
    """
    try:
        return await handler(request)
    except aiohttp.ClientError as error:
        raise _httpx_error(error) from _cause(error)


def _httpx_error(error: aiohttp.ClientError) -> httpx.TransportError:
    cause = _cause(error)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(cause, TimeoutError):
        # The operating system's timeout was shorter.
        return httpx.ConnectTimeout(str(error))
    return next(ours for theirs, ours in _HTTPX_ERRORS if isinstance(error, theirs))(str(error))


def _cause(error: aiohttp.ClientError) -> Exception:
    """Return the exception of the operating system or of OpenSSL that a failed connection contains."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


def _timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    # `connect` bounds DNS, TCP and TLS together. It includes no waiting for a free connection, since the pool has no
    # limit.
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)

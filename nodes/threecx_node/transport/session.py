"""Send HTTP requests with aiohttp. Only this module and websocket.py know aiohttp, and only by its public API.

`Session` is an `httpx.AsyncBaseTransport`: it raises httpx's exceptions, and fits wherever httpx takes a transport.
`Session.exchange` does the same without httpx's request and response objects, which cost as much time as the
rest of a request.

A kept connection may have been closed by its peer. A request on it then fails, although nothing is wrong, and of a
change it is not known whether it was carried out. So a kept connection is used only after a look at it, and for a
change only where connections of this peer were seen to stay open; and where a request failed before its peer took a
byte of it, `NotTakenError` says so.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from typing import TYPE_CHECKING, Any

import httpx
import yarl

from ..messages import IN_MEMORY, HttpResponse, is_file
from .addresses import open_socket
from .attempt import Attempt, AttemptTimer
from .body import open_body
from .sockets import Acknowledgements, has_input
from .tls import key_log_error
from .urls import UrlReader

try:
    import aiohttp
except OSError as error:
    # It makes TLS contexts when it is imported.
    raise key_log_error(error) from error

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    from ..messages import BodyFile, Reception
    from .sockets import SocketView

_KEEP_ALIVE = 30.0
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
# A larger body is sent in pieces of this many bytes.
_PIECE = 64 * 1024

# A server that closes connections without saying so does it at once after its response: seconds until it has done so.
_SETTLING = 0.025
_SETTLING_STEPS = 5
# For this many seconds after such a server was noticed, no connection is used twice.
_DISTRUST = 10.0

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


class NotTakenError(httpx.RemoteProtocolError):
    """A kept connection was closed by its peer, which took no byte of the request."""


class TooSlowError(httpx.ReadTimeout):
    """A file was transferred more slowly than `MINIMUM_RATE`."""


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
        # It bounds DNS, TCP and TLS together. It includes no waiting for a connection, since the pool has no limit.
        self._timeout = _connect_timeout(connect_timeout)
        self._timer = AttemptTimer()
        self._urls = UrlReader()
        self._client: aiohttp.ClientSession | None = None

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
        reception: Reception = IN_MEMORY,
    ) -> HttpResponse:
        """Send a request and return the response, its body decoded.

        `url` must be encoded. `timeout` is the time in seconds for the whole attempt once there is a connection; files
        that are sent or received at `MINIMUM_RATE` may take longer. Raises httpx's exceptions, ResponseTooLargeError
        among them, and OSError of the file of `reception`.
        """
        response, content, file = await self._send(
            method, self._urls.read(url), headers, body, self._timeout, timeout, reception
        )
        return HttpResponse(response.status, response.headers, content, file=file)

    async def download(self, url: str, *, max_bytes: int, timeout: float) -> HttpResponse:
        """Return the response to a GET, its body not decoded and read up to one byte more than `max_bytes`.

        `timeout` is in seconds and bounds the whole download. Raises httpx's exceptions.
        """
        client = self._client or self._open()
        content = bytearray()
        try:
            async with (
                asyncio.timeout(timeout),
                client.get(
                    yarl.URL(url, encoded=True),
                    headers={"accept-encoding": "identity"},
                    timeout=self._timeout,
                    allow_redirects=False,
                ) as response,
            ):
                async for chunk in response.content.iter_chunked(_PIECE):
                    content += chunk
                    if len(content) > max_bytes:
                        # Leaving the context closes the connection.
                        break
                return HttpResponse(response.status, response.headers, bytes(content[: max_bytes + 1]))
        except aiohttp.ClientError as error:
            raise to_httpx_error(error) from find_cause(error)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the download took too long") from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx, with the timeouts in its extensions."""
        body = await request.aread()
        headers = {name: value for name, value in request.headers.items() if name != "transfer-encoding"}
        limits = request.extensions.get("timeout", {})
        url = yarl.URL(str(request.url), encoded=True)
        response, content, _ = await self._send(
            request.method,
            url,
            headers,
            body or None,
            _connect_timeout(limits.get("connect")),
            limits.get("read"),
        )
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": (response.reason or "").encode()}
        return httpx.Response(
            response.status,
            # The body is decoded.
            headers=[each for each in response.raw_headers if each[0].lower() != b"content-encoding"],
            stream=httpx.ByteStream(content),
            request=request,
            extensions=extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        self._timer.end()
        if self._client is not None:
            await self._client.close()

    async def _send(
        self,
        method: str,
        url: yarl.URL,
        headers: Mapping[str, str],
        body: bytes | None,
        connect: aiohttp.ClientTimeout,
        timeout: float | None,
        reception: Reception = IN_MEMORY,
    ) -> tuple[aiohttp.ClientResponse, bytes, BodyFile | None]:
        """Return the response, its body, and the file that has the body instead."""
        client = self._client or self._open()
        attempt = Attempt(timeout)
        data: bytes | AsyncIterator[bytes] | None = body
        if body is not None and len(body) > _PIECE:
            headers = {**headers, "content-length": str(len(body))}
            data = _in_pieces(body, attempt)
        # aiohttp would give an empty body the type application/octet-stream.
        skip = ("Content-Type",) if body is None and method in _BODY_METHODS else None
        task = asyncio.current_task()
        self._timer.attempts[task] = attempt
        try:
            response = await client.request(
                method,
                url,
                headers=headers,
                data=data,
                skip_auto_headers=skip,
                timeout=connect,
                allow_redirects=False,
            )
            content, file = await _take_body(response, reception, attempt)
        except BaseException as error:
            attempt.fail()
            if attempt.is_late and isinstance(error, Exception):
                raise _late_error(attempt) from error
            if isinstance(error, aiohttp.ClientError):
                raise to_httpx_error(error) from find_cause(error)
            raise
        finally:
            del self._timer.attempts[task]
        if attempt.is_late:
            # The end of the connection was taken for the end of the body.
            if file is not None:
                file.close()
            raise _late_error(attempt)
        return response, content, file

    def _open(self) -> aiohttp.ClientSession:
        # Here, because aiohttp needs the event loop that is running.
        connector = _Connector(
            self._timer, limit=0, ssl=self._tls, keepalive_timeout=_KEEP_ALIVE, socket_factory=open_socket
        )
        self._client = aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(connector.watch,),
            auto_decompress=False,
        )
        return self._client


class _Connector(aiohttp.TCPConnector):
    """Gives connections to requests: new ones, and kept ones that their peer has not closed."""

    def __init__(self, timer: AttemptTimer, **options: Any) -> None:
        super().__init__(**options)
        self._timer = timer
        self._used: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        # Requests on a kept connection, with the watch of those that change something.
        self._on_kept: dict[aiohttp.ClientRequest, Acknowledgements | None] = {}
        # Whether a kept connection was seen to stay open.
        self._is_trusted = False
        self._distrusted_until = 0.0

    async def watch(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request as aiohttp's middleware. Raises httpx's exceptions in place of aiohttp's.

        When a kept connection is closed by the peer, aiohttp sends a DELETE or PUT again after its own exceptions, but
        not after others. Only retry.py decides what is sent again.
        """
        try:
            response = await handler(request)
        except aiohttp.ClientError as error:
            attempt = self._timer.attempts.get(asyncio.current_task())
            is_late = attempt is not None and attempt.is_late
            if not is_late and self._was_not_taken(request, error):
                raise NotTakenError(str(error)) from error
            raise to_httpx_error(error) from find_cause(error)
        else:
            if not self._is_trusted and request in self._on_kept:
                self._is_trusted = time.monotonic() >= self._distrusted_until
            return response
        finally:
            acknowledgements = self._on_kept.pop(request, None)
            if acknowledgements is not None:
                acknowledgements.close()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: Any, timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """Return a connection for a request, and start the time limit of its attempt."""
        while True:
            connection = await super().connect(req, traces, timeout)
            transport = connection.transport
            if transport is None:
                break
            if transport not in self._used:
                self._used.add(transport)
                break
            view: SocketView | None = transport.get_extra_info("socket")
            try:
                if view is not None and await self._is_usable(transport, view, req.method):
                    self._on_kept[req] = None if req.method == "GET" else Acknowledgements(view)
                    break
            except BaseException:
                connection.close()
                raise
            connection.close()
        # aiohttp connects in the task that sends.
        if (attempt := self._timer.attempts.get(asyncio.current_task())) is not None:
            self._timer.begin(attempt, connection)
        return connection

    async def _is_usable(self, transport: asyncio.Transport, view: SocketView, method: str) -> bool:
        """Return whether a kept connection can be used for a request."""
        if has_input(view):
            return False
        if self._is_trusted:
            return True
        if time.monotonic() < self._distrusted_until:
            return False
        return method == "GET" or await self._stays_open(transport, view)

    async def _stays_open(self, transport: asyncio.Transport, view: SocketView) -> bool:
        """Wait a moment, and return whether the peer keeps the connection open."""
        for _ in range(_SETTLING_STEPS):
            await asyncio.sleep(_SETTLING / _SETTLING_STEPS)
            if transport.is_closing() or has_input(view):
                self._distrust()
                return False
            if self._is_trusted:
                return True
        self._is_trusted = time.monotonic() >= self._distrusted_until
        return self._is_trusted

    def _distrust(self) -> None:
        self._is_trusted = False
        self._distrusted_until = time.monotonic() + _DISTRUST

    def _was_not_taken(self, request: aiohttp.ClientRequest, error: aiohttp.ClientError) -> bool:
        """Return whether a request failed because its kept connection was closed before the peer took a byte of it."""
        if request not in self._on_kept:
            return False
        self._distrust()
        acknowledgements = self._on_kept[request]
        # After a reset instead of an end, the counter may miss what the peer has taken last.
        is_end = isinstance(error, aiohttp.ServerDisconnectedError)
        return is_end and acknowledgements is not None and acknowledgements.is_nothing_taken()


def to_httpx_error(error: aiohttp.ClientError) -> httpx.TransportError:
    """Return the exception of httpx for one of aiohttp."""
    cause = find_cause(error)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(cause, TimeoutError):
        # The operating system's timeout was shorter.
        return httpx.ConnectTimeout(str(error))
    return next(ours for theirs, ours in _HTTPX_ERRORS if isinstance(error, theirs))(str(error))


def find_cause(error: aiohttp.ClientError) -> Exception:
    """Return the exception of the operating system or of OpenSSL that a failed connection contains."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


def _connect_timeout(connect: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect)


def _late_error(attempt: Attempt) -> httpx.TimeoutException:
    if attempt.is_sending:
        return httpx.WriteTimeout("the peer did not read the request body in time")
    return TooSlowError("too slow") if attempt.is_slow else httpx.ReadTimeout("the time limit has passed")


async def _in_pieces(body: bytes, attempt: Attempt) -> AsyncIterator[bytes]:
    attempt.is_sending = True
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
        # The peer, or the operating system, has taken it.
        attempt.count(_PIECE)
    attempt.restart()


async def _take_body(
    response: aiohttp.ClientResponse, reception: Reception, attempt: Attempt
) -> tuple[bytes, BodyFile | None]:
    """Return the decoded body, or the file that it was written to."""
    headers = response.headers
    size, encoding = response.content_length, headers.get("content-encoding", "")
    is_short = response.content.at_eof() if size is None else size <= _PIECE
    if is_short and reception is IN_MEMORY and not encoding and "transfer-encoding" not in headers:
        # Also returns the connection to the pool, or closes it after an error.
        return await response.read(), None
    is_saved = 200 <= response.status < 300 and is_file(headers)
    try:
        with open_body(reception, encoding, is_file=is_saved, size=size) as body:
            while chunk := await response.content.readany():
                if is_saved:
                    attempt.count(len(chunk))
                body.add(chunk)
            return body.take()
    except BaseException:
        response.close()
        raise

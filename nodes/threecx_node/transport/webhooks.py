"""Post messages to receivers of events: with the address checks of all other requests, and without any credential.

A receiver is not trusted. Its response is read only as far as the connection can then be used again, a redirect to
another origin is not followed, and the whole of a post has one time limit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import aiohttp
import yarl

from ..errors import TransportError
from .addresses import open_socket
from .exchange import HEADERS
from .failures import translate_failure
from .retry import parse_retry_after
from .session import find_cause, to_httpx_error
from .tls import build_tls_context

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_TIMEOUT = 5.0
TIMEOUT = 15.0
_KEEP_ALIVE = 30.0
# More of a response is not read, and its connection is closed.
_MOST_READ = 64 * 1024
_MAX_REDIRECTS = 3
# The redirects that keep the method.
_REDIRECTS = frozenset({307, 308})
_PORTS = {"https": 443, "http": 80}
# A kept connection that its peer has closed; the receiver knows a message that it gets twice by its ID.
_STALE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
_FORBIDDEN = "{host} is a link-local address or one of a cloud platform, which get no deliveries"


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The response of a receiver: `retry_after` is its wish in seconds, None where it has none."""

    status: int
    retry_after: float | None = None
    is_redirect: bool = False


class WebhookClient:
    """Posts messages over connections that are used again. Use it within one event loop."""

    def __init__(self, *, timeout: float = TIMEOUT, connect_timeout: float = CONNECT_TIMEOUT) -> None:
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._client: aiohttp.ClientSession | None = None

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> WebhookResponse:
        """Post a JSON message and return the response, whatever its status. Raises TransportError where there is none.

        A redirect within the same origin that keeps the method is followed; another one is the response.
        """
        host = urlsplit(url).netloc.rpartition("@")[2]
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(url, {**headers, "content-type": "application/json"}, body)
        except aiohttp.ClientError as error:
            foreign: Exception = to_httpx_error(error)
            foreign.__cause__ = find_cause(error)
            raise self._translate(foreign, host) from error
        except (OSError, ValueError) as error:
            raise self._translate(error, host) from error

    async def aclose(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _follow(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookResponse:
        for _ in range(_MAX_REDIRECTS):
            response, location = await self._post(url, headers, body)
            target = urljoin(url, location)
            if response.status not in _REDIRECTS or not location or _origin(target) != _origin(url):
                return response
            url = target
        return response

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[WebhookResponse, str]:
        try:
            return await self._post_once(url, headers, body)
        except aiohttp.ClientConnectorError:
            raise
        except _STALE:
            return await self._post_once(url, headers, body)

    async def _post_once(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[WebhookResponse, str]:
        client = self._client or self._open()
        async with client.post(yarl.URL(url), headers=headers, data=body, allow_redirects=False) as response:
            found = WebhookResponse(
                response.status,
                parse_retry_after(response.headers.get("retry-after", "")),
                300 <= response.status < 400,
            )
            await _drain(response)
            return found, response.headers.get("location", "")

    def _open(self) -> aiohttp.ClientSession:
        # Here, because aiohttp needs the event loop that is running.
        connector = aiohttp.TCPConnector(
            limit=0,
            ssl=build_tls_context(verify=True, ca_file=None),
            keepalive_timeout=_KEEP_ALIVE,
            # A name may resolve to another address each time.
            socket_factory=open_socket,
        )
        connect = aiohttp.ClientTimeout(
            total=None, connect=self._connect_timeout, sock_connect=self._connect_timeout
        )
        self._client = aiohttp.ClientSession(
            connector=connector,
            headers={"user-agent": HEADERS["user-agent"], "accept-encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=connect,
        )
        return self._client

    def _translate(self, error: Exception, host: str) -> TransportError:
        found = translate_failure(error, host, timeout=self._timeout, connect_timeout=self._connect_timeout)
        if found.code == "forbidden_address":
            found = TransportError(_FORBIDDEN.format(host=host), code=found.code)
        return found


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short response to its end, so that its connection is kept; close that of any other."""
    left = _MOST_READ
    async for chunk in response.content.iter_any():
        left -= len(chunk)
        if left < 0:
            response.close()
            return


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)

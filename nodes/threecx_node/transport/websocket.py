"""Open WebSockets to a PBX, with the TLS, the address checks, the login and the masking of all other requests.

The access token is sent in the header Authorization, because 3CX refuses one in the query. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import yarl

from ..messages import HttpResponse
from ..values.safe_text import escape_control
from .addresses import open_socket
from .exchange import HEADERS
from .failures import FOREIGN, translate_failure
from .session import find_cause, to_httpx_error

if TYPE_CHECKING:
    import ssl

    from threecx_credentials import Token

    from .login import Login
    from .secrets import Secrets

# Seconds of silence after which the peer is asked by a ping. Half of them later it counts as gone.
PING_AFTER = 14.0
# A larger message ends the connection. A list of all DNs with their calls is the largest that 3CX sends.
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
# Seconds for an orderly end of a connection.
_CLOSING = 2.0
_CLOSING_STALE = 0.1
# After a 401 the newer token of the store is tried, and then one that is requested for it.
_NEW_TOKENS = 2
_LARGEST_ERROR = 64 * 1024
_LONGEST_REASON = 200
_CONTROL = frozenset({aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG})
_ENDS = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)
_TOO_BIG, _ABNORMAL = aiohttp.WSCloseCode.MESSAGE_TOO_BIG, aiohttp.WSCloseCode.ABNORMAL_CLOSURE


class WebSocketClosedError(Exception):
    """A WebSocket has ended: `close_code` is that of the protocol, 1006 where the connection was lost."""

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__(reason)
        self.close_code = close_code
        self.reason = reason


class WebSocket:
    """An open WebSocket. `token` is the token that it was opened with.

    The peer is asked by a ping after `PING_AFTER` seconds without a message. Pings of the peer do not count: a part of
    a PBX that hangs may still send them.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse[Any],
        token: Token,
        secrets: Secrets,
    ) -> None:
        self.token = token
        self._socket = socket
        self._secrets = secrets
        self._loop = asyncio.get_running_loop()
        # When the peer has last sent a message, or answered a ping.
        self._heard_at = self._loop.time()
        self._is_receiving = self._is_stale = False
        self._watching = asyncio.create_task(self._watch())

    async def receive(self) -> str | bytes:
        """Return the next message. Raises WebSocketClosedError.

        As long as it is not called, little is read from the network.
        """
        self._heard_at = self._loop.time()
        self._is_receiving = True
        try:
            while (message := await self._socket.receive()).type in _CONTROL:
                if message.type is aiohttp.WSMsgType.PONG:
                    self._heard_at = self._loop.time()
                else:
                    await self._answer_ping(message.data)
        finally:
            self._is_receiving = False
        if message.type in _ENDS:
            self._watching.cancel()
            raise self._closed_error(message)
        data: str | bytes = message.data
        return data

    async def send(self, text: str) -> None:
        """Send a message. Raises WebSocketClosedError."""
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise WebSocketClosedError(_ABNORMAL, "the connection was lost") from error

    async def close(self) -> None:
        """Close the connection."""
        self._watching.cancel()
        with suppress(TimeoutError):
            # aiohttp waits as long as the peer sends anything.
            async with asyncio.timeout(_CLOSING_STALE if self._is_stale else _CLOSING):
                await self._socket.close()

    async def _answer_ping(self, content: bytes) -> None:
        # A connection that was lost shows when the next message is received.
        with suppress(aiohttp.ClientError, OSError, RuntimeError):
            await self._socket.pong(content)

    async def _watch(self) -> None:
        """Close the connection where the peer does not answer a ping."""
        while True:
            silence = self._loop.time() - self._heard_at
            if silence < PING_AFTER or not self._is_receiving:
                await asyncio.sleep(max(PING_AFTER - silence, PING_AFTER / 4))
                continue
            pinged_at = self._loop.time()
            with suppress(aiohttp.ClientError, OSError, RuntimeError, TimeoutError):
                # A peer that reads nothing may leave no room for it.
                async with asyncio.timeout(PING_AFTER / 2):
                    await self._socket.ping()
            await asyncio.sleep(pinged_at + PING_AFTER / 2 - self._loop.time())
            if self._heard_at < pinged_at and self._is_receiving:
                self._is_stale = True
                await self._socket.close()
                return

    def _closed_error(self, message: aiohttp.WSMessage) -> WebSocketClosedError:
        code = self._socket.close_code or _ABNORMAL
        failure = message.data if message.type is aiohttp.WSMsgType.ERROR else self._socket.exception()
        if code == _TOO_BIG and isinstance(failure, aiohttp.WebSocketError):
            return WebSocketClosedError(code, f"a message is larger than {MAX_MESSAGE_BYTES} bytes")
        if self._is_stale:
            return WebSocketClosedError(code, f"no answer for {PING_AFTER * 1.5:g} seconds")
        if isinstance(failure, aiohttp.WebSocketError):
            return WebSocketClosedError(code, "a message that does not follow the protocol of WebSockets")
        if message.type is not aiohttp.WSMsgType.CLOSE:
            return WebSocketClosedError(code, "the connection was lost")
        words = message.extra if isinstance(message.extra, str) else ""
        words = escape_control(self._secrets.mask_text(words))[:_LONGEST_REASON]
        return WebSocketClosedError(code, f"closed with code {code}{f' ({words})' if words else ''}")


class WebSockets:
    """Opens WebSockets to one PBX, within one event loop. `base_url` is that of the PBX, `host` its name and port."""

    def __init__(
        self,
        base_url: str,
        host: str,
        *,
        tls: ssl.SSLContext,
        login: Login,
        secrets: Secrets,
        connect_timeout: float,
    ) -> None:
        self._base_url = base_url
        self._host = host
        self._tls = tls
        self._login = login
        self._secrets = secrets
        self._connect_timeout = connect_timeout
        self._client: aiohttp.ClientSession | None = None

    async def open(
        self, target: str, *, timeout: float, refused: Token | None = None
    ) -> WebSocket | HttpResponse:
        """Return a WebSocket, or the response of a PBX that opens none.

        `target` is an encoded path. `refused` is a token that the PBX does not accept any more. `timeout` is in seconds
        and bounds the token request, and the response once there is a connection. Raises UnreachableError.
        """
        old = None if refused is None else refused.access_token
        token = await self._login.get_token(timeout, refused=old)
        answer = await self._shake_hands(target, token, timeout)
        for _ in range(_NEW_TOKENS):
            if answer.status != 401:
                break
            token = await self._login.get_token(timeout, refused=token.access_token)
            answer = await self._shake_hands(target, token, timeout)
            if answer.status == 401 and not self._login.refuse(token):
                break
        if isinstance(answer, _Opened):
            self._login.accept(token)
            return WebSocket(answer.socket, token, self._secrets)
        if answer.status < 500 and answer.status != 401:
            self._login.accept(token)
        return HttpResponse(answer.status, answer.headers, self._secrets.mask_body(answer.content))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _shake_hands(self, target: str, token: Token, timeout: float) -> _Opened | HttpResponse:
        self._secrets.add_token(token.access_token)
        try:
            async with asyncio.timeout(self._connect_timeout + timeout):
                answer = await self._connect(target, token)
        except aiohttp.ClientError as error:
            translated = to_httpx_error(error)
            translated.__cause__ = find_cause(error)
            raise self._translate(translated, timeout) from error
        except FOREIGN as error:
            raise self._translate(error, timeout) from error
        self._login.is_known = True
        return answer

    async def _connect(self, target: str, token: Token) -> _Opened | HttpResponse:
        client = self._client or self._open_client()
        try:
            socket = await client.ws_connect(
                yarl.URL(self._base_url + target, encoded=True),
                headers={"authorization": f"Bearer {token.access_token.reveal()}"},
                autoping=False,
                max_msg_size=MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),
            )
        except _NotOpenedError as error:
            return error.response
        except aiohttp.WSServerHandshakeError as error:
            # Status 101 with headers that are not those of a WebSocket.
            return HttpResponse(error.status, error.headers or {}, b"")
        return _Opened(socket)

    def _translate(self, error: Exception, timeout: float) -> Exception:
        failure = translate_failure(error, self._host, timeout=timeout, connect_timeout=self._connect_timeout)
        self._secrets.mask_error(failure)
        return failure

    def _open_client(self) -> aiohttp.ClientSession:
        # Here, because aiohttp needs the event loop that is running.
        connect = self._connect_timeout
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, ssl=self._tls, force_close=True, socket_factory=open_socket
            ),
            headers={"user-agent": HEADERS["user-agent"]},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect),
            middlewares=(_take_other_responses,),
        )
        return self._client


class _Opened:
    """A WebSocket that the PBX has opened."""

    status = 101

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self.socket = socket


class _NotOpenedError(Exception):
    """The PBX answered with `response` instead of opening a WebSocket."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status)
        self.response = response


async def _take_other_responses(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Raise _NotOpenedError for a response that opens no WebSocket, before aiohttp follows a redirect."""
    response = await handler(request)
    if response.status == 101:
        return response
    try:
        content = await response.content.read(_LARGEST_ERROR)
    finally:
        response.close()
    raise _NotOpenedError(HttpResponse(response.status, response.headers.copy(), content))

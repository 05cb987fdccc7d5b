"""The settings of uvicorn that every server of this package shares, with the limits for its clients."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import uvicorn

from ..values.json import dumps
from .connections import ConnectionLimit
from .limits import RequestLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

# Longer than clients keep a connection for later use: a server that closes first loses requests.
_KEEP_ALIVE_TIMEOUT = 120
_MAX_MESSAGE = 64 * 1024


def _render_error(status: int, message: str) -> bytes:
    return dumps({"status": status, "detail": message})


class ServerConfig(uvicorn.Config):
    """How an application is served.

    `protocol` is LimitedH11Protocol or LimitedHttpToolsProtocol. `grace` is the time in seconds that open requests
    get when the server ends. `connections` may be shared by several servers. With `proxy_headers`, a proxy on this
    machine says which client it forwards for. `render_error` builds the JSON body of an error that the protocol sends
    by itself, of the media type `error_type`. `websocket` is LimitedWebSocketProtocol, or None for a server without
    WebSockets; `max_message` is the size of a client's message in bytes at most.
    """

    def __init__(
        self,
        app: Any,
        protocol: type[asyncio.Protocol],
        *,
        limits: RequestLimits | None = None,
        connections: ConnectionLimit | None = None,
        grace: int,
        lifespan: bool = False,
        proxy_headers: bool = True,
        cert_file: str | PathLike[str] | None = None,
        key_file: str | PathLike[str] | None = None,
        render_error: Callable[[int, str], bytes] = _render_error,
        error_type: str = "application/json",
        websocket: type[asyncio.Protocol] | None = None,
        max_message: int = _MAX_MESSAGE,
    ) -> None:
        super().__init__(
            _end_quietly(app),
            http=protocol,
            lifespan="on" if lifespan else "off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            ws=websocket or "none",
            ws_max_size=max_message,
            ws_per_message_deflate=False,
            proxy_headers=proxy_headers,
            timeout_keep_alive=_KEEP_ALIVE_TIMEOUT,
            timeout_graceful_shutdown=grace,
            ssl_certfile=cert_file,
            ssl_keyfile=key_file,
            ssl_version=ssl.PROTOCOL_TLS_SERVER,
        )
        self.limits = limits or RequestLimits()
        # An empty limit is false.
        self.connections = ConnectionLimit() if connections is None else connections
        self.grace = grace
        self.render_error = render_error
        self.error_type = error_type


def _end_quietly(app: Any) -> Any:
    """Return an application that may be cancelled when the server ends: uvicorn would log a traceback."""

    async def run(scope: Any, receive: Any, send: Any) -> None:
        with suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return run

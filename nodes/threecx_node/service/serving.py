"""The service on a socket, until it is told to end; what is under way is finished then."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import ConfigurationError
from ..options import Limits
from .app import DEFAULT_MAX_BODY_BYTES, LAST_SECONDS, ServiceApp, make_app
from .auth import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threecx_credentials import Credential

__all__ = ["CONTRACT", "serve"]

# How long a batch may go on when the service is told to end.
GRACE_SECONDS = 30
# How long a caller may take until its request's headers are there.
REQUEST_SECONDS = 20
# Longer than a canvas keeps a connection for later: a server that closes first loses requests.
_KEEP_ALIVE = 120


def serve(
    host: str,
    port: int,
    *,
    key: str | None,
    profiles: Mapping[str, Credential],
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    grace_seconds: int = GRACE_SECONDS,
    concurrency: int | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Serves until SIGINT or SIGTERM; `on_ready` gets the URL. Raises ConfigurationError."""
    limits = Limits(concurrency=concurrency) if concurrency else Limits()
    app = make_app(key=key, profiles=profiles, max_body_bytes=max_body_bytes, limits=limits)
    config = configuration(app, grace_seconds=grace_seconds)
    with _listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        on_ready(f"http://{shown}:{listening.getsockname()[1]}")
        _Server(config, app, grace_seconds).run(sockets=[listening])


def configuration(app: ServiceApp, *, grace_seconds: int) -> uvicorn.Config:
    """How the service is served."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="error",
        access_log=False,
        http=_Protocol,
        server_header=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=grace_seconds + LAST_SECONDS,
    )


class _Protocol(H11Protocol):
    """Hangs up on callers that do not say what they want, whether they have a key or not.

    Built on h11 and not on httptools, which takes headers without end.
    """

    _hang_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base
        """As the base; from now on a request is waited for."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """As the base; the headers may have come to their end, or a next request may have begun."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the base."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        # Between two requests the time for keep-alive counts, for a body the reader's patience: nobody reads that of a
        # request that is answered already.
        answered = self.cycle is not None and self.cycle.response_complete
        waiting = self.conn.their_state is h11.IDLE or answered
        if not waiting or self.timeout_keep_alive_task is not None:
            self._unwatch()
        elif self._hang_up is None:
            self._hang_up = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _unwatch(self) -> None:
        if self._hang_up is not None:
            self._hang_up.cancel()
            self._hang_up = None


class _Server(uvicorn.Server):
    """Tells batches to stop when their grace has ended, so that they still answer with what they did."""

    def __init__(self, config: uvicorn.Config, app: ServiceApp, grace_seconds: int) -> None:
        super().__init__(config)
        self._service = app
        self._grace_seconds = grace_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As the base, with the stop in between."""
        timer = asyncio.get_running_loop().call_later(self._grace_seconds, self._service.stop_batches)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only with the protocol named does asyncio turn Nagle's algorithm off; it costs 40 ms an answer.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(1024)
    except (OSError, UnicodeError, TypeError) as error:
        opened.close()
        reason = error.strerror if isinstance(error, OSError) else "this is no address"
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {reason}",
            description=_listen_remedy(error),
        ) from error
    return opened


def _listen_remedy(error: Exception) -> str:
    """What to change, by the cause: the port where it is taken or not allowed, else the host."""
    number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    if number == errno.EADDRINUSE:
        return "Give another --port, or 0 for a free one."
    if number in (errno.EACCES, errno.EPERM):
        return "Give a --port from 1024 upwards, or 0 for a free one."
    return "Give as --host an address of this machine: 127.0.0.1, or 0.0.0.0 for all that it has."

"""Accept connections one at a time, within a limit, so that `accept()` neither fails nor is called in a loop."""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from .connections import ConnectionLimit, Place

# Seconds to wait after the operating system had no descriptor or no memory for a connection.
_PAUSE = 0.1
_SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Accepts the connections of one listening socket until it is closed.

    `make_protocol` builds the protocol of a connection for its place. `make_refusal` builds what a client gets where
    all places are taken. `handshake_timeout` is in seconds.
    """

    def __init__(
        self,
        listening: socket.socket,
        limit: ConnectionLimit,
        make_protocol: Callable[[Place], asyncio.Protocol],
        make_refusal: Callable[[], bytes],
        *,
        tls: ssl.SSLContext | None,
        handshake_timeout: float,
    ) -> None:
        listening.setblocking(False)
        self._listening = listening
        self._limit = limit
        self._make_protocol = make_protocol
        self._make_refusal = make_refusal
        self._tls = tls
        self._handshake_timeout = handshake_timeout
        self._connecting: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept(), name="threecx-accept")

    async def close(self) -> None:
        """Accept no further connection; the listening socket stays open."""
        tasks = [self._accepting, *self._connecting]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError as error:
                if error.errno in _SCARCE:
                    self._limit.log(f"a connection cannot be accepted: {error.strerror}")
                    self._limit.close_oldest_idle()
                    await asyncio.sleep(_PAUSE)
                # Else the client has gone before it was accepted.
                await asyncio.sleep(0)
                continue
            self._begin(connection)
            # The connection that had to make room is closed meanwhile.
            await asyncio.sleep(0)

    def _begin(self, connection: socket.socket) -> None:
        place = self._limit.add()
        if place is None:
            if self._tls is None:
                with suppress(OSError):
                    connection.send(self._make_refusal())
            connection.close()
            return
        task = asyncio.create_task(self._connect(connection, place), name="threecx-connect")
        place.connecting = task
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: socket.socket, place: Place) -> None:
        loop = asyncio.get_running_loop()
        timeout = self._handshake_timeout if self._tls is not None else None
        try:
            connection.setblocking(False)
            await loop.connect_accepted_socket(
                lambda: self._make_protocol(place), connection, ssl=self._tls, ssl_handshake_timeout=timeout
            )
        except OSError:
            # The client has gone, or its TLS handshake failed.
            place.leave()
            connection.close()
        except asyncio.CancelledError:
            place.leave()
            connection.close()
            raise

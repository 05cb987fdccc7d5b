"""Read snapshots: over the event socket, whose order with the events is certain, or else by a GET request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..errors import UnusableResponseError
from ..transport.websocket import WebSocketClosedError
from .skips import log
from .snapshot import read_snapshot
from .wire import BASE_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .connection import Connection
    from .snapshot import Snapshot

# After so many requests over the socket without a usable response in a row, only GET requests are sent.
_MOST_FAILURES = 2
_TOO_BIG = 1009


class SnapshotReader:
    """Reads snapshots. `get` returns the document of a GET request, `timeout` bounds a request over the socket."""

    def __init__(self, get: Callable[[], Awaitable[Any]], *, host: str, timeout: float) -> None:
        self._get = get
        self._host = host
        self._timeout = timeout
        self._failures = 0

    async def read(self, connection: Connection) -> Snapshot:
        """Return a snapshot. Raises ThreeCxError, and WebSocketClosedError where the socket ends meanwhile."""
        if self._failures < _MOST_FAILURES:
            found = await self._read_over_socket(connection)
            if found is not None:
                self._failures = 0
                return found
            self._failures += 1
            log.info("%s: no snapshot over the event socket, so it is read by a GET request", self._host)
        return read_snapshot(await self._get(), host=self._host)

    async def _read_over_socket(self, connection: Connection) -> Snapshot | None:
        try:
            async with asyncio.timeout(self._timeout):
                response = await connection.request(BASE_PATH)
        except TimeoutError:
            return None
        except WebSocketClosedError as error:
            if error.close_code == _TOO_BIG:
                # The response is larger than a message may be.
                self._failures = _MOST_FAILURES
            raise
        if not 200 <= response.status < 300:
            return None
        try:
            return read_snapshot(response.body, host=self._host)
        except UnusableResponseError:
            return None

"""The time limit of one attempt to send a request, and the end of its connection when the attempt fails.

The limit is for the attempt as a whole, from the moment there is a connection: a peer that sends a byte now and then
does not extend it. Only the bytes of files do, at `MINIMUM_RATE`: a large file may take longer than the limit, a peer
that sends it drop by drop may not.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..options import MINIMUM_RATE


class Connection(Protocol):
    """The part of aiohttp's connection that is used."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, None when the connection was released."""


class Attempt:
    """One attempt. The session calls `begin` when there is a connection, and `end` or `fail` at the end.

    `timeout` is in seconds, None for no limit. `is_late` says that the limit has passed, `is_slow` that a file was
    transferred meanwhile, but more slowly than `MINIMUM_RATE`. `is_sending` is true while a large body is sent.
    """

    __slots__ = (
        *("_connection", "_loop", "_moved", "_moved_at", "_started", "_timer", "_timeout", "_transport"),
        *("is_late", "is_sending", "is_slow"),
    )

    def __init__(self, timeout: float | None) -> None:
        self.is_late = self.is_slow = self.is_sending = False
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._moved_at = 0.0
        self._moved = 0

    def begin(self, connection: Connection) -> None:
        """Start the time limit."""
        self._connection = connection
        self._transport = connection.transport
        if self._timeout is not None:
            self._started = self._loop.time()
            self._timer = self._loop.call_at(self._started + self._timeout, self._check)

    def count(self, size: int) -> None:
        """Note that `size` bytes of a file were sent or received."""
        self._moved += size
        self._moved_at = self._loop.time()

    def restart(self) -> None:
        """Start the time limit again: the file is sent, and its response is waited for."""
        self._started, self._moved, self.is_sending = self._loop.time(), 0, False

    def end(self) -> None:
        """End the time limit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def fail(self) -> None:
        """End the time limit, and close the connection at once.

        An orderly end would wait until a peer that does not read has read all that was sent to it.
        """
        self.end()
        if self._transport is not None and self._transport.is_closing():
            self._transport.abort()

    def _check(self) -> None:
        """Close the connection if the time is over, which ends the request; else look again when it may be."""
        transport = self._connection.transport if self._connection is not None else None
        if self._timeout is None or transport is None:
            # The response is complete, and another request may use the connection.
            return
        due = self._started + self._timeout
        if self._moved:
            # Each byte of a file extends the limit, and yet there must be one within each period of the limit.
            due = min(due + self._moved / MINIMUM_RATE, self._moved_at + self._timeout)
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._check)
            return
        self.is_late, self.is_slow = True, bool(self._moved)
        transport.abort()

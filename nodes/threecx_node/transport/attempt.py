"""The time limit of one attempt to send a request, and the end of its connection when the attempt fails.

The limit is for the attempt as a whole, from the moment there is a connection: a peer that sends a byte now and then
does not extend it. Only the bytes of files do, at `MINIMUM_RATE`: a large file may take longer than the limit, a peer
that sends it drop by drop may not.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, Protocol

from ..options import MINIMUM_RATE


class Connection(Protocol):
    """The part of aiohttp's connection that is used."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, None when the connection was released."""


class Attempt:
    """One attempt. The session calls `AttemptTimer.begin` when there is a connection, and `fail` if the attempt fails.

    `timeout` is in seconds, None for no limit. `is_late` says that the limit has passed, `is_slow` that a file was
    transferred meanwhile, but more slowly than `MINIMUM_RATE`. `is_sending` is true while a large body is sent.
    """

    is_late = is_slow = is_sending = False
    _connection: Connection | None = None
    _transport: asyncio.Transport | None = None
    _started = _moved_at = 0.0
    _moved = 0

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout

    def begin(self, connection: Connection, now: float) -> None:
        """Start the time limit."""
        self._connection = connection
        self._transport = connection.transport
        self._started = now

    def count(self, size: int) -> None:
        """Note that `size` bytes of a file were sent or received."""
        self._moved += size
        self._moved_at = _now()

    def restart(self) -> None:
        """Start the time limit again: the file is sent, and its response is waited for."""
        self._started, self._moved, self.is_sending = _now(), 0, False

    def fail(self) -> None:
        """Close the connection at once.

        An orderly end would wait until a peer that does not read has read all that was sent to it.
        """
        if self._transport is not None and self._transport.is_closing():
            self._transport.abort()

    def check(self, now: float) -> float | None:
        """Close the connection if the time is over, which ends the request; return when it may be, None for never."""
        transport = self._connection.transport if self._connection is not None else None
        if self.timeout is None or transport is None or self.is_late:
            # The response may be complete, and another request may use the connection.
            return None
        due = self._started + self.timeout
        if self._moved:
            # Each byte of a file extends the limit, and yet there must be one within each period of the limit.
            due = min(due + self._moved / MINIMUM_RATE, self._moved_at + self.timeout)
        if now < due:
            return due
        self.is_late, self.is_slow = True, bool(self._moved)
        transport.abort()
        return None


class AttemptTimer:
    """The time limits of the attempts under way of one session, which are in `attempts` by the task that sends.

    One timer looks at all of them when the first limit may have passed. Nearly all attempts end long before, and a
    timer for each would cost more than all else that is done for an attempt here.
    """

    def __init__(self) -> None:
        self.attempts: dict[asyncio.Task[Any] | None, Attempt] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    def begin(self, attempt: Attempt, connection: Connection) -> None:
        """Start the time limit of an attempt that has a connection now."""
        now = _now()
        attempt.begin(connection, now)
        if attempt.timeout is not None and now + attempt.timeout < self._due:
            self._look_at(now + attempt.timeout)

    def end(self) -> None:
        """End all time limits."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = None, math.inf

    def _look_at(self, due: float) -> None:
        self.end()
        self._due = due
        self._timer = asyncio.get_running_loop().call_at(due, self._look)

    def _look(self) -> None:
        self.end()
        now = _now()
        next_due = [due for each in self.attempts.values() if (due := each.check(now)) is not None]
        if next_due:
            self._look_at(min(next_due))


def _now() -> float:
    return asyncio.get_running_loop().time()

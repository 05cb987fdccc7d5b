"""Limit the number of connections below the number of files that the process may open.

Without a limit, `accept()` fails once all descriptors are used, and so does everything else that needs one: requests
to the PBX, files, child processes. At the limit the connection that has been idle for the longest time makes room.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_log = logging.getLogger("threecx.server")

# Enough for every known number of canvases; each connection needs some 30 KB.
_MOST = 1_000
# At most this part of the descriptors is for connections of clients; the rest is for the PBX, files and processes.
_SHARE = 0.5
_FEWEST = 16
# Seconds between two log lines about a limit that was reached.
_QUIET_TIME = 60.0

# The member of the ASGI scope in which the application finds the transport, to close it without a response.
CONNECTION = "threecx.connection"


def choose_maximum() -> int:
    """Return how many connections of clients there may be at once, from the limit for open files (`ulimit -n`)."""
    if sys.platform == "win32":
        return _MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, int(soft * _SHARE)))


class Place:
    """The place of one connection; while no request of it is under way, it is idle and may have to make room."""

    __slots__ = ("_limit", "connecting", "is_busy", "transport")

    def __init__(self, limit: ConnectionLimit | None = None) -> None:
        self._limit = limit
        self.is_busy = False
        self.transport: asyncio.WriteTransport | None = None
        self.connecting: asyncio.Task[Any] | None = None

    @property
    def is_sending(self) -> bool:
        """Return whether a part of a response has not been sent yet, because the client reads slowly."""
        return self.transport is not None and self.transport.get_write_buffer_size() > 0

    def set_busy(self, busy: bool) -> None:
        """Note that a request has begun or ended."""
        if busy is not self.is_busy:
            self.is_busy = busy
            if self._limit is not None:
                self._limit.move(self)

    def leave(self) -> None:
        """Give the place back, because the connection is closed."""
        if self._limit is not None:
            self._limit.remove(self)
            self._limit = None

    def close(self) -> None:
        """Close the connection at once, and give the place back."""
        self.leave()
        if self.transport is not None:
            # A client that does not take part in closing must not keep the descriptor.
            self.transport.abort()
        elif self.connecting is not None:
            self.connecting.cancel()


class ConnectionLimit:
    """The places of all connections of a server, or of servers that share it; within one event loop."""

    def __init__(self, maximum: int | None = None) -> None:
        self.maximum = maximum or choose_maximum()
        # The one that has been idle for the longest time is first.
        self._idle: OrderedDict[Place, None] = OrderedDict()
        self._busy: set[Place] = set()
        self._quiet_until = 0.0
        self._not_logged = 0

    def __len__(self) -> int:
        return len(self._idle) + len(self._busy)

    def add(self) -> Place | None:
        """Return a place for a new connection; None if requests are under way on all others."""
        if len(self) >= self.maximum:
            self.log(
                f"the limit of {self.maximum} connections is reached: idle ones are closed, oldest first"
            )
            if not self.close_oldest_idle():
                return None
        place = Place(self)
        self._idle[place] = None
        return place

    def close_oldest_idle(self) -> bool:
        """Close the connection that has been idle for the longest time; return whether there is one."""
        place = next((each for each in self._idle if not each.is_sending), None)
        if place is None:
            return False
        place.close()
        return True

    def move(self, place: Place) -> None:
        """Put a place among the busy or the idle ones."""
        if place.is_busy:
            if place in self._idle:
                del self._idle[place]
                self._busy.add(place)
        elif place in self._busy:
            self._busy.discard(place)
            self._idle[place] = None

    def remove(self, place: Place) -> None:
        """Remove a place."""
        self._idle.pop(place, None)
        self._busy.discard(place)

    def log(self, message: str) -> None:
        """Log a warning, at most one a minute; the others are counted."""
        now = time.monotonic()
        if now < self._quiet_until:
            self._not_logged += 1
            return
        more = f" ({self._not_logged} more since the previous line)" if self._not_logged else ""
        _log.warning("%s%s", message, more)
        self._quiet_until, self._not_logged = now + _QUIET_TIME, 0

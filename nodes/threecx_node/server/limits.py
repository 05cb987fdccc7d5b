"""Limit the time that a client may take to send a request or to read a response, and the size of a request's head."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Limits of one request; the timeouts are in seconds.

    `head_timeout` runs from the connection, or from the first byte of a further request, to the end of the head.
    `body_timeout` runs from there to the end of the body; None sets no limit. `write_timeout` is the time in which a
    client must read something (48 KB) of a response that waits for it.
    """

    head_timeout: float = 10.0
    body_timeout: float | None = 60.0
    write_timeout: float = 60.0
    max_head_bytes: int = 64 * 1024
    max_headers: int = 200


class Part(Enum):
    """The part of a request that a server is waiting for."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"


class RequestClock:
    """Call `on_timeout` once a connection has waited too long for the rest of a request.

    A client that sends a byte now and then gains no time: the clock of a part starts when the part begins.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limits: RequestLimits, on_timeout: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._timeouts = {Part.HEAD: limits.head_timeout, Part.BODY: limits.body_timeout}
        self._on_timeout = on_timeout
        self._part = Part.NOTHING
        self._timer: asyncio.TimerHandle | None = None

    def wait_for(self, part: Part) -> None:
        """Start the clock for `part`; it goes on if that part is waited for already."""
        if part is self._part:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._part = part
        timeout = self._timeouts.get(part)
        if timeout is not None:
            self._timer = self._loop.call_later(timeout, self._on_timeout)

    def stop(self) -> None:
        """Stop the clock."""
        self.wait_for(Part.NOTHING)


class WriteClock:
    """Close a connection whose client does not read: at once, because it would not read the rest either."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: RequestLimits) -> None:
        self._loop = loop
        self._timeout = limits.write_timeout
        self._timer: asyncio.TimerHandle | None = None

    def start(self, transport: asyncio.WriteTransport) -> None:
        """Start the clock, because a part of the response waits to be read."""
        self.stop()
        self._timer = self._loop.call_later(self._timeout, transport.abort)

    def stop(self) -> None:
        """Stop the clock, because the client has read most of it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

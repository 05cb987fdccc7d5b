"""Limit the time that a client may take to send a request, and the size of a request's head."""

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
    `body_timeout` runs from there to the end of the body; None sets no limit.
    """

    head_timeout: float = 10.0
    body_timeout: float | None = 60.0
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

"""Recognise events that two sockets report, while one takes the place of the other.

A change of a participant shows by its state, so reporting it twice does no harm. Digits have no state, and neither has
the end of a prompt.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .wire import EventKind, Key, SocketEvent

# Seconds after the first socket was closed, in which the other may still repeat what it reported.
_AFTERWARDS = 1.0


class RepeatFilter:
    """Compares what two sockets report from `begin` until shortly after `end`. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        # Event → the socket that has reported it more often than the other, and how much more often.
        self._ahead: dict[tuple[EventKind, Key, str], tuple[object, int]] = {}

    def begin(self) -> None:
        """Take note that two sockets are open now."""
        self._ahead.clear()
        self._until = float("inf")

    def end(self) -> None:
        """Take note that one of them was closed."""
        self._until = self._clock() + _AFTERWARDS

    def is_repeat(self, source: object, event: SocketEvent) -> bool:
        """Take an event of the socket `source`, and return whether the other one has reported it already."""
        if event.kind not in ("dtmf", "prompt_finished"):
            return False
        if self._clock() >= self._until:
            self._ahead.clear()
            return False
        what = (event.kind, event.key, event.digits)
        first, times = self._ahead.get(what, (source, 0))
        if first is source or not times:
            self._ahead[what] = (source, times + 1)
            return False
        self._ahead[what] = (first, times - 1)
        return True

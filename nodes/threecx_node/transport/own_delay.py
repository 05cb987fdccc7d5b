"""Measure how late this process itself is, so that its own delay is not taken for a slow PBX.

While the event loop is busy (a large list is decoded, a caller of the library computes, other processes have the
processor), responses wait that have come long ago. A timer is late by just as much as they are.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT = 0.025
"""Seconds between two looks. A shorter delay does not matter for the limit."""
# Delays that are known at a time; those of requests that are under way longer are not needed.
_MOST = 1024


class OwnDelay:
    """Looks at the event loop while requests are under way. `is_busy` returns whether there are any."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._due = 0.0
        # When a timer was due, and when it ran.
        self._late: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self.is_watching = False

    def watch(self) -> None:
        """Look at the running event loop until no request is under way."""
        self.is_watching = True
        self._due = time.monotonic() + BEAT
        asyncio.get_running_loop().call_later(BEAT, self._look)

    def between(self, began: float, ended: float) -> float:
        """Return for how many seconds between two moments the event loop was late."""
        now = time.monotonic()
        # Where the loop is late just now, the timer may come after this response.
        seconds = _overlap(self._due, now, began, ended) if self.is_watching and now > self._due else 0.0
        for due, ran in reversed(self._late):
            if ran <= began:
                break
            seconds += _overlap(due, ran, began, ended)
        return seconds

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._due > BEAT:
            self._late.append((self._due, now))
        if self._is_busy():
            self.watch()
        else:
            self.is_watching = False


def _overlap(start: float, end: float, began: float, ended: float) -> float:
    return max(0.0, min(end, ended) - max(start, began))

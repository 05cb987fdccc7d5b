"""Wake the tasks of this process that wait for events of a feed."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Arrivals:
    """One signal for each feed."""

    def __init__(self) -> None:
        self._signals: dict[str, asyncio.Event] = {}

    def note(self, feed: str) -> None:
        """Wake all tasks that wait for this feed."""
        signal = self._signals.pop(feed, None)
        if signal is not None:
            signal.set()

    def expect(self, feed: str) -> asyncio.Event:
        """Return the signal for the next events. Take it before looking whether there are events already."""
        return self._signals.setdefault(feed, asyncio.Event())


async def wait_for(signal: asyncio.Event, seconds: float) -> None:
    """Wait for a signal, but not longer than so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await signal.wait()

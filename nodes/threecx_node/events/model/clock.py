"""The clock of feeds and deliveries. Tests replace it, so that a day passes in no time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class Clock:
    """The time of the system."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for an event, for some seconds at most (None: for as long as it takes); return whether it is set."""
        if event.is_set():
            return True
        if seconds is not None and seconds <= 0:
            return False
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return event.is_set()

"""Wait for events that any executor appends to a stream of Redis, with one blocked connection for each feed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ...errors import EventStoreError
from .arrivals import Arrivals, wait_for
from .redis_connection import PREFIX, TIMEOUT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .redis_connection import RedisConnection

_BLOCK_MILLISECONDS = 2_000
# Readers look again after so many seconds, whatever the stream does.
_LOOK_EVERY = 5.0
_RETRY_SECONDS = 0.5


def key_of_log(feed: str) -> str:
    """Return the key of the stream of a feed."""
    return f"{PREFIX}feed:{feed}:log"


class StreamWatch(Arrivals):
    """Wakes the readers of a feed. It follows a stream as long as there are readers."""

    def __init__(self, connection: RedisConnection) -> None:
        super().__init__()
        self._connection = connection
        self._readers: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def watching(self, feed: str) -> AsyncIterator[None]:
        """Follow the stream of a feed while a reader waits."""
        self._readers[feed] = self._readers.get(feed, 0) + 1
        if feed not in self._tasks:
            self._tasks[feed] = asyncio.create_task(self._follow(feed), name="threecx-event-stream")
        try:
            yield
        finally:
            self._readers[feed] -= 1

    async def wait(self, signal: asyncio.Event, seconds: float) -> None:
        """Wait for a signal, but not longer than so many seconds."""
        await wait_for(signal, min(seconds, _LOOK_EVERY))

    async def aclose(self) -> None:
        """Stop following."""
        tasks = list(self._tasks.values())
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, feed: str) -> None:
        log = key_of_log(feed)
        last: bytes | None = None
        try:
            # Readers leave for a moment, and come back before the stream has answered.
            while self._readers[feed]:
                try:
                    if last is None:
                        newest = await self._connection.ask(self._connection.client.xrevrange(log, count=1))
                        last = newest[0][0] if newest else b"0-0"
                        self.note(feed)
                    found = await self._connection.ask(
                        self._connection.client.xread({log: last}, block=_BLOCK_MILLISECONDS),
                        _BLOCK_MILLISECONDS / 1000 + TIMEOUT,
                    )
                except EventStoreError:
                    # The readers get the error when they read.
                    last = None
                    self.note(feed)
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                if found:
                    last = found[0][1][-1][0]
                    self.note(feed)
        finally:
            del self._tasks[feed]

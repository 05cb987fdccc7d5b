"""The events of a feed as a stream: server-sent events, or lines of JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import EventStoreError, PositionGoneError
from ..values.json import dumps
from .problems import describe_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from ..events.model.filters import EventFilter
    from ..events.model.status import FeedProblem
    from ..events.store.event_store import EventStore, StoredEvent

OLDEST = "oldest"
"""The position before all events that are kept."""
# Events that are read at once, and bytes after which they are sent: a reader that is slow needs no more memory.
_BATCH = 100
_CHUNK = 64 * 1024
# Milliseconds after which a browser connects again.
_RETRY = 2_000


class Encoder(Protocol):
    """Writes what a reader gets. `media_type` is that of the response."""

    media_type: str

    def start(self) -> bytes:
        """Return the beginning of the stream."""

    def event(self, stored: StoredEvent) -> bytes:
        """Return an event and its position."""

    def position(self, position: str) -> bytes:
        """Return a position after which there is nothing to show yet."""

    def heartbeat(self) -> bytes:
        """Return what shows that the stream is alive."""

    def message(self, name: str, document: Mapping[str, Any]) -> bytes:
        """Return a message that is not an event: a `problem`, or the `error` that ends the stream."""


class SseEncoder:
    """Server-sent events: the position is the ID, the data is the event. Its type is in the data."""

    media_type = "text/event-stream"

    def start(self) -> bytes:
        """Return the time after which a client connects again."""
        return b"retry: %d\n\n" % _RETRY

    def event(self, stored: StoredEvent) -> bytes:
        """Return an event and its position."""
        return b"id: %s\ndata: %s\n\n" % (stored.position.encode(), dumps(stored.event.to_json()))

    def position(self, position: str) -> bytes:
        """Return the ID alone: the client takes it, and reports no event."""
        return b"id: %s\n\n" % position.encode()

    def heartbeat(self) -> bytes:
        """Return a comment."""
        return b":\n\n"

    def message(self, name: str, document: Mapping[str, Any]) -> bytes:
        """Return an event of another name."""
        return b"event: %s\ndata: %s\n\n" % (name.encode(), dumps(document))


class NdjsonEncoder:
    """Lines of JSON: events with their position."""

    media_type = "application/x-ndjson"

    def start(self) -> bytes:
        """Return nothing."""
        return b""

    def event(self, stored: StoredEvent) -> bytes:
        """Return an event and its position."""
        return dumps({"position": stored.position, **stored.event.to_json()}) + b"\n"

    def position(self, position: str) -> bytes:
        """Return a line with the position alone."""
        return dumps({"position": position}) + b"\n"

    def heartbeat(self) -> bytes:
        """Return an empty line."""
        return b"\n"

    def message(self, name: str, document: Mapping[str, Any]) -> bytes:
        """Return a line with one member."""
        return dumps({name: document}) + b"\n"


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of `feed` for one reader, after the position `after`.

    `heartbeat` is the longest pause in seconds. The stream ends when `ending` is set. The store is read as fast as the
    reader reads, so that one who is slow takes no memory.
    """

    store: EventStore
    feed: str
    types: frozenset[str]
    filter: EventFilter
    after: str
    heartbeat: float
    ending: asyncio.Event
    encoder: Encoder

    async def lines(self, problems: Iterable[FeedProblem]) -> AsyncGenerator[bytes]:
        """Yield the stream in pieces; `problems` are written first. An error of the store is the last piece."""
        encoder = self.encoder
        yield encoder.start() + encoder.position(self.after)
        for each in problems:
            yield encoder.message("problem", describe_feed_problem(each))
        try:
            async for chunk in self._follow():
                yield chunk
        except (EventStoreError, PositionGoneError) as error:
            yield encoder.message("error", describe_error(error))

    async def _follow(self) -> AsyncGenerator[bytes]:
        loop = asyncio.get_running_loop()
        position, shown, written = self.after, self.after, loop.time()
        while not self.ending.is_set():
            batch, position = await self._read(position)
            chunk = b""
            for stored in batch:
                position = stored.position
                if not self._is_wanted(stored):
                    continue
                chunk += self.encoder.event(stored)
                shown = position
                if len(chunk) >= _CHUNK:
                    yield chunk
                    chunk, written = b"", loop.time()
            if chunk:
                yield chunk
                written = loop.time()
            pause = self.heartbeat - (loop.time() - written)
            if pause <= 0:
                # Events that are left out move the position too: it must not become older than what is kept.
                yield self.encoder.heartbeat() if shown == position else self.encoder.position(position)
                shown, written = position, loop.time()
            elif not batch:
                await self._wait(position, pause)

    async def _read(self, position: str) -> tuple[list[StoredEvent], str]:
        """Return the next events, and the position before them."""
        if position != OLDEST:
            return await self.store.read(self.feed, after=position, limit=_BATCH), position
        # Asked for first: an event that comes in between is after it.
        newest = await self.store.newest_position(self.feed)
        batch = await self.store.read(self.feed, after=None, limit=_BATCH)
        return batch, position if batch else newest

    def _is_wanted(self, stored: StoredEvent) -> bool:
        return stored.event.type in self.types and self.filter.matches(stored.event)

    async def _wait(self, position: str, timeout: float) -> None:  # noqa: ASYNC109 (the store takes it)
        """Wait for an event after `position`, or for the end of the service."""
        news = asyncio.ensure_future(self.store.wait_for_events(self.feed, position, timeout))
        ending = asyncio.ensure_future(self.ending.wait())
        try:
            await asyncio.wait({news, ending}, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                news.result()
        finally:
            news.cancel()
            ending.cancel()


async def find_start(store: EventStore, feed: str, after: str | None) -> str:
    """Return the position after which a reader begins: `after`, or that of the newest event.

    Raise PositionGoneError for a position that is not kept any more, and EventStoreError.
    """
    if after is None:
        return await store.newest_position(feed)
    await store.read(feed, after=None if after == OLDEST else after, limit=1)
    return after


def describe_feed_problem(problem: FeedProblem) -> dict[str, Any]:
    """Return what keeps events from coming, as JSON."""
    return {
        "events": list(problem.events),
        "code": problem.code,
        "message": problem.message,
        "advice": problem.advice,
        "isFinal": problem.is_final,
    }

"""Write the events of one feed to the journal: each once, whatever happens to the journal meanwhile."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ...errors import EventStoreError, PositionGoneError
from ..model.status import FeedProblem
from ..store.event_store import Cursor
from .call_memory import CallMemory
from .gap_calls import GapCalls
from .problems import LIVE_TYPES, RECORD_TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence

    from ..model.clock import Clock
    from ..model.event import Event
    from ..store.event_store import EventStore, StoredEvent
    from .problems import Problems

log = logging.getLogger("threecx_node.events")

SOURCE = "live"
_PART = "journal"
_PAGE = 500
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_STARTED = "call.started"


class FeedJournal:
    """The journal of one feed, written by the process that runs the feed.

    While the store cannot be used, `append` waits and tries again, so that its caller takes no more events; the PBX
    is asked later what was missed. `on_events` gets the new events in the order of the journal. `gaps` completes live
    calls from the call log.
    """

    def __init__(
        self,
        feed: str,
        store: EventStore,
        clock: Clock,
        problems: Problems,
        on_events: Callable[[Sequence[StoredEvent]], None],
    ) -> None:
        self.memory = CallMemory()
        self.gaps = GapCalls()
        self._feed = feed
        self._store = store
        self._clock = clock
        self._problems = problems
        self._on_events = on_events
        self._lock = asyncio.Lock()
        self._saved: str | None = None
        self._never = asyncio.Event()
        self._writing: set[asyncio.Task[list[StoredEvent]]] = set()

    async def restore(self) -> None:
        """Read the memory of calls, as the process before has left it. Raises EventStoreError."""
        document = await self._store.load_cursor(self._feed, SOURCE)
        self.memory = memory = CallMemory.from_json(document or {})
        self._saved = memory.position
        while True:
            try:
                page = await self._store.read(self._feed, after=memory.position, limit=_PAGE)
            except PositionGoneError:
                # The memory is older than all that is kept.
                memory.position = None
                continue
            for each in page:
                memory.apply(each.event)
                memory.position = each.position
            if len(page) < _PAGE:
                return

    async def append(
        self, events: Sequence[Event], cursor: Cursor | None = None, wanted: Collection[str] | None = None
    ) -> list[StoredEvent]:
        """Journal the events of records that are new, and return them; of some types, where `wanted` names them."""
        return await self._complete(self._append_records(events, cursor, wanted))

    async def append_live(self, events: Sequence[Event]) -> list[StoredEvent]:
        """Journal the events of live calls that are new, and return them."""
        return await self._complete(self._append_calls(events))

    async def release(self) -> list[StoredEvent]:
        """Journal the events that have waited long enough for the call log, and return them."""
        return await self._complete(self._append_calls(()))

    def cover(self, *, is_live: bool) -> None:
        """Note whether calls are watched now."""
        if is_live:
            self.memory.coverage.cover(self._clock.now())
        else:
            self.memory.coverage.lose()

    async def aclose(self) -> None:
        """Give up what waits for the store."""
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _complete(self, writing: Coroutine[Any, Any, list[StoredEvent]]) -> list[StoredEvent]:
        """Write to the end, also where the caller is cancelled: what is stored must be known here."""
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    async def _append_records(
        self, events: Sequence[Event], cursor: Cursor | None, wanted: Collection[str] | None
    ) -> list[StoredEvent]:
        async with self._lock:
            released, is_changed = self.gaps.settle(events, self.memory)
            new = await self._append_live(released)
            if is_changed:
                # The call log gives each call once: what it says of open calls is saved before its place is.
                await self._save()
            chosen = self.gaps.choose(events, self.memory, self._clock.now(), wanted)
            return new + await self._append(chosen, cursor)

    async def _append_calls(self, events: Sequence[Event]) -> list[StoredEvent]:
        async with self._lock:
            new: list[StoredEvent] = []
            batch: list[Event] = []
            for event in events:
                batch += self.gaps.take_live(event, self.memory, self._clock.now())
                # A call whose ID is that of an earlier one must get its name before the next event.
                if event.type == _STARTED:
                    new += await self._append_live(batch)
                    batch = []
            batch += self.gaps.release(self._clock.now())
            return new + await self._append_live(batch)

    async def checkpoint(self, *, is_last: bool = False) -> None:
        """Save the memory of calls, if something was journaled since; the last time also where it was not."""
        async with self._lock:
            coverage = self.memory.coverage
            if self.memory.position != self._saved or coverage.is_due or (is_last and coverage.until):
                await self._save()

    async def _save(self) -> None:
        position, until = self.memory.position, self.memory.coverage.until
        await self._try(lambda: self._store.append(self._feed, (), cursor=self._make_cursor()))
        self._saved = position
        self.memory.coverage.note_saved(until)

    async def _append_live(self, events: Sequence[Event]) -> list[StoredEvent]:
        renamed = [self.memory.rename(each) for each in events]
        new = await self._append([each for each in renamed if not self.memory.missed.has_twin(each)])
        last = renamed[-1] if renamed else None
        is_known = last is not None and all(each.event.id != last.id for each in new)
        if last is not None and is_known and self.memory.is_another_call(last):
            new += await self._append([self.memory.give_new_name(last)])
        return new

    async def _append(self, events: Sequence[Event], cursor: Cursor | None = None) -> list[StoredEvent]:
        if not events and cursor is None:
            return []
        new = await self._try(lambda: self._store.append(self._feed, events, cursor=cursor))
        for each in new:
            self.memory.apply(each.event)
            self.memory.position = each.position
        if new:
            self._on_events(new)
        return new

    async def _try(self, write: Callable[[], Awaitable[list[StoredEvent]]]) -> list[StoredEvent]:
        wait = _FIRST_WAIT
        while True:
            try:
                new = await write()
            except EventStoreError as error:
                if wait == _FIRST_WAIT:
                    log.warning("%s Trying again.", error.one_line())
                self._problems.put(_PART, [_describe(error)])
                await self._clock.wait(self._never, wait)
                wait = min(_LONGEST_WAIT, wait * 2)
            else:
                self._problems.put(_PART, ())
                return new

    def _make_cursor(self) -> Cursor:
        return Cursor(SOURCE, self.memory.to_json())


def _describe(error: EventStoreError) -> FeedProblem:
    return FeedProblem(
        events=tuple(sorted(LIVE_TYPES | RECORD_TYPES)),
        code=error.code,
        message=error.message,
        advice=error.description,
    )

"""The records of one feed: polled while they are wanted, and journaled together with the place where the poll ended."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ...errors import EventStoreError, ThreeCxError
from ..model.status import FeedProblem
from ..records.poller import RecordPoller
from ..store.event_store import Cursor
from .problems import describe_error, is_refused_login

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...execution.executor import Executor
    from ..model.clock import Clock
    from ..records.problem import RecordProblem
    from ..store.event_store import EventStore
    from .feed_journal import FeedJournal
    from .problems import Problems

log = logging.getLogger("threecx_node.events")

SOURCE = PART = "records"
# Seconds until the next attempt after an error: 3CX blocks addresses after failed logins.
_AFTER_REFUSAL = 300.0
_AFTER_FAULT = 15.0


class RecordSource:
    """Journals the events of the records of one PBX. `run` never ends by itself.

    `types` are those that are wanted now; `poll_soon` begins the next poll at once.
    """

    def __init__(
        self,
        feed: str,
        executor: Executor,
        store: EventStore,
        journal: FeedJournal,
        problems: Problems,
        clock: Clock,
    ) -> None:
        self.types: frozenset[str] = frozenset()
        self._feed = feed
        self._executor = executor
        self._poller = RecordPoller(executor, executor.client.host)
        self._store = store
        self._journal = journal
        self._problems = problems
        self._clock = clock
        self._wake = asyncio.Event()

    def set_types(self, types: frozenset[str]) -> None:
        """Poll for these types from now on."""
        if types != self.types:
            self.types = types
            self._wake.set()

    async def run(self) -> None:
        """Poll, and go on after each error, until the task is cancelled."""
        try:
            cursor: Mapping[str, Any] | None = None
            is_loaded = False
            while True:
                self._wake.clear()
                wait: float | None = _AFTER_FAULT
                try:
                    if not is_loaded:
                        cursor = await self._store.load_cursor(self._feed, SOURCE) or None
                        is_loaded = True
                    cursor, wait = await self._poll(cursor)
                except EventStoreError as error:
                    log.warning("%s Trying again.", error.one_line())
                except ThreeCxError as error:
                    log.warning("records: %s", error.one_line())
                    self._problems.put(PART, [describe_error(error, self.types)])
                    wait = _AFTER_REFUSAL if is_refused_login(error) else _AFTER_FAULT
                except Exception:
                    log.exception("records of %s: internal error", self._executor.client.host)
                await self._clock.wait(self._wake, wait)
        finally:
            self._problems.put(PART, ())

    async def _poll(self, cursor: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, float | None]:
        """Poll once; return the cursor and the seconds until the next poll, None for no poll."""
        types = self.types
        if not types:
            if cursor:
                # A later subscriber gets what happens from then on.
                await self._journal.append((), Cursor(SOURCE, {}))
            self._problems.put(PART, ())
            return None, None
        result = await self._poller.poll(types, cursor)
        self._problems.put(PART, describe_problems(result.problems))
        if result.events or result.cursor != cursor:
            await self._journal.append(result.events, Cursor(SOURCE, result.cursor))
        return result.cursor, result.next_after


def describe_problems(problems: Iterable[RecordProblem]) -> list[FeedProblem]:
    """Return the problems of a poll in the form of all problems of a feed."""
    return [
        FeedProblem(
            events=tuple(sorted(each.types)),
            code=each.code,
            message=each.message,
            advice=each.advice,
            is_final=each.is_final,
        )
        for each in problems
    ]

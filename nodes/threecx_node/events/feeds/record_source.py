"""The records of one feed: polled while they are wanted, and journaled together with the place where the poll ended."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ...errors import EventStoreError, ThreeCxError
from ..model.status import FeedProblem
from ..records.poller import RecordPoller
from ..store.event_store import Cursor
from .gap_calls import LOGGED
from .problems import EITHER_TYPES, describe_error, is_refused_login, pick_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
# Seconds until the next poll while an event waits for the call log.
_WHILE_WAITING = 5.0


class RecordSource:
    """Journals the events of the records of one PBX. `run` never ends by itself.

    `types` are those that are wanted now. `optional` are those of them that live calls give: where the records cannot
    be read, only the calls in gaps are missing.
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
        self.optional: frozenset[str] = frozenset()
        self._found: Sequence[FeedProblem] = ()
        self._is_hurried = False
        self._feed = feed
        self._executor = executor
        self._poller = RecordPoller(executor, executor.client.host)
        self._store = store
        self._journal = journal
        self._problems = problems
        self._clock = clock
        self._wake = asyncio.Event()

    def set_types(self, types: frozenset[str], optional: frozenset[str] = frozenset()) -> None:
        """Poll for these types from now on; problems of those that are optional are not reported."""
        is_changed = types != self.types
        if is_changed or optional != self.optional:
            self.types, self.optional = types, optional
            self._report(self._found)
        if is_changed:
            self._wake.set()

    def hurry(self) -> None:
        """Look for calls now: an event waits for them."""
        self._is_hurried = True
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
                    self._report([describe_error(error, self.types)])
                    wait = _AFTER_REFUSAL if is_refused_login(error) else _AFTER_FAULT
                except Exception:
                    log.exception("records of %s: internal error", self._executor.client.host)
                if self._journal.gaps.is_waiting:
                    wait = min(wait or _WHILE_WAITING, _WHILE_WAITING)
                await self._clock.wait(self._wake, wait)
        finally:
            self._report(())

    async def _poll(self, cursor: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, float | None]:
        """Poll once; return the cursor and the seconds until the next poll, None for no poll."""
        types = self.types
        if not types:
            if cursor:
                # A later subscriber gets what happens from then on.
                await self._journal.append((), Cursor(SOURCE, {}))
            self._report(())
            return None, None
        if self._is_hurried or self._journal.gaps.is_waiting:
            self._poller.hurry(EITHER_TYPES)
            self._is_hurried = False
        # How calls ended that live calls do not show to the end.
        asked = types | {LOGGED} if types & EITHER_TYPES else types
        result = await self._poller.poll(asked, cursor)
        self._journal.memory.missed.ahead = self._poller.ahead
        self._report(describe_problems(result.problems))
        if result.events or result.cursor != cursor:
            await self._journal.append(result.events, Cursor(SOURCE, result.cursor), types)
        return result.cursor, result.next_after

    def _report(self, problems: Sequence[FeedProblem]) -> None:
        """Report problems, except those of types that come from live calls anyway."""
        self._found = problems
        missing = {name for each in problems if each.is_final for name in each.events}
        self._journal.gaps.can_ask = bool(self.types & EITHER_TYPES) and not EITHER_TYPES & missing
        wanted = self.types - self.optional
        self._problems.put(PART, pick_problems(problems, wanted))


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

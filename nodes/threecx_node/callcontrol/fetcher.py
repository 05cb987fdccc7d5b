"""Fetch the state of participants: one request per participant at a time, and a bounded number of them in all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..errors import ThreeCxError
from .legs import Outcome
from .skips import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .backlog import Backlog
    from .changes import LegChange
    from .entities import Participant
    from .legs import Legs
    from .skips import SkipLog
    from .wire import Key

    Fetch = Callable[[Key], Awaitable[Participant | Outcome]]
    OnChanges = Callable[[Sequence[LegChange]], None]


class Fetcher:
    """Runs the fetches that `legs` asks for, `limit` at a time, and passes on what they change."""

    def __init__(
        self,
        legs: Legs,
        backlog: Backlog,
        fetch: Fetch,
        on_changes: OnChanges,
        skips: SkipLog,
        *,
        limit: int,
    ) -> None:
        self._legs = legs
        self._backlog = backlog
        self._fetch = fetch
        self._on_changes = on_changes
        self._skips = skips
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin as many fetches as wait and may run now."""
        while len(self._tasks) < self._limit and (key := self._legs.take_fetch()) is not None:
            task = asyncio.create_task(self._run(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End all fetches."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: Key | None) -> None:
        while key is not None:
            await self._backlog.wait_for_room()
            self._on_changes(self._legs.finish(key, await self._get(key)))
            # The next one in this task: a new task for each costs more.
            key = self._legs.take_fetch()

    async def _get(self, key: Key) -> Participant | Outcome:
        try:
            return await self._fetch(key)
        except ThreeCxError as error:
            # The message may contain the number of an extension, and the code says what is wrong.
            self._skips.note(f"a participant that could not be read ({error.code})")
        except Exception:  # noqa: BLE001 (one participant must not end the others)
            log.exception("a participant could not be read, because of an internal error")
        return Outcome.FAILED

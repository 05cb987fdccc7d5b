"""One feed: one PBX as one client sees it, with the sources that its subscriptions and readers want.

Of all processes that could run a feed, the one that has its lease does: it listens, polls and delivers. The others wait
for the lease, so that one of them takes over within seconds.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ...errors import EventStoreError
from ...execution.executor import Executor
from ..delivery.deliveries import Deliveries
from ..store.event_store import Cursor
from .feed_journal import FeedJournal
from .live_source import LiveSource
from .problems import EITHER_TYPES, LIVE_TYPES, RECORD_TYPES, Problems, read_problems
from .record_source import RecordSource

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from typing import Any

    from threecx_credentials import Credential

    from ..delivery.services import FeedServices
    from ..model.status import FeedProblem
    from ..store.event_store import Lease, StoredEvent, SubscriptionRecord

log = logging.getLogger("threecx_node.events")

STATUS = "status"
_AFTER_FAULT = 1.0
# A client that monitors more sees the whole PBX.
_MOST_NUMBERS = 5_000


class Feed:
    """Runs one feed, from `start` to `aclose`, for as long as this process has its lease."""

    def __init__(self, key: str, credential: Credential, services: FeedServices) -> None:
        self.credential = credential
        self._key = key
        self._services = services
        self._records: Sequence[SubscriptionRecord] = ()
        self._types: frozenset[str] = frozenset()
        self._run: _FeedRun | None = None
        self._task: asyncio.Task[None] | None = None
        self._grace = 0.0
        self._is_stopped = False
        self._never = asyncio.Event()

    def start(self) -> None:
        """Wait for the lease and run the feed, in a task."""
        self._task = asyncio.create_task(self._keep_running())

    def update(self, records: Sequence[SubscriptionRecord], types: frozenset[str]) -> None:
        """Take the subscriptions of the feed, and the types that they and all readers want."""
        self._records, self._types = records, types
        if self._run is not None:
            self._run.update(records, types)

    def update_wants(self, types: frozenset[str]) -> None:
        """Take the types that readers of other processes want, besides those that are known."""
        if self._run is not None and types != self._run.other_types:
            self._run.other_types = types
            self._run.note_change()

    def stop(self) -> None:
        """Begin no further delivery."""
        self._is_stopped = True
        if self._run is not None:
            self._run.deliveries.stop()

    async def aclose(self, grace: float = 0.0) -> None:
        """End the feed and give the lease back; deliveries under way have `grace` seconds to end."""
        self._grace = grace
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def pbx(self) -> str:
        """Return host and port of the PBX."""
        return self.credential.base_url.partition("://")[2].partition("/")[0]

    @property
    def is_running(self) -> bool:
        """Return whether this process runs the feed."""
        return self._run is not None

    @property
    def is_connected(self) -> bool:
        """Return whether the sources that are wanted work in this process."""
        return self._run is not None and self._run.is_connected

    @property
    def is_busy(self) -> bool:
        """Return whether a delivery is under way."""
        return self._run is not None and self._run.deliveries.is_busy

    async def list_problems(self) -> tuple[FeedProblem, ...]:
        """Return the problems of the feed, whichever process runs it. Raises EventStoreError."""
        if self._run is not None:
            return self._run.problems.all
        document = await self._services.store.load_cursor(self._key, STATUS)
        return read_problems((document or {}).get("problems", ()))

    async def list_monitored(self) -> frozenset[str] | None:
        """Return the numbers whose live calls the client sees, None where that is not known. Raises EventStoreError."""
        if self._run is not None:
            return self._run.monitored
        return read_monitored(await self._services.store.load_cursor(self._key, STATUS))

    async def _keep_running(self) -> None:
        while True:
            try:
                async with self._services.store.lease(self._key) as lease:
                    await self._run_with(lease)
            except EventStoreError as error:
                log.warning("feed of %s: %s Trying again.", self.pbx, error.one_line())
            except Exception:
                log.exception("feed of %s: internal error", self.pbx)
            await self._services.clock.wait(self._never, _AFTER_FAULT)

    async def _run_with(self, lease: Lease) -> None:
        run = _FeedRun(self._key, self.credential, self.pbx, self._services)
        try:
            await run.restore()
            run.update(self._records, self._types)
            if self._is_stopped:
                run.deliveries.stop()
            self._run = run
            await run.run(lease)
        finally:
            self._run = None
            await run.aclose(self._grace)


class _FeedRun:
    """The parts of a feed in the process that runs it."""

    def __init__(self, key: str, credential: Credential, pbx: str, services: FeedServices) -> None:
        self.problems = Problems(self.note_change)
        self.deliveries = Deliveries(services)
        self.journal = FeedJournal(key, services.store, services.clock, self.problems, self._take_events)
        self._key = key
        self._pbx = pbx
        self._services = services
        self._changed = asyncio.Event()
        self._was_connected = False
        self._records: Sequence[SubscriptionRecord] = ()
        self._types: frozenset[str] = frozenset()
        self.other_types: frozenset[str] = frozenset()
        self._executor = Executor(credential, catalog=services.catalog, token_store=services.token_store)
        self._record_source = RecordSource(
            key, self._executor, services.store, self.journal, self.problems, services.clock
        )
        self._live_source = LiveSource(
            credential,
            self.journal,
            self.problems,
            services.clock,
            token_store=services.token_store,
            on_state=self.note_change,
        )
        self.journal.gaps.on_hold = self._record_source.hurry
        self._live_task: asyncio.Task[None] | None = None
        self._record_task: asyncio.Task[None] | None = None
        self._saved: object = None
        self._last_monitored: frozenset[str] | None = None

    @property
    def is_connected(self) -> bool:
        """Return whether the sources that are wanted work."""
        if self._live_task is not None and self._live_source.is_refused is not True:
            return self._live_source.is_connected
        return not self.problems.all

    @property
    def monitored(self) -> frozenset[str] | None:
        """Return the numbers whose live calls the client sees, None where they are not known, or are too many."""
        found = self._live_source.monitored if self._live_task is not None else None
        return None if found is None or len(found) > _MOST_NUMBERS else found

    def update(self, records: Sequence[SubscriptionRecord], types: frozenset[str]) -> None:
        """Take the subscriptions and the types that are wanted."""
        self._records, self._types = records, types
        self._changed.set()

    async def restore(self) -> None:
        """Take over what the process before has left. Raises EventStoreError."""
        await self.journal.restore()
        self._last_monitored = read_monitored(await self._services.store.load_cursor(self._key, STATUS))

    async def run(self, lease: Lease) -> None:
        """Run what is wanted until the lease is lost or the task is cancelled."""
        losing = asyncio.ensure_future(lease.lost.wait())
        try:
            while not losing.done():
                self._changed.clear()
                await self._arrange()
                changing = asyncio.ensure_future(self._changed.wait())
                try:
                    await asyncio.wait({losing, changing}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changing.cancel()
            log.warning("feed of %s: another process runs it now", self._pbx)
        finally:
            losing.cancel()

    async def aclose(self, grace: float) -> None:
        """End all parts."""
        await _end(self._live_task)
        self._live_task = None
        await _end(self._record_task)
        self._record_task = None
        self._report_connection(connected=False)
        try:
            await self.deliveries.aclose(grace)
            async with asyncio.timeout(grace or 1.0):
                await self.journal.checkpoint(is_last=True)
        except (EventStoreError, TimeoutError):
            log.warning("feed of %s: the journal cannot be used at the end", self._pbx)
        await self.journal.aclose()
        await self._executor.aclose()

    async def _arrange(self) -> None:
        """Start and end parts as they are wanted now."""
        await self.deliveries.update(self._records)
        types = self._types | self.other_types
        wants_live = bool(types & LIVE_TYPES)
        if wants_live and self._live_task is None:
            # The calls from here on are complete only with the memory of those that are open.
            self._live_task = _begin(self._live_source.run())
        elif not wants_live:
            await _end(self._live_task)
            self._live_task = None
        is_refused = self._live_source.is_refused is True
        if self.monitored is not None:
            self._last_monitored = self.monitored
        self.journal.gaps.monitored = None if is_refused else self._last_monitored
        self._record_source.set_types(types & RECORD_TYPES, frozenset() if is_refused else EITHER_TYPES)
        if self._record_task is None:
            self._record_task = _begin(self._record_source.run())
        self._report_connection(connected=self.is_connected)
        await self._save_status()

    async def _save_status(self) -> None:
        """Let other processes know the problems, and the numbers that the client monitors."""
        status: dict[str, Any] = {"problems": self.problems.to_json()}
        if (monitored := self.monitored) is not None:
            status["monitored"] = sorted(monitored)
        if status == self._saved:
            return
        try:
            await self._services.store.append(self._key, (), cursor=Cursor(STATUS, status))
            self._saved = status
        except EventStoreError as error:
            log.debug("%s", error.one_line())

    def _report_connection(self, *, connected: bool) -> None:
        if connected != self._was_connected:
            self._was_connected = connected
            self._services.observer.note_feed(self._pbx, connected)

    def note_change(self) -> None:
        """Arrange the parts again."""
        self._changed.set()

    def _take_events(self, events: Sequence[StoredEvent]) -> None:
        self.deliveries.push(events)
        self._services.observer.note_events([each.event.type for each in events])


def read_monitored(status: Mapping[str, Any] | None) -> frozenset[str] | None:
    """Return the monitored numbers of a stored status, None where they are not known."""
    found = (status or {}).get("monitored")
    return None if found is None else frozenset(found)


def _begin(run: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(run)


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

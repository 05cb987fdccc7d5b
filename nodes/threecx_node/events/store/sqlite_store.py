"""Keep the journal of events, the subscriptions and their deliveries in an SQLite file of the state folder."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from ...values.json import dumps, loads
from . import sqlite_journal as journal
from . import sqlite_subscriptions as subscriptions
from .arrivals import Arrivals, wait_for
from .event_store import Retention, StoredEvent
from .file_lease import FileLease
from .positions import format_position, parse_position, refuse_position
from .secret_box import SecretBox
from .sqlite_worker import SqliteWorker
from .stored_form import digest_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..model.event import Event
    from ..model.subscription import Subscription
    from .event_store import (
        Cursor,
        DeliveryAttempt,
        DeliveryCounts,
        DeliveryResult,
        Lease,
        PendingDelivery,
        State,
        SubscriptionRecord,
    )

FILE_NAME = "events.sqlite3"
KEY_NAME = "subscriptions.key"
# Events that another process appends to the same file are noticed within so many seconds.
_LOOK_EVERY = 0.5


class SqliteEventStore:
    """An EventStore in a folder. The file is opened when it is first used, and again after a fault."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, retention: Retention | None = None
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._retention = retention or Retention()
        self._box = SecretBox(folder / KEY_NAME)
        path = folder / FILE_NAME
        self._writer = SqliteWorker(path, clock, writes=True, upkeep=self._keep_up)
        self._reader = SqliteWorker(path, clock, writes=False)
        self._appender = journal.Appender(clock, self._retention)
        self._arrivals = Arrivals()

    def check(self) -> None:
        """Raise EventStoreError where the file or the key cannot be used now."""
        self._writer.run_now(lambda db: subscriptions.check_key(db, self._box))

    async def append(
        self, feed: str, events: Sequence[Event], *, cursor: Cursor | None = None
    ) -> list[StoredEvent]:
        """Journal the events that are new with their deliveries, and save the cursor."""

        def run(db: sqlite3.Connection) -> list[StoredEvent]:
            return _give_positions(db, self._appender.append(db, feed, events, cursor))

        stored = await self._writer.run(run, durable=False)
        if stored:
            self._arrivals.note(feed)
        return stored

    async def read(self, feed: str, *, after: str | None, limit: int) -> list[StoredEvent]:
        """Return at most `limit` events after a position. Raise PositionGoneError or InputError."""

        def run(db: sqlite3.Connection) -> list[StoredEvent]:
            if after is None:
                number, _ = journal.find_feed(db, feed)
                return _give_positions(db, journal.select_events(db, number, 0, limit))
            start = parse_position(after, journal.read_meta(db, "journal"))
            found = journal.read_events(db, feed, start, limit)
            if found is None:
                refuse_position()
            return _give_positions(db, found)

        return await self._reader.run(run)

    async def newest_position(self, feed: str) -> str:
        """Return the position of the newest event."""
        return await self._reader.run(
            lambda db: format_position(journal.read_meta(db, "journal"), journal.find_newest_of(db, feed))
        )

    async def wait_for_events(self, feed: str, after: str, timeout: float) -> bool:
        """Return whether there are events after a position, at the latest after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            signal = self._arrivals.expect(feed)
            if await self.read(feed, after=after, limit=1):
                return True
            left = until - time.monotonic()
            if left <= 0:
                return False
            await wait_for(signal, min(left, _LOOK_EVERY))

    async def load_cursor(self, feed: str, source: str) -> Mapping[str, Any] | None:
        """Return the cursor of a source."""
        return await self._reader.run(lambda db: journal.load_cursor(db, feed, source))

    async def add_subscription(self, subscription: Subscription) -> None:
        """Store a subscription."""
        await self._writer.run(lambda db: subscriptions.add_subscription(db, subscription, self._box))

    async def get_subscription(self, subscription_id: str) -> SubscriptionRecord | None:
        """Return a subscription."""
        return await self._reader.run(
            lambda db: subscriptions.get_subscription(db, subscription_id, self._box)
        )

    async def list_subscriptions(self, feed: str | None = None) -> list[SubscriptionRecord]:
        """Return the subscriptions of one feed or of all."""
        return await self._reader.run(lambda db: subscriptions.list_subscriptions(db, feed, self._box))

    async def remove_subscription(self, subscription_id: str) -> bool:
        """Remove a subscription and its deliveries."""
        return await self._writer.run(lambda db: subscriptions.remove_subscription(db, subscription_id))

    async def subscriptions_version(self) -> int:
        """Return a number that changes with the subscriptions."""
        return int(await self._reader.run(lambda db: journal.read_meta(db, "version")))

    async def set_state(self, subscription_id: str, state: State, reason: str = "") -> None:
        """Park a subscription, or make it active."""
        await self._writer.run(lambda db: subscriptions.set_state(db, subscription_id, state, reason))

    async def resume(self, subscription_id: str) -> None:
        """Make a subscription active and its deliveries due."""
        await self._writer.run(lambda db: subscriptions.resume(db, subscription_id, self._clock()))

    async def pending_deliveries(
        self, subscription_id: str, *, after: str | None, limit: int
    ) -> list[PendingDelivery]:
        """Return deliveries that are to be made, in the order of their positions."""
        return await self._reader.run(
            lambda db: subscriptions.pending_deliveries(db, subscription_id, after, limit)
        )

    async def record_deliveries(self, results: Sequence[DeliveryResult]) -> None:
        """Record the results of attempts."""
        kept = self._retention.attempts
        # A delivery whose result is undone is made again.
        await self._writer.run(lambda db: subscriptions.record_deliveries(db, results, kept), durable=False)

    async def list_deliveries(self, subscription_id: str, limit: int) -> list[DeliveryAttempt]:
        """Return the newest attempts."""
        return await self._reader.run(lambda db: subscriptions.list_deliveries(db, subscription_id, limit))

    async def count_deliveries(self, subscription_id: str) -> DeliveryCounts:
        """Return the counts of a subscription."""
        return await self._reader.run(lambda db: subscriptions.count_deliveries(db, subscription_id))

    def lease(self, feed: str) -> Lease:
        """Return the lease of a feed: a lock on a file beside the journal."""
        return FileLease(self._folder / f"events-{digest_id(feed).hex()}.lock")

    async def announce_wants(self, feed: str, process: str, types: frozenset[str], seconds: float) -> None:
        """Store which types are read by the readers of a process."""

        def run(db: sqlite3.Connection) -> None:
            row = (journal.open_feed(db, feed), process, dumps(sorted(types)), self._clock() + seconds)
            db.execute("INSERT OR REPLACE INTO announced VALUES (?, ?, ?, ?)", row)

        await self._writer.run(run, durable=False)

    async def list_wants(self, feed: str) -> frozenset[str]:
        """Return the types that are read by the readers of all processes."""

        def run(db: sqlite3.Connection) -> frozenset[str]:
            number, _ = journal.find_feed(db, feed)
            rows = db.execute(
                "SELECT types FROM announced WHERE feed = ? AND until > ?", (number, self._clock())
            )
            return frozenset(name for (types,) in rows for name in loads(types))

        return await self._reader.run(run)

    async def aclose(self) -> None:
        """Finish what is being written, and close the file."""
        await asyncio.gather(self._reader.aclose(), self._writer.aclose())

    def _keep_up(self, db: sqlite3.Connection) -> bool:
        return journal.keep_up(db, self._clock(), self._retention)


def _give_positions(db: sqlite3.Connection, found: list[tuple[int, Event]]) -> list[StoredEvent]:
    if not found:
        return []
    position = partial(format_position, journal.read_meta(db, "journal"))
    return [StoredEvent(position(seq), event) for seq, event in found]

"""Old events are dropped, and nothing else: by age, by number, with clocks that jump, and with what still waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.events.store.stores import (
    FEED,
    Clock,
    ids_of,
    make_event,
    make_events,
    make_subscription,
    open_sqlite,
)
from threecx_node.errors import PositionGoneError
from threecx_node.events.store import sqlite_journal, sqlite_worker
from threecx_node.events.store.event_store import DeliveryCounts, EventStore, Retention

DAY = 86_400
YEAR = 365 * DAY
SUBSCRIPTION = make_subscription()


class Kept:
    """A store whose clock the test sets."""

    def __init__(self, folder: Path, **kept: int) -> None:
        self.clock = Clock()
        self.retention = Retention(**kept)
        self.store = open_sqlite(folder, clock=self.clock, retention=self.retention)

    async def pass_time(self, seconds: float) -> None:
        """Set the clock, and drop what is old then, as the thread of the store does about once a minute."""
        self.clock.now += seconds
        while await self.store._writer.run(
            lambda db: sqlite_journal.keep_up(db, self.clock.now, self.retention)
        ):
            pass

    async def pass_days(self, days: int) -> None:
        for _ in range(days):
            await self.pass_time(DAY)

    async def read(self) -> list[int]:
        return ids_of(await self.store.read(FEED, after=None, limit=100_000))


def run(folder: Path, test: Callable[[Kept], Awaitable[None]], **kept: int) -> None:
    async def whole() -> None:
        held = Kept(folder, **kept)
        try:
            await held.store.add_subscription(SUBSCRIPTION)
            await test(held)
        finally:
            await held.store.aclose()

    asyncio.run(whole())


def test_events_are_kept_for_seven_full_days(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        start = await kept.store.newest_position(FEED)
        [first] = await kept.store.append(FEED, [make_event(1)])
        await kept.pass_days(7)
        await kept.store.append(FEED, [make_event(2)])
        assert await kept.read() == [1, 2]
        await kept.pass_days(1)
        assert await kept.read() == [2]
        with pytest.raises(PositionGoneError):
            await kept.store.read(FEED, after=start, limit=10)
        # Nothing after the dropped event is missing.
        assert ids_of(await kept.store.read(FEED, after=first.position, limit=10)) == [2]

    run(tmp_path, test)


def test_dropped_deliveries_are_counted_on_the_subscription(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        await kept.store.set_state(SUBSCRIPTION.id, "parked", "answers 503")
        await kept.store.append(FEED, make_events(range(5)))
        await kept.pass_days(4)
        await kept.store.append(FEED, make_events(range(5, 7)))
        await kept.pass_days(4)
        assert await kept.store.count_deliveries(SUBSCRIPTION.id) == DeliveryCounts(2, 0, 0, 5)
        record = await kept.store.get_subscription(SUBSCRIPTION.id)
        assert record is not None
        assert (record.state, record.dropped) == ("parked", 5)
        await kept.store.resume(SUBSCRIPTION.id)
        pending = await kept.store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
        assert ids_of(pending) == [5, 6]

    run(tmp_path, test)


def test_an_id_is_known_for_at_least_30_days(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        await kept.store.append(FEED, [make_event(1)])
        await kept.pass_days(30)
        assert await kept.store.append(FEED, [make_event(1)]) == []
        await kept.pass_days(60)
        assert len(await kept.store.append(FEED, [make_event(1)])) == 1
        counted = await kept.store._reader.run(lambda db: db.execute("SELECT count(*) FROM seen").fetchone())
        assert counted == (1,)

    run(tmp_path, test)


@pytest.mark.parametrize("seconds", [YEAR, -YEAR, 10 * YEAR, -2 * DAY])
def test_a_clock_that_jumps_drops_nothing(tmp_path: Path, seconds: int) -> None:
    async def test(kept: Kept) -> None:
        await kept.store.append(FEED, make_events(range(5)))
        for _ in range(2):
            await kept.pass_time(seconds)
            await kept.pass_time(60)
            await kept.pass_time(-seconds)
        assert await kept.read() == [0, 1, 2, 3, 4]
        assert await kept.store.append(FEED, make_events(range(5))) == []
        assert (await kept.store.count_deliveries(SUBSCRIPTION.id)).dropped == 0
        # After the jump, days are counted as before.
        await kept.pass_time(seconds)
        await kept.pass_days(9)
        assert await kept.read() == []

    run(tmp_path, test)


def test_the_oldest_of_too_many_are_dropped(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        await kept.store.append("feed-2", make_events(range(3)))
        for start in range(0, 2_500, 500):
            await kept.store.append(FEED, make_events(range(start, start + 500)))
        await kept.pass_time(60)
        assert await kept.read() == list(range(2_400, 2_500))
        assert await kept.store.count_deliveries(SUBSCRIPTION.id) == DeliveryCounts(100, 0, 0, 2_400)
        # Of another feed, which is quiet, nothing.
        assert ids_of(await kept.store.read("feed-2", after=None, limit=10)) == [0, 1, 2]

    run(tmp_path, test, events=100)


def test_the_thread_of_the_store_drops_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_worker, "_IDLE_SECONDS", 0.001)

    async def test(kept: Kept) -> None:
        await kept.store.append(FEED, [make_event(1)])
        for day in range(1, 9):
            kept.clock.now += DAY
            async with asyncio.timeout(60):
                while await kept.store._reader.run(lambda db: sqlite_journal.read_meta(db, "day")) != day:
                    pass
        assert await kept.read() == []

    run(tmp_path, test)


@pytest.mark.slow
def test_10000_events_wait_for_a_subscriber_that_is_down(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        store: EventStore = kept.store
        for start in range(0, 10_000, 500):
            await store.append(FEED, make_events(range(start, start + 500)))
        await kept.pass_days(6)
        found: list[int] = []
        after: str | None = None
        while page := await store.pending_deliveries(SUBSCRIPTION.id, after=after, limit=250):
            assert len(page) == 250
            found += ids_of(page)
            after = page[-1].stored.position
        assert found == list(range(10_000))
        assert await store.count_deliveries(SUBSCRIPTION.id) == DeliveryCounts(10_000, 0, 0, 0)

    run(tmp_path, test)

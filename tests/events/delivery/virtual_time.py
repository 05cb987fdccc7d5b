"""A clock that moves only when nothing else happens, and a store in memory: a day of deliveries takes milliseconds."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from threecx_node.errors import EventStoreError
from threecx_node.events.model.clock import Clock
from threecx_node.events.model.event import Event
from threecx_node.events.store.event_store import (
    DeliveryAttempt,
    DeliveryResult,
    PendingDelivery,
    State,
    StoredEvent,
    SubscriptionRecord,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Turns of the event loop after which nothing more happens by itself.
_TURNS = 40
_MOST_IDLE = 1_000


class VirtualClock(Clock):
    """`until` moves the time from one wait to the next."""

    def __init__(self) -> None:
        self.time = NOON
        self._count = itertools.count()
        self._waits: list[tuple[datetime, int, asyncio.Event]] = []

    def now(self) -> datetime:
        return self.time

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        if event.is_set():
            return True
        if seconds is None:
            return await event.wait()
        woken = asyncio.Event()
        entry = (self.time + timedelta(seconds=seconds), next(self._count), woken)
        self._waits.append(entry)
        waits = [asyncio.ensure_future(each.wait()) for each in (event, woken)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            if entry in self._waits:
                self._waits.remove(entry)
        return event.is_set()

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def until(self, condition: Callable[[], object], most: timedelta = timedelta(days=9)) -> None:
        """Let time pass until a condition is true."""
        end = self.time + most
        await self.settle()
        idle = 0
        while not condition():
            if not self._waits:
                idle += 1
                assert idle < _MOST_IDLE, "nothing waits, so nothing more happens"
                await self.settle()
                continue
            due, _, woken = min(self._waits)
            assert due <= end, "this would take too long"
            self.time = max(self.time, due)
            self._waits.remove(min(self._waits))
            woken.set()
            await self.settle()

    async def advance(self, time: timedelta) -> None:
        """Let so much time pass."""
        passing = asyncio.ensure_future(self.wait(asyncio.Event(), time.total_seconds()))
        await self.until(passing.done)


class MemoryStore:
    """The deliveries of one subscription, as a store keeps them."""

    def __init__(self, clock: VirtualClock) -> None:
        self.pending: dict[str, PendingDelivery] = {}
        self.results: list[DeliveryResult] = []
        self.state: State = "active"
        self.reason = ""
        self.is_broken = False
        self.largest_page = 0
        self._clock = clock
        self._position = itertools.count(1)

    def append(self, record: SubscriptionRecord, events: Sequence[Event]) -> list[StoredEvent]:
        stored = [StoredEvent(f"{next(self._position):08d}", each) for each in events]
        now = self._clock.now()
        for each in stored:
            if record.subscription.wants(each.event):
                self.pending[each.position] = PendingDelivery(record.subscription.id, each, 0, now, now)
        return stored

    async def pending_deliveries(
        self, subscription_id: str, *, after: str | None, limit: int
    ) -> list[PendingDelivery]:
        self._check()
        del subscription_id
        self.largest_page = max(self.largest_page, limit)
        return [each for position, each in sorted(self.pending.items()) if position > (after or "")][:limit]

    async def record_deliveries(self, results: Sequence[DeliveryResult]) -> None:
        self._check()
        for each in results:
            self.results.append(each)
            known = self.pending.get(each.position)
            if known is None:
                continue
            if each.state == "retry":
                assert each.next_at is not None
                self.pending[each.position] = replace(
                    known, attempts=known.attempts + 1, next_at=each.next_at
                )
            else:
                del self.pending[each.position]

    async def list_deliveries(self, subscription_id: str, limit: int) -> list[DeliveryAttempt]:
        self._check()
        del subscription_id
        return [DeliveryAttempt(each, 1) for each in reversed(self.results[-limit:])]

    async def set_state(self, subscription_id: str, state: State, reason: str = "") -> None:
        self._check()
        del subscription_id
        self.state, self.reason = state, reason

    async def resume(self, subscription_id: str) -> None:
        del subscription_id
        now = self._clock.now()
        self.state, self.reason = "active", ""
        for position, each in self.pending.items():
            self.pending[position] = replace(each, attempts=0, first_due=now, next_at=now)

    def _check(self) -> None:
        if self.is_broken:
            raise EventStoreError("the journal of events is full", description="Make room.")


def make_event(number: int, key: str = "", **data: Any) -> Event:
    """Return an event whose ID is its number."""
    return Event(
        id=f"pbx/{number}/call/missed",
        type="call.missed",
        time=NOON,
        pbx="pbx",
        order_key=key or f"call/{number}",
        data={"source": "records", **data},
    )

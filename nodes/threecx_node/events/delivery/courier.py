"""Deliver the events of one subscription: those of one call in their order, those of different calls in parallel.

Each event is one of a lane, which is named by its order key. The first event of a lane is ready, waits for its next
attempt, or is being sent; all others wait for it. Only a window of what is pending is in memory, the rest is in the
store. While a receiver fails, one event at a time is tried, so that it is not flooded when it is back.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...errors import EventStoreError
from ..store.event_store import DeliveryResult, PendingDelivery
from .delivery_ends import DeliveryEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model.clock import Clock
    from ..model.hub_observer import HubObserver
    from ..store.event_store import EventStore, Outcome, StoredEvent, SubscriptionRecord
    from .result_log import ResultLog
    from .sender import Sender

log = logging.getLogger("threecx_node.events")

PARALLEL = 16
"""The events of different lanes that are sent to one receiver at a time."""
WINDOW = 1_000
"""The events of one subscription in memory."""
RETRY_TIME = timedelta(hours=24)
"""The time for which an event is tried, and a receiver that takes none is waited for."""
# A clock that jumps, or an executor that was off for a day, must not end deliveries that were hardly tried.
LEAST_ATTEMPTS = 8
_PAGE = 250
_FIRST_WAIT, LONGEST_WAIT = 1.0, 900.0
_LONGEST_HINT = 3_600.0
_AFTER_STORE_FAULT = 2.0
_LOOKED_AT = 200
# One failure may be one of an event, or a restart of the receiver.
_REPORTED_FAILURES = 3


class Courier:
    """Delivers to one receiver until it is stopped, or parks the subscription."""

    def __init__(
        self,
        record: SubscriptionRecord,
        store: EventStore,
        sender: Sender,
        results: ResultLog,
        clock: Clock,
        observer: HubObserver,
        jitter: Callable[[], float],
    ) -> None:
        self._subscription = record.subscription
        self._store = store
        self._sender = sender
        self._results = results
        self._clock = clock
        self._observer = observer
        self._jitter = jitter
        self._lanes: dict[str, deque[PendingDelivery]] = {}
        self._ready: deque[str] = deque()
        self._waiting: list[tuple[datetime, int, str]] = []
        self._count = itertools.count()
        self._size = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: str | None = None
        # Whether all that is pending is in memory, and whether more was journaled while the store was asked.
        self._is_complete = self._has_more = False
        self._is_stopped = self._is_parked = self._is_reported = False
        self._failures = 0
        self._held_at: datetime | None = None
        self._held_until: datetime | None = None
        self._last_success: datetime | None = None
        self._wake = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Return whether an event is being sent."""
        return bool(self._tasks)

    @property
    def is_parked(self) -> bool:
        """Return whether the subscription was parked."""
        return self._is_parked

    def push(self, events: Sequence[StoredEvent]) -> None:
        """Take events that were journaled just now; the store has their deliveries."""
        wanted = [each for each in events if self._subscription.wants(each.event)]
        if not wanted:
            return
        if not self._is_complete or self._size + len(wanted) > WINDOW:
            self._is_complete, self._has_more = False, True
        else:
            now = self._clock.now()
            for each in wanted:
                self._add(PendingDelivery(self._subscription.id, each, 0, now, now))
            self._start()
        self._wake.set()

    def retry_now(self) -> None:
        """Try at once what waits for its next attempt, as if nothing had been tried: the subscription was resumed."""
        now = self._clock.now()
        self._failures, self._held_until = 0, None
        for _, _, key in self._waiting:
            lane = self._lanes[key]
            lane[0] = replace(lane[0], attempts=0, first_due=now, next_at=now)
            self._ready.append(key)
        self._waiting.clear()
        self._start()
        self._wake.set()

    def stop(self) -> None:
        """Begin no further attempt."""
        self._is_stopped = True
        self._wake.set()

    async def aclose(self, grace: float = 0.0) -> None:
        """Stop, and cut off attempts that do not end within `grace` seconds."""
        self.stop()
        if self._tasks and grace > 0:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self) -> None:
        """Deliver until the courier is stopped or has parked its subscription."""
        while not self._is_stopped and not self._is_parked:
            self._wake.clear()
            try:
                await self._fill()
                wait = self._find_wait()
            except EventStoreError as error:
                log.warning("%s Trying again.", error.one_line())
                wait = _AFTER_STORE_FAULT
            self._start()
            await self._clock.wait(self._wake, wait)

    async def _fill(self) -> None:
        """Take what is pending in the store, as far as there is room."""
        if self._last is None and self._last_success is None:
            self._last_success = await self._find_last_success()
        while not self._is_complete and self._size < WINDOW and not self._is_stopped:
            self._has_more = False
            limit = min(_PAGE, WINDOW - self._size)
            page = await self._store.pending_deliveries(self._subscription.id, after=self._last, limit=limit)
            for each in page:
                self._add(each)
            self._is_complete = len(page) < limit and not self._has_more
            self._start()

    async def _find_last_success(self) -> datetime | None:
        attempts = await self._store.list_deliveries(self._subscription.id, _LOOKED_AT)
        return next((each.result.time for each in attempts if each.result.state == "delivered"), None)

    def _add(self, delivery: PendingDelivery) -> None:
        self._last = delivery.stored.position
        self._size += 1
        key = delivery.stored.event.order_key
        lane = self._lanes.setdefault(key, deque())
        lane.append(delivery)
        if len(lane) == 1:
            self._schedule(key, delivery)

    def _schedule(self, key: str, delivery: PendingDelivery) -> None:
        """Let the first event of a lane be sent when it is due."""
        wait = self._limit_wait(delivery.next_at)
        if wait <= 0:
            self._ready.append(key)
        else:
            due = self._clock.now() + timedelta(seconds=wait)
            heapq.heappush(self._waiting, (due, next(self._count), key))

    def _limit_wait(self, until: datetime | None) -> float:
        """Return the seconds until a time; a clock that was set back does not make it a long time."""
        if until is None:
            return 0.0
        return min((until - self._clock.now()).total_seconds(), _LONGEST_HINT)

    def _find_wait(self) -> float | None:
        """Return the seconds until there is something to do, None where only new events or ends of attempts matter."""
        waits = []
        if self._waiting:
            waits.append(self._limit_wait(self._waiting[0][0]))
        if self._ready and not self._tasks:
            waits.append(
                max(self._limit_wait(self._held_until), _FIRST_WAIT if self._results.is_full else 0.0)
            )
        return max(0.0, min(waits)) if waits else None

    def _start(self) -> None:
        """Send what may be sent now."""
        now = self._clock.now()
        while self._waiting and self._waiting[0][0] <= now:
            self._ready.append(heapq.heappop(self._waiting)[2])
        if self._is_stopped or self._is_parked or self._limit_wait(self._held_until) > 0:
            return
        most = 1 if self._failures else self._subscription.concurrency or PARALLEL
        while self._ready and len(self._tasks) < most and not self._results.is_full:
            key = self._ready.popleft()
            task = asyncio.create_task(self._deliver(key, self._lanes[key][0]))
            self._tasks.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()
        self._start()
        self._wake.set()

    async def _deliver(self, key: str, delivery: PendingDelivery) -> None:
        began = asyncio.get_running_loop().time()
        began_at = self._clock.now()
        end = await self._send(delivery)
        seconds = asyncio.get_running_loop().time() - began
        if end.is_delivered:
            self._failures, self._held_until = 0, None
            if self._is_reported:
                self._is_reported = False
                self._observer.note_receiver(self._subscription.id, "")
            self._last_success = self._clock.now()
            self._finish(key, delivery, end, "delivered")
            self._observer.note_delivery("delivered", seconds)
            return
        self._hold(began_at, end)
        failed = replace(delivery, attempts=delivery.attempts + 1)
        is_over = self._is_over(failed)
        if is_over and self._last_success is not None and self._last_success >= failed.first_due:
            # The receiver takes other events.
            self._finish(key, failed, end, "dead")
            self._observer.note_delivery("failed", seconds)
            return
        self._observer.note_delivery("retried", seconds)
        self._retry(key, failed, end)
        if is_over or end.is_gone:
            await self._park(end)

    async def _send(self, delivery: PendingDelivery) -> DeliveryEnd:
        if (refusal := self._sender.check(self._subscription)) is not None:
            return refusal
        try:
            return await self._sender.send_event(self._subscription, delivery.stored.event)
        except Exception:
            # One event that cannot be sent must not end the deliveries.
            log.exception("delivery of %s: internal error", delivery.stored.event.id)
            return DeliveryEnd(is_delivered=False, problem="internal error", advice="See the log.")

    def _is_over(self, delivery: PendingDelivery) -> bool:
        age = self._clock.now() - delivery.first_due
        return age >= RETRY_TIME and delivery.attempts >= LEAST_ATTEMPTS

    def _hold(self, began_at: datetime, end: DeliveryEnd) -> None:
        """Let the receiver rest. Attempts that were under way together count as one failure."""
        now = self._clock.now()
        if self._held_at is None or began_at >= self._held_at or began_at > now:
            self._failures += 1
            self._held_at = now
            if self._failures == _REPORTED_FAILURES and not self._is_reported:
                self._is_reported = True
                self._observer.note_receiver(self._subscription.id, f"{end.problem}. {end.advice}")
        # The first failure may be one of the event alone.
        wait = self._back_off(self._failures - 1) if self._failures > 1 else 0.0
        wait = max(wait, min(end.retry_after or 0.0, _LONGEST_HINT))
        self._held_until = now + timedelta(seconds=wait)

    def _retry(self, key: str, delivery: PendingDelivery, end: DeliveryEnd) -> None:
        wait = max(self._back_off(delivery.attempts), min(end.retry_after or 0.0, _LONGEST_HINT))
        delivery = replace(delivery, next_at=self._clock.now() + timedelta(seconds=wait))
        self._lanes[key][0] = delivery
        self._record(delivery, end, "retry")
        self._schedule(key, delivery)

    def _back_off(self, attempts: int) -> float:
        wait = min(LONGEST_WAIT, _FIRST_WAIT * float(2 ** min(attempts - 1, 20)))
        return wait * (1 + self._jitter()) / 2

    def _finish(self, key: str, delivery: PendingDelivery, end: DeliveryEnd, state: Outcome) -> None:
        """End the delivery of the first event of a lane, and let the next one follow."""
        self._record(delivery, end, state)
        self._size -= 1
        lane = self._lanes[key]
        lane.popleft()
        if lane:
            self._schedule(key, lane[0])
        else:
            del self._lanes[key]

    def _record(self, delivery: PendingDelivery, end: DeliveryEnd, state: Outcome) -> None:
        event = delivery.stored.event
        self._results.add(
            DeliveryResult(
                subscription_id=self._subscription.id,
                position=delivery.stored.position,
                event_id=event.id,
                event_type=event.type,
                state=state,
                time=self._clock.now(),
                next_at=delivery.next_at if state == "retry" else None,
                status_code=end.status_code,
                problem=f"{end.problem}. {end.advice}" if end.problem else "",
            )
        )

    async def _park(self, end: DeliveryEnd) -> None:
        """Deliver nothing more until the subscription is resumed; what is pending stays."""
        hours = RETRY_TIME.total_seconds() / 3600
        reason = end.problem if end.is_gone else f"no delivery succeeded for {hours:.0f} hours: {end.problem}"
        reason = f"{reason}. {end.advice}"
        try:
            await self._store.set_state(self._subscription.id, "parked", reason)
        except EventStoreError as error:
            log.warning("%s Trying again.", error.one_line())
            return
        self._is_parked = True
        self._observer.note_parked(self._subscription.id, reason)

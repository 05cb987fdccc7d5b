"""Deliver the events of one feed to all its subscriptions: each at its own pace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .courier import Courier
from .result_log import ResultLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..store.event_store import StoredEvent, SubscriptionRecord
    from .services import FeedServices


class Deliveries:
    """The couriers of one feed, in the process that runs the feed."""

    def __init__(self, services: FeedServices) -> None:
        self._services = services
        self._results = ResultLog(services.store, services.clock)
        self._recording = asyncio.create_task(self._results.run())
        self._couriers: dict[str, tuple[Courier, asyncio.Task[None]]] = {}
        self._resumed: dict[str, str] = {}
        self._is_stopped = False

    @property
    def is_busy(self) -> bool:
        """Return whether an event is being sent."""
        return any(courier.is_busy for courier, _ in self._couriers.values())

    async def update(self, records: Sequence[SubscriptionRecord]) -> None:
        """Deliver to these subscriptions, as far as they are active, and to no others."""
        active = {each.subscription.id: each for each in records if each.state == "active"}
        for subscription_id, (courier, _) in list(self._couriers.items()):
            # A courier that has parked its subscription is of no further use when it is resumed.
            if subscription_id not in active or courier.is_parked:
                await self._end(subscription_id)
        for subscription_id, record in active.items():
            if subscription_id not in self._couriers:
                if not self._is_stopped:
                    self._begin(record)
            elif self._resumed.get(subscription_id) != record.resumed:
                self._couriers[subscription_id][0].retry_now()
            self._resumed[subscription_id] = record.resumed

    def push(self, events: Sequence[StoredEvent]) -> None:
        """Take events that were journaled just now."""
        for courier, _ in self._couriers.values():
            courier.push(events)

    def stop(self) -> None:
        """Begin no further attempt."""
        self._is_stopped = True
        for courier, _ in self._couriers.values():
            courier.stop()

    async def aclose(self, grace: float = 0.0) -> None:
        """Stop, cut off what does not end within `grace` seconds, and record the results. Raises EventStoreError."""
        self.stop()
        await asyncio.gather(*(courier.aclose(grace) for courier, _ in self._couriers.values()))
        tasks = [task for _, task in self._couriers.values()]
        self._couriers.clear()
        for task in (*tasks, self._recording):
            task.cancel()
        await asyncio.gather(*tasks, self._recording, return_exceptions=True)
        await self._results.flush()

    def _begin(self, record: SubscriptionRecord) -> None:
        services = self._services
        courier = Courier(
            record,
            services.store,
            services.sender,
            self._results,
            services.clock,
            services.observer,
            services.jitter,
        )
        self._couriers[record.subscription.id] = courier, asyncio.create_task(courier.run())

    async def _end(self, subscription_id: str) -> None:
        courier, task = self._couriers.pop(subscription_id)
        await courier.aclose()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

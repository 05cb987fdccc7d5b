"""Record what became of attempts to deliver: in batches, so that many deliveries are few writes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ...errors import EventStoreError

if TYPE_CHECKING:
    from ..model.clock import Clock
    from ..store.event_store import DeliveryResult, EventStore

log = logging.getLogger("threecx_node.events")

_MOST_WAITING = 2_000
_BATCH = 200
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0


class ResultLog:
    """Takes results without waiting. An event whose result was not recorded is delivered again after a restart."""

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[DeliveryResult] = []
        self._wake = asyncio.Event()
        self._never = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Return whether no more may be delivered before some results are recorded."""
        return len(self._waiting) >= _MOST_WAITING

    def add(self, result: DeliveryResult) -> None:
        """Take a result."""
        self._waiting.append(result)
        self._wake.set()

    async def run(self) -> None:
        """Record results until the task is cancelled."""
        wait = _FIRST_WAIT
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
                wait = _FIRST_WAIT
            except EventStoreError as error:
                log.warning("%s Trying again.", error.one_line())
                await self._clock.wait(self._never, wait)
                wait = min(_LONGEST_WAIT, wait * 2)
                self._wake.set()

    async def flush(self) -> None:
        """Record all results. Raises EventStoreError, and keeps those that were not recorded."""
        while self._waiting:
            batch = self._waiting[:_BATCH]
            await self._store.record_deliveries(batch)
            del self._waiting[: len(batch)]

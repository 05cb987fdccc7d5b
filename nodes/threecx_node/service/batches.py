"""The batches that are running, so that they can be stopped when the service ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ..execution.results import Batch

# How many seconds a stopped batch may wait for the responses to the requests that are under way.
FINISH_TIMEOUT = 20


class RunningBatches:
    """Batches under way, each with the event that stops it."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Batch], asyncio.Event] = {}

    def start(self, batch: Coroutine[None, None, Batch], stop: asyncio.Event) -> asyncio.Task[Batch]:
        """Run `batch` as a task of its own, which goes on if the caller's connection ends."""
        task = asyncio.create_task(batch, name="threecx-batch")
        self._running[task] = stop
        task.add_done_callback(self._forget)
        return task

    def stop_all(self) -> None:
        """Send no further request."""
        for stop in self._running.values():
            stop.set()

    async def finish(self) -> None:
        """Stop all batches, wait for the requests under way, and cancel the batches that take too long.

        The server has given batches their time to end as a whole before.
        """
        self.stop_all()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=FINISH_TIMEOUT)
            for task in late:
                task.cancel()

    def _forget(self, task: asyncio.Task[Batch]) -> None:
        self._running.pop(task, None)
        # If the caller has gone, the exception is not retrieved, and asyncio would log it with its message.
        if not task.cancelled():
            task.exception()

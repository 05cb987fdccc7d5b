"""The batches that are running, so that they can be stopped when the service ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ..execution.results import Batch

# Seconds for the responses to requests under way when their caller has gone: what became of changes is logged.
LEFT_TIMEOUTS = {"read": 1.0, "change": 5.0}
# Seconds that a stopped batch may wait for the responses to the requests that are under way, where no server has given
# it time before; and seconds for the results of one that was aborted.
FINISH_TIMEOUT = 10.0
_ABORT_TIMEOUT = 0.3
_MOST_DESCRIBED = 3


@dataclass(eq=False, slots=True)
class BatchStop:
    """Stops one batch. `reason` says why, for the log and for those who record what became of it."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    abort: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""

    def set(self, reason: str, *, at_once: bool = False) -> None:
        """Send no further request; `at_once` cuts off those that are under way."""
        self.reason = self.reason or reason
        self.stop.set()
        if at_once:
            self.abort.set()

    def leave(self, reason: str, effect: str) -> None:
        """Stop the batch because its caller has gone; requests under way are cut off after a short time."""
        self.set(reason)
        asyncio.get_running_loop().call_later(LEFT_TIMEOUTS[effect], self.abort.set)


class RunningBatches:
    """Batches under way, each with a description and with what stops it."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Batch], tuple[BatchStop, str]] = {}

    @property
    def is_running(self) -> bool:
        """Return whether a batch is under way."""
        return bool(self._running)

    def count(self) -> int:
        """Return the number of batches that are under way."""
        return len(self._running)

    def start(
        self, batch: Coroutine[None, None, Batch], stop: BatchStop, description: str = ""
    ) -> asyncio.Task[Batch]:
        """Run `batch` as a task of its own, which goes on if the caller's connection ends."""
        task = asyncio.create_task(batch, name="threecx-batch")
        self._running[task] = stop, description
        task.add_done_callback(self._forget)
        return task

    def describe(self) -> str:
        """Return what is under way in a few words: the number of batches and the first of them."""
        described = [each for _, each in self._running.values()]
        if not described:
            return ""
        named = "; ".join(described[:_MOST_DESCRIBED])
        more = f"; and {len(described) - _MOST_DESCRIBED} more" if len(described) > _MOST_DESCRIBED else ""
        return f"{len(described)} batch{'' if len(described) == 1 else 'es'} ({named}{more})"

    def stop_all(self, reason: str) -> None:
        """Send no further request."""
        for stop, _ in self._running.values():
            stop.set(reason)

    def abort_all(self, reason: str) -> None:
        """Cut off the requests under way; callers get the results, which say so."""
        for stop, _ in self._running.values():
            stop.set(reason, at_once=True)

    async def finish(self, reason: str) -> None:
        """Stop all batches, wait for the requests under way, and cut off what takes too long.

        `ProcessServer` has given batches their time to end before, and has aborted them.
        """
        is_aborted = all(stop.abort.is_set() for stop, _ in self._running.values())
        self.stop_all(reason)
        if self._running and not is_aborted:
            await asyncio.wait(self._running, timeout=FINISH_TIMEOUT)
        self.abort_all(reason)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_ABORT_TIMEOUT)
            for task in late:
                task.cancel()

    def _forget(self, task: asyncio.Task[Batch]) -> None:
        self._running.pop(task, None)
        # If the caller has gone, the exception is not retrieved, and asyncio would log it with its message.
        if not task.cancelled():
            task.exception()

"""Cut off what a batch is waiting for, when it must end at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

# Seconds for what is cut off to end.
_TIME = 0.5

_Result = TypeVar("_Result")


class AbortedError(Exception):
    """The work was cut off before its end."""


async def run_until_aborted(work: Coroutine[Any, Any, _Result], abort: asyncio.Event | None) -> _Result:
    """Return the result of `work`. Once `abort` is set, cancel it and raise AbortedError."""
    if abort is None:
        return await work
    task = asyncio.create_task(work, name="threecx-work")
    aborted = asyncio.create_task(abort.wait(), name="threecx-abort")
    try:
        await asyncio.wait({task, aborted}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task}, timeout=_TIME)
    finally:
        task.cancel()
        task.add_done_callback(_ignore)
        aborted.cancel()
    raise AbortedError


def _ignore(task: asyncio.Task[Any]) -> None:
    """Retrieve the exception of a task that nothing waits for; asyncio would log it."""
    if not task.cancelled():
        task.exception()

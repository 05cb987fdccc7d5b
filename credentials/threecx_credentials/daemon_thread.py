"""Run a function that may hang, such as one that uses a network file system, and wait for it only so long."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


async def run_in_daemon_thread(
    function: Callable[[], Value], seconds: float, *, discard: Callable[[Value], None] | None = None
) -> Value:
    """Return what `function` returns. Raises its exception, or TimeoutError after some seconds.

    `discard` takes a value that came too late. The thread does not keep the process from ending, which one of asyncio's
    own pool would.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Value] = loop.create_future()

    def finish(value: Value | None, error: BaseException | None) -> None:
        if future.done():
            if error is None and discard is not None:
                discard(value)  # type: ignore[arg-type]  # the value of a call without an error
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # type: ignore[arg-type]  # the value of a call without an error

    def work() -> None:
        value, error = None, None
        try:
            value = function()
        except BaseException as caught:  # noqa: BLE001 (passed on to the caller)
            error = caught
        try:
            loop.call_soon_threadsafe(finish, value, error)
        except RuntimeError:
            # The loop has been closed meanwhile.
            if error is None and discard is not None:
                discard(value)  # type: ignore[arg-type]  # the value of a call without an error

    threading.Thread(target=work, name="threecx-store", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await future

"""Write to standard output in a thread, so that a reader who is slow does not stop what the command listens to."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .streams import OutputError, has_reader, is_output_closed, lose_output

if TYPE_CHECKING:
    from collections.abc import Callable

# Pieces that wait for the reader; with more, `write` waits.
_MOST_WAITING = 100
# Seconds between two looks whether there is room, and whether the reader has gone.
_POLL = 0.05
_CHECK_READER = 0.5
# Seconds that the reader has to take the last pieces.
_LAST_WRITES = 1.0


class OutputThread:
    """Writes pieces of bytes to standard output, in their order. `lost` says why where that is not possible any more.

    `on_lost` is called in the event loop then, also while there is nothing to write.
    """

    def __init__(self, on_lost: Callable[[], None]) -> None:
        if is_output_closed():
            raise UsageError(
                "standard output is closed", description="Redirect it to a file, or to /dev/null."
            )
        self.lost: OutputError | None = None
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.Queue[bytes] = queue.Queue(_MOST_WAITING)
        # Past the buffer of Python, whose lock a write that never ends would keep when the process ends.
        self._stream: Any = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        threading.Thread(target=self._run, name="output", daemon=True).start()

    async def write(self, data: bytes) -> None:
        """Write `data` as soon as the reader takes it. Raises OutputError."""
        while self.lost is None:
            try:
                self._waiting.put_nowait(data)
                return
            except queue.Full:
                await asyncio.sleep(_POLL)
        raise self.lost

    async def drain(self) -> None:
        """Wait until all is written, but not for long. Raises OutputError."""
        await asyncio.to_thread(self._wait_until_written)
        if self.lost is not None:
            raise self.lost

    def _wait_until_written(self) -> None:
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(
                lambda: self.lost is not None or not self._waiting.unfinished_tasks, _LAST_WRITES
            )

    def _run(self) -> None:
        try:
            while True:
                try:
                    data = memoryview(self._waiting.get(timeout=_CHECK_READER))
                except queue.Empty:
                    if not has_reader():
                        self._lose(OutputError("its reader has closed it", is_closed=True))
                        return
                    continue
                while data:
                    # None where the caller has made the stream non-blocking, and it is full.
                    written = self._stream.write(data)
                    if written is None:
                        time.sleep(_POLL)
                    data = data[written or 0 :]
                self._waiting.task_done()
        except OSError as error:
            self._lose(lose_output(error))

    def _lose(self, error: OutputError) -> None:
        self.lost = error
        self._loop.call_soon_threadsafe(self._on_lost)

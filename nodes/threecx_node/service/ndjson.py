"""The results of a running batch as NDJSON: one line per result, empty lines while there is none, `done` at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..errors import ThreeCxError
from ..values.json import dumps
from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..execution.results import Batch, Result

_HEARTBEAT_LINE = b"\n"


# A page of a long list waits until the reader has taken the lines before it, but for this many.
_MAX_READY = 8


class ResultLines:
    """Collects the results of one batch for one reader.

    `add` is the batch's `on_result`, `add_part` its `on_part`, which does not run ahead of the reader.
    """

    def __init__(self, heartbeat: float) -> None:
        self._heartbeat = heartbeat
        self._ready: list[bytes] = []
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._is_closed = False

    def add(self, result: Result) -> None:
        """Append the line of a result."""
        self._ready.append(_make_line({"index": result.index, **result.to_json()}))
        self._changed.set()

    async def add_part(self, result: Result) -> None:
        """Append the line of a result, or of one page of a long list, as soon as the reader has taken enough."""
        while len(self._ready) >= _MAX_READY and not self._is_closed:
            self._taken.clear()
            await self._taken.wait()
        if not self._is_closed:
            self.add(result)

    def close(self) -> None:
        """Discard further results: the reader has left."""
        self._is_closed = True
        self._taken.set()

    async def first(self, batch: asyncio.Task[Batch]) -> bytes:
        """Return the first lines, as soon as there is one, the batch has ended or a heartbeat is due."""
        batch.add_done_callback(lambda _: self._changed.set())
        try:
            await asyncio.wait_for(self._changed.wait(), self._heartbeat)
        except TimeoutError:
            return _HEARTBEAT_LINE
        return self._take()

    async def lines(self, batch: asyncio.Task[Batch], *, in_parts: bool = False) -> AsyncIterator[bytes]:
        """Yield the lines of `batch` until it has ended; lines that are ready together come in one chunk.

        `in_parts` says that the batch uses `add_part`, which has the items that were not tried too.
        """
        while True:
            ended = batch.done()
            if self._ready:
                yield self._take()
            if ended:
                for line in _make_last_lines(batch, in_parts=in_parts):
                    yield line
                return
            try:
                await asyncio.wait_for(self._changed.wait(), self._heartbeat)
            except TimeoutError:
                yield _HEARTBEAT_LINE
            self._changed.clear()

    def _take(self) -> bytes:
        ready, self._ready = self._ready, []
        self._taken.set()
        return b"".join(ready)


def _make_last_lines(batch: asyncio.Task[Batch], *, in_parts: bool) -> list[bytes]:
    """Return the results of items that were not tried, and the last line.

    A batch that ended with an exception has none: a stream without a last line is incomplete.
    """
    try:
        whole = batch.result()
    except (ThreeCxError, ProblemError, asyncio.CancelledError):
        return []
    untried = [] if in_parts else whole.not_tried
    skipped = [_make_line({"index": each.index, **each.to_json()}) for each in untried]
    return [*skipped, _make_line({"done": True, "summary": whole.summary()})]


def _make_line(value: Any) -> bytes:
    return dumps(value) + b"\n"

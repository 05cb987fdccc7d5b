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


class ResultLines:
    """Collects the results of one batch for one reader; `add` is the batch's `on_result`."""

    def __init__(self, heartbeat: float) -> None:
        self._heartbeat = heartbeat
        self._ready: list[bytes] = []
        self._changed = asyncio.Event()

    def add(self, result: Result) -> None:
        """Append the line of a result."""
        self._ready.append(_make_line({"index": result.index, **result.to_json()}))
        self._changed.set()

    async def first(self, batch: asyncio.Task[Batch]) -> bytes:
        """Return the first lines, as soon as there is one, the batch has ended or a heartbeat is due."""
        batch.add_done_callback(lambda _: self._changed.set())
        try:
            await asyncio.wait_for(self._changed.wait(), self._heartbeat)
        except TimeoutError:
            return _HEARTBEAT_LINE
        return self._take()

    async def lines(self, batch: asyncio.Task[Batch]) -> AsyncIterator[bytes]:
        """Yield the lines of `batch` until it has ended; lines that are ready together come in one chunk."""
        while True:
            ended = batch.done()
            if self._ready:
                yield self._take()
            if ended:
                for line in _make_last_lines(batch):
                    yield line
                return
            try:
                await asyncio.wait_for(self._changed.wait(), self._heartbeat)
            except TimeoutError:
                yield _HEARTBEAT_LINE
            self._changed.clear()

    def _take(self) -> bytes:
        ready, self._ready = self._ready, []
        return b"".join(ready)


def _make_last_lines(batch: asyncio.Task[Batch]) -> list[bytes]:
    """Return the results of items that were not tried, and the last line.

    A batch that ended with an exception has none: a stream without a last line is incomplete.
    """
    try:
        whole = batch.result()
    except (ThreeCxError, ProblemError, asyncio.CancelledError):
        return []
    skipped = [_make_line({"index": each.index, **each.to_json()}) for each in whole.not_tried]
    return [*skipped, _make_line({"done": True, "summary": whole.summary()})]


def _make_line(value: Any) -> bytes:
    return dumps(value) + b"\n"

"""A running batch as lines of JSON: each result as it comes, a blank line while nothing does, `done` at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..errors import ThreeCxError
from ..values.json import dumps
from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..execution.results import Batch, Result

HEARTBEAT_SECONDS = 5.0


class ResultLines:
    """Collects a batch's results for one reader. `add` is the batch's `on_result`."""

    def __init__(self, heartbeat: float = HEARTBEAT_SECONDS) -> None:
        self._heartbeat = heartbeat
        self._waiting: list[bytes] = []
        self._news = asyncio.Event()

    def add(self, result: Result) -> None:
        """Takes a result."""
        self._waiting.append(_line({"index": result.index, **result.to_json()}))
        self._news.set()

    async def first(self, batch: asyncio.Task[Batch]) -> bytes:
        """The lines that are there as soon as any is, the batch has ended or a heartbeat is due."""
        batch.add_done_callback(lambda _: self._news.set())
        try:
            await asyncio.wait_for(self._news.wait(), self._heartbeat)
        except TimeoutError:
            return b"\n"
        return self._take()

    async def lines(self, batch: asyncio.Task[Batch]) -> AsyncIterator[bytes]:
        """The lines of `batch` until it has ended; several at once where they came together."""
        while True:
            ended = batch.done()
            if self._waiting:
                yield self._take()
            if not ended:
                try:
                    await asyncio.wait_for(self._news.wait(), self._heartbeat)
                except TimeoutError:
                    yield b"\n"
                self._news.clear()
            else:
                for line in _last_lines(batch):
                    yield line
                return

    def _take(self) -> bytes:
        ready, self._waiting = self._waiting, []
        return b"".join(ready)


def _last_lines(batch: asyncio.Task[Batch]) -> list[bytes]:
    """Results of items that were never tried, and the end; nothing of a batch that broke, which tells it broke."""
    try:
        whole = batch.result()
    except (ThreeCxError, ProblemError, asyncio.CancelledError):
        return []
    skipped = [_line({"index": each.index, **each.to_json()}) for each in whole.not_tried]
    return [*skipped, _line({"done": True, "summary": whole.summary()})]


def _line(value: Any) -> bytes:
    return dumps(value) + b"\n"

"""The results of a running batch as a stream: lines of JSON, empty lines while there is none, `done` at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..errors import BadItemsError
from ..values.json import dumps
from .ndjson import ResultEncoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from ..execution.results import Batch, Result

_HEARTBEAT_LINE = b"\n"
# Bytes that wait to be read by the caller; beyond them the batch waits.
_BUFFER_SIZE = 256 * 1024


def describe_batch(batch: Batch) -> dict[str, Any]:
    """Return what is to be said of a batch as a whole.

    Keys: `notes`, `deletes` of a batch that was only prepared, and `error` where several items cannot be sent, so that
    none was. Empty ones are left out.
    """
    described: dict[str, Any] = {"notes": list(batch.notes)} if batch.notes else {}
    if batch.deletes:
        described["deletes"] = batch.deletes
    if isinstance(error := batch.error, BadItemsError):
        described["error"] = error.to_json()
    return described


class ResultStream:
    """Passes the results of one batch on to one caller, and slows the batch down to the caller's speed.

    The batch calls `send` for each result or part of one, and `end`. The caller iterates over `lines`.
    """

    def __init__(self, *, heartbeat: float, in_pages: bool) -> None:
        self._heartbeat = heartbeat
        self._encoder = ResultEncoder(in_pages=in_pages)
        self._buffer = bytearray()
        self._is_inside_line = False
        self._is_ended = False
        self._is_abandoned = False
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()

    async def send(self, result: Result) -> None:
        """Send a result; wait as long as the caller does not read."""
        for chunk in self._encoder.encode(result):
            if self._is_abandoned:
                continue
            self._buffer += chunk
            self._changed.set()
            if len(self._buffer) >= _BUFFER_SIZE:
                self._has_room.clear()
                await self._has_room.wait()

    def end(self) -> None:
        """End the stream after the results that were sent."""
        self._encoder.close()
        self._is_ended = True
        self._changed.set()

    def abandon(self) -> None:
        """Discard results from now on, because the caller has gone."""
        self._is_abandoned = True
        self._take()

    async def read(self) -> bytes:
        """Return the bytes that are ready, as soon as there are any; a heartbeat if it is due; nothing at the end."""
        while not self._buffer and not self._is_ended:
            try:
                await asyncio.wait_for(self._changed.wait(), self._heartbeat)
            except TimeoutError:
                if not self._is_inside_line:
                    return _HEARTBEAT_LINE
            self._changed.clear()
        return self._take()

    async def lines(
        self, first: bytes, batch: asyncio.Task[Batch], more: Mapping[str, Any] | None = None
    ) -> AsyncIterator[bytes]:
        """Yield `first` and all bytes after it, and a last line, with `more`, unless `batch` raised an exception."""
        chunk = first
        while chunk:
            yield chunk
            chunk = await self.read()
        await asyncio.wait({batch})
        # A stream without its last line is incomplete.
        if not batch.cancelled() and batch.exception() is None:
            done = batch.result()
            yield (
                dumps({"done": True, "summary": done.summary(), **describe_batch(done), **(more or {})})
                + b"\n"
            )

    def _take(self) -> bytes:
        taken = bytes(self._buffer)
        self._buffer.clear()
        self._has_room.set()
        if taken:
            self._is_inside_line = not taken.endswith(b"\n")
        return taken

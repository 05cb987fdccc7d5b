"""The results of a batch as one JSON document, within a budget of bytes and with little memory.

The results are kept in a temporary file in the order in which they come, and sent in the order of the items.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ThreeCxError
from ..values.json import dumps
from .ndjson import ResultEncoder, SpooledList, make_space_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..execution.results import Result

# The bytes of results that are sent at once.
_SMALL = 64 * 1024
_EMPTY = b'{"items":[]}\n'


class Answer:
    """The results of one batch. Must be closed.

    `max_bytes` is the budget. A result that does not fit gets an error in its place if the batch only reads, and
    `on_full` is called. The result of a change is not replaced, since it was carried out: its items are left out, and
    `notes` say so.
    """

    def __init__(self, *, max_bytes: int, only_reads: bool, on_full: Callable[[], None]) -> None:
        self._max_bytes = max_bytes
        self._only_reads = only_reads
        self._on_full = on_full
        self._encoder = ResultEncoder(in_pages=False, with_index=False)
        self._content = SpooledList()
        self._places: dict[int, tuple[int, int]] = {}
        self._small: dict[int, bytes] = {}
        self._shortened: list[int] = []

    @property
    def is_small(self) -> bool:
        """Return whether the results need no pieces."""
        return self._content.size <= _SMALL

    @property
    def notes(self) -> list[str]:
        """Return sentences about what was left out."""
        if not self._shortened:
            return []
        items = ", ".join(str(each) for each in self._shortened[:20])
        return [
            f"the items of the results {items} are left out, because the answer is larger than {self._limit}"
        ]

    async def add(self, result: Result) -> None:
        """Take a result, or a part of one."""
        start = self._content.size
        try:
            for chunk in self._encoder.encode(result):
                if self._content.size + len(chunk) > self._max_bytes:
                    raise _FullError
                self._content.write(chunk)
        except (_FullError, OSError) as error:
            self._shorten(result, error if isinstance(error, OSError) else None)
            return
        if not result.more:
            self._places[result.index] = start, self._content.size - start
        elif self._encoder.size > self._max_bytes:
            self._encoder.drop(result.index, self._make_error(result.index))
            self._on_full()

    def read(self, described: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield the document in chunks; `described` are the members that it has besides `results`."""
        with closing(self._content):
            yield b'{"results":['
            separator = b""
            for index in sorted({*self._places, *self._small}):
                yield separator
                separator = b","
                if index in self._small:
                    yield self._small[index]
                else:
                    yield from self._content.read(*self._places[index])
            yield b"]" + (b"," + dumps(described)[1:] if described else b"}")

    def close(self) -> None:
        """Remove the temporary files."""
        self._encoder.close()
        self._content.close()

    def _shorten(self, result: Result, error: OSError | None) -> None:
        """Keep what is needed of a result that does not fit."""
        index = result.index
        if result.error is not None or self._only_reads:
            # An error of the item itself is more than what has no room.
            reason = result.error or (make_space_error(index, error) if error else self._make_error(index))
            self._small[index] = dumps(replace(result, items=None, error=reason).to_json())
        else:
            self._small[index] = _EMPTY
            self._shortened.append(index)
        if self._only_reads:
            self._on_full()

    @property
    def _limit(self) -> str:
        return f"{self._max_bytes // 2**20} MB"

    def _make_error(self, index: int) -> ThreeCxError:
        return ThreeCxError(
            f"the answer with all results is larger than {self._limit}",
            description="Request fewer entities at once, or the results as NDJSON (Accept: application/x-ndjson), "
            "which has no limit.",
            code="too_large",
            item_index=index,
        )


class _FullError(Exception):
    """A chunk does not fit into the budget."""

"""Encode results as lines of JSON, with memory that does not grow with the length of a list."""

from __future__ import annotations

from contextlib import closing, suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from ..values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..execution.results import Result

# The bytes of a list that are kept in memory; a longer one is kept in a temporary file until it is complete.
_SPOOL_SIZE = 1024 * 1024
_CHUNK_SIZE = 64 * 1024


class ResultEncoder:
    """Encodes results, and parts of results as they come. Must be closed.

    With `in_pages` each part of a list is a line. Without it, the parts become one line once the last of them is
    there; if a page fails, that line has the items before it and the error.
    """

    def __init__(self, *, in_pages: bool) -> None:
        self._in_pages = in_pages
        self._lists: dict[int, _SpooledList] = {}

    def close(self) -> None:
        """Remove the temporary files of lists that are not complete."""
        for each in self._lists.values():
            each.close()

    def encode(self, result: Result) -> Iterator[bytes]:
        """Yield the line of a result in chunks; nothing for a part that is kept."""
        if result.more and not self._in_pages:
            if result.index not in self._lists:
                self._lists[result.index] = _SpooledList()
            self._lists[result.index].add(result.items or ())
            return
        spooled = self._lists.pop(result.index, None)
        if spooled is None:
            yield _make_line(result)
            return
        with closing(spooled):
            spooled.add(result.items or ())
            yield b'{"index":%d,"items":[' % result.index
            yield from spooled.read()
            # The members after the list: an error, and the number of attempts.
            rest = {name: value for name, value in result.to_json().items() if name not in ("items", "more")}
            yield b"]" + (b"," + dumps(rest)[1:] if rest else b"}") + b"\n"


class _SpooledList:
    """The encoded elements of a list; in a file if there are many, and if there is a folder for temporary files."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._is_empty = True
        self._is_small = True

    def add(self, elements: Sequence[Mapping[str, Any]]) -> None:
        """Append elements."""
        if not elements:
            return
        encoded = dumps(list(elements))[1:-1]
        self._file.write(encoded if self._is_empty else b"," + encoded)
        self._is_empty = False
        if self._is_small and self._file.tell() > _SPOOL_SIZE:
            self._is_small = False
            # In a read-only container, for example, the list stays in memory.
            with suppress(OSError):
                self._file.rollover()

    def read(self) -> Iterator[bytes]:
        """Yield the elements, separated by commas, in chunks."""
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK_SIZE):
            yield chunk

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def _make_line(result: Result) -> bytes:
    return dumps({"index": result.index, **result.to_json()}) + b"\n"

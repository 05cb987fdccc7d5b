"""Encode results as lines of JSON, with memory that does not grow with the length of a list."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from ..errors import ThreeCxError
from ..values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..execution.results import Result

# The bytes of a list that are kept in memory; a longer one is kept in a temporary file until it is complete.
_SPOOL_SIZE = 1024 * 1024
_CHUNK_SIZE = 64 * 1024
_LINE_PART = 256 * 1024


class ResultEncoder:
    """Encodes results, and parts of results as they come. Must be closed.

    With `in_pages` each part of a list is a line. Without it, the parts become one line once the last of them is
    there; if a page fails, that line has the items before it and the error. Where the parts do not fit on the disk, the
    line has an error instead. `with_index` puts the index of the item first. `size` is the number of bytes encoded.
    """

    def __init__(self, *, in_pages: bool, with_index: bool = True) -> None:
        self._in_pages = in_pages
        self._with_index = with_index
        self._lists: dict[int, SpooledList] = {}
        self._errors: dict[int, ThreeCxError] = {}
        self.size = 0

    def close(self) -> None:
        """Remove the temporary files of lists that are not complete."""
        for each in self._lists.values():
            each.close()

    def encode(self, result: Result) -> Iterator[bytes]:
        """Yield the line of a result in chunks; nothing for a part that is kept."""
        index = result.index
        if result.more and not self._in_pages:
            self._keep(index, result.items or ())
            return
        if index in self._lists:
            self._keep(index, result.items or ())
        spooled = self._lists.pop(index, None)
        if error := self._errors.pop(index, None):
            yield self._make_line(replace(result, items=None, error=error))
        elif spooled is None:
            # A file is a line of many megabytes: only a part of it waits in the buffer of the caller at a time.
            line = memoryview(self._make_line(result))
            yield from (bytes(line[start : start + _LINE_PART]) for start in range(0, len(line), _LINE_PART))
        else:
            with closing(spooled):
                yield (b'{"index":%d,"items":[' % index) if self._with_index else b'{"items":['
                yield from spooled.read()
                # The members after the list, such as an error.
                kept = result.to_json().items()
                rest = {name: value for name, value in kept if name not in ("items", "more")}
                yield b"]" + (b"," + dumps(rest)[1:] if rest else b"}") + b"\n"

    def drop(self, index: int, error: ThreeCxError) -> None:
        """Remove the parts of a list, and ignore further ones; its line will have `error`."""
        self._errors[index] = error
        if spooled := self._lists.pop(index, None):
            self.size -= spooled.size
            spooled.close()

    def _keep(self, index: int, elements: Sequence[Mapping[str, Any]]) -> None:
        if index in self._errors:
            return
        # Not `setdefault`: each list that is made must be closed.
        if index not in self._lists:
            self._lists[index] = SpooledList()
        spooled = self._lists[index]
        before = spooled.size
        try:
            spooled.add(elements)
        except OSError as error:
            self.drop(index, make_space_error(index, error))
        else:
            self.size += spooled.size - before

    def _make_line(self, result: Result) -> bytes:
        head = {"index": result.index} if self._with_index else {}
        line = dumps({**head, **result.to_json()}) + b"\n"
        self.size += len(line)
        return line


class SpooledList:
    """The encoded elements of a list; in a file if there are many, and if there is a folder for temporary files."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._is_small = True
        self.size = 0

    def add(self, elements: Sequence[Mapping[str, Any]]) -> None:
        """Append elements. Raise OSError if the disk is full."""
        if not elements:
            return
        encoded = dumps(list(elements))[1:-1]
        self.write(encoded if self.size == 0 else b"," + encoded)

    def write(self, content: bytes) -> None:
        """Append bytes. Raise OSError if the disk is full."""
        self._file.write(content)
        self.size += len(content)
        if self._is_small and self.size > _SPOOL_SIZE:
            self._is_small = False
            # In a read-only container, for example, the list stays in memory.
            with suppress(OSError):
                self._file.rollover()

    def read(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or a part of it, in chunks."""
        self._file.seek(start)
        left = self.size - start if length is None else length
        while left > 0 and (chunk := self._file.read(min(left, _CHUNK_SIZE))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def make_space_error(index: int, error: OSError) -> ThreeCxError:
    """Return the error of a list for which the folder of temporary files has no room."""
    return ThreeCxError(
        f"the executor cannot keep the list in a temporary file: {error.strerror}",
        description="Make room in its folder for temporary files (TMPDIR), or request the list page by page.",
        code="no_space",
        item_index=index,
    )

"""Take the body of a response: decoded, within a limit of size, into memory or into a file."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..messages import BodyFile, Reception

# Decoded bytes that are made at a time: a few compressed bytes can stand for a thousand times as many.
_PIECE = 256 * 1024
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
# Either of the headers of gzip and zlib; and a stream without a header, which some servers send as `deflate`.
_ANY_HEADER = 32 + zlib.MAX_WBITS
_NO_HEADER = -zlib.MAX_WBITS
_GZIP = b"\x1f\x8b"
_HEADER_SIZE = 2
# More encodings than this, one over the other, only an attacker uses.
_MOST_LAYERS = 3


class ResponseTooLargeError(httpx.TransportError):
    """The decoded body of a response is larger than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the response is larger than {limit} bytes")
        self.limit = limit


@contextmanager
def open_body(
    reception: Reception, encoding: str, *, is_file: bool, size: int | None = None
) -> Iterator[Body]:
    """Yield a body to add bytes to. Where that raises, a file is closed.

    `size` is the size that the response announces, None where it does not.
    """
    limit = reception.limit(is_file=is_file)
    if size is not None and size > limit:
        raise ResponseTooLargeError(limit)
    file = reception.open_file() if is_file and reception.open_file is not None else None
    try:
        yield Body(encoding, limit, file)
    except BaseException:
        if file is not None:
            file.close()
        raise


class Body:
    """Collects the body of one response. `encoding` is its Content-Encoding; an unknown one is left as it is.

    With `file` the body is written there.
    """

    def __init__(self, encoding: str, max_bytes: int, file: BodyFile | None = None) -> None:
        layers = [each.strip().lower() for each in encoding.split(",")] if encoding else []
        known = [each for each in layers if each in _ENCODINGS]
        if len(known) > _MOST_LAYERS:
            raise _decoding_error()
        # The last encoding was applied last.
        self._decoders = [_Decoder() for _ in known]
        self._limit = self._left = max_bytes
        self._file = file
        self._content = bytearray()

    def add(self, chunk: bytes) -> None:
        """Add bytes as they came. Raises ResponseTooLargeError, DecodingError, and the errors of the file."""
        for piece in self._decode(chunk, len(self._decoders)):
            self._left -= len(piece)
            if self._left < 0:
                raise ResponseTooLargeError(self._limit)
            if self._file is not None:
                self._file.write(piece)
            else:
                self._content += piece

    def take(self) -> tuple[bytes, BodyFile | None]:
        """Return the body when all bytes were added, or its file. Raises DecodingError where it is incomplete."""
        if not all(each.is_complete for each in self._decoders):
            raise _decoding_error()
        if self._file is not None and self._left == self._limit:
            # An empty response is not a file yet; its headers decide.
            self._file.close()
            return b"", None
        return bytes(self._content), self._file

    def _decode(self, chunk: bytes, layer: int) -> Iterator[bytes]:
        if layer == 0:
            yield chunk
            return
        for piece in self._decoders[layer - 1].decode(chunk):
            yield from self._decode(piece, layer - 1)


class _Decoder:
    """Decodes one layer, piece by piece."""

    def __init__(self) -> None:
        self._stream: zlib._Decompress | None = None
        self._head = b""

    @property
    def is_complete(self) -> bool:
        """Return whether the end was reached; nothing at all is complete too."""
        return not self._head if self._stream is None else self._stream.eof

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what the next bytes stand for."""
        if self._stream is None:
            self._head += chunk
            if len(self._head) < _HEADER_SIZE:
                return
            chunk = self._head
            has_header = chunk[:2] == _GZIP or (
                chunk[0] & 15 == zlib.DEFLATED and not int.from_bytes(chunk[:2]) % 31
            )
            self._stream = zlib.decompressobj(_ANY_HEADER if has_header else _NO_HEADER)
        piece = b""
        while (chunk or len(piece) == _PIECE) and not self._stream.eof:
            try:
                piece = self._stream.decompress(chunk, _PIECE)
            except zlib.error:
                raise _decoding_error() from None
            yield piece
            chunk = self._stream.unconsumed_tail


def _decoding_error() -> httpx.DecodingError:
    return httpx.DecodingError("the body does not match its Content-Encoding")

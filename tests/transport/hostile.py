"""Peers that answer without an end: drop by drop, in floods, or not at all. They note when a client has gone."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.transport.servers import TOKEN, response

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n"
DROP = 0.01
"""Seconds between two drops; less than any limit of the tests."""


@dataclass
class Peer:
    """A server in the test's own event loop. `answer` yields the bytes of each response to an API request.

    Between two pieces it waits `DROP` seconds, unless `is_flood`. `heads` are the first lines of all API requests,
    `gone` is how many clients closed their connection during a response.
    """

    answer: Callable[[str], Iterable[bytes]]
    is_flood: bool = False
    answers_login: bool = True
    url: str = ""
    heads: list[str] = field(default_factory=list)
    gone: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = head.lower().split("\r\n")
                length = next((int(each[15:]) for each in lines if each.startswith("content-length:")), 0)
                await reader.readexactly(length)
                first = head.split("\r\n", 1)[0]
                if first.startswith("POST /connect/token") and self.answers_login:
                    writer.write(response(body=TOKEN))
                    continue
                self.heads.append(first)
                await self._send(reader, writer, first)
        except asyncio.IncompleteReadError:
            return
        except (ConnectionError, TimeoutError):
            self.gone += 1
            self.left.set()
        finally:
            writer.close()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: str) -> None:
        for piece in self.answer(first):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0 if self.is_flood else DROP)
            if reader.at_eof() or writer.is_closing():
                raise ConnectionError


@asynccontextmanager
async def hostile(
    answer: Callable[[str], Iterable[bytes]], *, is_flood: bool = False, answers_login: bool = True
) -> AsyncIterator[Peer]:
    """Run a peer on a free port of 127.0.0.1 until the block ends."""
    peer = Peer(answer, is_flood, answers_login)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await peer.serve(reader, writer)
        tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        listener.close()
        for each in list(tasks):
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def drops(text: bytes) -> Iterable[bytes]:
    """Yield a text byte by byte."""
    return (text[index : index + 1] for index in range(len(text)))


def head(extra: bytes = b"", media_type: bytes = b"application/json") -> bytes:
    return HEAD % (media_type, extra)


ENDLESS: dict[str, Callable[[str], Iterable[bytes]]] = {
    "a status line that drips": lambda _: drops(b"HTTP/1.1 200 " + b"O" * 100_000),
    "header lines without an end": lambda _: itertools.chain(
        [b"HTTP/1.1 200 OK\r\n"], (b"X-%d: 1\r\n" % number for number in range(100))
    ),
    "a header that drips": lambda _: itertools.chain(
        [b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"x", 8_000)
    ),
    "informational responses without an end": lambda _: itertools.repeat(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "a body that drips": lambda _: itertools.chain(
        [head(b"Content-Length: 100000\r\n")], itertools.repeat(b" ")
    ),
    "a body without a length that drips": lambda _: itertools.chain([head()], itertools.repeat(b" ")),
    "chunks that drip": lambda _: itertools.chain(
        [head(b"Transfer-Encoding: chunked\r\n")], itertools.repeat(b"1\r\n \r\n")
    ),
    "a compressed body that drips": lambda _: itertools.chain(
        [head(b"Content-Encoding: gzip\r\n")], drops(gzip.compress(os.urandom(10_000)))
    ),
    "a file that drips": lambda _: itertools.chain([head(media_type=b"audio/wav")], itertools.repeat(b" ")),
    "an error page that drips": lambda _: itertools.chain(
        [head(media_type=b"text/html").replace(b"200 OK", b"404 Not Found")], itertools.repeat(b" ")
    ),
    "nothing": lambda _: itertools.repeat(b""),
}

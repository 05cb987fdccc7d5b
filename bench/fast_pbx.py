"""Answer requests of the benchmarks with as little work as possible: `python -m bench.fast_pbx SECONDS ENTITIES`.

The server is a process of its own, so that its work does not count as the client's. It prints its port. Each request
is answered after SECONDS: DELETE with 204, the token request with a token, GET with a page of a list of ENTITIES, at
most 100 of them from `$skip` on, and their number.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PAGE = 100
_TOKEN = json.dumps({"access_token": "x", "token_type": "Bearer", "expires_in": 3600}).encode()
_DELETED = b"HTTP/1.1 204 No Content\r\nX-3CX-Version: 20.0.10.1\r\n\r\n"
_SKIP = re.compile(rb"[?&]\$skip=(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class FastPbx(asyncio.Protocol):
    """One connection."""

    latency = 0.0
    entities = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (a TCP server's are)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request in the buffer."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if length and len(rest) < int(length[1]):
                return
            self._buffer = rest[int(length[1]) :] if length else rest
            answer = _DELETED if head.startswith(b"DELETE") else _answer(head, self.entities)
            if self.latency:
                self._loop.call_later(self.latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


def _answer(head: bytes, entities: int) -> bytes:
    if head.startswith(b"POST /connect/token"):
        return _json(_TOKEN)
    skip = _SKIP.search(head)
    first = int(skip[1]) if skip else 0
    numbers = range(first, min(first + PAGE, entities))
    page = {"@odata.count": entities, "value": [_entity(number) for number in numbers]}
    return _json(json.dumps(page).encode())


def _entity(number: int) -> dict[str, object]:
    return {
        "Id": number,
        "FirstName": f"First {number}",
        "LastName": "Last",
        "PhoneNumber": f"+49{number:09}",
    }


def _json(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


@contextmanager
def running(latency: float = 0.0, entities: int = 0, core: int | None = None) -> Iterator[str]:
    """Run the server in a process until the block ends, on `core` if there is one, and give its base URL."""
    command = [sys.executable, "-m", "bench.fast_pbx", str(latency), str(entities)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def main(latency: float, entities: int) -> None:
    """Serve until the process is ended."""
    FastPbx.latency, FastPbx.entities = latency, entities
    server = await asyncio.get_running_loop().create_server(FastPbx, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    # select() takes microseconds, where epoll would round each wait up to the next millisecond.
    loop_factory = functools.partial(asyncio.SelectorEventLoop, selectors.SelectSelector())
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main(float(sys.argv[1]), int(sys.argv[2])))

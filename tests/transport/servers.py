"""Real servers on loopback, in a thread. A function gives each response byte for byte, over HTTP or HTTPS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

TOKEN = b'{"access_token": "t", "expires_in": 60}'


def response(
    status: int = 200, body: bytes = b"{}", media_type: str = "application/json", extra: str = ""
) -> bytes:
    """A whole HTTP/1.1 response."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


@dataclass
class RawServer:
    """Answers each request head with bytes; empty bytes close the connection without an answer.

    None keeps silent. `heads` are the first lines of all API requests, `whole_heads` all lines of each, `connections`
    is how many were opened. The two events are set when a request has arrived and when a client has gone.
    """

    answer: Callable[[str], bytes | None]
    port: int = 0
    heads: list[str] = field(default_factory=list)
    whole_heads: list[list[str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = next(
                    (
                        int(line.split(":")[1])
                        for line in head.split("\r\n")
                        if line.lower().startswith("content-length")
                    ),
                    0,
                )
                body = await reader.readexactly(length)
                first = head.split("\r\n", 1)[0]
                if first.startswith("POST /connect/token"):
                    writer.write(response(body=TOKEN))
                    await writer.drain()
                    continue
                self.heads.append(first)
                self.whole_heads.append(head.rstrip().split("\r\n"))
                if body:
                    self.bodies.append(body)
                self.arrived.set()
                data = self.answer(first)
                if data is None:
                    await reader.read(1)
                    self.closed.set()
                if not data:
                    return
                writer.write(data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return
        except asyncio.CancelledError:
            # The server ends: it does not wait for the end of a TLS connection, to which the other side may not answer.
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel all other tasks of the loop, and wait until each of them has closed its connection."""
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def running(
    answer: Callable[[str], bytes | None], context: ssl.SSLContext | None = None
) -> Iterator[RawServer]:
    """The server on a free port of 127.0.0.1 until the block ends."""
    server = RawServer(answer)
    loop = asyncio.new_event_loop()
    listening = threading.Event()

    async def main() -> None:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
        server.port = listener.sockets[0].getsockname()[1]
        listening.set()
        async with listener:
            await listener.serve_forever()

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(main())
        stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        finally:
            loop.run_until_complete(end_tasks(loop))
            loop.close()

    stop: list[Callable[[], object]] = []
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not listening.wait(5):
        raise RuntimeError("the test's server did not start")
    try:
        yield server
    finally:
        stop[0]()
        thread.join(5)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

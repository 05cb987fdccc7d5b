"""One WebSocket of the Call Control API: events out, requests in and their responses out, in order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from ..auth.issuer import LiveToken
    from ..http.asgi import Receive, Send
    from ..instruments.recorder import Recorder

UPSERT, REMOVE, DTMF, PROMPT_FINISHED, RESPONSE = range(5)
BAD_AUTHORIZATION = 4401
# A client that does not read is cut off with this many messages, or bytes, that wait for it.
MAX_WAITING = 10_000
MAX_WAITING_BYTES = 16 * 1024 * 1024


class Session:
    """One connection of a client. `transport` is that of the connection, to cut it; None behind another server.

    All methods but those of `Sockets` run in the event loop of the connection. `answer` performs a request and returns
    after its response has been queued.
    """

    def __init__(self, number: int, token: LiveToken, transport: Any, recorder: Recorder) -> None:
        self.number = number
        self.token = token
        self.loop = asyncio.get_running_loop()
        self.began = time.time()
        self.sequence = 0
        self._transport = transport
        self._recorder = recorder
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._close_code: int | None = None
        self._is_frozen = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def client_id(self) -> str:
        """The client that is logged in."""
        return self.token.client_id

    def push(self, event_type: int, entity: str, attached_data: Any = None) -> None:
        """Queue an event; cut a client off that does not read."""
        self.sequence += 1
        event = {"event_type": event_type, "entity": entity, "attached_data": attached_data}
        text = orjson.dumps({"sequence": self.sequence, "event": event}).decode()
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        if len(self._waiting) > MAX_WAITING or self._waiting_bytes > MAX_WAITING_BYTES:
            self.cut()
        self._drained.clear()
        self._wake.set()

    def end(self, code: int) -> None:
        """Close the connection with a code; what still waits is not sent."""
        if self._close_code is None:
            self._close_code = code
            self._wake.set()

    def cut(self) -> None:
        """Close the connection without a closing handshake, as a network does."""
        self._waiting.clear()
        self._waiting_bytes = 0
        if self._transport is not None:
            self._transport.abort()
        self.end(1011)

    def freeze(self) -> None:
        """Send and read nothing more, and keep the connection open, as a PBX does that hangs."""
        self._is_frozen = True
        if self._transport is not None:
            self._transport.pause_reading()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work beside the requests, at the longest until the connection ends."""
        task = asyncio.create_task(work, name="threecx-socket-work")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(
        self, receive: Receive, send: Send, answer: Callable[[Session, str], Awaitable[None]]
    ) -> None:
        """Serve the accepted connection until either side ends it."""
        expiry = self.loop.call_later(self.token.expires - time.time(), self.end, BAD_AUTHORIZATION)
        tasks = [
            asyncio.create_task(self._read(receive, answer), name="threecx-socket-read"),
            asyncio.create_task(self._write(send), name="threecx-socket-write"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            expiry.cancel()
            for each in [*tasks, *self._tasks]:
                each.cancel()
            await asyncio.gather(*tasks, *self._tasks, return_exceptions=True)
        for each in tasks:
            if not each.cancelled() and (error := each.exception()) is not None:
                raise error

    async def _read(self, receive: Receive, answer: Callable[[Session, str], Awaitable[None]]) -> None:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode("utf-8", "replace")
            self._recorder.record_message(self.number, self.client_id, "received", text)
            await answer(self, text)
            # The next request is read when the response to this one has been sent.
            await self._drained.wait()

    async def _write(self, send: Send) -> None:
        # The server raises an OSError for a client that has gone.
        with suppress(OSError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting and self._close_code is None and not self._is_frozen:
                    text = self._waiting.popleft()
                    self._waiting_bytes -= len(text)
                    self._recorder.record_message(self.number, self.client_id, "sent", text)
                    await send({"type": "websocket.send", "text": text})
                if self._close_code is not None:
                    await send({"type": "websocket.close", "code": self._close_code})
                    return
                if not self._waiting:
                    self._drained.set()

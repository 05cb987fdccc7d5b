"""HTTP/1.1 on a socket: uvicorn's protocol, with limits for clients that are slow or that send too much head."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .refusals import Refusal

if TYPE_CHECKING:
    import asyncio

MAX_HEAD = 64 * 1024
MAX_HEADERS = 200
# Seconds from a request's first byte to the end of its head, and to the end of its body.
HEAD_TIMEOUT = 10.0
BODY_TIMEOUT = 60.0

# Where the application finds the connection, to close it without an answer.
CONNECTION = "simulator.connection"


class Protocol(HttpToolsProtocol):
    """One connection. A client that does not send a whole request in time is answered 408 and closed."""

    head_timeout = HEAD_TIMEOUT
    body_timeout = BODY_TIMEOUT

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receiving = False
        self._in_head = True
        self._head_size = 0
        self._refused = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Starts the clock: who connects and sends nothing is closed too."""
        super().connection_made(transport)
        self._arm(self.head_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses; while a request is incomplete its clock runs."""
        if self._refused:
            return
        if self._in_head:
            self._head_size += len(data)
        was_in_head = self._in_head
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if self._in_head and self._receiving and self._head_size > MAX_HEAD:
            self._refuse(431, f"The request's head is larger than {MAX_HEAD} bytes.")
        elif not self._receiving:
            if self._deadline is not None:
                self._disarm()
        elif self._deadline is None or (was_in_head and not self._in_head):
            self._arm(self.head_timeout if self._in_head else self.body_timeout)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._receiving = self._in_head = True
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # it gets a member that ASGI does not know
        scope[CONNECTION] = self.transport

    def on_headers_complete(self) -> None:
        """A head is complete: within the limits it goes to the application."""
        self._in_head = False
        if self._refused:
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEAD or len(self.headers) > MAX_HEADERS:
            self._refuse(
                431, f"The request's head has more than {MAX_HEAD} bytes or {MAX_HEADERS} header fields."
            )
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is complete."""
        self._receiving = False
        self._in_head = True
        self._head_size = 0
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed as HTTP, in the error shape of everything else."""
        self._refuse(400, msg)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._receiving:
            self._refuse(408, "The request did not come in time.")
        elif not self._refused and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Answers, unless an answer is on its way, and closes."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._disarm()
        if not self._answering():
            body = orjson.dumps(Refusal(status, message).body())
            phrase = http.HTTPStatus(status).phrase
            head = (
                f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _answering(self) -> bool:
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        # The request that came too slowly is the one that waits for its body: nobody has answered it yet.
        return cycle.response_started or self._in_head

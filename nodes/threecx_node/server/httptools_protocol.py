"""HTTP/1.1 parsed by httptools, which is fast; it sets no limit for a request's head, so this module does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .connections import CONNECTION, Place
from .limits import Part, RequestClock, WriteClock
from .refusal import render_refusal

if TYPE_CHECKING:
    import asyncio

    from .config import ServerConfig

# The member of the ASGI scope in which the application finds a function that lifts the timeout of the request's body.
LIFT_BODY_TIMEOUT = "threecx.lift_body_timeout"


class LimitedHttpToolsProtocol(HttpToolsProtocol):
    """One connection. A client that does not send a complete request in time gets a 408, and is closed."""

    config: ServerConfig

    def __init__(self, *args: Any, place: Place | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._place = place or Place()
        self._write_clock = WriteClock(self.loop, self.config.limits)
        self._limits = self.config.limits
        self._clock = RequestClock(self.loop, self._limits, self._refuse_slow_client)
        self._receiving = False
        self._in_head = True
        self._head_size = 0
        self._refused = False
        self._upgraded = False
        self._is_stream = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class
        """Start the clock: a client that connects and sends nothing is closed too."""
        super().connection_made(transport)
        self._place.transport = transport
        self._clock.wait_for(Part.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, and give the place of the connection back."""
        self._clock.stop()
        self._write_clock.stop()
        self._place.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for a client that reads slowly, for a limited time."""
        super().pause_writing()
        self._write_clock.start(self.transport)

    def resume_writing(self) -> None:
        """Go on, because the client has read."""
        super().resume_writing()
        self._write_clock.stop()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._place.set_busy(not self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        """Parse `data`; while a request is incomplete its clock runs."""
        if self._refused:
            return
        if self._in_head:
            self._head_size += len(data)
        super().data_received(data)
        if self._upgraded:
            return
        self._place.set_busy(self.cycle is not None and not self.cycle.response_complete)
        if self._refused or self.transport.is_closing():
            return
        if not self._receiving or (self._is_stream and not self._in_head):
            self._clock.stop()
        elif not self._in_head:
            self._clock.wait_for(Part.BODY)
        elif self._head_size > self._limits.max_head_bytes:
            self._refuse_large_head()
        else:
            self._clock.wait_for(Part.HEAD)

    def handle_websocket_upgrade(self) -> None:
        """Give the connection and its place to the WebSocket protocol of the configuration."""
        if self._refused:
            return
        self._upgraded = True
        self._clock.stop()
        super().handle_websocket_upgrade()
        protocol: Any = self.transport.get_protocol()
        protocol.take_place(self._place)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._receiving = self._in_head = True
        self._is_stream = False
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # it gets members that ASGI does not define
        scope[CONNECTION] = self.transport
        scope[LIFT_BODY_TIMEOUT] = self._lift_body_timeout

    def on_headers_complete(self) -> None:
        """Pass a request whose head is within the limits on to the application."""
        self._in_head = False
        if self._refused:
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._limits.max_head_bytes or len(self.headers) > self._limits.max_headers:
            self._refuse_large_head()
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of a body on to the application."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._receiving = False
        self._in_head = True
        self._head_size = 0
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that cannot be parsed, with the error body of the application."""
        self._refuse(400, msg)

    def _lift_body_timeout(self) -> None:
        self._is_stream = True
        self._clock.stop()

    def _refuse_slow_client(self) -> None:
        if self._receiving:
            self._refuse(408, "The request was not received in time.")
        elif not self._refused and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def _refuse_large_head(self) -> None:
        limits = self._limits
        self._refuse(
            431,
            f"The request's head is larger than {limits.max_head_bytes} bytes "
            f"or has more than {limits.max_headers} fields.",
        )

    def _refuse(self, status: int, message: str) -> None:
        """Send an error response, unless another response has begun, and close the connection."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._clock.stop()
        if not self._is_answering():
            self.transport.write(render_refusal(self.config, status, message))
        self.transport.close()

    def _is_answering(self) -> bool:
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        # The request of a slow client is the one that waits for its body; it has no response yet.
        return cycle.response_started or self._in_head

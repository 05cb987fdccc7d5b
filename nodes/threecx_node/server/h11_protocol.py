"""HTTP/1.1 parsed by h11: slower than httptools, but it limits a request's head while it is being received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .connections import Place
from .limits import Part, RequestClock, WriteClock

if TYPE_CHECKING:
    import asyncio

    from .config import ServerConfig


class LimitedH11Protocol(H11Protocol):
    """One connection. It is closed if the client does not send a complete head, or does not read, in time.

    The same limit applies to the body of a request that has been answered already, because it is not read.
    """

    config: ServerConfig

    def __init__(self, *args: Any, place: Place | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._place = place or Place()
        self._write_clock = WriteClock(self.loop, self.config.limits)
        self._clock = RequestClock(self.loop, self.config.limits, self._close)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class
        """Start the clock: a client that connects and sends nothing is closed too."""
        super().connection_made(transport)
        self._place.transport = transport
        self._clock.wait_for(Part.HEAD)

    def data_received(self, data: bytes) -> None:
        """Parse `data`; a head may be complete now, or a further request may have begun."""
        super().data_received(data)
        self._clock.wait_for(self._missing_part())
        self._place.set_busy(self.cycle is not None and not self.cycle.response_complete)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._place.set_busy(not self.cycle.response_complete)

    def pause_writing(self) -> None:
        """Wait for a client that reads slowly, for a limited time."""
        super().pause_writing()
        self._write_clock.start(self.transport)

    def resume_writing(self) -> None:
        """Go on, because the client has read."""
        super().resume_writing()
        self._write_clock.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, and give the place of the connection back."""
        self._clock.stop()
        self._write_clock.stop()
        self._place.leave()
        super().connection_lost(exc)

    def _missing_part(self) -> Part:
        # Between two requests the keep-alive timeout applies.
        if self.timeout_keep_alive_task is not None:
            return Part.NOTHING
        if self.conn.their_state is h11.IDLE:
            return Part.HEAD
        if self.cycle is not None and self.cycle.response_complete:
            return Part.HEAD
        return Part.BODY if self.conn.their_state is h11.SEND_BODY else Part.NOTHING

    def _close(self) -> None:
        self.transport.close()

"""WebSocket connections, parsed by websockets, with the place and the limits of the connection that they began on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .connections import CONNECTION, Place
from .limits import WriteClock

if TYPE_CHECKING:
    from websockets.http11 import Request

    from .config import ServerConfig


class LimitedWebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection. It is closed if the client does not read in time.

    The base class sends pings, and closes a connection whose client does not answer them.
    """

    config: ServerConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._place = Place()
        self._write_clock = WriteClock(self.loop, self.config.limits)

    def take_place(self, place: Place) -> None:
        """Take the place of the connection over. It never has to make room: an open WebSocket is in use."""
        self._place = place
        place.set_busy(True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock, and give the place of the connection back."""
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

    def handle_connect(self, event: Request) -> None:
        """Pass the opening handshake on to the application, with the transport of the connection."""
        super().handle_connect(event)
        # A handshake that is not valid has been answered already, and has no scope.
        scope: dict[str, Any] | None = getattr(self, "scope", None)
        if scope is not None:
            scope[CONNECTION] = self.transport

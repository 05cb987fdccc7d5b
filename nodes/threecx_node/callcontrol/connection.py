"""One event socket: hand its events on in their order, and send requests over it."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

from ..transport.websocket import WebSocketClosedError
from .skips import log
from .wire import Skipped, SocketEvent, SocketResponse, make_request, read_message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..transport.websocket import WebSocket
    from .skips import SkipLog

    OnEvent = Callable[["Connection", SocketEvent], Awaitable[None]]


class Connection:
    """An open event socket. `on_event` is awaited for each event, and nothing is read meanwhile.

    `ended` becomes the reason when the socket has ended. `on_gap` is called where messages are missing, by their
    numbers.
    """

    def __init__(
        self, socket: WebSocket, on_event: OnEvent, on_gap: Callable[[], None], skips: SkipLog
    ) -> None:
        self.token = socket.token
        self._on_gap = on_gap
        self.ended: asyncio.Future[WebSocketClosedError] = asyncio.get_running_loop().create_future()
        self._socket = socket
        self._on_event = on_event
        self._skips = skips
        self._sequence: int | None = None
        self._request_ids = itertools.count(1)
        self._requests: dict[str, asyncio.Future[SocketResponse]] = {}
        self._reader = asyncio.create_task(self._read())

    @property
    def is_open(self) -> bool:
        """Return whether the socket is open, as far as it is known."""
        return not self.ended.done()

    async def request(self, path: str) -> SocketResponse:
        """Send a GET of `path` over the socket and return the response. Some PBXs never send one.

        Raises WebSocketClosedError where the socket ends meanwhile.
        """
        request_id = f"r{next(self._request_ids)}"
        response: asyncio.Future[SocketResponse] = asyncio.get_running_loop().create_future()
        self._requests[request_id] = response
        try:
            await self._socket.send(make_request(request_id, path))
            futures: tuple[asyncio.Future[Any], ...] = (response, self.ended)
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._requests[request_id]
        if response.done():
            return response.result()
        raise self.ended.result()

    async def close(self) -> None:
        """Close the socket; no event is handed on any more."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()
        self._end(WebSocketClosedError(1000, "closed"))

    async def _read(self) -> None:
        try:
            while True:
                await self._handle(await self._socket.receive())
        except WebSocketClosedError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 (see below)
            # A fault of this package: the connection is opened again, and a snapshot repairs what was missed.
            log.exception("the event socket is opened again after an internal error")
            self._end(WebSocketClosedError(1006, f"an internal error ({type(error).__name__})"))

    async def _handle(self, data: str | bytes) -> None:
        message = read_message(data, is_response_expected=bool(self._requests))
        self._count(message.sequence)
        if isinstance(message, SocketEvent):
            await self._on_event(self, message)
        elif isinstance(message, Skipped):
            self._skips.note(f"a message of the socket: {message.reason}")
        elif (waiting := self._requests.get(message.request_id)) is not None and not waiting.done():
            waiting.set_result(message)

    def _count(self, sequence: int | None) -> None:
        """Compare the number of a message with that of the one before."""
        if sequence is None:
            return
        if self._sequence is not None and sequence > self._sequence + 1:
            self._on_gap()
        self._sequence = max(sequence, self._sequence or 0)

    def _end(self, error: WebSocketClosedError) -> None:
        if not self.ended.done():
            self.ended.set_result(error)

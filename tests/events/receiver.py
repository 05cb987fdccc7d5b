"""A receiver of events on loopback: it records each delivery, and answers as a test sets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass(frozen=True)
class Delivery:
    """A delivery as it came: the headers in lower case."""

    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


class Receiver:
    """`answer` makes the response to the document of a delivery; by default it is 200."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.answer: Answer | None = None
        # For responses that need the request.
        self.answer_request: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        self.at_once = self.most_at_once = 0
        self.connections: set[object] = set()
        self.port = 0
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook/planted-path"

    @property
    def types(self) -> list[str]:
        return [each.document["type"] for each in self.deliveries]

    def documents_of(self, call_id: int) -> list[dict[str, Any]]:
        """Return the events of a live call, in the order in which they came."""
        documents = [each.document for each in self.deliveries]
        return [each for each in documents if each.get("call", {}).get("callId") == call_id]

    async def until(self, condition: Callable[[], object], seconds: float = 30) -> None:
        """Wait until a condition is true after some delivery."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def start(self, port: int = 0) -> None:
        """Open the socket."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the socket and all connections; `start` with the same port opens it again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        delivery = Delivery(
            {name.lower(): value for name, value in request.headers.items()}, await request.read()
        )
        self.connections.add(request.transport)
        self.deliveries.append(delivery)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self._changed.set()
        try:
            if self.answer_request is not None:
                return await self.answer_request(request)
            if self.answer is None:
                return web.json_response({"message": "Workflow was started"})
            answer = self.answer(delivery.document)
            return answer if isinstance(answer, web.StreamResponse) else await answer
        finally:
            self.at_once -= 1


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()
    await receiver.start(port)
    try:
        yield receiver
    finally:
        await receiver.stop()

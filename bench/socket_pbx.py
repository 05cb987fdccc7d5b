"""The base of the PBXs of live calls: a login, and a socket of the Call Control API that sends events."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Iterator

UPSERT, REMOVE, RESPONSE = 0, 1, 4
_TOKEN = {"access_token": "x", "token_type": "Bearer", "expires_in": 3600}


class SocketPbx(ABC):
    """Answers requests, and plays its events to each socket that is opened."""

    def __init__(self) -> None:
        self._sequence = itertools.count()

    @abstractmethod
    def list_dns(self) -> list[dict[str, Any]]:
        """Return all DNs with their participants."""

    @abstractmethod
    def find_participant(self, path: str) -> dict[str, Any] | None:
        """Return the participant at a path, None where there is none."""

    @abstractmethod
    async def play(self, socket: web.WebSocketResponse) -> None:
        """Send the events."""

    async def send(self, socket: web.WebSocketResponse, kind: int, entity: str, attached: Any = None) -> None:
        """Send one event."""
        event = {"event_type": kind, "entity": entity, "attached_data": attached}
        await socket.send_str(json.dumps({"sequence": next(self._sequence), "event": event}))

    async def _log_in(self, _: web.Request) -> web.Response:
        return web.json_response(_TOKEN)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/ws"):
            return await self._serve_socket(request)
        if request.path == "/callcontrol":
            return web.json_response(self.list_dns())
        participant = self.find_participant(request.path)
        return web.Response(status=404) if participant is None else web.json_response(participant)

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        playing = asyncio.create_task(self.play(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    asked = json.loads(message.data)
                    response = {**asked, "StatusCode": 200, "Response": self.list_dns()}
                    await self.send(socket, RESPONSE, "", response)
        finally:
            playing.cancel()
        return socket

    async def serve(self) -> None:
        """Serve on a free port, which is printed, until the process is ended."""
        app = web.Application()
        app.router.add_post("/connect/token", self._log_in)
        app.router.add_get("/callcontrol", self._answer)
        app.router.add_get("/callcontrol/{rest:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


@contextmanager
def running_pbx(module: str, *arguments: object) -> Iterator[str]:
    """Run a module that serves a PBX in a process until the block ends, and give its base URL."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()

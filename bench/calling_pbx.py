"""Play calls at a steady rate: `python -m bench.calling_pbx RATE CALLS STEPS`.

The server is a process of its own and prints its port. It begins a second after a WebSocket was opened. Each call rings
one extension and is then hung up; STEPS is 3 where it is answered in between. The name of the caller is the time at
which the message of the ringing was sent.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import WSMsgType, web

EXTENSIONS = 100
_TOKEN = {"access_token": "x", "token_type": "Bearer", "expires_in": 3600}
_STEP = 0.5
_UPSERT, _REMOVE, _RESPONSE = 0, 1, 4


class CallingPbx:
    """The participants, and the socket that reports their changes."""

    def __init__(self, rate: float, calls: int, *, is_answered: bool) -> None:
        self._rate = rate
        self._calls = calls
        self._is_answered = is_answered
        self._sequence = itertools.count()
        self._participants: dict[str, dict[str, Any]] = {}

    async def log_in(self, _: web.Request) -> web.Response:
        """Answer a login."""
        return web.json_response(_TOKEN)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the Call Control API."""
        if request.path.endswith("/ws"):
            return await self._serve_socket(request)
        if request.path == "/callcontrol":
            return web.json_response(self._list_dns())
        participant = self._participants.get(request.path)
        if participant is None:
            return web.Response(status=404)
        return web.json_response(participant)

    def _list_dns(self) -> list[dict[str, Any]]:
        dns: dict[str, dict[str, Any]] = {
            f"{1000 + number}": {
                "dn": f"{1000 + number}",
                "type": "Wextension",
                "devices": [],
                "participants": [],
            }
            for number in range(EXTENSIONS)
        }
        for each in self._participants.values():
            dns[each["dn"]]["participants"].append(each)
        return list(dns.values())

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        playing = asyncio.create_task(self._play(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    asked = json.loads(message.data)
                    response = {**asked, "StatusCode": 200, "Response": self._list_dns()}
                    await self._send(socket, _RESPONSE, "", response)
        finally:
            playing.cancel()
        return socket

    async def _play(self, socket: web.WebSocketResponse) -> None:
        begin = time.monotonic() + 1.0
        async with asyncio.TaskGroup() as calls:
            for number in range(self._calls):
                await asyncio.sleep(begin + number / self._rate - time.monotonic())
                calls.create_task(self._play_call(socket, number))

    async def _play_call(self, socket: web.WebSocketResponse, number: int) -> None:
        dn = f"{1000 + number % EXTENSIONS}"
        entity = f"/callcontrol/{dn}/participants/{number}"
        self._participants[entity] = participant = {
            "id": number,
            "dn": dn,
            "status": "Ringing",
            "callid": number + 1,
            "legid": 1,
            "party_dn": "10000",
            "party_dn_type": "Wexternalline",
            "party_caller_id": f"+49{number:09}",
            "party_caller_name": repr(time.time()),
        }
        await self._send(socket, _UPSERT, entity)
        await asyncio.sleep(_STEP)
        if self._is_answered:
            participant["status"] = "Connected"
            await self._send(socket, _UPSERT, entity)
            await asyncio.sleep(_STEP)
        del self._participants[entity]
        await self._send(socket, _REMOVE, entity)

    async def _send(
        self, socket: web.WebSocketResponse, kind: int, entity: str, attached: Any = None
    ) -> None:
        event = {"event_type": kind, "entity": entity, "attached_data": attached}
        await socket.send_str(json.dumps({"sequence": next(self._sequence), "event": event}))


@contextmanager
def running(rate: float, calls: int, *, is_answered: bool) -> Iterator[str]:
    """Run the server in a process until the block ends, and give its base URL."""
    steps = "3" if is_answered else "2"
    command = [sys.executable, "-m", "bench.calling_pbx", str(rate), str(calls), steps]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def main(rate: float, calls: int, *, is_answered: bool) -> None:
    """Serve until the process is ended."""
    pbx = CallingPbx(rate, calls, is_answered=is_answered)
    app = web.Application()
    app.router.add_post("/connect/token", pbx.log_in)
    app.router.add_get("/callcontrol", pbx.answer)
    app.router.add_get("/callcontrol/{rest:.*}", pbx.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2]), is_answered=sys.argv[3] == "3"))

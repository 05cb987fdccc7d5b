"""Change participants of calls at a steady rate: `python -m bench.changing_pbx PARTICIPANTS RATE SECONDS`.

The server is a process of its own. It prints its port, and begins to change participants a second after the WebSocket
was opened. Each participant has the time of its last change as `changed`. At the end it changes each of them once more,
to the status "Connected", so that a listener that has lost nothing knows all of them in this status.
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

PER_DN = 10
_TOKEN = {"access_token": "x", "token_type": "Bearer", "expires_in": 3600}


class ChangingPbx:
    """The participants, and the socket that reports their changes."""

    def __init__(self, participants: int, rate: float, seconds: float) -> None:
        self._rate = rate
        self._changes = round(rate * seconds)
        self._sequence = itertools.count()
        self._participants = {number: self._make(number) for number in range(participants)}

    @staticmethod
    def _make(number: int) -> dict[str, Any]:
        return {
            "id": number,
            "dn": f"{1000 + number // PER_DN}",
            "status": "Ringing",
            "callid": number,
            "legid": 1,
            "party_caller_id": f"+49{number:09}",
            "party_dn_type": "Wexternalline",
            "changed": time.time(),
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the Call Control API."""
        parts = request.path.strip("/").split("/")
        if parts[-1] == "ws":
            return await self._serve_socket(request)
        if len(parts) == 1:
            return web.json_response(self._list_dns())
        return web.json_response(self._participants[int(parts[-1])])

    def _list_dns(self) -> list[dict[str, Any]]:
        dns: dict[str, dict[str, Any]] = {}
        for each in self._participants.values():
            dn = dns.setdefault(
                each["dn"], {"dn": each["dn"], "type": "Wextension", "devices": [], "participants": []}
            )
            dn["participants"].append(each)
        return list(dns.values())

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        changing = asyncio.create_task(self._change(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    asked = json.loads(message.data)
                    response = {
                        "RequestID": asked["RequestID"],
                        "Path": asked["Path"],
                        "StatusCode": 200,
                        "Response": self._list_dns(),
                    }
                    await self._send(socket, 4, "", response)
        finally:
            changing.cancel()
        return socket

    async def _change(self, socket: web.WebSocketResponse) -> None:
        begin = time.monotonic() + 1.0
        count = len(self._participants)
        for turn in range(self._changes + count):
            await asyncio.sleep(begin + turn / self._rate - time.monotonic())
            # A step that is prime to the number of participants reaches all of them, in no order.
            participant = self._participants[turn * 7919 % count]
            is_last = turn >= self._changes
            participant["status"] = "Connected" if is_last else f"Ringing {turn}"
            participant["changed"] = time.time()
            entity = f"/callcontrol/{participant['dn']}/participants/{participant['id']}"
            await self._send(socket, 0, entity, None)

    async def _send(self, socket: web.WebSocketResponse, kind: int, entity: str, attached: Any) -> None:
        event = {"event_type": kind, "entity": entity, "attached_data": attached}
        await socket.send_str(json.dumps({"sequence": next(self._sequence), "event": event}))


@contextmanager
def running(participants: int, rate: float, seconds: float) -> Iterator[str]:
    """Run the server in a process until the block ends, and give its base URL."""
    command = [sys.executable, "-m", "bench.changing_pbx", str(participants), str(rate), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def main(participants: int, rate: float, seconds: float) -> None:
    """Serve until the process is ended."""
    pbx = ChangingPbx(participants, rate, seconds)

    async def log_in(_: web.Request) -> web.Response:
        return web.json_response(_TOKEN)

    app = web.Application()
    app.router.add_post("/connect/token", log_in)
    app.router.add_get("/callcontrol", pbx.answer)
    app.router.add_get("/callcontrol/{rest:.*}", pbx.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    del host
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))

"""Play calls at a steady rate: `python -m bench.calling_pbx RATE CALLS STEPS`.

The server is a process of its own and prints its port. It begins a second after a WebSocket was opened. Each call rings
one extension and is then hung up; STEPS is 3 where it is answered in between. The name of the caller is the time at
which the message of the ringing was sent.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AbstractContextManager
from typing import Any

from aiohttp import web

from bench.socket_pbx import REMOVE, UPSERT, SocketPbx, running_pbx

EXTENSIONS = 100
_STEP = 0.5


class CallingPbx(SocketPbx):
    """The participants, and the socket that reports their changes."""

    def __init__(self, rate: float, calls: int, *, is_answered: bool) -> None:
        super().__init__()
        self._rate = rate
        self._calls = calls
        self._is_answered = is_answered
        self._participants: dict[str, dict[str, Any]] = {}

    def find_participant(self, path: str) -> dict[str, Any] | None:
        """Return the participant at a path, None where the call has ended."""
        return self._participants.get(path)

    def list_dns(self) -> list[dict[str, Any]]:
        """Return all DNs with their participants."""
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

    async def play(self, socket: web.WebSocketResponse) -> None:
        """Begin the calls at their rate."""
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
        await self.send(socket, UPSERT, entity)
        await asyncio.sleep(_STEP)
        if self._is_answered:
            participant["status"] = "Connected"
            await self.send(socket, UPSERT, entity)
            await asyncio.sleep(_STEP)
        del self._participants[entity]
        await self.send(socket, REMOVE, entity)


def running(rate: float, calls: int, *, is_answered: bool) -> AbstractContextManager[str]:
    """Run the server in a process until the block ends, and give its base URL."""
    return running_pbx("bench.calling_pbx", rate, calls, 3 if is_answered else 2)


if __name__ == "__main__":
    asyncio.run(CallingPbx(float(sys.argv[1]), int(sys.argv[2]), is_answered=sys.argv[3] == "3").serve())

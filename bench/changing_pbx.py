"""Change participants of calls at a steady rate: `python -m bench.changing_pbx PARTICIPANTS RATE SECONDS`.

The server is a process of its own. It prints its port, and begins to change participants a second after the WebSocket
was opened. Each participant has the time of its last change as `changed`. At the end it changes each of them once more,
to the status "Connected", so that a listener that has lost nothing knows all of them in this status.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AbstractContextManager
from typing import Any

from aiohttp import web

from bench.socket_pbx import UPSERT, SocketPbx, running_pbx

PER_DN = 10


class ChangingPbx(SocketPbx):
    """The participants, and the socket that reports their changes."""

    def __init__(self, participants: int, rate: float, seconds: float) -> None:
        super().__init__()
        self._rate = rate
        self._changes = round(rate * seconds)
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

    def find_participant(self, path: str) -> dict[str, Any] | None:
        """Return the participant at a path."""
        return self._participants[int(path.rpartition("/")[2])]

    def list_dns(self) -> list[dict[str, Any]]:
        """Return all DNs with their participants."""
        dns: dict[str, dict[str, Any]] = {}
        for each in self._participants.values():
            dn = dns.setdefault(
                each["dn"], {"dn": each["dn"], "type": "Wextension", "devices": [], "participants": []}
            )
            dn["participants"].append(each)
        return list(dns.values())

    async def play(self, socket: web.WebSocketResponse) -> None:
        """Change the participants at their rate."""
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
            await self.send(socket, UPSERT, entity)


def running(participants: int, rate: float, seconds: float) -> AbstractContextManager[str]:
    """Run the server in a process until the block ends, and give its base URL."""
    return running_pbx("bench.changing_pbx", participants, rate, seconds)


if __name__ == "__main__":
    asyncio.run(ChangingPbx(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])).serve())

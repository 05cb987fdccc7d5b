"""Play scenarios with the listener and a small PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.callcontrol.small_pbx import SmallPbx, small_pbx
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.client import CallControlClient

Scenario = Callable[[SmallPbx, CallControlClient, "Events"], Awaitable[None]]


class Events:
    """The events of one iterator, with a time limit for each."""

    def __init__(self, client: CallControlClient) -> None:
        self.notes: list[str] = []
        self.iterator = client.events(on_note=self.notes.append)

    async def next(self) -> LegChange:
        async with asyncio.timeout(15):
            return await anext(self.iterator)

    async def aclose(self) -> None:
        await self.iterator.aclose()

    async def texts(self, count: int) -> list[str]:
        return [show(await self.next()) for _ in range(count)]


def show(change: LegChange) -> str:
    status = "" if change.participant is None or change.kind != "updated" else f" {change.participant.status}"
    inferred = " inferred" if change.inferred else ""
    digits = f" {change.digits}" if change.digits else ""
    return f"{change.kind} {change.dn}/{change.participant_id}{status}{digits}{inferred}"


def play(scenario: Scenario, prepare: Callable[[SmallPbx], None] | None = None, **options: Any) -> None:
    async def run() -> None:
        async with small_pbx() as pbx:
            if prepare is not None:
                prepare(pbx)
            async with pbx.client(**options) as client, asyncio.timeout(60):
                events = Events(client)
                try:
                    await scenario(pbx, client, events)
                finally:
                    await events.aclose()

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 (the conditions are of several objects)
            await asyncio.sleep(0.005)


def ringing(pbx: SmallPbx) -> None:
    pbx.participants["100", 1] = {"id": 1, "dn": "100", "callid": 7, "status": "Ringing"}

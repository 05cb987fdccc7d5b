"""The calls of a client: grace in real time, lost connections, and the end of the iteration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.callcontrol.leg_changes import PBX, TRUNK, leg, remove, update
from threecx_node.callcontrol.call_events import CallEvent
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.live_calls import live_calls
from threecx_node.errors import LoginError

RINGING = update(leg("100", 7, "Ringing", **TRUNK))
GONE = remove("100", 7)
NEXT = update(leg("101", 8, "Connected", **TRUNK))


class Client:
    """A client whose changes a test gives; it is closed where the iteration has ended."""

    pbx = PBX

    def __init__(self) -> None:
        self.settled_at: datetime | None = None
        self.waiting: list[datetime] = []
        self.is_closed = False
        self.changes: asyncio.Queue[LegChange | Exception | None] = asyncio.Queue()

    @property
    def settled_until(self) -> datetime:
        return self.settled_at or min(self.waiting, default=datetime.now(UTC))

    def give(self, *changes: LegChange, seconds_ago: float = 0) -> None:
        """Report changes, as learnt at the same time."""
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        for change in changes:
            self.changes.put_nowait(replace(change, at=at))
            self.waiting.append(at)

    async def events(self, *, on_note: Callable[[str], None] | None = None) -> AsyncGenerator[LegChange]:
        if on_note is not None:
            on_note("connected")
        try:
            while (change := await self.changes.get()) is not None:
                if isinstance(change, Exception):
                    raise change
                self.waiting.remove(change.at)
                yield change
        finally:
            self.is_closed = True


async def take(events: AsyncGenerator[CallEvent], count: int) -> list[str]:
    return [(await asyncio.wait_for(anext(events), 30)).type.removeprefix("call.") for _ in range(count)]


def test_a_call_ends_after_the_grace() -> None:
    async def run() -> None:
        client = Client()
        notes: list[str] = []
        async with aclosing(live_calls(client, grace=0.1, on_note=notes.append)) as events:
            client.give(RINGING, GONE)
            assert await take(events, 4) == ["started", "ringing", "missed", "ended"]
        assert client.is_closed
        assert notes == ["connected"]

    asyncio.run(run())


def test_calls_end_while_others_go_on() -> None:
    """With traffic that never pauses, the calls that are due end after each change."""

    async def run() -> None:
        client = Client()
        async with aclosing(live_calls(client)) as events:
            client.give(RINGING, GONE, seconds_ago=9)
            client.give(update(leg("102", 9, "Ringing", 2, **TRUNK)), seconds_ago=6)
            assert await take(events, 6) == ["started", "ringing", "missed", "ended", "started", "ringing"]

    asyncio.run(run())


def test_no_call_ends_while_the_client_is_blind() -> None:
    async def run() -> None:
        client = Client()
        client.settled_at = datetime.now(UTC)
        async with aclosing(live_calls(client, grace=0)) as events:
            client.give(RINGING, GONE)
            assert await take(events, 2) == ["started", "ringing"]
            waiting = asyncio.ensure_future(take(events, 1))
            await asyncio.wait({waiting}, timeout=0.3)
            assert not waiting.done()
            client.give(NEXT)
            assert await waiting == ["answered"]
            client.settled_at = None
            client.give(remove("101", 8))
            assert await take(events, 1) == ["ended"]

    asyncio.run(run())


def test_a_client_that_ends_ends_the_calls() -> None:
    async def run() -> list[CallEvent]:
        client = Client()
        client.give(RINGING)
        client.changes.put_nowait(None)
        return [event async for event in live_calls(client)]

    assert [event.type for event in asyncio.run(run())] == ["call.started", "call.ringing"]


def test_an_error_of_the_client_ends_the_calls() -> None:
    async def run() -> None:
        client = Client()
        client.changes.put_nowait(LoginError("refused"))
        with pytest.raises(LoginError):
            await anext(live_calls(client))
        assert client.is_closed

    asyncio.run(run())


def test_a_consumer_that_leaves_closes_the_client() -> None:
    async def run() -> None:
        client = Client()
        events = live_calls(client)
        client.give(RINGING)
        await take(events, 1)
        await events.aclose()
        assert client.is_closed or client.changes.empty()
        waiting = live_calls(client)
        task = asyncio.ensure_future(anext(waiting))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await waiting.aclose()
        assert client.is_closed

    asyncio.run(run())

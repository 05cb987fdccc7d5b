"""Polls a simulated PBX in virtual time: no test waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.events.model.test_schemas import find_problems
from threecx_credentials import Credential
from threecx_node.events.model.event import Event
from threecx_node.events.model.event_types import EVENT_TYPES
from threecx_node.events.records.poller import PollResult, RecordPoller
from threecx_node.execution.executor import Executor
from threecx_node.simulator import Simulator
from threecx_node.transport.retry import RetryPolicy

RECORD_TYPES = frozenset(name for name, each in EVENT_TYPES.items() if each.source != "live")


class Feed:
    """A poller of a simulated PBX, its journal and its stored cursor; each step turns both clocks."""

    def __init__(self, pbx: Simulator, *, types: frozenset[str] = RECORD_TYPES) -> None:
        self.pbx = pbx
        self.types = types
        self.cursor: Any = None
        self.journal: dict[str, Event] = {}
        self.repeats: list[str] = []
        self.last: PollResult | None = None
        self.seconds = 0.0
        self.client_id, self.client_secret = pbx.client_id, pbx.client_secret
        # How far the clock here is ahead of that of the PBX.
        self.ahead = timedelta()
        self.start()

    def start(self) -> None:
        """Start, or restart with what is stored."""

        async def sleep(_seconds: float) -> None:
            return

        login = Credential.of(self.pbx.base_url, self.client_id, self.client_secret)
        self.executor = Executor(login, retry=RetryPolicy(sleep=sleep, jitter=lambda: 0.0))
        self.poller = RecordPoller(
            self.executor,
            "pbx.example:5001",
            clock=lambda: self.seconds,
            utc_now=lambda: self.pbx.calls.clock.now() + self.ahead,
        )

    async def poll(self, *, seconds: float = 0.0) -> list[Event]:
        """Let time pass, poll once, and store the events and the cursor; return the events that are new."""
        self.pass_time(seconds)
        self.last = await self.poller.poll(self.types, self.cursor)
        self.cursor = json.loads(json.dumps(self.last.cursor))
        return self.store(self.last.events)

    def store(self, events: Any) -> list[Event]:
        """Store events whose ID is not stored yet, and return them."""
        new = []
        for event in events:
            document = json.loads(json.dumps(event.to_json()))
            assert find_problems(document) == []
            if event.id in self.journal:
                self.repeats.append(event.id)
                continue
            self.journal[event.id] = event
            new.append(event)
        return new

    def pass_time(self, seconds: float) -> None:
        """Turn the clocks."""
        self.seconds += seconds
        if seconds:
            self.pbx.calls.clock.advance(seconds)

    async def wait_for(self, seconds: float) -> list[Event]:
        """Poll as often as the poller asks for, for so many seconds; return the new events."""
        end = self.seconds + seconds
        new: list[Event] = []
        while self.seconds < end:
            step = self.last.next_after if self.last is not None else 0.0
            new += await self.poll(seconds=min(step, end - self.seconds))
        return new

    async def aclose(self) -> None:
        await self.executor.aclose()


def run(pbx: Simulator, scenario: Callable[[Feed], Any], **options: Any) -> Feed:
    """Run a scenario with a feed whose baseline is set."""

    async def main() -> Feed:
        feed = Feed(pbx, **options)
        try:
            assert await feed.poll() == []
            await scenario(feed)
        finally:
            await feed.aclose()
        return feed

    return asyncio.run(main())


def open_pbx(**options: Any) -> Simulator:
    """Return a PBX whose clock only moves by `advance`."""
    return Simulator(manual_clock=True, **options)

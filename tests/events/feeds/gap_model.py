"""A PBX, its live calls and its call log, with a feed that can be killed at any time; all in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from tests.events.records.rows import START, Lists, make_leg, write
from threecx_node.catalog import load_catalog
from threecx_node.events.feeds.feed_journal import FeedJournal
from threecx_node.events.feeds.gap_calls import LOGGED, MISSED
from threecx_node.events.feeds.problems import Problems
from threecx_node.events.model.clock import Clock
from threecx_node.events.model.event import Event
from threecx_node.events.records.poller import RecordPoller
from threecx_node.events.store.event_store import Cursor, StoredEvent

PBX = "pbx.example:5001"
# Seconds between two looks at the connection.
LOOK = 15
RECORDS = "records"


class KilledError(Exception):
    """The process ended in the middle of a write."""


class Store:
    """A journal in memory: events by their IDs, and cursors. `left` is the number of writes until it ends."""

    def __init__(self) -> None:
        self.events: dict[str, StoredEvent] = {}
        self.cursors: dict[str, str] = {}
        self.left: int | None = None

    async def append(self, feed: str, events: Sequence[Event], *, cursor: Cursor | None = None) -> list[Any]:
        del feed
        if self.left == 0:
            self.left = None
            raise KilledError
        self.left = None if self.left is None else self.left - 1
        new = []
        for each in events:
            if each.id not in self.events:
                stored = StoredEvent(f"{len(self.events):08d}", each)
                self.events[each.id] = stored
                new.append(stored)
        if cursor is not None:
            self.cursors[cursor.source] = json.dumps(cursor.value)
        return new

    async def load_cursor(self, feed: str, source: str) -> Any:
        del feed
        return json.loads(self.cursors.get(source, "{}"))

    async def read(self, feed: str, *, after: str | None, limit: int) -> list[StoredEvent]:
        del feed
        return [each for each in self.events.values() if each.position > (after or "")][:limit]


@dataclass
class Call:
    """A call; `was_seen` says that the feed has reported its beginning."""

    id: int
    caller: str
    began: datetime
    answered: datetime | None = None
    ended: datetime | None = None
    was_seen: bool = False


class Model(Clock):
    """The time, the PBX, and the feed of one process after another."""

    def __init__(self, *, ahead: timedelta = timedelta()) -> None:
        self.loop = asyncio.new_event_loop()
        self.time = START
        self.store = Store()
        # The clock of the PBX is ahead.
        self.lists = Lists(now=START + ahead, ahead=ahead)
        self.calls: dict[int, Call] = {}
        self.late: list[dict[str, Any]] = []
        # The calls that the process has seen, and whether it has seen an answer.
        self.seen: dict[int, bool] = {}
        self.is_connected = False
        self.is_first = True
        self.start()

    def now(self) -> datetime:
        return self.time

    def start(self) -> None:
        """Start a process with what is stored."""
        self.is_connected, self.is_first, self.seen = False, True, {}
        problems = Problems(lambda: None)
        self.journal = FeedJournal("feed", cast("Any", self.store), self, problems, lambda _events: None)
        self.journal.gaps.can_ask = True
        self.run(self.journal.restore())
        self.poller = RecordPoller(
            cast("Any", SimpleNamespace(catalog=load_catalog())),
            PBX,
            reader=self.lists,
            clock=self._count_seconds,
            utc_now=self.now,
        )

    def _count_seconds(self) -> float:
        return (self.time - START).total_seconds()

    def run(self, work: Any) -> Any:
        """Do work of the process; where it is killed, start another."""
        try:
            return self.loop.run_until_complete(work)
        except KilledError:
            self.start()
            return None

    def pass_time(self, seconds: float) -> None:
        """Let time pass while the process looks at its connection."""
        while seconds > 0:
            step = min(seconds, LOOK)
            seconds -= step
            self.time += timedelta(seconds=step)
            self.lists.now += timedelta(seconds=step)
            self.look()

    def look(self) -> None:
        self.journal.cover(is_live=self.is_connected)
        self.run(self.journal.release())
        self.run(self.journal.checkpoint())

    def poll(self, *, seconds: float = 6) -> None:
        """Let time pass, and poll the records once."""
        self.pass_time(seconds)
        self.run(self._poll())

    async def _poll(self) -> None:
        if self.journal.gaps.is_waiting:
            self.poller.hurry(frozenset({MISSED}))
        stored = await self.store.load_cursor("feed", RECORDS)
        result = await self.poller.poll(frozenset({MISSED, LOGGED}), stored or None)
        assert not result.problems
        self.journal.memory.missed.ahead = self.poller.ahead
        await self.journal.append(result.events, Cursor(RECORDS, result.cursor), frozenset({MISSED}))

    # Changes of the PBX.

    def begin(self, caller: str) -> Call:
        """Let a call ring."""
        call = Call(len(self.calls) + 1, caller, self.time)
        self.calls[call.id] = call
        if self.is_connected:
            self._show_beginning(call, inferred=False)
        return call

    def blink(self, caller: str) -> Call:
        """Let a call be missed that is over before its legs can be read."""
        is_connected, self.is_connected = self.is_connected, False
        call = self.begin(caller)
        self.end(call, is_late=False)
        self.is_connected = is_connected
        return call

    def answer(self, call: Call) -> None:
        """Let a person answer."""
        call.answered = self.time
        if self.is_connected:
            self._show_answer(call, inferred=False)

    def end(self, call: Call, *, is_late: bool) -> None:
        """End a call; its row appears, or is late."""
        call.ended = self.time
        if self.is_connected:
            self._show_end(call, inferred=False)
        row = self._make_row(call)
        # The call log decides in time about a call of which live calls show only the beginning.
        if is_late and (call.answered is None or not call.was_seen):
            self.late.append(row)
        else:
            self.lists.add("GetCallLogData", row)

    def write_late(self, index: int) -> None:
        """Let a row appear that was late."""
        self.lists.add("GetCallLogData", self.late.pop(index))

    def _make_row(self, call: Call) -> dict[str, Any]:
        assert call.ended is not None
        began, ended = call.began + self.lists.ahead, call.ended + self.lists.ahead
        answered = None if call.answered is None else call.answered + self.lists.ahead
        row = make_leg(
            f"call-{call.id}", call.id, began, int((ended - (answered or ended)).total_seconds()),
            answered=answered is not None,
        )  # fmt: skip
        ringing = int(((answered or ended) - began).total_seconds())
        return row | {
            "CallId": call.id,
            "StartTime": write(began),
            "RingingDuration": f"PT{ringing}S",
            "SourceCallerId": call.caller,
        }

    # The connection of the process.

    def cut(self) -> None:
        """Lose the connection."""
        self.is_connected = False
        self.journal.cover(is_live=False)

    def connect(self) -> None:
        """Connect again: the calls in progress are shown, and those end that are over."""
        self.is_connected = True
        journal = self.journal
        for call_id in list(self.seen):
            if self.calls[call_id].ended is not None:
                self._show_end(self.calls[call_id], inferred=True)
        for call in self.calls.values():
            if call.ended is None and journal is self.journal:
                if call.id not in self.seen:
                    self._show_beginning(call, inferred=True)
                if call.answered is not None and not self.seen.get(call.id):
                    self._show_answer(call, inferred=True)
        if journal is not self.journal:
            # The process was killed meanwhile.
            return
        if self.is_first:
            self.is_first = False
            self.run(self.journal.append_live(self.journal.memory.end_others(set(self.seen), self.time)))
        self.look()

    def _show_beginning(self, call: Call, *, inferred: bool) -> None:
        if self._show(call, "started", inferred=inferred):
            call.was_seen = True
            self.seen[call.id] = False
            self._show(call, "ringing", inferred=inferred)

    def _show_answer(self, call: Call, *, inferred: bool) -> None:
        if self._show(call, "answered", inferred=inferred, answeredAt=write(self.time)):
            self.seen[call.id] = True

    def _show_end(self, call: Call, *, inferred: bool) -> None:
        was_answered = self.seen.pop(call.id, True)
        names = ("ended",) if was_answered else ("missed", "ended")
        events = [self._make(call, each, inferred=inferred, endedAt=write(self.time)) for each in names]
        self.run(self.journal.append_live(events))

    def _show(self, call: Call, name: str, *, inferred: bool, **data: str) -> bool:
        return (
            self.run(self.journal.append_live([self._make(call, name, inferred=inferred, **data)]))
            is not None
        )

    def _make(self, call: Call, name: str, *, inferred: bool, **data: str) -> Event:
        place = "100.1" if name == "ringing" else "call"
        return Event(
            id=f"{PBX}/{call.id}/{place}/{name}",
            type=f"call.{name}",
            time=self.time,
            pbx=PBX,
            order_key=f"call/{call.id}",
            data={
                "source": "live",
                "call": {"pbx": PBX, "dn": "101", "participantId": 1, "callId": call.id},
                "inferred": inferred,
                "direction": "inbound",
                "extension": "101",
                "externalNumber": call.caller,
                "startedAt": write(call.began),
                **data,
            },
        )

    # The events.

    def list_missed(self) -> list[int]:
        """Return the IDs of the calls that were reported as missed, in order."""
        found = [each.event.data for each in self.store.events.values() if each.event.type == MISSED]
        return [(each.get("call") or each["callLog"])["callId"] for each in found]

    def finish(self) -> None:
        """End everything, and let all that is late appear."""
        for call in self.calls.values():
            if call.ended is None:
                self.end(call, is_late=False)
        while self.late:
            self.write_late(0)
        if not self.is_connected:
            self.connect()
        for _ in range(20):
            self.poll()
        for _ in range(12):
            self.poll(seconds=70)

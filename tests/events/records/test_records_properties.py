"""Any interleaving of rows, late rows, polls and restarts reports every record exactly once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.events.records.rows import START, Lists, make_entry, make_leg, make_message, make_recording
from threecx_node.catalog import load_catalog
from threecx_node.errors import ResponseError
from threecx_node.events.records.poller import RecordPoller
from threecx_node.events.records.rows import Query

TYPES = frozenset({"call.logged", "recording.ready", "transcription.ready", "chat.new", "event_log.new"})
# Seconds after which everything that is there has been reported.
_QUIET = 7200
_PBX = "pbx.example:5001"


class RecordsMachine(RuleBasedStateMachine):
    """A PBX whose rows appear at any time, a journal that drops repeated IDs, and a poller that is restarted."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.pbx = Lists()
        self.seconds = 0.0
        self.cursor: Any = None
        self.journal: Counter[str] = Counter()
        self.expected: set[str] = set()
        # Rows that are numbered, and appear later.
        self.late: list[tuple[str, dict[str, Any], str]] = []
        self.numbers: Counter[str] = Counter()
        self.untranscribed: list[int] = []
        self.due = 0.0
        self.start_poller()

    def start_poller(self) -> None:
        executor = cast("Any", SimpleNamespace(catalog=load_catalog()))
        self.poller = RecordPoller(
            executor,
            _PBX,
            reader=self.pbx,
            clock=lambda: self.seconds,
            utc_now=lambda: self.pbx.now + self.ahead,
        )

    ahead = timedelta()

    @initialize(
        release=st.sampled_from(["20.0.6", "20.0.10"]), history=st.integers(0, 3), ahead=st.integers(-30, 30)
    )
    def begin(self, release: str, history: int, ahead: int) -> None:
        self.pbx.release = release
        self.ahead = timedelta(hours=ahead)
        for number in range(1, history + 1):
            start = START - timedelta(hours=number)
            self.pbx.add("GetCallLogData", make_leg(f"old-{number}", number, start, 60))
            self.pbx.add("ListEventLog", make_entry(number, start))
            self.numbers["ListEventLog"] += 1
        self.start_poller()
        self.poll()
        assert not self.journal

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        self.pbx.now += timedelta(seconds=seconds)

    def poll(self, *, keep: str = "both") -> None:
        """Poll; `keep` says what is stored of the result."""
        result = self.loop.run_until_complete(self.poller.poll(TYPES, self.cursor))
        # A source that failed is asked again later.
        assert not result.problems or self.has_failed
        if keep != "nothing":
            # The events of one poll are different ones.
            ids = [event.id for event in result.events]
            assert len(set(ids)) == len(ids)
            for event_id in ids:
                self.journal[event_id] = 1
        if keep == "both":
            self.cursor = json.loads(json.dumps(result.cursor))
            assert len(json.dumps(self.cursor)) < 20_000
        self.due = result.next_after

    has_failed = False

    # Changes of the PBX.

    @rule(legs=st.integers(1, 3), minutes=st.integers(0, 20 * 60), late=st.integers(0, 2))
    def log_call(self, legs: int, minutes: int, late: int) -> None:
        """A call of any length ends; some of its legs are written later."""
        self.numbers["calls"] += 1
        call = f"call-{self.numbers['calls']}"
        length = minutes * 60 // legs
        start = self.pbx.now - timedelta(minutes=minutes, seconds=2 * legs)
        rows = [
            make_leg(
                call, self.numbers["calls"] * 10 + leg, start + timedelta(seconds=leg * (length + 2)), length
            )
            for leg in range(legs)
        ]
        self.expected.add(f"{_PBX}/callLog/{call}/logged")
        for index, row in enumerate(rows):
            if late and index >= legs - late:
                self.late.append(("GetCallLogData", row, ""))
            else:
                self.pbx.add("GetCallLogData", row)

    @rule(late=st.booleans())
    def send_message(self, late: bool) -> None:
        self.number("ListChatMessagesHistoryView", make_message, "chats/{}", late=late)

    @rule(late=st.booleans(), count=st.integers(1, 3))
    def log_entries(self, late: bool, count: int) -> None:
        for _ in range(count):
            self.number("ListEventLog", make_entry, "eventLog/{}", late=late)

    @rule(late=st.booleans(), has_file=st.booleans())
    def record(self, late: bool, has_file: bool) -> None:
        number = self.number("ListRecording", make_recording, "recordings/{}/ready", late=late)
        self.untranscribed.append(number)
        if has_file:
            self.pbx.files.add(number)

    def number(self, operation: str, make: Any, key: str, *, late: bool) -> int:
        self.numbers[operation] += 1
        number = self.numbers[operation]
        row, event = make(number, self.pbx.now), f"{_PBX}/{key.format(number)}"
        self.expected.add(event)
        if late:
            self.late.append((operation, row, event))
        else:
            self.pbx.add(operation, row)
        return number

    @rule(data=st.data())
    def write_late_row(self, data: st.DataObject) -> None:
        if self.late:
            index = data.draw(st.integers(0, len(self.late) - 1))
            operation, row, _ = self.late.pop(index)
            self.pbx.add(operation, row)

    @rule()
    def transcribe(self) -> None:
        for row in self.pbx.rows.get("ListRecording", ()):
            if row["Id"] in self.untranscribed:
                self.untranscribed.remove(row["Id"])
                row.update(IsTranscribed=True, Transcription="Hello", Summary="A greeting")
                self.pbx.files.add(row["Id"])
                self.expected.add(f"{_PBX}/recordings/{row['Id']}/transcribed")
                return

    # Changes of the poller and its journal.

    @rule(seconds=st.sampled_from([0, 1, 5, 6, 30, 61, 600, 4000]))
    def poll_later(self, seconds: int) -> None:
        self.pass_time(seconds)
        self.poll()

    @rule()
    def poll_when_due(self) -> None:
        self.pass_time(self.due)
        self.poll()

    @rule(hours=st.integers(-40, 40))
    def set_clock(self, hours: int) -> None:
        self.ahead = timedelta(hours=hours)

    @rule(keep=st.sampled_from(["both", "events", "nothing"]), is_restart=st.booleans())
    def crash(self, keep: str, is_restart: bool) -> None:
        """End after a poll, or fail to store its result."""
        self.pass_time(5)
        self.poll(keep=keep)
        if is_restart:
            self.start_poller()

    @rule(
        failing=st.sampled_from(
            ["GetCallLogData", "ListRecording", "ListEventLog", "ListLastCdrAndChatMessageTimestamp"]
        )
    )
    def fail_once(self, failing: str) -> None:
        def fail(query: Query) -> None:
            if query.operation == failing:
                raise ResponseError("out of order", http_code=500)

        self.pbx.fail, self.has_failed = fail, True
        self.pass_time(61)
        self.poll()
        self.pbx.fail = lambda _query: None

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.loop.close()

    def finish(self) -> None:
        for operation, row, _ in self.late:
            self.pbx.add(operation, row)
        self.pbx.files |= {row["Id"] for row in self.pbx.rows.get("ListRecording", ())}
        end = self.seconds + _QUIET
        while self.seconds < end:
            self.pass_time(max(self.due, 60))
            self.poll()
        assert set(self.journal) == self.expected
        # Nothing is reported any more, whatever is asked.
        before = set(self.journal)
        self.start_poller()
        for _ in range(3):
            self.pass_time(400)
            self.poll()
        assert set(self.journal) == before


RecordsMachine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestRecords = pytest.mark.slow(RecordsMachine.TestCase)

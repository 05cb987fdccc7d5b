"""Polls the records of one PBX for all that is wanted of them: which source is asked when, and what went wrong."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...errors import ThreeCxError, UnreachableError, UnusableResponseError
from .backups import Backups
from .call_history import CallHistory
from .call_log import TIMES_OPERATION, CallLog
from .chats import Chats
from .event_log import EventLog
from .problem import RecordProblem, describe_problem
from .recordings import Recordings
from .rows import PbxReader, Query
from .source import Request
from .trunks import Trunks
from .users import Users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...execution.executor import Executor
    from ..model.event import Event
    from .rows import RowReader
    from .source import Cursor, Source

log = logging.getLogger("threecx_node.events")

_VERSION = 1
# The release from which the call log is a report: before, it is the call history.
_CALL_LOG_SINCE = (20, 0, 6)
# Sources that are due within these seconds are asked together.
_SLACK = 1.0
_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 60.0
# Seconds until a source is asked again that cannot be read, and until one is that the client has no right to.
_FIRST_PAUSE, _LONGEST_PAUSE, _FINAL_PAUSE = 10.0, 300.0, 600.0
_USES_TIMES = frozenset({"callLog", "chats"})


@dataclass(frozen=True, slots=True)
class PollResult:
    """The findings of one poll.

    `events` are new, and `cursor` belongs to them: both are to be stored together. `next_after` is the seconds until
    the next poll. `problems` are all that there are now.
    """

    events: Sequence[Event]
    cursor: Mapping[str, Any]
    next_after: float
    problems: Sequence[RecordProblem]


@dataclass(slots=True)
class _State:
    """When a source is asked next, what is wrong with it, and by which times it has read everything."""

    due: float = 0.0
    pause: float = _FIRST_PAUSE
    problem: RecordProblem | None = None
    times: tuple[str, str] | None = None
    is_urgent: bool = False


@dataclass(slots=True)
class _Plan:
    """The sources that fit the release of the PBX."""

    release: str
    has_times: bool
    sources: Sequence[Source]
    states: dict[str, _State] = field(default_factory=dict)


class RecordPoller:
    """Reads the records of one PBX. Keep one for as long as a feed runs: it knows what is due when.

    `pbx` is the name of the PBX in events. `clock` gives seconds that only grow, and `utc_now` the time here, which
    matters only where the PBX has no time of its own.
    """

    def __init__(
        self,
        executor: Executor,
        pbx: str,
        *,
        reader: RowReader | None = None,
        clock: Callable[[], float] = time.monotonic,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = executor.catalog
        self._reader: RowReader = reader or PbxReader(executor)
        self._pbx = pbx
        self._clock = clock
        self._utc_now = utc_now
        self._plan: _Plan | None = None
        self._outage = _State()
        self._last_cursor: Mapping[str, Any] | None = None

    async def poll(self, types: frozenset[str], cursor: Mapping[str, Any] | None) -> PollResult:
        """Return what is new since the poll that returned `cursor`.

        A source that is polled for the first time reports what comes from now on. Faults of the PBX are problems of
        the result. The cursor only has the sources of `types`: one that is not wanted for a while reports later what
        comes then.
        """
        stored = _read_cursor(cursor)
        try:
            plan = await self._make_plan()
        except ThreeCxError as error:
            return self._report_outage(types, stored, error)
        if cursor is not self._last_cursor and cursor != self._last_cursor:
            # The result of the last poll was not stored, so that its events are to be found again.
            self._drop(plan, ())
        wanted = [each for each in plan.sources if each.types & types]
        self._drop(plan, wanted)
        now = self._clock()
        due = [
            each for each in wanted if stored.get(each.name) is None or _state(plan, each).due <= now + _SLACK
        ]
        if any(each.name in _USES_TIMES for each in due):
            # One request serves all sources that follow the times.
            due = [
                each for each in wanted if each in due or (each.name in _USES_TIMES and _is_well(plan, each))
            ]
        times = await self._read_times(plan, due)
        events: list[Event] = []
        for source in due:
            state = _state(plan, source)
            request = self._build_request(plan, types & source.types, stored.get(source.name), state, times)
            state.is_urgent = False
            try:
                found = await source.poll(request)
            except ThreeCxError as error:
                self._note_failure(source, state, types, error)
                if _is_outage(error):
                    # The others would only wait for the same.
                    for other in due[due.index(source) + 1 :]:
                        self._note_failure(other, _state(plan, other), types, error)
                    break
                continue
            except Exception:
                # A row that no release has had so far must not stop the other sources; its own is tried again.
                log.exception("%s of %s: internal error", source.title, self._pbx)
                self._note_failure(source, state, types, _internal_error(source))
                continue
            events += found.events
            stored[source.name] = found.cursor
            state.times, state.problem, state.pause = times, None, _FIRST_PAUSE
            state.due = self._clock() + found.wait
        names = {each.name for each in wanted}
        kept = {name: value for name, value in stored.items() if name in names}
        self._last_cursor = {"version": _VERSION, **kept}
        return PollResult(
            events,
            self._last_cursor,
            self._choose_wait(plan, wanted),
            [state.problem for each in wanted if (state := _state(plan, each)).problem is not None],
        )

    @property
    def ahead(self) -> timedelta:
        """Return how far the clock of the PBX is ahead of the one here, by its last response."""
        return self._reader.ahead

    def hurry(self, types: frozenset[str]) -> None:
        """Let the next poll look for events of these types, whatever it knows of the times of the last ones."""
        for source in self._plan.sources if self._plan is not None else ():
            state = self._plan.states.get(source.name) if self._plan is not None else None
            if source.types & types and state is not None and not (state.problem and state.problem.is_final):
                state.due, state.is_urgent = 0.0, True

    async def check(self, types: frozenset[str]) -> list[RecordProblem]:
        """Return what keeps the events of these types from coming; one small request for each kind of records."""
        try:
            plan = await self._make_plan()
        except ThreeCxError as error:
            return [describe_problem(types, "the PBX", error)]
        wanted = [each for each in plan.sources if each.types & types]
        found = await asyncio.gather(*(self._check_source(plan, each, types) for each in wanted))
        return [each for each in found if each is not None]

    async def _check_source(self, plan: _Plan, source: Source, types: frozenset[str]) -> RecordProblem | None:
        try:
            await self._reader.read(source.probe(plan.release))
        except ThreeCxError as error:
            return describe_problem(types & source.types, source.title, error, source.right)
        return None

    async def _make_plan(self) -> _Plan:
        release = await self._reader.find_release()
        if self._plan is None or self._plan.release != release:
            numbers = tuple(int(part) for part in release.split("."))
            has_times = release in self._catalog.operation(TIMES_OPERATION).releases
            calls: Source = CallLog() if numbers >= _CALL_LOG_SINCE else CallHistory()
            sources = (calls, Recordings(), Chats(), EventLog(), Trunks(), Backups(), Users())
            self._plan = _Plan(release, has_times, sources)
        self._outage = _State()
        return self._plan

    def _build_request(
        self,
        plan: _Plan,
        types: frozenset[str],
        cursor: Cursor | None,
        state: _State,
        times: tuple[str, str] | None,
    ) -> Request:
        return Request(
            reader=self._reader,
            release=plan.release,
            pbx=self._pbx,
            types=types,
            cursor=cursor,
            has_times=plan.has_times,
            is_changed=state.is_urgent or times is None or times != state.times,
            is_urgent=state.is_urgent,
            now=self._clock(),
            utc_now=self._utc_now().astimezone(UTC),
        )

    async def _read_times(self, plan: _Plan, due: Sequence[Source]) -> tuple[str, str] | None:
        """Return the times of the last call and the last message: one request that shows that nothing is new.

        None where the PBX does not say, so that the lists themselves are read.
        """
        if not plan.has_times or not any(each.name in _USES_TIMES for each in due):
            return None
        try:
            rows = await self._reader.read(Query(TIMES_OPERATION, top=1))
        except ThreeCxError:
            # The sources themselves report what is wrong.
            return None
        if not rows:
            return None
        names = ("LastCdrStartedAt", "LastChatMessageTimeSent")
        last_call, last_message = (str(rows[0].get(name) or "") for name in names)
        return last_call, last_message

    def _drop(self, plan: _Plan, wanted: Sequence[Source]) -> None:
        """Forget what is known of the sources that are not wanted now, besides their cursors."""
        for source in plan.sources:
            if source not in wanted and plan.states.pop(source.name, None) is not None:
                source.forget()

    def _note_failure(
        self, source: Source, state: _State, types: frozenset[str], error: ThreeCxError
    ) -> None:
        problem = describe_problem(types & source.types, source.title, error, source.right)
        state.problem = problem
        state.due = self._clock() + (_FINAL_PAUSE if problem.is_final else state.pause)
        state.pause = min(_LONGEST_PAUSE, state.pause * 2)

    def _report_outage(
        self, types: frozenset[str], stored: dict[str, Cursor], error: ThreeCxError
    ) -> PollResult:
        state = self._outage
        wait = _LONGEST_PAUSE if isinstance(error, UnreachableError) and error.is_final else state.pause
        state.pause = min(_LONGEST_PAUSE, state.pause * 2)
        problem = describe_problem(types, "the PBX", error)
        return PollResult([], {"version": _VERSION, **stored}, wait, [problem])

    def _choose_wait(self, plan: _Plan, wanted: Sequence[Source]) -> float:
        soonest = min((_state(plan, each).due for each in wanted), default=self._clock() + _LONGEST_WAIT)
        return min(_LONGEST_WAIT, max(_SHORTEST_WAIT, soonest - self._clock()))


def _internal_error(source: Source) -> ThreeCxError:
    return ThreeCxError(
        f"internal error while {source.title} were turned into events",
        description="See the log of the executor, and report it. No record is lost: they are read again.",
        code="record_internal",
    )


def _is_well(plan: _Plan, source: Source) -> bool:
    return _state(plan, source).problem is None


def _is_outage(error: ThreeCxError) -> bool:
    return isinstance(error, UnreachableError) and not isinstance(error, UnusableResponseError)


def _state(plan: _Plan, source: Source) -> _State:
    return plan.states.setdefault(source.name, _State())


def _read_cursor(cursor: Mapping[str, Any] | None) -> dict[str, Cursor]:
    """Return the cursors of the sources; one of another version counts as none."""
    if cursor is None or cursor.get("version") != _VERSION:
        return {}
    return {name: value for name, value in cursor.items() if isinstance(value, dict)}

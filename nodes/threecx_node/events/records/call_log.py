"""Follows the call log: one group of rows for each call, reported once when the call is complete.

The log can only be read by the time at which a leg began, and a row is written when its leg has ended: the rows of a
long call appear far behind those of later calls. So there are two windows, both by times of the PBX itself. Rows since
`near` are read whenever there may be new ones. Of the rows between `far` and `near` only the number is known, and from
time to time one request shows whether there are more: then they are read too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median_low
from typing import TYPE_CHECKING, Any

from ...call_records.call_rows import LegRow, read_log_row
from ...errors import ResponseError
from ...values.row_values import read_time
from .call_report import CALL_TYPES, build_call_events
from .rows import Query
from .seen_calls import SeenCalls
from .source import Cursor, Findings, write_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .source import Request

OPERATION = "GetCallLogData"
TIMES_OPERATION = "ListLastCdrAndChatMessageTimestamp"

SETTLE = 5.0
"""Seconds for which nothing is added to a call until it is complete."""
LATE_CHECK = 60.0
"""Seconds between two looks for the rows of long calls."""
_IDLE_CHECK = 300.0
_IDLE_AFTER = 3600.0
_NEAR = timedelta(minutes=10)
_FAR = timedelta(hours=25)
# The far window begins later when it has become this long.
_LONGEST = timedelta(hours=32)
_FIRST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
# The end of the windows: no clock of a PBX is further ahead of this one.
_AHEAD = timedelta(days=400)
# Where the PBX does not say when its last call was, the log is searched backwards.
_SEARCHES = (timedelta(days=2), timedelta(days=40), timedelta(days=400))
# The median of the newest calls moves the windows, so that one wrong time does not.
_NEWEST = 51
# Calls that are asked for at once.
_PER_REQUEST = 20
_WAIT, _LONGEST_WAIT = 5.0, 60.0


@dataclass(slots=True)
class _Log:
    """The part that is stored: the windows, the rows between them, the newest calls, and the reported calls."""

    far: datetime
    near: datetime
    rows: int
    newest: list[datetime]
    seen: SeenCalls

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> _Log:
        """Return what `to_json` has stored."""
        return cls(
            far=datetime.fromisoformat(stored["far"]),
            near=datetime.fromisoformat(stored["near"]),
            rows=int(stored["rows"]),
            newest=[datetime.fromisoformat(each) for each in stored["newest"]],
            seen=SeenCalls(stored["seen"]),
        )

    def to_json(self) -> Cursor:
        """Return JSON of a bounded size."""
        return {
            "far": self.far.isoformat(),
            "near": self.near.isoformat(),
            "rows": self.rows,
            "newest": [each.isoformat() for each in self.newest],
            "seen": self.seen.to_json(),
        }

    def note(self, call: str, start: datetime) -> None:
        """Take a call as reported."""
        self.seen.add(call, start)
        self.newest = [*self.newest, start][-_NEWEST:]

    @property
    def middle(self) -> datetime:
        """Return the time by which the windows move."""
        return median_low(self.newest) if self.newest else self.near


@dataclass(slots=True)
class _Pending:
    """A call that is not reported yet: its legs so far, and since when they are the same."""

    since: float
    legs: dict[str, LegRow] = field(default_factory=dict)

    def update(self, rows: Iterable[LegRow], now: float) -> None:
        """Take over its rows."""
        legs = {row.id: row for row in rows}
        if any(self.legs.get(name) != leg for name, leg in legs.items()):
            self.legs |= legs
            self.since = now


class CallLog:
    """The source of the events of calls, from release 20.0.6 on."""

    types = CALL_TYPES
    name = "callLog"
    title = "the call log"
    right = "the role System Owner"

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}
        self._last_check: float | None = None
        self._quiet_since: float | None = None
        # Whether the PBX filters the report; if not, a call has the legs that are in the windows.
        self._can_filter = True

    def forget(self) -> None:
        """Forget what is known besides the cursor."""
        self._pending.clear()
        self._last_check = self._quiet_since = None

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        now = datetime.now(UTC)
        return _query(now - timedelta(days=1), now + timedelta(days=1), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the events of the calls that are complete. Raises ThreeCxError."""
        if request.cursor is None:
            self.forget()
            log = await self._begin(request)
            self._last_check = request.now
            return Findings(log.to_json(), _WAIT)
        next_check = None if self._last_check is None else self._last_check + self._check_after(request)
        is_due = request.is_urgent or next_check is None or request.now >= next_check
        if not (request.is_changed or is_due or self._pending):
            return Findings(dict(request.cursor), self._wait(request))
        log = _Log.from_json(request.cursor)
        near = await _read_rows(request, log, log.near, None)
        self._collect(log, near, request.now)
        if is_due:
            await self._look_for_late_rows(request, log)
        findings = Findings(log.to_json(), _WAIT)
        ready = [call for call, each in self._pending.items() if request.now - each.since >= SETTLE]
        for call in await self._complete(request, log, ready):
            legs = list(self._pending.pop(call).legs.values())
            log.note(call, max(leg.started for leg in legs))
            log.rows += sum(log.far <= leg.started <= log.near for leg in legs)
            findings.events += build_call_events(request, legs)
        if is_due:
            await self._move_windows(request, log, near)
            self._last_check = request.now
        if findings.events or self._pending:
            self._quiet_since = None
        findings.events.sort(key=lambda event: event.time)
        findings.cursor = log.to_json()
        findings.wait = self._wait(request)
        return findings

    async def _begin(self, request: Request) -> _Log:
        """Return the log as it is now: all its calls count as reported."""
        last = await _find_last_call(request)
        if last is None:
            return _Log(_FIRST_TIME, _FIRST_TIME, 0, [], SeenCalls())
        log = _Log(_cut(last - _FAR), _cut(last - _NEAR), 0, [last], SeenCalls())
        rows = await _read_rows(request, log, log.far, None)
        for row in rows:
            log.seen.add(row.call, max(row.started, log.far))
        log.newest = sorted(row.started for row in rows)[-_NEWEST:] or [last]
        # The calls before the far window are not known, so that the near one must not begin there.
        log.near = max(log.far, _cut(log.middle - _NEAR))
        log.rows = sum(log.far <= row.started <= log.near for row in rows)
        return log

    def _collect(self, log: _Log, rows: Iterable[LegRow], now: float) -> None:
        """Note the legs of the calls that are not reported."""
        found: dict[str, list[LegRow]] = {}
        for row in rows:
            if row.call not in log.seen:
                found.setdefault(row.call, []).append(row)
        for call, legs in found.items():
            self._pending.setdefault(call, _Pending(now)).update(legs, now)

    async def _complete(self, request: Request, log: _Log, calls: list[str]) -> list[str]:
        """Read all legs of these calls, and return those to which nothing was added."""
        if not self._can_filter:
            return calls
        complete: list[str] = []
        for at in range(0, len(calls), _PER_REQUEST):
            part = calls[at : at + _PER_REQUEST]
            start = min(leg.started for call in part for leg in self._pending[call].legs.values()) - _FAR
            try:
                rows = await _read_rows(request, log, start, None, part)
            except ResponseError:
                self._can_filter = False
                return calls
            for call in part:
                pending = self._pending[call]
                # A leg from before the windows does not delay the call.
                newest = max(leg.started for leg in pending.legs.values())
                legs = [row for row in rows if row.call == call]
                is_same = all(leg.started <= newest for leg in legs if leg.id not in pending.legs)
                since = pending.since
                pending.update(legs, request.now)
                if is_same:
                    pending.since = since
                    complete.append(call)
        return complete

    async def _look_for_late_rows(self, request: Request, log: _Log) -> None:
        """Note the calls with rows that have appeared between the windows."""
        if log.far < log.near and await _has_more(request, log):
            await self._read_far(request, log)

    async def _move_windows(self, request: Request, log: _Log, near: Collection[LegRow]) -> None:
        """Let the windows follow the calls; calls that are not reported yet stay in the near one."""
        starts = [leg.started for each in self._pending.values() for leg in each.legs.values()]
        target = _cut(min([log.middle - _NEAR, *starts]))
        if log.newest and log.far == _FIRST_TIME:
            # The log was empty when it was read first: all its rows are in the near window.
            log.far = log.near = target - _FAR
        if target > log.near:
            log.rows += sum(log.near < row.started <= target for row in near)
            log.near = target
        if log.near - log.far > _LONGEST:
            log.far = log.near - _FAR
            await self._read_far(request, log)
            log.seen.forget_before(log.far)

    async def _read_far(self, request: Request, log: _Log) -> None:
        rows = await _read_rows(request, log, log.far, log.near)
        self._collect(log, rows, request.now)
        log.rows = sum(row.call in log.seen for row in rows)

    def _check_after(self, request: Request) -> float:
        is_quiet = self._quiet_since is not None and request.now - self._quiet_since > _IDLE_AFTER
        return _IDLE_CHECK if is_quiet else LATE_CHECK

    def _wait(self, request: Request) -> float:
        if self._pending:
            return SETTLE
        if self._quiet_since is None:
            self._quiet_since = request.now
        return min(_LONGEST_WAIT, max(_WAIT, (request.now - self._quiet_since) / 10))


def _cut(time: datetime) -> datetime:
    """Return a time in whole seconds: the window of a query is as precise as its text."""
    return time.replace(microsecond=0)


def _query(start: datetime, end: datetime, **options: Any) -> Query:
    period = {"periodFrom": write_time(start), "periodTo": write_time(end)}
    chosen = {
        "sourceType": 0,
        "destinationType": 0,
        "callsType": 0,
        "callTimeFilterType": 0,
        "hidePcalls": True,
    }
    return Query(OPERATION, {**period, **chosen}, may_be_short=True, **options)


def _window(request: Request, log: _Log, start: datetime, end: datetime | None, **options: Any) -> Query:
    # A period includes its end: a row of just that time is in both windows.
    last = end or max([request.utc_now, log.near, *log.newest]) + _AHEAD
    return _query(max(start, _FIRST_TIME), last, **options)


async def _read_rows(
    request: Request, log: _Log, start: datetime, end: datetime | None, calls: Collection[str] = ()
) -> list[LegRow]:
    query = _window(request, log, start, end)
    if calls:
        query = replace(query, equal="MainCallHistoryId", equal_to=tuple(calls))
    rows = await request.reader.read(query)
    default = log.newest[-1] if log.newest else request.utc_now
    found = (read_log_row(row, default) for row in rows)
    return [row for row in found if row is not None]


async def _has_more(request: Request, log: _Log) -> bool:
    query = _window(request, log, log.far, log.near, skip=log.rows, top=1)
    return bool(await request.reader.read(query))


async def _find_last_call(request: Request) -> datetime | None:
    """Return when the last call began, None where there has been none."""
    if request.has_times:
        rows = await request.reader.read(Query(TIMES_OPERATION, top=1))
        if rows and (last := read_time(rows[0].get("LastCdrStartedAt"))) is not None:
            return last
    empty = _Log(_FIRST_TIME, _FIRST_TIME, 0, [], SeenCalls())
    for start in (*(request.utc_now - each for each in _SEARCHES), _FIRST_TIME):
        newest = _window(request, empty, start, None, order_by="StartTime desc", top=1)
        try:
            rows = await request.reader.read(newest)
        except ResponseError:
            # The PBX does not sort the report.
            rows = await request.reader.read(replace(newest, order_by="", top=None))
        # Where it sorts by something else, the last call is taken to be an earlier one: more is read then.
        if times := [time for row in rows if (time := read_time(row.get("StartTime"))) is not None]:
            return max(times)
    return None

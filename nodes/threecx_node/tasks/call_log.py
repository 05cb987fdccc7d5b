"""List calls of the call log, the newest first: the rows of a period put together to calls, and those that are wanted.

The PBX cannot sort its log, because that drops rows, and its own order is not known. So the period is read in parts,
the latest one first, and each part is sorted here.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..call_records.call_rows import LegRow, read_history_row, read_log_row, read_participants
from ..call_records.groups import Groups
from ..call_records.recorded_call import RecordedCall
from ..catalog.tasks.call_log import ANSWERED, TASKS
from ..catalog.tasks.periods import ANY
from ..errors import ParameterError, ResponseError
from ..request.odata import format_date_time
from .code import TaskCode, keep_no_order
from .limits import limited
from .periods import find_extension, find_period
from .wanted_numbers import read_number_pattern

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Iterable, Iterator, Mapping, Sequence

    from ..values.phone_numbers import NumberPattern
    from .context import TaskContext
    from .periods import Period
    from .values import Values

CALL_LOG, OLD_CALL_LOG, CALL_HISTORY = "GetCallLogData", "GetOldCallLogData", "ListCallHistoryView"
# Before this release, the call log is the call history. An upgrade to it keeps the earlier calls in a log of their own.
_CALL_LOG_SINCE = (20, 0, 6)
_ALL_CALLS: Mapping[str, Any] = {
    "sourceType": 0,
    "destinationType": 0,
    "callsType": 0,
    "callTimeFilterType": 0,
    # Agents of a queue that rang and did not answer are not legs.
    "hidePcalls": True,
}
# A PBX without the function.
_WITHOUT_OLD_LOG = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
_NUMBERS = ("externalNumber", "callerNumber", "calledNumber")
_FIELDS = tuple(each.name for each in TASKS[0].returns)

# A leg that begins later after its call has begun in another part is taken as a call of its own.
_LONGEST_LEG = timedelta(hours=4)
_FIRST_PART, _SHORTEST_PART = timedelta(days=1), timedelta(hours=4)
# Parts with fewer rows are followed by longer ones, and parts with more by shorter ones.
_FEW, _MANY = 500, 5_000
# No clock of a PBX is further ahead of this one.
_AHEAD = timedelta(days=1)

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WantedCalls:
    """The calls that are listed: those that have all that is set."""

    period: Period
    direction: str = ANY
    only_missed: bool = False
    answered: str = ANY
    extensions: frozenset[str] = frozenset()
    number: NumberPattern | None = None

    def includes(self, call: RecordedCall, item: Item) -> bool:
        """Return whether a call is listed; `item` is the call as an item."""
        return (
            self.period.contains(call.started)
            and self.direction in (ANY, item["direction"])
            and (not self.only_missed or item["missed"])
            and (self.answered == ANY or item["answered"] == (self.answered == ANSWERED))
            and (not self.extensions or not self.extensions.isdisjoint(item["extensions"]))
            and (self.number is None or any(self.number.matches(item[each] or "") for each in _NUMBERS))
        )


def check_calls(values: Values) -> None:
    """Raise ParameterError for values that contradict each other, or a number that is not one."""
    if values.onlyMissed and values.answered == ANSWERED:
        raise ParameterError(
            "onlyMissed and answered contradict each other: a missed call was not answered",
            field="answered",
            description="Set onlyMissed to false, or leave answered out.",
        )
    read_number_pattern(values.number)


@limited
async def list_calls(context: TaskContext, values: Values) -> AsyncGenerator[list[Item]]:
    """Yield the calls of a period, some at a time."""
    wanted = WantedCalls(
        find_period(values, context.now(), context.time_zone),
        values.direction,
        values.onlyMissed,
        values.answered,
        frozenset([await find_extension(context, each) for each in values.extension]),
        read_number_pattern(values.number),
    )
    async with aclosing(_read_calls(context, wanted.period)) as parts:
        async for calls in parts:
            yield [item for call in calls if wanted.includes(call, item := describe_call(call))]


def describe_call(call: RecordedCall) -> Item:
    """Return a call as an item: the fields of the event call.logged, null where a value is not known."""
    known = {**call.read_facts(), **call.describe(), "missed": call.is_missed}
    item = {name: value if (value := known.get(name)) != "" else None for name in _FIELDS}
    return {**item, "recordingIds": item["recordingIds"] or []}


async def _read_calls(context: TaskContext, period: Period) -> AsyncGenerator[list[RecordedCall]]:
    """Yield the calls around a period, the newest first, each with all its legs.

    A call belongs to the part in which it began. A leg at the beginning of a part may belong to a call of an earlier
    part, so that it waits for that.
    """
    lowest = period.start - _LONGEST_LEG
    end = min(period.end, context.now().astimezone(UTC) + _AHEAD)
    if end <= period.start:
        return
    # Legs of calls that go on after the end belong to them.
    last, length = end + _LONGEST_LEG, _FIRST_PART
    groups: Groups[LegRow] = Groups()
    logs = await _choose_logs(context, lowest, last)
    while end > lowest:
        start = max(end - length, lowest)
        rows = 0
        async with aclosing(_read_legs(context, logs, start, last)) as legs:
            async for leg, keys in legs:
                if leg.started < last:
                    groups.add(leg, keys)
                    rows += 1
        border = start if start == lowest else start + _LONGEST_LEG
        complete = groups.take(partial(_began_after, border))
        calls = [_name_call(RecordedCall.of(each)) for each in complete]
        yield sorted(calls, key=lambda call: (call.started, call.id), reverse=True)
        # A period includes its end, whose rows have been read.
        end = last = start
        if rows < _FEW:
            length *= 2
        elif rows > _MANY:
            length = max(length / 2, _SHORTEST_PART)


async def _choose_logs(context: TaskContext, start: datetime, end: datetime) -> tuple[str, ...]:
    """Return the operations whose rows are the calls of a time.

    The log of the time before an upgrade is read where it has a row at all: most PBXs have none in the period.
    """
    if tuple(int(part) for part in context.release.split(".")) < _CALL_LOG_SINCE:
        return (CALL_HISTORY,)
    try:
        if await context.read(OLD_CALL_LOG, {**_select_period(start, end), "limit": 1}):
            return CALL_LOG, OLD_CALL_LOG
    except ResponseError as error:
        if error.http_code not in _WITHOUT_OLD_LOG:
            raise
    return (CALL_LOG,)


def _select_period(start: datetime, end: datetime) -> Mapping[str, Any]:
    return {**_ALL_CALLS, "periodFrom": format_date_time(start), "periodTo": format_date_time(end)}


def _select_history(start: datetime, end: datetime) -> Mapping[str, Any]:
    first, last = format_date_time(start), format_date_time(end)
    return {"$filter": f"SegmentStartTime ge {first} and SegmentStartTime le {last}"}


async def _read_legs(
    context: TaskContext, logs: Sequence[str], start: datetime, end: datetime
) -> AsyncGenerator[tuple[LegRow, Iterable[Hashable]]]:
    """Yield the legs that began in a time, each with what it has in common with the others of its call."""
    seen: set[tuple[str, str]] = set()
    for log in logs:
        select = _select_history if log == CALL_HISTORY else _select_period
        async with aclosing(context.pages(log, select(start, end))) as pages:
            async for page in pages:
                for leg, keys in _list_legs(log, page, start):
                    # A leg of the time of the upgrade may be in both logs.
                    if log == OLD_CALL_LOG and (leg.call, leg.id) in seen:
                        continue
                    if len(logs) > 1:
                        seen.add((leg.call, leg.id))
                    yield leg, keys


def _list_legs(
    log: str, rows: Iterable[Mapping[str, Any]], start: datetime
) -> Iterator[tuple[LegRow, Iterable[Hashable]]]:
    """Yield the legs in rows of a log; one of the call history has the participants in common with its call."""
    is_history = log == CALL_HISTORY
    for row in rows:
        leg = read_history_row(row, "") if is_history else read_log_row(row, start)
        if leg is not None:
            yield leg, read_participants(row) if is_history else (leg.call,)


def _began_after(time: datetime, legs: Iterable[LegRow]) -> bool:
    return min(leg.started for leg in legs) >= time


def _name_call(call: RecordedCall) -> RecordedCall:
    """Return a call with an ID: one of the history has that of its first segment."""
    if call.id:
        return call
    first = min((leg.id for leg in call.legs), key=lambda each: (len(each), each))
    return replace(call, legs=tuple(replace(leg, call=first) for leg in call.legs))


CODES = {"ListCalls": TaskCode(check=check_calls, stream=list_calls, order_by=keep_no_order)}

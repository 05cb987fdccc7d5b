"""List recordings, the newest first: what the PBX can filter it filters, and the rest is filtered here."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ..catalog.tasks.periods import ANY
from ..request.odata import format_date_time, format_literal
from ..values.row_values import read_text, read_time
from .code import TaskCode, keep_no_order
from .limits import limited
from .periods import find_extension, find_period
from .wanted_numbers import read_number_pattern

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

    from ..values.phone_numbers import NumberPattern
    from .context import TaskContext
    from .periods import Period
    from .values import Values

RECORDINGS = "ListRecording"
_CALL_TYPES = {"internal": "Local", "inbound": "InboundExternal", "outbound": "OutboundExternal"}
_IS_TRANSCRIBED = "IsTranscribed"
_NUMBERS = ("FromCallerNumber", "ToCallerNumber", "FromDn", "ToDn", "FromDidNumber", "ToDidNumber")
_DNS = ("FromDn", "ToDn")
_FIRST = ("Id", "StartTime", "EndTime")
# With more extensions, the filter would make the address of the request too long.
_MOST_IN_FILTER = 20

Item = dict[str, Any]


def check_recordings(values: Values) -> None:
    """Raise ParameterError for a number that cannot be one."""
    read_number_pattern(values.number)


@limited
async def find_recordings(context: TaskContext, values: Values) -> AsyncGenerator[list[Item]]:
    """Yield the recordings of a period, some at a time."""
    period = find_period(values, context.now(), context.time_zone)
    extensions = [await find_extension(context, each) for each in values.extension]
    number = read_number_pattern(values.number)
    has_flag = _IS_TRANSCRIBED in context.catalog.properties_in("Pbx.Recording", context.release)
    conditions = _write_conditions(period, values.direction, extensions)
    if values.onlyTranscribed and has_flag:
        conditions.append(f"{_IS_TRANSCRIBED} eq true")
    query = {"$filter": " and ".join(conditions), "$orderby": ["StartTime desc", "Id desc"]}
    async with aclosing(context.pages(RECORDINGS, query)) as pages:
        async for page in pages:
            yield [
                each
                for each in map(_describe, page)
                if _is_of(each, extensions, number)
                and (each["DurationSeconds"] or 0) >= (values.minSeconds or 0)
                and (not values.onlyTranscribed or has_flag or read_text(each.get("Transcription")))
            ]


def _write_conditions(period: Period, direction: str, extensions: Sequence[str]) -> list[str]:
    conditions = [
        f"StartTime ge {format_date_time(period.start)}",
        f"StartTime lt {format_date_time(period.end)}",
    ]
    if direction != ANY:
        conditions.append(f"CallType eq '{_CALL_TYPES[direction]}'")
    if extensions and len(extensions) <= _MOST_IN_FILTER:
        quoted = [format_literal("String", each) for each in extensions]
        choices = [f"{dn} eq {each}" for each in quoted for dn in _DNS]
        conditions.append(f"({' or '.join(choices)})")
    return conditions


def _is_of(row: Mapping[str, Any], extensions: Collection[str], number: NumberPattern | None) -> bool:
    return (not extensions or any(row.get(each) in extensions for each in _DNS)) and (
        number is None or any(number.matches(read_text(row.get(each))) for each in _NUMBERS)
    )


def _describe(row: Mapping[str, Any]) -> Item:
    """Return a recording with its length, and first what people look for in a table."""
    start, end = read_time(row.get("StartTime")), read_time(row.get("EndTime"))
    seconds = (end - start).total_seconds() if start is not None and end is not None else None
    first = {name: row[name] for name in _FIRST if name in row}
    return {**first, "DurationSeconds": seconds, **row}


CODES = {"FindRecordings": TaskCode(check=check_recordings, stream=find_recordings, order_by=keep_no_order)}

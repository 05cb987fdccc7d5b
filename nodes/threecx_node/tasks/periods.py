"""Find the moments between which a task lists what happened: days of a time zone, or from one moment to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..catalog.tasks.periods import CUSTOM, LAST_7_DAYS, THIS_MONTH, TODAY, YESTERDAY
from ..errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from .context import TaskContext
    from .values import Reference


# No PBX has calls from before, and not every server reads dates of the first years.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A period in UTC; its end does not belong to it."""

    start: datetime
    end: datetime

    def contains(self, time: datetime) -> bool:
        """Return whether a moment is in the period."""
        return self.start <= time < self.end


def find_period(values: Mapping[str, Any], now: datetime, time_zone: tzinfo) -> Period:
    """Return the period of a task's values `period`, `from` and `to`; `now` is the present time.

    Raises ParameterError for a custom period without a start, or that ends before it starts.
    """
    kind = values.get("period") or TODAY
    first, last = values.get("from"), values.get("to")
    if kind != CUSTOM:
        if first is not None or last is not None:
            name = "from" if first is not None else "to"
            raise ParameterError(
                f"{name} is set, but the period is {kind}",
                field=name,
                description=f"Set period to {CUSTOM}, or remove {name}.",
            )
        return _find_days(kind, now.astimezone(time_zone).date(), time_zone)
    if first is None:
        raise ParameterError(
            "from is missing: a custom period needs a start",
            field="from",
            description="Set from to a date or a date and time, or choose another period.",
        )
    end = now if last is None else last
    # A day that ends when the period starts is one before it.
    if end < first or last == first:
        order = "before" if end < first else "not after"
        what = f"to is {order} from" if last is not None else "from is in the future"
        raise ParameterError(
            what,
            field="to" if last is not None else "from",
            description="Set from to the start and to to the end of the period.",
        )
    return Period(max(first.astimezone(UTC), _EARLIEST), end.astimezone(UTC))


def _find_days(kind: str, today: date, time_zone: tzinfo) -> Period:
    start, end = today, today + timedelta(days=1)
    if kind == YESTERDAY:
        start, end = today - timedelta(days=1), today
    elif kind == LAST_7_DAYS:
        start = today - timedelta(days=6)
    elif kind == THIS_MONTH:
        start = today.replace(day=1)
    return Period(_find_midnight(start, time_zone), _find_midnight(end, time_zone))


def _find_midnight(day: date, time_zone: tzinfo) -> datetime:
    """Return the moment at which a day begins. Where the clock skips midnight, that is an hour later."""
    return datetime(day.year, day.month, day.day, tzinfo=time_zone).astimezone(UTC)


async def find_extension(context: TaskContext, reference: Reference) -> str:
    """Return the number of an extension by which a list is restricted. Raises ParameterError where it is not there.

    A number is taken as it is: the records name extensions that were deleted since.
    """
    if reference.text.isascii() and reference.text.isdecimal():
        return reference.text
    return str((await context.find(reference))["Number"])

"""Checks dates before they are sent: holidays that do not exist or end before they start, and reversed periods.

3CX stores the parts of a holiday's dates as separate numbers, so a missing or impossible one is accepted by its schema.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ..errors import BodyError, ParameterError
from ..values.clock import parse_duration

if TYPE_CHECKING:
    from ..catalog import Catalog, OperationVersion

HOLIDAY = "Pbx.Holiday"
PURGE = "Pbx.PurgeSettings"
_CHECKED = frozenset({HOLIDAY, PURGE})

_PARTS = ("Day", "Month", "DayEnd", "MonthEnd")
_LAST_YEAR = 9999
# A recurrent holiday has no year; this one has a 29 February.
_LEAP_YEAR = 2024
_PERIODS = (("periodFrom", "periodTo"), ("startDt", "endDt"), ("startDate", "endDate"))


def has_period(names: Collection[str]) -> bool:
    """Return whether parameters with these names have the start and the end of a report's period."""
    return any(first in names and last in names for first, last in _PERIODS)


def check_period(arguments: Mapping[str, Any]) -> None:
    """Raise ParameterError where the end of a report's period is before its start."""
    for first, last in _PERIODS:
        if first in arguments and last in arguments and arguments[last] < arguments[first]:
            raise ParameterError(
                f"{last} is before {first}",
                field=last,
                description=f"Set {first} to the start and {last} to the end of the period; nothing was sent for it.",
            )


class DateChecker:
    """Checks the dates in the bodies of one operation."""

    def __init__(self, catalog: Catalog, version: OperationVersion, *, is_create: bool) -> None:
        self._catalog = catalog
        self._body = version.body
        self._is_create = is_create
        # Most bodies cannot contain a date that is checked.
        self._has_dates = self._reaches(version.body, set())

    def check(self, body: Mapping[str, Any]) -> None:
        """Raise BodyError, which names the field, for a date that cannot be meant; `body` is coerced already."""
        if self._has_dates and self._body is not None:
            self._check(body, self._body, "", is_complete=self._is_create)

    def _reaches(self, body: Any, seen: set[str]) -> bool:
        if isinstance(body, str):
            if body in _CHECKED:
                return True
            if body in seen or not self._catalog.is_schema(body):
                return False
            seen.add(body)
            body = self._catalog.properties(body)
        return any(self._reaches(each.type.name, seen) for each in (body or {}).values())

    def _check(self, value: Any, body: Any, path: str, *, is_complete: bool) -> None:
        if not isinstance(value, Mapping):
            return
        if body == HOLIDAY:
            _check_holiday(value, path, is_complete=is_complete)
        elif body == PURGE:
            _check_purge(value, path)
        declared = body
        if isinstance(body, str):
            declared = self._catalog.properties(body) if self._catalog.is_schema(body) else {}
        for name, inner in value.items():
            if name not in declared or not isinstance(inner, (Mapping, list)):
                continue
            type_name = declared[name].type.name
            for index, each in enumerate(inner) if isinstance(inner, list) else [(None, inner)]:
                place = f"{path}{name}." if index is None else f"{path}{name}[{index}]."
                # An entry without an ID is new.
                is_new = index is not None and isinstance(each, Mapping) and not each.get("Id")
                self._check(each, type_name, place, is_complete=is_new)


def _check_holiday(holiday: Mapping[str, Any], path: str, *, is_complete: bool) -> None:
    is_recurrent = holiday.get("IsRecurrent")
    if is_complete:
        _check_parts(holiday, path, is_recurrent=bool(is_recurrent))
    years = {suffix: _check_date(holiday, path, suffix) for suffix in ("", "End")}
    names = [name for name in ("Year", "Month", "Day") if name != "Year" or not is_recurrent]
    if any(holiday.get(f"{name}{suffix}") is None for name in names for suffix in years) or (
        not is_recurrent and not all(years.values())
    ):
        return
    start: list[int] = [holiday[name] for name in names]
    end: list[int] = [holiday[f"{name}End"] for name in names]
    if end < start and not (is_recurrent and end[0] < start[0]):
        raise BodyError(
            f"{path}DayEnd: the holiday ends before it starts ({_write(end)} is before {_write(start)})",
            field=f"{path}DayEnd",
            description="Set the end to the last day of the holiday, which is the first one of a single day.",
        )
    if end == start:
        _check_times(holiday, path)


def _check_parts(holiday: Mapping[str, Any], path: str, *, is_recurrent: bool) -> None:
    """Raise BodyError for a part of the dates that is missing: 3CX would take 0 for it."""
    for name in (*_PARTS, *(() if is_recurrent else ("Year", "YearEnd"))):
        if not holiday.get(name):
            unless = "" if name in _PARTS else ", unless IsRecurrent is true"
            raise BodyError(
                f"{path}{name} is required{unless}",
                field=f"{path}{name}",
                description="Set the first and the last day; a holiday of one day has the same twice.",
            )


def _check_date(holiday: Mapping[str, Any], path: str, suffix: str) -> int:
    """Return the year, 0 where there is none. Raise BodyError for a date that does not exist."""
    year, month, day = (holiday.get(f"{name}{suffix}") for name in ("Year", "Month", "Day"))
    if year is not None and not 0 <= year <= _LAST_YEAR:
        raise _out_of_range(f"{path}Year{suffix}", f"a year from 1 to {_LAST_YEAR}", year)
    if month is not None and not 1 <= month <= 12:
        raise _out_of_range(f"{path}Month{suffix}", "a month from 1 to 12", month)
    if day is not None and not 1 <= day <= 31:
        raise _out_of_range(f"{path}Day{suffix}", "a day from 1 to 31", day)
    if month is not None and day is not None:
        in_year = year if year and not holiday.get("IsRecurrent") else _LEAP_YEAR
        try:
            date(in_year, month, day)
        except ValueError:
            last = calendar.monthrange(in_year, month)[1]
            raise _out_of_range(
                f"{path}Day{suffix}", f"a day from 1 to {last} in month {month}", day
            ) from None
    return year or 0


def _check_times(holiday: Mapping[str, Any], path: str) -> None:
    """Raise BodyError where the holiday ends at an earlier time of the day on which it starts."""
    first, last = (parse_duration(str(holiday.get(name))) for name in ("TimeOfStartDate", "TimeOfEndDate"))
    if first is not None and last is not None and last < first:
        raise BodyError(
            f"{path}TimeOfEndDate: the holiday ends before it starts, on the same day",
            field=f"{path}TimeOfEndDate",
            description="Set a later time or a later day.",
        )


def _check_purge(settings: Mapping[str, Any], path: str) -> None:
    first, last = settings.get("Start"), settings.get("Stop")
    # Both are texts of the same form, in UTC.
    if isinstance(first, str) and isinstance(last, str) and last < first:
        raise BodyError(
            f"{path}Stop is before Start", field=f"{path}Stop", description="Exchange the two dates."
        )


def _out_of_range(path: str, expected: str, value: int) -> BodyError:
    return BodyError(
        f"{path}: expected {expected}, got {value}", field=path, description="Set a date that exists."
    )


def _write(parts: list[int]) -> str:
    """Return a date as ISO writes it: `2026-12-24`, `12-24` without a year."""
    return "-".join(
        f"{each:04}" if len(parts) == 3 and not place else f"{each:02}" for place, each in enumerate(parts)
    )

"""Check the dates of holidays (all parts are given, the dates exist, the end is not before the start) and read them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ..odata.errors import INVALID, OUT_OF_THE_RANGE, REQUIRED, ErrorDetail, ODataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..odata.records import Entity

_SECONDS_A_DAY = 86_400
_DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
# A recurrent holiday has no year; this one has a 29 February.
_LEAP_YEAR = 2024
_DATE_PARTS = frozenset({"Year", "Month", "Day", "YearEnd", "MonthEnd", "DayEnd"})
_TIMES = (("TimeOfStartDate", 0.0), ("TimeOfEndDate", _SECONDS_A_DAY - 1.0))


def check_holiday(holiday: Entity) -> None:
    """Raise ODataError (400) with one detail per wrong field of a holiday."""
    check_holidays([holiday], "")


def check_holidays(holidays: Sequence[Entity], name: str) -> None:
    """Raise ODataError (400) for the holidays in the list `name` of an entity."""
    details = []
    for index, holiday in enumerate(holidays):
        prefix = f"{name}/{index}/" if name else ""
        details += [ErrorDetail(prefix + each.target, each.message) for each in _find_faults(holiday)]
    if details:
        raise ODataError.of(400, *details)


def has_dates(values: Entity) -> bool:
    """Return whether values contain a part of a holiday's dates."""
    return bool(values.keys() & {*_DATE_PARTS, "IsRecurrent", *(name for name, _ in _TIMES)})


def is_on(holiday: Entity, moment: datetime) -> bool:
    """Return whether a moment without a time zone is in a holiday. One of every year may go on into the next year."""
    if not holiday.get("IsRecurrent"):
        years = [(holiday["Year"], holiday["YearEnd"])]
    else:
        wraps = (holiday["MonthEnd"], holiday["DayEnd"]) < (holiday["Month"], holiday["Day"])
        years = [(year, year + wraps) for year in (moment.year - 1, moment.year)]
    (start_name, start_default), (end_name, end_default) = _TIMES
    for first, last in years:
        try:
            start = datetime(first, holiday["Month"], holiday["Day"])  # noqa: DTZ001 (of the PBX's time zone)
            end = datetime(last, holiday["MonthEnd"], holiday["DayEnd"])  # noqa: DTZ001 (of the PBX's time zone)
        except ValueError:
            # A 29 February that this year does not have.
            continue
        start += timedelta(seconds=_read_seconds(holiday.get(start_name), start_default))
        # The last second belongs to it.
        end += timedelta(seconds=_read_seconds(holiday.get(end_name), end_default) + 1)
        if start <= moment < end:
            return True
    return False


def _find_faults(holiday: Entity) -> Iterator[ErrorDetail]:
    recurrent = bool(holiday.get("IsRecurrent"))
    wanted = ["Day", "Month", "DayEnd", "MonthEnd", *(() if recurrent else ("Year", "YearEnd"))]
    missing = [name for name in wanted if not holiday.get(name)]
    if missing:
        yield from (ErrorDetail(name, REQUIRED) for name in missing)
        return
    faults = [*_find_impossible_date(holiday, ""), *_find_impossible_date(holiday, "End")]
    for name, default in _TIMES:
        if not 0 <= _read_seconds(holiday.get(name), default) <= _SECONDS_A_DAY:
            faults.append(ErrorDetail(name, OUT_OF_THE_RANGE))
    yield from faults or _find_wrong_order(holiday, recurrent=recurrent)


def _find_impossible_date(holiday: Entity, suffix: str) -> Iterator[ErrorDetail]:
    year, month, day = (holiday.get(f"{name}{suffix}") or 0 for name in ("Year", "Month", "Day"))
    if not 1 <= month <= 12:
        yield ErrorDetail(f"Month{suffix}", OUT_OF_THE_RANGE)
        return
    try:
        date(year or _LEAP_YEAR, month, day)
    except (ValueError, OverflowError):
        name = "Year" if not 0 <= year <= date.max.year else "Day"
        yield ErrorDetail(f"{name}{suffix}", OUT_OF_THE_RANGE)


def _find_wrong_order(holiday: Entity, *, recurrent: bool) -> Iterator[ErrorDetail]:
    names = ["Year", "Month", "Day"][recurrent:]
    start = [holiday[name] for name in names]
    end = [holiday[f"{name}End"] for name in names]
    if recurrent and end[0] < start[0]:
        # It goes on into the next year.
        return
    for name, first, last in zip(names, start, end, strict=True):
        if last > first:
            return
        if last < first:
            yield ErrorDetail(f"{name}End", INVALID)
            return
    (first_name, default), (last_name, last_default) = _TIMES
    if _read_seconds(holiday.get(last_name), last_default) < _read_seconds(holiday.get(first_name), default):
        yield ErrorDetail(last_name, INVALID)


def _read_seconds(text: str | None, default: float) -> float:
    if text is None:
        return default
    match = _DURATION.fullmatch(text)
    if match is None:
        return _SECONDS_A_DAY + 1.0
    sign, *parts = match.groups()
    days, hours, minutes, seconds = (float(part or 0) for part in parts)
    return (-1 if sign else 1) * (days * _SECONDS_A_DAY + hours * 3600 + minutes * 60 + seconds)

"""A report's arguments as its rows need them: a period, numbers (none: all), durations in seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...literals import format_date_time
from ...refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Arguments that are texts to OData and durations to the reports.
_DURATIONS = frozenset({"answerInterval", "callTimeFilterFrom", "callTimeFilterTo", "waitInterval"})
_DURATION = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})")
_PERIODS = (("periodFrom", "periodTo"), ("startDt", "endDt"))
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call of a report; moments in the API's text form, which orders like time."""

    given: Mapping[str, Any]
    start: str
    end: str
    seconds: Mapping[str, int]

    def numbers(self, *names: str) -> frozenset[str]:
        """The numbers in the first of these arguments that the report has; empty means all."""
        for name in names:
            if text := self.given.get(name):
                return frozenset(part for part in _SEPARATORS.split(text) if part)
        return frozenset()

    def wants(self, number: str, *names: str) -> bool:
        """Whether the report tells about a number."""
        wanted = self.numbers(*names)
        return not wanted or number in wanted

    def covers(self, moment: str) -> bool:
        """Whether a moment lies in the period."""
        return self.start <= moment <= self.end


def read_arguments(given: Mapping[str, Any]) -> Arguments:
    """Checked arguments; refuses with 404, as a PBX does, a duration that is none."""
    seconds = {}
    for name in sorted(_DURATIONS & given.keys()):
        match = _DURATION.fullmatch(given[name])
        if match is None:
            raise Refusal(404, f"{name}: a duration looks like '0:00:0'.")
        hours, minutes, rest = (int(part) for part in match.groups())
        seconds[name] = hours * 3600 + minutes * 60 + rest
    start, end = "", "9999-12-31T23:59:59.999Z"
    for first, last in _PERIODS:
        if first in given:
            start, end = given[first], given[last]
    if "chartDate" in given:
        start, end = _chart_period(given["chartDate"], given["chartBy"])
    return Arguments(given, start, end, seconds)


def step_of(chart_by: str) -> str:
    """How wide a chart's bars are: an hour for a day, a day for a week or month, a month for a year."""
    kind = chart_by.casefold()
    if "year" in kind:
        return "month"
    return "day" if "month" in kind or "week" in kind else "hour"


def _chart_period(date: str, chart_by: str) -> tuple[str, str]:
    moment = datetime.fromisoformat(date).astimezone(UTC)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    kind = chart_by.casefold()
    if "year" in kind:
        start = day.replace(month=1, day=1)
        last = (day.year, 12, 31)
    elif "month" in kind:
        start = day.replace(day=1)
        following = (start + timedelta(days=31)).replace(day=1) if start.year < 9999 else start
        before = following - timedelta(days=1)
        last = (before.year, before.month, before.day)
    elif "week" in kind:
        start = day - timedelta(days=day.weekday()) if day.toordinal() > 7 else day
        end = start + timedelta(days=6) if start.year < 9999 else start
        last = (end.year, end.month, end.day)
    else:
        start, last = day, (day.year, day.month, day.day)
    end_of_day = datetime(*last, 23, 59, 59, 999000, tzinfo=UTC)
    return format_date_time(start), format_date_time(end_of_day)

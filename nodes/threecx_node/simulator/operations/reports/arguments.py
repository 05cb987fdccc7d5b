"""Read the arguments of a report: a period, numbers (none means all), durations in seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...odata.errors import ODataError
from ...odata.literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Mapping

# Arguments that are texts for OData and durations for the reports.
_DURATIONS = frozenset({"answerInterval", "callTimeFilterFrom", "callTimeFilterTo", "waitInterval"})
_DURATION = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})")
_PERIODS = (("periodFrom", "periodTo"), ("startDt", "endDt"))
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class ReportArguments:
    """The arguments of one report. `start` and `end` are in the API's text form, which sorts like time."""

    given: Mapping[str, Any]
    start: str
    end: str
    seconds: Mapping[str, int]

    def numbers(self, *names: str) -> frozenset[str]:
        """Return the numbers in the first of these arguments that is not empty; an empty set means all."""
        for name in names:
            if text := self.given.get(name):
                return frozenset(part for part in _SEPARATORS.split(text) if part)
        return frozenset()

    def wants(self, number: str, *names: str) -> bool:
        """Return whether the report covers a number."""
        wanted = self.numbers(*names)
        return not wanted or number in wanted

    def covers(self, moment: str) -> bool:
        """Return whether a moment is in the period."""
        return self.start <= moment <= self.end


def read_arguments(given: Mapping[str, Any]) -> ReportArguments:
    """Parse the arguments; raise ODataError (404, as a PBX does) for an invalid duration."""
    seconds = {}
    for name in sorted(_DURATIONS & given.keys()):
        match = _DURATION.fullmatch(given[name])
        if match is None:
            raise ODataError(404, f"{name}: a duration looks like '0:00:0'.")
        hours, minutes, rest = (int(part) for part in match.groups())
        seconds[name] = hours * 3600 + minutes * 60 + rest
    start, end = "", "9999-12-31T23:59:59.999Z"
    for first, last in _PERIODS:
        if first in given:
            start, end = given[first], given[last]
    if "chartDate" in given:
        start, end = _parse_chart_period(given["chartDate"], given["chartBy"])
    return ReportArguments(given, start, end, seconds)


def choose_step(chart_by: str) -> str:
    """Return the interval of a chart: hours of a day, days of a week or month, months of a year."""
    kind = chart_by.casefold()
    if "year" in kind:
        return "month"
    return "day" if "month" in kind or "week" in kind else "hour"


def _parse_chart_period(date: str, chart_by: str) -> tuple[str, str]:
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

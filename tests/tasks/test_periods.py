"""The periods of lists are days in the time zone of the workflow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.errors import ParameterError
from threecx_node.tasks.periods import Period, find_period

BERLIN = ZoneInfo("Europe/Berlin")


def find(kind: str, now: str, zone: str = "Europe/Berlin", **values: Any) -> tuple[str, str]:
    period = find_period({"period": kind, **values}, datetime.fromisoformat(now), ZoneInfo(zone))
    start, end = (each.isoformat().replace("+00:00", "Z") for each in (period.start, period.end))
    return start, end


@pytest.mark.parametrize(
    ("kind", "now", "start", "end"),
    [
        # Half past midnight in Berlin is still the day before in UTC.
        ("today", "2026-11-25T23:30:00Z", "2026-11-25T23:00:00Z", "2026-11-26T23:00:00Z"),
        ("yesterday", "2026-11-25T23:30:00Z", "2026-11-24T23:00:00Z", "2026-11-25T23:00:00Z"),
        ("last7Days", "2026-11-26T12:00:00Z", "2026-11-19T23:00:00Z", "2026-11-26T23:00:00Z"),
        ("thisMonth", "2026-11-26T12:00:00Z", "2026-10-31T23:00:00Z", "2026-11-26T23:00:00Z"),
        ("thisMonth", "2026-11-30T23:30:00Z", "2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z"),
        # Days of 25 and 23 hours.
        ("today", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("yesterday", "2026-03-30T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("last7Days", "2026-03-30T12:00:00Z", "2026-03-23T23:00:00Z", "2026-03-30T22:00:00Z"),
        ("thisMonth", "2026-03-30T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-30T22:00:00Z"),
    ],
)
def test_days(kind: str, now: str, start: str, end: str) -> None:
    assert find(kind, now) == (start, end)


def test_a_day_whose_midnight_is_skipped() -> None:
    # In Beirut the clock goes from 24:00 to 01:00.
    assert find("today", "2026-03-29T12:00:00Z", "Asia/Beirut") == (
        "2026-03-28T22:00:00Z",
        "2026-03-29T21:00:00Z",
    )


def test_a_custom_period() -> None:
    first, last = datetime(2026, 3, 1, 8, tzinfo=BERLIN), datetime(2026, 3, 1, 9, tzinfo=BERLIN)
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert find_period({"period": "custom", "from": first, "to": last}, now, UTC) == Period(first, last)
    assert find_period({"period": "custom", "from": first}, now, UTC) == Period(first, now)
    period = Period(first, last)
    assert period.contains(first)
    assert not period.contains(last)


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"period": "custom"}, "from", "from is missing"),
        ({"period": "custom", "to": datetime(2026, 3, 1, tzinfo=UTC)}, "from", "from is missing"),
        (
            {
                "period": "custom",
                "from": datetime(2026, 3, 2, tzinfo=UTC),
                "to": datetime(2026, 3, 1, tzinfo=UTC),
            },
            "to",
            "to is before from",
        ),
        ({"period": "custom", "from": datetime(2027, 3, 2, tzinfo=UTC)}, "from", "in the future"),
        ({"period": "today", "from": datetime(2026, 3, 1, tzinfo=UTC)}, "from", "the period is today"),
        ({"period": "yesterday", "to": datetime(2026, 3, 1, tzinfo=UTC)}, "to", "the period is yesterday"),
    ],
)
def test_periods_that_cannot_be_meant(values: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message) as caught:
        find_period(values, datetime(2026, 3, 5, tzinfo=UTC), UTC)
    assert caught.value.field == field
    assert caught.value.description


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo"]
)


@given(st.datetimes(datetime(2010, 1, 1), datetime(2030, 12, 31)), ZONES)  # noqa: DTZ001 (the zone is set below)
def test_days_follow_each_other_in_every_zone(moment: datetime, zone: str) -> None:
    now, time_zone = moment.replace(tzinfo=UTC), ZoneInfo(zone)
    today, yesterday, week, month = (
        find_period({"period": each}, now, time_zone)
        for each in ("today", "yesterday", "last7Days", "thisMonth")
    )
    assert today.contains(now)
    assert not yesterday.contains(now)
    assert yesterday.end <= today.start
    assert week.end == month.end == today.end
    assert week.start <= yesterday.start
    assert month.start <= today.start

"""Dates at the ends of the calendar: an error of the item, or a period that lists what there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.support import list_changes, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator

LAST, FIRST = "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"
EAST, WEST = "Europe/Berlin", "America/New_York"


@pytest.mark.parametrize(
    ("task", "parameters", "field", "time_zone"),
    [
        ("CloseDepartment", {"department": "Sales", "until": LAST}, "until", EAST),
        ("CloseDepartment", {"department": "Sales", "until": FIRST}, "until", WEST),
        ("AddHoliday", {"name": "x", "start": LAST}, "start", EAST),
        ("ListCalls", {"period": "custom", "from": "2026-01-01", "to": LAST}, "to", EAST),
        ("FindRecordings", {"period": "custom", "from": FIRST}, "from", WEST),
        ("FindRecordings", {"period": "custom", "from": "9999-12-31T23:59:59-05:00"}, "from", "UTC"),
    ],
)
def test_a_moment_beyond_the_calendar_is_an_error_of_its_item(
    unchanged_pbx: Simulator, task: str, parameters: dict[str, Any], field: str, time_zone: str
) -> None:
    [result] = run_task(unchanged_pbx, task, [Item({}, parameters)], time_zone=time_zone)
    assert result.error is not None
    assert result.error.field == field
    expected = "a date like" if field == "start" else "a date-time between the years 1 and 9999, got"
    assert f"{field}: expected {expected}" in result.error.message
    assert list_changes(unchanged_pbx) == []


@pytest.mark.parametrize("task", ["ListCalls", "FindRecordings"])
@pytest.mark.parametrize("start", ["0001-01-02", "1000-01-01", "1969-12-31"])
def test_a_period_since_ever_lists_everything(unchanged_pbx: Simulator, task: str, start: str) -> None:
    parameters = {"period": "custom", "from": start, "limit": 3}
    [result] = run_task(unchanged_pbx, task, [Item({}, parameters)], time_zone=EAST)
    assert result.error is None, result.error.one_line()
    assert len(result.items or ()) == 3


@pytest.mark.parametrize("task", ["ListCalls", "FindRecordings"])
@pytest.mark.parametrize(("start", "end"), [("2099-01-01", "2099-02-01"), ("1900-01-01", "1950-01-01")])
def test_a_period_without_calls_is_empty(unchanged_pbx: Simulator, task: str, start: str, end: str) -> None:
    parameters = {"period": "custom", "from": start, "to": end}
    [result] = run_task(unchanged_pbx, task, [Item({}, parameters)], time_zone=EAST)
    assert result.error is None, result.error.one_line()
    assert result.items == []

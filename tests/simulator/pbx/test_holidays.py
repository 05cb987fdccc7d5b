"""The dates of holidays: all parts are there, the dates exist, and the end is not before the start."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.support import create, find, list_details

REQUIRED = "WARNINGS.XAPI.REQUIRED"
RANGE = "WARNINGS.XAPI.OUT_OF_THE_RANGE"
INVALID = "WARNINGS.XAPI.INVALID"


def holiday(start: str, end: str, **values: Any) -> dict[str, Any]:
    """Return a holiday between two dates such as 2026-12-24; the year 0 makes it recurrent."""
    year, month, day = (int(part) for part in start.split("-"))
    year_end, month_end, day_end = (int(part) for part in end.split("-"))
    ends = {"YearEnd": year_end, "MonthEnd": month_end, "DayEnd": day_end}
    return {"Name": "H", "IsRecurrent": not year, "Year": year, "Month": month, "Day": day, **ends, **values}


@pytest.mark.parametrize(
    ("values", "details"),
    [
        ({"Name": "H", "Day": 24, "Month": 12, "Year": 2026},
         [("DayEnd", REQUIRED), ("MonthEnd", REQUIRED), ("YearEnd", REQUIRED)]),
        ({"Name": "H", "Day": 24, "Month": 12, "IsRecurrent": True}, [("DayEnd", REQUIRED), ("MonthEnd", REQUIRED)]),
        ({"Name": "H", "IsRecurrent": True, "DayEnd": 1, "MonthEnd": 1}, [("Day", REQUIRED), ("Month", REQUIRED)]),
        (holiday("2026-13-32", "2026-13-32"), [("Month", RANGE), ("MonthEnd", RANGE)]),
        (holiday("0-2-30", "0-3-1"), [("Day", RANGE)]),
        (holiday("2026-2-28", "2026-2-29"), [("DayEnd", RANGE)]),
        (holiday("10000-1-1", "10000-1-1"), [("Year", RANGE), ("YearEnd", RANGE)]),
        (holiday("2026-12-24", "2025-12-31"), [("YearEnd", INVALID)]),
        (holiday("2026-12-24", "2026-11-30"), [("MonthEnd", INVALID)]),
        (holiday("2026-12-24", "2026-12-23"), [("DayEnd", INVALID)]),
        (holiday("0-12-24", "0-12-23"), [("DayEnd", INVALID)]),
        (holiday("0-12-24", "0-12-24", TimeOfStartDate="PT12H", TimeOfEndDate="PT8H"), [("TimeOfEndDate", INVALID)]),
        (holiday("0-12-24", "0-12-24", TimeOfStartDate="PT25H"), [("TimeOfStartDate", RANGE)]),
        (holiday("0-12-24", "0-12-24", TimeOfEndDate="-PT1H"), [("TimeOfEndDate", RANGE)]),
    ],
)  # fmt: skip
def test_a_holiday_with_impossible_dates_is_refused(
    api: httpx.Client, values: dict[str, Any], details: list[tuple[str, str]]
) -> None:
    assert list_details(api.post("Holidays", json=values)) == details
    in_office_hours = [(f"OfficeHolidays/0/{target}", code) for target, code in details]
    assert list_details(api.patch("OfficeHours", json={"OfficeHolidays": [values]})) == in_office_hours
    group = find(api, "Groups", "$filter=Name eq 'Sales'")
    answer = api.patch(f"Groups({group['Id']})", json={"OfficeHolidays": [values]})
    assert list_details(answer) == in_office_hours


@pytest.mark.parametrize(
    "values",
    [
        holiday("2026-12-24", "2027-1-2"),
        holiday("2026-5-1", "2026-5-1"),
        holiday("2028-2-29", "2028-2-29"),
        holiday("0-2-29", "0-2-29"),
        holiday("0-12-24", "0-1-2"),
        holiday("0-12-24", "0-12-24", TimeOfStartDate="PT8H", TimeOfEndDate="PT24H"),
    ],
)
def test_a_holiday_with_dates_is_created(api: httpx.Client, values: dict[str, Any]) -> None:
    created = create(api, "Holidays", **values)
    assert {name: created[name] for name in values} == values


def test_an_update_of_a_holiday_is_checked_as_a_whole(api: httpx.Client) -> None:
    path = f"Holidays({create(api, 'Holidays', **holiday('2026-12-24', '2026-12-26'))['Id']})"
    assert api.patch(path, json={"Name": "Christmas"}).status_code == 204
    assert api.patch(path, json={"DayEnd": 31}).status_code == 204
    assert list_details(api.patch(path, json={"MonthEnd": 11})) == [("DayEnd", RANGE)]
    assert list_details(api.patch(path, json={"Year": 2027})) == [("YearEnd", INVALID)]
    assert api.get(path).json()["YearEnd"] == 2026

"""Dates and times before they are sent: impossible ones are refused, clock times and durations are both accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.samples import BY_EDM_TYPE
from threecx_node.catalog import load_catalog
from threecx_node.catalog.times import TIME_SPANS, TIMES_OF_DAY
from threecx_node.errors import BodyError, ItemError, ParameterError
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.values.coerce import CoercionError, coerce

CATALOG = load_catalog()


def encode(operation: str, body: Any, **keys: Any) -> Any:
    builder = RequestBuilder(CATALOG, CATALOG.operation(operation))
    request = builder.build(RequestValues({"Id": 5, **keys}, {}, None, body))
    assert request.body is not None
    return json.loads(request.body)


def holiday(start: str, end: str, **values: Any) -> dict[str, Any]:
    """A holiday between two dates such as 2026-12-24; the year 0 makes it recurrent."""
    year, month, day = (int(part) for part in start.split("-"))
    year_end, month_end, day_end = (int(part) for part in end.split("-"))
    ends = {"YearEnd": year_end, "MonthEnd": month_end, "DayEnd": day_end}
    return {"Name": "H", "IsRecurrent": not year, "Year": year, "Month": month, "Day": day, **ends, **values}


NO_END = {"Name": "H", "Day": 24, "Month": 12, "Year": 2026}


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        (NO_END, "DayEnd", "DayEnd is required"),
        (
            {**NO_END, "DayEnd": 24, "MonthEnd": 12},
            "YearEnd",
            "YearEnd is required, unless IsRecurrent is true",
        ),
        (holiday("0-12-24", "0-12-24", IsRecurrent=False), "Year", "Year is required"),
        (holiday("2026-12-0", "2026-12-1"), "Day", "Day is required"),
        (holiday("2026-13-32", "2026-13-32"), "Month", "Month: expected a month from 1 to 12, got 13"),
        (holiday("2026-12-32", "2027-1-1"), "Day", "Day: expected a day from 1 to 31, got 32"),
        (holiday("0-2-30", "0-3-1"), "Day", "Day: expected a day from 1 to 29 in month 2, got 30"),
        (holiday("0-2-1", "0-2-31"), "DayEnd", "DayEnd: expected a day from 1 to 29 in month 2, got 31"),
        (
            holiday("2026-2-28", "2026-2-29"),
            "DayEnd",
            "DayEnd: expected a day from 1 to 28 in month 2, got 29",
        ),
        (holiday("10000-1-1", "10000-1-1"), "Year", "Year: expected a year from 1 to 9999, got 10000"),
        (holiday("2026-12-24", "2025-12-31"), "DayEnd", "2025-12-31 is before 2026-12-24"),
        (holiday("0-12-24", "0-12-23"), "DayEnd", "12-23 is before 12-24"),
        (
            holiday("0-12-24", "0-12-24", TimeOfStartDate="12:00", TimeOfEndDate="PT8H"),
            "TimeOfEndDate",
            "same day",
        ),
        (holiday("0-12-24", "0-12-24", TimeOfEndDate="PT25H"), "TimeOfEndDate", "like 08:30 or PT8H30M"),
    ],
)
def test_a_holiday_with_impossible_dates_is_refused(values: Any, field: str, message: str) -> None:
    with pytest.raises(ItemError, match=message) as caught:
        encode("CreateHoliday", values)
    assert caught.value.field == field
    for operation in ("UpdateOfficeHours", "UpdateGroup"):
        nested = f"OfficeHolidays[0].{field}"
        with pytest.raises(BodyError) as inside:
            encode(operation, {"OfficeHolidays": [values]})
        assert inside.value.field == nested
        assert inside.value.message.startswith(nested)


@pytest.mark.parametrize(
    "values",
    [
        holiday("2026-12-24", "2027-1-2"),
        holiday("2026-5-1", "2026-5-1"),
        holiday("2028-2-29", "2028-2-29"),
        holiday("0-2-29", "0-2-29"),
        holiday("0-12-24", "0-1-2"),
        holiday("2026-12-24", "2026-12-24", TimeOfStartDate="PT8H", TimeOfEndDate="PT24H"),
    ],
)
def test_a_holiday_with_dates_is_sent_as_it_is(values: Any) -> None:
    assert encode("CreateHoliday", values) == values
    assert encode("UpdateOfficeHours", {"OfficeHolidays": [values]}) == {"OfficeHolidays": [values]}


def test_an_update_of_a_holiday_is_checked_where_it_is_certain() -> None:
    for sent in (
        {"Name": "H"},
        {"DayEnd": 31},
        {"MonthEnd": 2},
        {"Year": 2027},
        {"Year": 0, "IsRecurrent": True},
    ):
        assert encode("UpdateHoliday", sent) == sent
    with pytest.raises(BodyError, match="MonthEnd: expected a month from 1 to 12, got 13"):
        encode("UpdateHoliday", {"MonthEnd": 13})
    with pytest.raises(BodyError, match="the holiday ends before it starts"):
        encode(
            "UpdateHoliday",
            {name: each for name, each in holiday("2026-2-2", "2026-1-1").items() if name != "Name"},
        )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("08:00", "PT8H"), ("8:00", "PT8H"), ("08:00:00", "PT8H"), ("PT8H", "PT8H"), (" 23:59:59 ", "PT23H59M59S"),
        ("00:00", "PT0S"), ("24:00", "PT24H"), ("PT0S", "PT0S"), ("08:30:00.5", "PT8H30M0.5S"), ("P1D", "P1D"),
    ],
)  # fmt: skip
def test_a_time_of_day_that_is_a_duration_for_3cx(given: str, sent: str) -> None:
    assert encode("UpdateHoliday", {"TimeOfStartDate": given}) == {"TimeOfStartDate": sent}
    assert (
        encode("UpdateOfficeHours", {"OfficeHolidays": [holiday("0-1-1", "0-1-2", TimeOfEndDate=given)]})[
            "OfficeHolidays"
        ][0]["TimeOfEndDate"]
        == sent
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("08:00", "08:00:00"), ("8:00", "08:00:00"), ("08:00:00", "08:00:00"), ("PT8H", "08:00:00"),
        ("PT8H30M15S", "08:30:15"), ("23:59:59.5", "23:59:59.5"), ("PT0S", "00:00:00"), ("8:5:00", None),
    ],
)  # fmt: skip
def test_a_time_of_day(given: str, sent: str | None) -> None:
    body = {"Hours": {"Periods": [{"DayOfWeek": "Monday", "Start": given, "Stop": "17:00"}]}}
    if sent is None:
        with pytest.raises(BodyError, match="a time of day like 08:30 or PT8H30M"):
            encode("UpdateOfficeHours", body)
    else:
        assert encode("UpdateOfficeHours", body)["Hours"]["Periods"][0] == {
            "DayOfWeek": "Monday", "Start": sent, "Stop": "17:00:00",
        }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "25:00",
        "24:01",
        "8",
        "08:60",
        "8am",
        "PT25H",
        "-PT1H",
        "P",
        "PT",
        "PT8",
        "",
        8,
        None,
        "٠٨:٠٠",
        "9" * 9999,
    ],
)
def test_no_time_of_day_names_both_forms(value: Any) -> None:
    for body in ({"TimeOfStartDate": value}, {"TimeOfEndDate": value}):
        with pytest.raises(BodyError, match="expected a time of day like 08:30 or PT8H30M, got") as caught:
            encode("UpdateHoliday", body)
        assert len(caught.value.one_line()) < 250


def test_fields_that_mean_a_time_of_day_are_durations() -> None:
    found = {
        each.name: str(each.type)
        for schema in CATALOG.schema_names
        for each in CATALOG.properties(schema).values()
        if each.name in TIMES_OF_DAY
    }
    assert found == dict.fromkeys(TIMES_OF_DAY, "Duration")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("0:00:0", "0:00:0"), ("00:00:20", "00:00:20"), ("PT20S", "0:00:20"), ("PT1H30M", "1:30:0"), ("0:30", "0:30:0"),
        ("half", "half"),
    ],
)  # fmt: skip
def test_durations_as_arguments(given: str, sent: str) -> None:
    operation = CATALOG.operation("GetAbandonedQueueCallsData")
    values = dict.fromkeys((each.name for each in operation.version().parameters), "2026-03-01")
    request = RequestBuilder(CATALOG, operation).build(RequestValues({**values, "waitInterval": given}))
    assert f"waitInterval='{sent}'" in request.path.replace("%3A", ":")


def test_arguments_that_are_durations_exist() -> None:
    names = {each.name for operation in CATALOG.operations() for each in operation.version().parameters}
    assert names >= TIME_SPANS


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    for operation in CATALOG.operations():
        dates = [each.name for each in operation.version().parameters if each.type == "DateTimeOffset"]
        if len(dates) < 2:
            continue
        values = {each.name: BY_EDM_TYPE.get(each.type, "1") for each in operation.version().parameters}
        values |= {dates[0]: "2026-03-02", dates[1]: "2026-03-01"}
        with pytest.raises(ParameterError, match=f"{dates[1]} is before {dates[0]}"):
            RequestBuilder(CATALOG, operation).build(RequestValues(values))


@pytest.mark.parametrize("value", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_date_that_does_not_exist(value: str) -> None:
    with pytest.raises(CoercionError, match="a date that exists"):
        coerce("Date", value)

"""The task that adds a holiday, on a simulator, in releases with and without an operation that creates one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.tasks.interference import lose_response, run_disturbed
from tests.tasks.support import do, do_again, find_stored, list_changes, plan, read, refuse, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator

CHRISTMAS = {"name": "Christmas week", "start": "2026-12-24", "end": "2026-12-31"}


def test_a_holiday_is_added_once(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = pbx.state.entities("Holidays")
    created = do(pbx, "AddHoliday", **CHRISTMAS, department="Sales")
    assert created.pop("id") > 0
    assert created == {
        "action": "created",
        "changed": [],
        "name": "Christmas week",
        "department": "GRP0001",
        "start": "2026-12-24",
        "end": "2026-12-31",
    }
    *others, holiday = pbx.state.entities("Holidays")
    assert others == before
    assert {name: value for name, value in holiday.items() if name != "Id"} == {
        "Name": "Christmas week",
        "Group": "GRP0001",
        "IsRecurrent": False,
        "Year": 2026,
        "Month": 12,
        "Day": 24,
        "TimeOfStartDate": "PT0S",
        "YearEnd": 2026,
        "MonthEnd": 12,
        "DayEnd": 31,
        "TimeOfEndDate": "PT23H59M59S",
        "HolidayPrompt": "",
    }
    do_again(pbx, "AddHoliday", **CHRISTMAS, department="Sales")
    # Another department has holidays of its own.
    assert do(pbx, "AddHoliday", **CHRISTMAS, department="Support")["action"] == "created"


def test_hours_of_every_year_in_the_default_department(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    given = {"name": "Half day", "start": "2026-12-23", "startTime": "13:00", "endTime": "18:30"}
    done = do(pbx, "AddHoliday", **given, recurring="true")
    assert (done["department"], done["end"]) == ("GRP0000", "2026-12-23")
    holiday = pbx.state.entities("Holidays")[-1]
    assert (holiday["IsRecurrent"], holiday["Year"], holiday["YearEnd"]) == (True, 0, 0)
    assert (holiday["TimeOfStartDate"], holiday["TimeOfEndDate"]) == ("PT13H", "PT18H30M")
    do_again(pbx, "AddHoliday", **given, recurring=True)
    # The year of a holiday of every year does not matter.
    do_again(pbx, "AddHoliday", **{**given, "start": "2031-12-23"}, recurring=True)


@pytest.mark.parametrize("release", ["20.0.4", "20.0.6"])
def test_an_older_release_gets_the_whole_list_of_the_department(
    threecx_simulator_factory: Callable[..., Simulator], release: str
) -> None:
    pbx = threecx_simulator_factory(release=release)
    do(pbx, "AddHoliday", **CHRISTMAS, department="Sales")
    before = find_stored(pbx, "Groups", Name="Sales")
    pbx.forget_requests()
    second = {"name": "Closed early", "start": "2026-11-27", "startTime": "15:00"}
    assert do(pbx, "AddHoliday", **second, department="Sales")["action"] == "created"
    assert list_changes(pbx) == [f"PATCH /xapi/v1/Groups({before['Id']})"]
    after = find_stored(pbx, "Groups", Name="Sales")
    assert [each["Name"] for each in after["OfficeHolidays"]] == ["Christmas week", "Closed early"]
    assert after["OfficeHolidays"][0] == before["OfficeHolidays"][0]
    assert {**after, "OfficeHolidays": 0} == {**before, "OfficeHolidays": 0}
    do_again(pbx, "AddHoliday", **second, department="Sales")


@pytest.mark.parametrize("end", ["PT23H59M", "P1D", "PT24H"])
def test_the_end_of_a_day_in_any_form(threecx_simulator: Simulator, end: str) -> None:
    pbx = threecx_simulator
    stored = {"Year": 2026, "YearEnd": 2026, "Month": 5, "MonthEnd": 5, "Day": 14, "DayEnd": 15}
    body = {**stored, "Name": "Bridge", "Group": "GRP0001", "TimeOfStartDate": "P0D", "TimeOfEndDate": end}
    do(pbx, "CreateHoliday", body=body)
    given = {"name": "bridge ", "start": "2026-05-14", "end": "2026-05-15", "department": "Sales"}
    do_again(pbx, "AddHoliday", **given)


def test_a_holiday_whose_response_was_lost_is_not_added_twice(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    result = run_disturbed(pbx, "AddHoliday", CHRISTMAS, lose_response("POST", "/Holidays"))
    assert result.to_json()["error"]["outcome"] == "unknown"
    do_again(pbx, "AddHoliday", **CHRISTMAS)
    assert [each["Name"] for each in pbx.state.entities("Holidays")].count("Christmas week") == 1


def test_a_dry_run_shows_the_request(threecx_simulator: Simulator) -> None:
    [request] = plan(threecx_simulator, "AddHoliday", **CHRISTMAS, department="Sales")
    assert request["method"] == "POST"
    assert request["url"].endswith("/xapi/v1/Holidays")
    assert (request["body"]["Group"], request["body"]["Day"]) == ("GRP0001", 24)


def test_a_name_that_the_department_has_already(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    do(pbx, "AddHoliday", **CHRISTMAS, department="Sales")
    error = refuse(
        pbx, "AddHoliday", **{**CHRISTMAS, "name": "christmas WEEK", "end": ""}, department="Sales"
    )
    assert (
        'name: department Sales has another holiday "Christmas week", from 2026-12-24 to 2026-12-31' in error
    )
    assert "Give the new holiday another name" in error
    again = refuse(pbx, "AddHoliday", name="Christmas", start="2026-12-25")
    assert 'another holiday "Christmas", every year on 12-25' in again


def test_all_items_are_checked_before_the_first_is_sent(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    items = [Item({}, CHRISTMAS), Item({}, {**CHRISTMAS, "endTime": "08:60"})]
    first, second = run_task(pbx, "AddHoliday", items)
    assert first.error is not None
    assert second.error is not None
    assert "endTime: expected a time of day" in second.error.message
    assert list_changes(pbx) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"start": "24.12.2026"}, "start: expected a date like 2026-12-24"),
        ({"start": "2026-02-30"}, "start: expected a date like 2026-12-24"),
        ({"start": ""}, "start is required"),
        ({"end": "2026-12-20"}, "end: 2026-12-20 is before the start, 2026-12-24"),
        ({"end": "2027-12-24", "recurring": True}, "lasts a year or longer"),
        (
            {"end": "", "startTime": "13:00", "endTime": "12:00"},
            "endTime: 12:00 is not after the start time, 13:00",
        ),
        ({"startTime": "08:60"}, "startTime: expected a time of day"),
        ({"startTime": "25:00"}, "startTime: expected a time of day"),
        ({"name": " "}, "name is required"),
        ({"recurring": "maybe"}, "recurring: expected true or false"),
        ({"department": "Nowhere"}, 'department: there is no department "Nowhere"'),
    ],
)
def test_bad_input(unchanged_pbx: Simulator, changes: dict[str, Any], says: str) -> None:
    assert says in refuse(unchanged_pbx, "AddHoliday", **{**CHRISTMAS, **changes})


def test_holidays_are_listed(threecx_simulator: Simulator) -> None:
    do(threecx_simulator, "AddHoliday", **CHRISTMAS)
    assert "Christmas week" in [
        each["Name"] for each in read(threecx_simulator, "ListHoliday", returnAll=True)
    ]

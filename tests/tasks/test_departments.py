"""The tasks that open and close departments, on a simulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.support import do, do_again, find_stored, plan, refuse, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator

UNTIL = "2099-12-24 18:00"


def sales(pbx: Simulator) -> dict[str, Any]:
    return find_stored(pbx, "Groups", Name="Sales")


def mode(pbx: Simulator) -> tuple[str, str | None]:
    group = sales(pbx)
    return group["CurrentGroupHours"], group["OverrideExpiresAt"]


def test_a_department_is_closed_until_a_time_and_back(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = sales(pbx)
    given = {"department": "sales", "until": UNTIL}
    [result] = run_task(pbx, "CloseDepartment", [Item({}, given)], time_zone="Europe/Berlin")
    assert result.error is None
    [item] = result.items or ()
    assert item["json"] == {
        "action": "updated",
        "changed": ["CurrentGroupHours", "OverrideExpiresAt"],
        "department": "GRP0001",
        "name": "Sales",
        "mode": "ForceClosed",
        "until": "2099-12-24T17:00:00.000Z",
        "previousMode": "Default",
    }
    closed = sales(pbx)
    assert mode(pbx) == ("ForceClosed", "2099-12-24T17:00:00.000Z")
    changed = {"CurrentGroupHours": None, "OverrideExpiresAt": None}
    assert {**closed, **changed} == {**before, **changed}
    again = do_again(pbx, "CloseDepartment", department="GRP0001", until="2099-12-24T18:00:00+01:00")
    assert again["previousMode"] == "ForceClosed"
    back = do(pbx, "ResumeDepartmentSchedule", department="Sales")
    assert (back["action"], back["mode"], back["until"]) == ("updated", "Default", None)
    assert mode(pbx) == ("Default", None)
    do_again(pbx, "ResumeDepartmentSchedule", department="Sales")


def test_without_an_end_an_old_end_is_removed(threecx_simulator: Simulator) -> None:
    """3CX ignores a mode whose end has passed, so the end of an earlier override must not stay."""
    pbx = threecx_simulator
    stored = {"CurrentGroupHours": "ForceOpened", "OverrideExpiresAt": "2020-01-01T00:00:00Z"}
    do(pbx, "UpdateGroup", Id=sales(pbx)["Id"], body=stored)
    opened = do(pbx, "OpenDepartment", department="Sales")
    assert (opened["action"], opened["changed"]) == ("updated", ["OverrideExpiresAt"])
    assert mode(pbx) == ("ForceOpened", None)


def test_a_moment_that_was_never_set_is_none(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    stored = {"CurrentGroupHours": "ForceOpened, HasForcedMask", "OverrideExpiresAt": "0001-01-01T00:00:00Z"}
    do(pbx, "UpdateGroup", Id=sales(pbx)["Id"], body=stored)
    do_again(pbx, "OpenDepartment", department="Sales")


@pytest.mark.parametrize(("given", "stored"), [("break", "ForceBreak"), ("Holiday", "ForceHoliday")])
def test_a_department_is_closed_as_in_a_break_or_on_a_holiday(
    threecx_simulator: Simulator, given: str, stored: str
) -> None:
    do(threecx_simulator, "CloseDepartment", department="Sales", closedAs=given)
    assert mode(threecx_simulator) == (stored, None)


def test_a_dry_run_shows_the_request(threecx_simulator: Simulator) -> None:
    [request] = plan(threecx_simulator, "OpenDepartment", department="Sales", until=f"{UNTIL}:00Z")
    assert request["method"] == "PATCH"
    assert request["body"] == {
        "CurrentGroupHours": "ForceOpened",
        "OverrideExpiresAt": "2099-12-24T18:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"department": "Sale"}, 'department: there is no department "Sale"'),
        ({"department": "GRP0099"}, 'department: there is no department "GRP0099"'),
        ({}, "department is required"),
        ({"department": "Sales", "until": "2020-01-01 08:00"}, "until: 2020-01-01 08:00 is in the past"),
        ({"department": "Sales", "until": "18:60"}, "until: expected a date-time"),
        ({"department": "Sales", "until": "tomorrow"}, "until: expected a date-time"),
        ({"department": "Sales", "closedAs": "brake"}, "closedAs: expected one of Closed, Break, Holiday"),
    ],
)
def test_bad_input(unchanged_pbx: Simulator, parameters: dict[str, Any], says: str) -> None:
    assert says in refuse(unchanged_pbx, "CloseDepartment", **parameters)

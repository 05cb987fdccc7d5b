"""A closed department sends the calls from outside to the other destinations of an inbound rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tasks.support import do
from threecx_node.simulator import Simulator
from threecx_node.simulator.pbx.holidays import is_on

DID = "+35725555100"
CALLER = "+4930123456"


def build(
    first: str, last: str, start: str = "PT0S", end: str = "PT23H59M59S", **more: Any
) -> dict[str, Any]:
    days = zip(("", "End"), (first, last), strict=True)
    parts = {f"{name}{suffix}": int(part) for suffix, day in days for name, part in zip(
        ("Year", "Month", "Day"), day.split("-"), strict=True)}  # fmt: skip
    return {
        **parts,
        "IsRecurrent": parts["Year"] == 0,
        "TimeOfStartDate": start,
        "TimeOfEndDate": end,
        **more,
    }


@pytest.mark.parametrize(
    ("holiday", "moments", "others"),
    [
        (
            build("2026-12-24", "2026-12-26"),
            ["2026-12-24T00:00", "2026-12-26T23:59:59"],
            ["2026-12-27T00:00"],
        ),
        (build("2026-12-24", "2026-12-24", "PT8H", "PT13H"), ["2026-12-24T08:00"], ["2026-12-24T13:01"]),
        (build("0000-12-31", "0000-01-02"), ["2030-12-31T10:00", "2031-01-02T10:00"], ["2031-01-03T00:00"]),
        (build("0000-02-29", "0000-02-29"), ["2028-02-29T10:00"], ["2027-03-01T10:00", "2027-02-28T10:00"]),
    ],
)
def test_when_a_holiday_is(holiday: dict[str, Any], moments: list[str], others: list[str]) -> None:
    assert all(is_on(holiday, datetime.fromisoformat(each)) for each in moments)
    assert not any(is_on(holiday, datetime.fromisoformat(each)) for each in others)


def find_called(pbx: Simulator) -> str:
    """Return the DN that a call from outside rings."""
    pbx.calls.clear()
    pbx.calls.receive_call(CALLER, did=DID)
    [called] = [dn for dn in ("820", "101", "102") if pbx.calls.participants(dn)]
    return called


def test_a_holiday_today_closes_the_department(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [rule] = pbx.state.entities("InboundRules")
    for state, number in (("Holidays", "101"), ("OutOfOfficeHours", "102")):
        target = {"To": "Extension", "Number": number}
        body = {f"AlterDestinationDuring{state}": True, f"{state}Destination": target}
        do(pbx, "UpdateInboundRule", Id=rule["Id"], body=body)
    assert find_called(pbx) == "820"
    today = datetime.now(UTC).date()
    days = {"start": str(today - timedelta(days=1)), "end": str(today + timedelta(days=1))}
    do(pbx, "AddHoliday", name="Elsewhere", department="Sales", **days)
    assert find_called(pbx) == "820"
    do(pbx, "AddHoliday", name="Move", **days)
    assert find_called(pbx) == "101"
    do(pbx, "OpenDepartment", department="DEFAULT")
    assert find_called(pbx) == "820"
    soon = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(hours=1)
    do(pbx, "CloseDepartment", department="DEFAULT", until=soon.isoformat())
    assert find_called(pbx) == "102"
    do(pbx, "ResumeDepartmentSchedule", department="DEFAULT")
    assert find_called(pbx) == "101"

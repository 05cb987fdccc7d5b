"""The task that adds a holiday to a department."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..values.clock import SECONDS_A_DAY, format_duration, parse_duration
from .code import TaskCode
from .departments import find_default_department, name_department
from .members import read_entries
from .outcome import Outcome, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import TaskContext
    from .values import Values

_DATE_FIELDS = ("Year", "Month", "Day", "YearEnd", "MonthEnd", "DayEnd")
# The end of a day as the PBX may write it: 23:59, 23:59:59 or 24:00.
_END_OF_DAY = SECONDS_A_DAY - 60
_DEFAULT_END = time(23, 59, 59)
_LONGEST_RECURRING = 365
_LIST = "OfficeHolidays"


async def _add_holiday(context: TaskContext, values: Values) -> Outcome:
    department = await _find_department(context, values)
    number, name = str(department["Number"]), name_department(department)
    holiday = _build_holiday(values)
    if context.release in context.catalog.operation("CreateHoliday").releases:
        created = await _create(context, holiday, number, name, is_default=bool(department.get("IsDefault")))
    else:
        created = await _append(context, holiday, department, name)
    end = values.end or values.start
    return report(
        "unchanged" if created is None else "created",
        name=holiday["Name"],
        department=number,
        start=values.start.isoformat(),
        end=end.isoformat(),
        **({"id": created["Id"]} if created and created.get("Id") else {}),
    )


async def _find_department(context: TaskContext, values: Values) -> Mapping[str, Any]:
    """Return the department of the holiday, the default one where none is given."""
    if values.department is None:
        return await find_default_department(context, "department")
    return await context.find(values.department)


async def _create(
    context: TaskContext, holiday: Mapping[str, Any], number: str, name: str, *, is_default: bool
) -> Mapping[str, Any] | None:
    """Create the holiday of a department, None where it is there already; the PBX knows the department by number."""
    own = (number, name, *(("", None) if is_default else ()))
    known = [*await context.read("ListHoliday"), *context.list_planned("CreateHoliday")]
    stored = [dict(each) for each in known if each.get("Group") in own]
    if _is_stored(holiday, stored, name):
        return None
    body = {**holiday, "Group": number}
    done = f"holiday {holiday['Name']} was added to department {name}"
    created = await context.write("CreateHoliday", {"body": body}, done=done)
    return created[0] if created else {}


async def _append(
    context: TaskContext, holiday: Mapping[str, Any], department: Mapping[str, Any], name: str
) -> Mapping[str, Any] | None:
    """Add the holiday to the list of a department: before 20.0.7, 3CX's API has no operation that creates one."""
    what = f"department {name}"

    def edit(read: Mapping[str, Any]) -> Mapping[str, Any]:
        stored = read_entries(read, _LIST, what)
        return {} if _is_stored(holiday, stored, name) else {_LIST: [*stored, dict(holiday)]}

    change = await context.change(
        "GetGroup",
        "UpdateGroup",
        {"Id": department["Id"]},
        edit,
        what=what,
        query={"$select": ["Id", "Number", "Name"], "$expand": _LIST},
    )
    return {} if change.fields else None


def _is_stored(holiday: Mapping[str, Any], stored: list[dict[str, Any]], department: str) -> bool:
    """Return whether the department has the holiday. Raises ParameterError where another has its name."""
    wanted = _compare_name(holiday)
    same = [each for each in stored if _compare_name(each) == wanted]
    if not same:
        return False
    if any(_describe(each) == _describe(holiday) for each in same):
        return True
    raise ParameterError(
        f'name: department {department} has another holiday "{same[0]["Name"]}", {_write_days(same[0])}',
        field="name",
        description="Give the new holiday another name, or change the stored one (Update Holiday).",
    )


def _compare_name(holiday: Mapping[str, Any]) -> str:
    return str(holiday.get("Name") or "").strip().casefold()


def _describe(holiday: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what makes two holidays the same: their days and times, in whatever form the PBX writes them."""
    is_recurrent = bool(holiday.get("IsRecurrent"))
    days = [holiday.get(name) for name in _DATE_FIELDS if not (is_recurrent and name.startswith("Year"))]
    start = _read_seconds(holiday.get("TimeOfStartDate"), Decimal(0))
    end = _read_seconds(holiday.get("TimeOfEndDate"), Decimal(SECONDS_A_DAY))
    return (is_recurrent, *days, start, min(end, Decimal(_END_OF_DAY)))


def _read_seconds(duration: Any, default: Decimal) -> Decimal:
    found = parse_duration(duration) if isinstance(duration, str) else None
    return default if found is None else found


def _write_days(holiday: Mapping[str, Any]) -> str:
    year, month, day, last_year, last_month, last_day = (holiday.get(name) or 0 for name in _DATE_FIELDS)
    if holiday.get("IsRecurrent"):
        first, last = f"{month:02}-{day:02}", f"{last_month:02}-{last_day:02}"
        return f"every year on {first}" if first == last else f"every year from {first} to {last}"
    first, last = f"{year:04}-{month:02}-{day:02}", f"{last_year:04}-{last_month:02}-{last_day:02}"
    return f"on {first}" if first == last else f"from {first} to {last}"


def _build_holiday(values: Values) -> dict[str, Any]:
    """Return the holiday as the API has it; one of every year has no year."""
    start: date = values.start
    end: date = values.end or start
    is_recurrent = bool(values.recurring)
    return {
        "Name": values.name,
        "IsRecurrent": is_recurrent,
        "Year": 0 if is_recurrent else start.year,
        "Month": start.month,
        "Day": start.day,
        "TimeOfStartDate": _write_time(values.startTime or time()),
        "YearEnd": 0 if is_recurrent else end.year,
        "MonthEnd": end.month,
        "DayEnd": end.day,
        "TimeOfEndDate": _write_time(values.endTime or _DEFAULT_END),
        "HolidayPrompt": "",
    }


def _write_time(moment: time) -> str:
    return format_duration(Decimal(moment.hour * 3600 + moment.minute * 60 + moment.second))


def _check_order(values: Values) -> None:
    start: date = values.start
    end: date = values.end or start
    if end < start:
        raise ParameterError(
            f"end: {end} is before the start, {start}",
            field="end",
            description="Give a day on or after the start.",
        )
    if values.recurring and (end - start).days >= _LONGEST_RECURRING:
        raise ParameterError(
            f"end: a holiday of every year from {start} to {end} lasts a year or longer",
            field="end",
            description="Give an end within a year of the start, or turn off recurring.",
        )
    first, last = values.startTime or time(), values.endTime or _DEFAULT_END
    if first == _DEFAULT_END:
        raise ParameterError(
            "startTime: a holiday cannot begin at the end of a day",
            field="startTime",
            description="Give an earlier time, or the next day and 00:00.",
        )
    if start == end and last <= first:
        raise ParameterError(
            f"endTime: {last:%H:%M} is not after the start time, {first:%H:%M}",
            field="endTime",
            description="Give a later time, or a later end.",
        )


CODES: Mapping[str, TaskCode] = {"AddHoliday": TaskCode(_add_holiday, check=_check_order)}

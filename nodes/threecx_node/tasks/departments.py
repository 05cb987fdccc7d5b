"""The tasks that open and close departments, and set them back to their schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..values.coerce import CoercionError, coerce_date_time
from .code import TaskCode
from .finding import check_rows, name_entity
from .outcome import Outcome, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import TaskContext
    from .values import Values

_MODE, _UNTIL = "CurrentGroupHours", "OverrideExpiresAt"
# A part of the mode's flags that only says that another one is set.
_MASK = "HasForcedMask"
_SCHEDULE, _OPEN = "Default", "ForceOpened"
_CLOSED: Mapping[str, str] = {"closed": "ForceClosed", "break": "ForceBreak", "holiday": "ForceHoliday"}


async def _open(context: TaskContext, values: Values) -> Outcome:
    return await _set_mode(context, values, _OPEN, values.until)


async def _close(context: TaskContext, values: Values) -> Outcome:
    return await _set_mode(context, values, _CLOSED[values.closedAs], values.until)


async def _resume(context: TaskContext, values: Values) -> Outcome:
    return await _set_mode(context, values, _SCHEDULE, None)


async def _set_mode(context: TaskContext, values: Values, mode: str, until: datetime | None) -> Outcome:
    """Set mode and end of a department. Without an end the mode lasts; a stored end would let 3CX ignore it."""
    department = await context.find(values.department)
    moment = _format(until)

    def find_differences(read: Mapping[str, Any]) -> list[str]:
        same = {_MODE: _read_mode(read) == mode, _UNTIL: _read_moment(read) == moment}
        return [name for name, is_same in same.items() if not is_same]

    def edit(read: Mapping[str, Any]) -> Mapping[str, Any]:
        return {_MODE: mode, _UNTIL: moment} if find_differences(read) else {}

    change = await context.change(
        "GetGroup",
        "UpdateGroup",
        {"Id": department["Id"]},
        edit,
        what=f"department {name_department(department)}",
        query={"$select": ["Id", "Number", "Name", _MODE, _UNTIL]},
    )
    return report(
        change.action,
        find_differences(change.before),
        department=name_entity(department),
        name=department.get("Name"),
        mode=mode,
        until=moment,
        previousMode=_read_mode(change.before),
    )


def name_department(group: Mapping[str, Any]) -> str:
    """Return the name of a department, its number where it has none."""
    return str(group.get("Name") or name_entity(group))


async def find_default_department(context: TaskContext, field: str) -> Mapping[str, Any]:
    """Return the default department, read once for a batch. Raises ParameterError where there is not exactly one."""

    async def find() -> Mapping[str, Any]:
        select = ["Id", "Number", "Name", "IsDefault"]
        found = await context.read("ListGroup", {"$filter": "IsDefault eq true", "$select": select})
        if len(found) != 1:
            problem = "several departments are" if found else "the PBX has no department that is"
            raise ParameterError(
                f"{field}: {problem} the default one",
                field=field,
                description="Check the departments in 3CX's console, or name one; nothing was changed for this item.",
            )
        for name in ("Id", "Number"):
            check_rows(found, name, "department")
        return found[0]

    return await context.shared("default department", find)


def _read_mode(group: Mapping[str, Any]) -> str:
    flags = [each.strip() for each in str(group.get(_MODE) or _SCHEDULE).split(",")]
    return ", ".join(each for each in flags if each != _MASK) or _SCHEDULE


def _read_moment(group: Mapping[str, Any]) -> str | None:
    """Return the stored end; the first year is that of a moment that was never set."""
    try:
        moment = coerce_date_time(group.get(_UNTIL))
    except CoercionError:
        return None
    return None if moment.year == 1 else _format(moment)


def _format(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") if moment is not None else None


def _check_until(values: Values) -> None:
    until: datetime | None = values.until
    if until is not None and until <= datetime.now(UTC):
        raise ParameterError(
            f"until: {until:%Y-%m-%d %H:%M} is in the past",
            field="until",
            description="Give a moment that is still to come, or leave it empty.",
        )


CODES: Mapping[str, TaskCode] = {
    "OpenDepartment": TaskCode(_open, check=_check_until),
    "CloseDepartment": TaskCode(_close, check=_check_until),
    "ResumeDepartmentSchedule": TaskCode(_resume),
}

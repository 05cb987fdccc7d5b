"""The tasks about departments, which 3CX's API calls groups: opened, closed, back to schedule; and their holidays."""

from __future__ import annotations

from .task_model import ACTION, CHANGED, Task, TaskField, TaskParameter, choose, decide, refer

_DEPARTMENT = refer(
    "department",
    "Department",
    "Groups",
    "The department: its name, its number or the ID from the list",
    required=True,
)
_UNTIL = TaskParameter(
    "until",
    "Until",
    "dateTime",
    "When the department goes back to its schedule. Empty: when it is set back to its schedule",
    placeholder="e.g. 2026-12-24 18:00",
)
_OF_DEPARTMENT = TaskField("department", "String", "The number of the department")
_NAME = TaskField("name", "String", "The name of the department")
_MODE = TaskField(
    "mode", "String", "Default (its schedule), ForceOpened, ForceClosed, ForceBreak or ForceHoliday"
)
_UNTIL_NOW = TaskField("until", "DateTimeOffset", "When the department goes back to its schedule, if it does")
_PREVIOUS = TaskField("previousMode", "String", "The mode that the department had before")
_USES = ("ListGroup", "GetGroup", "UpdateGroup")
_RETURNS = (ACTION, CHANGED, _OF_DEPARTMENT, _NAME, _MODE, _UNTIL_NOW, _PREVIOUS)

TASKS = (
    Task(
        "OpenDepartment",
        "Groups",
        name="Open",
        action="Open department",
        description="Open a department whatever its office hours are, until a time or until it is set back to its "
        "schedule",
        parameters=(_DEPARTMENT, _UNTIL),
        effect="change",
        uses=_USES,
        returns=_RETURNS,
    ),
    Task(
        "CloseDepartment",
        "Groups",
        name="Close",
        action="Close department",
        description="Close a department whatever its office hours are, until a time or until it is set back to its "
        "schedule",
        parameters=(
            _DEPARTMENT,
            _UNTIL,
            choose(
                "closedAs",
                "Closed As",
                "Which of its destinations the department's calls take: those for closed hours, breaks or holidays",
                ("closed", "Closed"),
                ("break", "Break"),
                ("holiday", "Holiday"),
                default="closed",
                is_option=True,
            ),
        ),
        effect="change",
        uses=_USES,
        returns=_RETURNS,
    ),
    Task(
        "ResumeDepartmentSchedule",
        "Groups",
        name="Back to Schedule",
        action="Set department back to schedule",
        description="Set a department that was opened or closed back to its office hours",
        parameters=(_DEPARTMENT,),
        effect="change",
        uses=_USES,
        returns=_RETURNS,
    ),
    Task(
        "AddHoliday",
        "Holidays",
        name="Add",
        action="Add holiday",
        description="Add a holiday to the calendar of a department: days, or hours of a day, on which it is closed",
        parameters=(
            TaskParameter(
                "name",
                "Name",
                "string",
                "The name of the holiday; a department has each name once",
                required=True,
                placeholder="e.g. Christmas",
            ),
            TaskParameter(
                "start",
                "Start",
                "date",
                "The first day of the holiday",
                required=True,
                placeholder="e.g. 2026-12-24",
            ),
            TaskParameter(
                "end",
                "End",
                "date",
                "The last day of the holiday. Empty: the same day as Start",
                placeholder="e.g. 2026-12-26",
            ),
            TaskParameter(
                "startTime",
                "Start Time",
                "time",
                "The time on the first day at which the holiday begins. Empty: the beginning of the day",
                placeholder="e.g. 08:00",
            ),
            TaskParameter(
                "endTime",
                "End Time",
                "time",
                "The time on the last day at which the holiday ends. Empty: the end of the day",
                placeholder="e.g. 13:00",
            ),
            decide("recurring", "Every Year", "Whether the holiday is on the same days of every year"),
            refer(
                "department",
                "Department",
                "Groups",
                "The department: its name, its number or the ID from the list. Empty: the default department",
            ),
        ),
        effect="change",
        uses=_USES,
        returns=(
            TaskField("action", "String", "created, or unchanged where the department has the same holiday already"),
            CHANGED,
            TaskField("name", "String", "The name of the holiday"),
            _OF_DEPARTMENT,
            TaskField("start", "Date", "The first day; of a holiday of every year, as it was given"),
            TaskField("end", "Date", "The last day"),
            TaskField("id", "Int32", "The ID of the holiday in 3CX, where the PBX returned one"),
        ),
    ),
)  # fmt: skip

"""The tasks about users."""

from __future__ import annotations

from .task_model import ACTION, CHANGED, Task, TaskField, TaskParameter

USER = TaskParameter(
    "user",
    "User",
    "reference",
    "The user: the extension number, the e-mail address or the ID from the list",
    required=True,
    placeholder="e.g. 100",
    reference="Users",
)
STATUSES = (
    ("available", "Available"),
    ("away", "Away"),
    ("doNotDisturb", "Do Not Disturb"),
    ("lunch", "Lunch"),
    ("businessTrip", "Business Trip"),
)
"""The five statuses of a user with the titles of 3CX's apps; an administrator may rename the last two."""
NUMBER_OF_USER = TaskField("user", "String", "The extension number of the user")

TASKS = (
    Task(
        "SetUserStatus",
        "Users",
        "Set Status",
        "Set status of user",
        "Set the status of a user, such as Available or Away. It decides where calls to the user go",
        (
            USER,
            TaskParameter(
                "status",
                "Status",
                "options",
                "The new status",
                required=True,
                choices=STATUSES,
            ),
        ),
        "change",
        ("ListUser", "GetUser", "UpdateUser"),
        (
            ACTION,
            CHANGED,
            NUMBER_OF_USER,
            TaskField("status", "String", "The status that the user has now"),
            TaskField("previousStatus", "String", "The status that the user had before"),
        ),
    ),
)  # fmt: skip

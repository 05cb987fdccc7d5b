"""The tasks about users."""

from __future__ import annotations

from .task_model import ACTION, CHANGED, Task, TaskField, choose, refer

USER = refer(
    "user",
    "User",
    "Users",
    "The user: the extension number, the e-mail address or the ID from the list",
    required=True,
    placeholder="e.g. 100",
)
STATUSES = (
    ("available", "Available"),
    ("away", "Away"),
    ("doNotDisturb", "Do Not Disturb"),
    ("lunch", "Lunch"),
    ("businessTrip", "Business Trip"),
)
"""The five statuses of a user with the titles of 3CX's apps; an administrator may rename the last two."""
_DEPARTMENT = refer(
    "department",
    "Department",
    "Groups",
    "The department: its name, its number such as GRP0001, or the ID from the list",
    required=True,
)
ROLES = (
    ("users", "User"),
    ("receptionists", "Receptionist"),
    ("group_admins", "Department Administrator"),
    ("managers", "Manager"),
    ("group_owners", "Department Owner"),
    ("system_admins", "System Administrator"),
    ("system_owners", "System Owner"),
)
"""The roles that 3CX has, from the one with the fewest rights on."""
_DEPARTMENT_FIELD = TaskField("department", "String", "The name of the department")
_ROLE_FIELD = TaskField("role", "String", "The role of the user in the department")
NUMBER_OF_USER = TaskField("user", "String", "The extension number of the user")

TASKS = (
    Task(
        "SetUserStatus",
        "Users",
        name="Set Status",
        action="Set status of user",
        description="Set the status of a user, such as Available or Away. It decides where calls to the user go",
        parameters=(USER, choose("status", "Status", "The new status", *STATUSES, required=True)),
        effect="change",
        uses=("ListUser", "GetUser", "UpdateUser"),
        returns=(
            ACTION,
            CHANGED,
            NUMBER_OF_USER,
            TaskField("status", "String", "The status that the user has now"),
            TaskField("previousStatus", "String", "The status that the user had before"),
        ),
    ),
    Task(
        "AddUserToDepartment",
        "Users",
        name="Add to Department",
        action="Add user to department",
        description="Make a user a member of a department, or give a member another role; other departments stay",
        parameters=(
            USER,
            _DEPARTMENT,
            choose(
                "role",
                "Role",
                "The role in the department; without it, a new member becomes a User and a member stays as it is",
                *ROLES,
            ),
        ),
        effect="change",
        uses=("ListUser", "ListGroup", "GetGroup", "GetUser", "UpdateUser"),
        returns=(ACTION, CHANGED, NUMBER_OF_USER, _DEPARTMENT_FIELD, _ROLE_FIELD),
    ),
    Task(
        "RemoveUserFromDepartment",
        "Users",
        name="Remove from Department",
        action="Remove user from department",
        description="End a user's membership in a department; a user stays in one department at least",
        parameters=(USER, _DEPARTMENT),
        effect="change",
        uses=("ListUser", "ListGroup", "GetGroup", "GetUser", "UpdateUser"),
        returns=(ACTION, CHANGED, NUMBER_OF_USER, _DEPARTMENT_FIELD),
    ),
    Task(
        "SendUserWelcomeEmail",
        "Users",
        name="Send Welcome Email",
        action="Send welcome email to user",
        description="Send a user the e-mail with the login and the link that sets up 3CX's apps",
        parameters=(USER,),
        effect="change",
        uses=("ListUser", "GetUser", "SendWelcomeEmail"),
        returns=(
            TaskField("action", "String", "sent"),
            NUMBER_OF_USER,
            TaskField("email", "String", "The address that the e-mail was sent to"),
        ),
        is_repeatable=False,
    ),
)  # fmt: skip

"""The tasks about users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.tasks.users import ROLES, STATUSES
from ..errors import ParameterError
from ..values.row_values import read_objects
from .code import TaskCode
from .departments import name_department
from .failures import naming
from .finding import name_entity
from .members import read_entries
from .outcome import Outcome, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Edit, TaskContext
    from .outcome import Change
    from .values import Values

STATUS = "CurrentProfileName"
"""The property of a user that has the name of the current status."""
RULES = "ForwardingProfiles"
"""The property that has the forwarding rules of each status."""
# The names of the five profiles in 3CX's API, which are those of its apps; the last two may be renamed.
PROFILES: Mapping[str, str] = {
    "available": "Available",
    "away": "Away",
    "doNotDisturb": "Out of office",
    "lunch": "Custom 1",
    "businessTrip": "Custom 2",
}
_TITLES = dict(STATUSES)
_MEMBERSHIPS, _PRIMARY, _EMAIL = "Groups", "PrimaryGroupId", "EmailAddress"
_EXPANDED = f"{_MEMBERSHIPS}($expand=Rights)"
_FIRST_ROLE = ROLES[0][0]


async def set_user_status(context: TaskContext, values: Values) -> Outcome:
    """Set the current profile of a user."""
    user = await context.find(values.user)
    number = name_entity(user)
    status: str = values.status

    def edit(found: dict[str, Any]) -> Mapping[str, Any]:
        profile = find_profile(found, PROFILES[status], number)
        return {} if found.get(STATUS) == profile["Name"] else {STATUS: profile["Name"]}

    change = await change_user(context, user, edit, STATUS, expand=RULES)
    return report(
        change.action,
        list(change.fields),
        user=number,
        status=_name_status(change.fields.get(STATUS) or change.before.get(STATUS)),
        previousStatus=_name_status(change.before.get(STATUS)),
    )


async def change_user(
    context: TaskContext, user: Mapping[str, Any], edit: Edit, *fields: str, expand: str = ""
) -> Change:
    """Read these fields of a user, and what is expanded; set what `edit` returns. Raises ThreeCxError."""
    query = {"$select": ["Id", "Number", *fields], **({"$expand": expand} if expand else {})}
    what = f"user {name_entity(user)}"
    return await context.change("GetUser", "UpdateUser", {"Id": user["Id"]}, edit, what=what, query=query)


def find_profile(user: Mapping[str, Any], name: str, number: str) -> Mapping[str, Any]:
    """Return the forwarding profile of a user by its name in 3CX's API. Raises ParameterError."""
    profiles = read_objects(user.get(RULES))
    for each in profiles:
        if each.get("Name") == name:
            return each
    names = ", ".join(str(each.get("Name")) for each in profiles)
    raise ParameterError(
        f'user {number} has no forwarding profile "{name}", only {names or "none"}',
        field="user",
        description="Check the forwarding rules of the user in 3CX; nothing was changed for this item.",
    )


def _name_status(profile: Any) -> str:
    """Return the title of a status by the name of its profile, the name itself for another profile."""
    return next((_TITLES[status] for status, name in PROFILES.items() if name == profile), str(profile or ""))


async def add_to_department(context: TaskContext, values: Values) -> Outcome:
    """Make a user a member of a department, or give a member another role."""
    user, department = await context.find(values.user), await context.find(values.department)
    number, group = name_entity(user), department["Id"]
    role = ""

    def edit(found: dict[str, Any]) -> Mapping[str, Any]:
        nonlocal role
        memberships = read_entries(found, _MEMBERSHIPS, f"user {number}")
        member = next((each for each in memberships if each.get("GroupId") == group), None)
        known = read_role(member) if member else ""
        role = values.role or known or _FIRST_ROLE
        if member is not None and role == known:
            return {}
        others = [each for each in memberships if each is not member]
        changed = {**(member or {"GroupId": group}), "Rights": {"RoleName": role}}
        return {_MEMBERSHIPS: [*others, changed]}

    change = await change_user(context, user, edit, _PRIMARY, expand=_EXPANDED)
    name = name_department(department)
    return report(change.action, list(change.fields), user=number, department=name, role=role)


async def remove_from_department(context: TaskContext, values: Values) -> Outcome:
    """End the membership of a user in a department. Raises ParameterError for the only one."""
    user, department = await context.find(values.user), await context.find(values.department)
    number, group = name_entity(user), department["Id"]
    name = name_department(department)

    def edit(found: dict[str, Any]) -> Mapping[str, Any]:
        memberships = read_entries(found, _MEMBERSHIPS, f"user {number}")
        others = [each for each in memberships if each.get("GroupId") != group]
        if len(others) == len(memberships):
            return {}
        if not others:
            raise ParameterError(
                f"department: {name} is the only department of user {number}",
                field="department",
                description="Add the user to another department first; nothing was changed for this item.",
            )
        fields: dict[str, Any] = {_MEMBERSHIPS: others}
        if found.get(_PRIMARY) == group:
            fields[_PRIMARY] = others[0]["GroupId"]
        return fields

    change = await change_user(context, user, edit, _PRIMARY, expand=_EXPANDED)
    return report(change.action, list(change.fields), user=number, department=name)


def read_role(membership: Mapping[str, Any]) -> str:
    """Return the role of a user in a department."""
    return str((membership.get("Rights") or {}).get("RoleName") or "")


async def send_welcome_email(context: TaskContext, values: Values) -> Outcome:
    """Send the welcome e-mail of a user. Raises ParameterError for a user without an address."""
    user = await context.find(values.user)
    number = name_entity(user)
    key, what = {"Id": user["Id"]}, f"user {number}"
    with naming(what):
        [found] = await context.read("GetUser", {**key, "$select": ["Id", _EMAIL]})
    if not found.get(_EMAIL):
        raise ParameterError(
            f"user: user {number} has no e-mail address",
            field="user",
            description="Set the field EmailAddress of the user first; nothing was sent for this item.",
        )
    with naming(what):
        await context.write("SendWelcomeEmail", key, done=f"{what} got the welcome e-mail")
    return Outcome([{"action": "sent", "user": number, "email": found[_EMAIL]}])


CODES: Mapping[str, TaskCode] = {
    "SetUserStatus": TaskCode(set_user_status),
    "AddUserToDepartment": TaskCode(add_to_department),
    "RemoveUserFromDepartment": TaskCode(remove_from_department),
    "SendUserWelcomeEmail": TaskCode(send_welcome_email),
}

"""The tasks about users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.tasks.users import STATUSES
from ..errors import ParameterError
from .code import TaskCode
from .finding import name_entity
from .outcome import Outcome, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import TaskContext
    from .values import Values

_STATUS = "CurrentProfileName"
# The names of the five profiles in 3CX's API, which are those of its apps; the last two may be renamed.
_PROFILES: Mapping[str, str] = {
    "available": "Available",
    "away": "Away",
    "doNotDisturb": "Out of office",
    "lunch": "Custom 1",
    "businessTrip": "Custom 2",
}
_TITLES = dict(STATUSES)


async def set_user_status(context: TaskContext, values: Values) -> Outcome:
    """Set the current profile of a user."""
    user = await context.find(values.user)
    number = name_entity(user)
    status: str = values.status
    before: dict[str, Any] = {}

    def edit(found: dict[str, Any]) -> Mapping[str, Any]:
        before.update(found)
        profile = find_profile(found, _PROFILES[status], number)
        return {} if found.get(_STATUS) == profile["Name"] else {_STATUS: profile["Name"]}

    query = {"$select": ["Id", "Number", _STATUS], "$expand": "ForwardingProfiles"}
    change = await context.change(
        "GetUser", "UpdateUser", {"Id": user["Id"]}, edit, what=f"user {number}", query=query
    )
    return report(
        change.action,
        list(change.fields),
        user=number,
        status=_name_status(change.fields.get(_STATUS) or before.get(_STATUS)),
        previousStatus=_name_status(before.get(_STATUS)),
    )


def find_profile(user: Mapping[str, Any], name: str, number: str) -> Mapping[str, Any]:
    """Return the forwarding profile of a user by its name in 3CX's API. Raises ParameterError."""
    profiles = user.get("ForwardingProfiles") or []
    for each in profiles:
        if each.get("Name") == name:
            found: Mapping[str, Any] = each
            return found
    names = ", ".join(str(each.get("Name")) for each in profiles)
    raise ParameterError(
        f'user {number} has no forwarding profile "{name}", only {names or "none"}',
        field="user",
        description="Check the forwarding rules of the user in 3CX; nothing was changed for this item.",
    )


def _name_status(profile: Any) -> str:
    """Return the title of a status by the name of its profile, the name itself for another profile."""
    return next(
        (_TITLES[status] for status, name in _PROFILES.items() if name == profile), str(profile or "")
    )


CODES: Mapping[str, TaskCode] = {
    "SetUserStatus": TaskCode(set_user_status),
}

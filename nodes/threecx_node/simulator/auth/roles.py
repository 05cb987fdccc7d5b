"""Clients and their roles: the three roles of a 3CX that matter to its API.

On a real PBX an owner may do everything, an administrator may not read the records of calls and chats, and a user
may not read most collections. Which of them a user may read is this simulator's choice: a few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from ...errors import ConfigurationError
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..odata.routes import Route

Role = Literal["System Owner", "System Administrator", "User"]
ROLES: tuple[Role, ...] = get_args(Role)
OWNER: Role = "System Owner"

_NOT_FOR_ADMINISTRATORS = frozenset({"CallHistoryView", "ChatHistoryView", "Recordings", "ScheduledReports"})
# Sets and singletons that a user may read, and those that belong to the user, who may change them too.
_READ_BY_USERS = frozenset({"Contacts", "Defs", "MyGroup", "MyUser", "Peers"})
_CHANGED_BY_USERS = frozenset({"MyUser"})
# The role for each right in the groups of a service principal.
_BY_RIGHTS: Mapping[str, Role] = {"system_owners": "System Owner", "system_admins": "System Administrator"}


# Every DN, as the DNs that a client monitors.
ALL_DNS = "all"


@dataclass(frozen=True, slots=True)
class Client:
    """A client that may log in, with its API key and its role.

    `call_control` is the right to the Call Control API, and `monitored` are the numbers of the DNs that the client sees
    there besides its own, or "all". By default both are those of the service principal whose number is the ID.
    """

    id: str
    secret: str = field(repr=False)
    role: Role = OWNER
    call_control: bool | None = None
    monitored: Sequence[str] | str | None = None


def parse_role(name: str) -> Role:
    """Return the role of a name, in any case, or of a right such as `system_owners`; raise ConfigurationError."""
    wanted = name.strip().casefold()
    for role in ROLES:
        if wanted == role.casefold():
            return role
    if wanted in _BY_RIGHTS:
        return _BY_RIGHTS[wanted]
    raise ConfigurationError(
        f"the role {name!r} does not exist", description=f"Choose one of {', '.join(ROLES)}."
    )


def select_role(memberships: Sequence[Mapping[str, Any]]) -> Role:
    """Return the highest role that the groups of a service principal grant; User if they grant none."""
    names = {(membership.get("Rights") or {}).get("RoleName") for membership in memberships}
    for rights, role in _BY_RIGHTS.items():
        if rights in names:
            return role
    return "User"


def check_access(role: Role, route: Route, method: str) -> None:
    """Raise ODataError (403) if the role does not allow the operation."""
    if role == OWNER:
        return
    if role == "System Administrator":
        allowed = route.head not in _NOT_FOR_ADMINISTRATORS
    else:
        readable = method == "GET" and route.head in _READ_BY_USERS
        allowed = readable or (method == "PATCH" and route.head in _CHANGED_BY_USERS)
    if not allowed:
        raise ODataError(403, f"Forbidden: the role {role} may not {method} {route.head}.")

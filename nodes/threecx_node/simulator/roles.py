"""What a client may do: the three roles of a 3CX that matter to its API.

Known of a real PBX: an owner may do all; an administrator is refused what calls and chats left behind; a user
is refused most collections. What exactly a user may read is this simulator's choice, and it is little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import ConfigurationError
from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .routes import Route

Role = Literal["System Owner", "System Administrator", "User"]
ROLES: tuple[Role, ...] = get_args(Role)
OWNER: Role = "System Owner"

_NOT_ADMINISTRATORS = frozenset({"CallHistoryView", "ChatHistoryView", "Recordings", "ScheduledReports"})
# Sets and singletons that a user may read; what is its own it may change as well.
_USERS_READ = frozenset({"Contacts", "Defs", "MyGroup", "MyUser", "Peers"})
_USERS_OWN = frozenset({"MyUser"})
# The rights in a service principal's groups, and the role that they come to.
_BY_RIGHTS: Mapping[str, Role] = {"system_owners": "System Owner", "system_admins": "System Administrator"}


@dataclass(frozen=True, slots=True)
class Client:
    """A client that may log in, with its API key and what it may do."""

    id: str
    secret: str
    role: Role = OWNER


def role_named(name: str) -> Role:
    """The role of a name, in any case, also as 3CX's rights call it; raises ConfigurationError."""
    wanted = name.strip().casefold()
    for role in ROLES:
        if wanted == role.casefold():
            return role
    if wanted in _BY_RIGHTS:
        return _BY_RIGHTS[wanted]
    raise ConfigurationError(f"there is no role {name!r}", description=f"There are {', '.join(ROLES)}.")


def role_of_rights(memberships: Sequence[Mapping[str, Any]]) -> Role:
    """The highest role that the groups of a service principal give it; a user where they give none."""
    names = {(membership.get("Rights") or {}).get("RoleName") for membership in memberships}
    for rights, role in _BY_RIGHTS.items():
        if rights in names:
            return role
    return "User"


def check_role(role: Role, route: Route, method: str) -> None:
    """Refuses with 403 what the role may not do."""
    if role == OWNER:
        return
    if role == "System Administrator":
        allowed = route.head not in _NOT_ADMINISTRATORS
    else:
        readable = method == "GET" and route.head in _USERS_READ
        allowed = readable or (method == "PATCH" and route.head in _USERS_OWN)
    if not allowed:
        raise Refusal(403, f"Forbidden: the role {role} may not {method} {route.head}.")

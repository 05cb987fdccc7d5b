"""The task that locks out a user who leaves.

The steps are ordered so that an end between two of them leaves nothing open: the user is disabled first, and removed
from queues and ring groups last. A second run does what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..request.odata import format_literal
from .code import TaskCode
from .departments import find_default_department
from .failures import suppress_gone
from .finding import name_entity
from .forwarding import forward_all_calls
from .members import (
    QUEUE_STAFF,
    RING_GROUP_MEMBERS,
    MemberLists,
    edit_lists,
    has_user,
    read_entries,
    remove_entries,
)
from .outcome import Outcome, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Edit, TaskContext
    from .values import Values

# The settings that block remote access; some are those of newer releases.
_REMOTE: Mapping[str, bool] = {
    "AllowLanOnly": True,
    "BlockTunnel": True,
    "MyPhonePush": False,
    "MS365SignInEnabled": False,
    "GoogleSignInEnabled": False,
}
_CREDENTIALS = {
    "SipAuth": True,
    "WebclientPassword": True,
    "VoicemailPIN": True,
    "DeskphonePassword": True,
    "ConfigurationLink": True,
    "RpsKey": True,
    "SendWelcomeEmail": False,
}
_NOTE = "3CX delivers no calls to a disabled user; turn off Disable if calls must be forwarded"
_OLD_FORM = "20.0.4"
_EXPAND = "Phones,Groups($expand=Rights,GroupRights)"


class _Offboarding:
    """The work on one user; `user` is the user as found, `values` say which parts are wanted."""

    def __init__(self, context: TaskContext, values: Values, user: Mapping[str, Any]) -> None:
        self._context = context
        self._values = values
        self._key = {"Id": user["Id"]}
        self.number = name_entity(user)
        self.what = f"user {self.number}"
        self.changed: list[str] = []
        self.departments: list[str] = []
        self.phones: list[str] = []

    async def lock_out(self) -> Mapping[str, Any]:
        """Disable the user and log out the user of all queues; return the user as read before."""
        wanted = {
            **({"Enabled": False} if self._values.disable else {}),
            **({"QueueStatus": "LoggedOut"} if self._values.logOutOfQueues else {}),
        }
        return await self._change(lambda read: _differing(read, wanted))

    async def forward(self, successor: Mapping[str, Any] | None) -> None:
        """Forward all calls of the user to another one."""
        if successor is None:
            return
        outcome = await forward_all_calls(self._context, self._values.user, self._values.forwardTo)
        self.changed += outcome.items[0]["changed"]

    async def end_sessions(self, user: Mapping[str, Any]) -> int:
        """Revoke the tokens of the user's logins, and return how many there were."""
        if not self._values.endSessions:
            return 0
        names = [each for each in (self.number, str(user.get("EmailAddress") or "")) if each]
        condition = " or ".join(f"Username eq {format_literal('String', each)}" for each in names)
        tokens = await self._context.read(
            "ListSecurityRefreshToken", {"$filter": condition, "$select": ["Id", "Username", "Revoked"]}
        )
        ended = 0
        for each in tokens:
            if each.get("Revoked"):
                continue
            # One that is not there any more has ended by itself.
            with suppress_gone():
                await self._context.write(
                    "RevokeSecurityToken", {"Id": each["Id"]}, done=f"a login of {self.what} was ended"
                )
                ended += 1
        return ended

    async def renew_credentials(self, user: Mapping[str, Any]) -> bool:
        """Renew passwords and PIN, unless an earlier run did so; return whether they were renewed.

        They cannot be read. Remote access is blocked after they were renewed, so a disabled user whose access is
        blocked has new ones.
        """
        values = self._values
        if not values.newCredentials:
            return False
        is_locked = values.disable and user.get("Enabled") is False
        if is_locked and values.blockRemoteAccess and not _differing(user, _REMOTE):
            return False
        body = _CREDENTIALS if self._context.release == _OLD_FORM else {"opts": _CREDENTIALS}
        await self._context.write(
            "Regenerate", {**self._key, "body": body}, done=f"the credentials of {self.what} were renewed"
        )
        return True

    async def block(self, default: Mapping[str, Any] | None) -> None:
        """Block remote access, and remove phones and, where `default` is one, all departments but that."""

        def edit(read: Mapping[str, Any]) -> Mapping[str, Any]:
            fields: dict[str, Any] = _differing(read, _REMOTE) if self._values.blockRemoteAccess else {}
            if default is not None:
                fields.update(self._leave_departments(read, default))
            if self._values.removePhones:
                phones = read_entries(read, "Phones", self.what)
                self.phones = [str(each.get("MacAddress") or each.get("Name")) for each in phones]
                fields.update({"Phones": []} if phones else {})
            return fields

        await self._change(edit, {"$expand": _EXPAND})

    def _leave_departments(self, user: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
        groups = read_entries(user, "Groups", self.what)
        left = [each for each in groups if each.get("GroupId") != default["Id"]]
        self.departments = [str(each.get("Name")) for each in left]
        if not left:
            return {}
        kept = [each for each in groups if each.get("GroupId") == default["Id"]]
        new = {"GroupId": default["Id"], "Rights": {"RoleName": "users"}}
        is_primary = user.get("PrimaryGroupId") == default["Id"]
        return {"Groups": kept or [new], **({} if is_primary else {"PrimaryGroupId": default["Id"]})}

    async def leave(self, lists: MemberLists) -> list[str]:
        """Remove the user from the lists of all entities of a set; return the numbers of the entities."""

        async def read_all() -> list[dict[str, Any]]:
            return await self._context.read(lists.lister, lists.query)

        left = []
        for entity in await self._context.shared(lists.lister, read_all):
            if not any(has_user(entity, name, self.number) for name in lists.names):
                continue
            # One that was deleted meanwhile has no members.
            with suppress_gone():
                edited = await edit_lists(
                    self._context, entity, lists, lambda entries: remove_entries(entries, [self.number])
                )
                if any(each.is_changed for each in edited.values()):
                    left.append(name_entity(entity))
        return left

    async def _change(self, edit: Edit, query: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        change = await self._context.change(
            "GetUser", "UpdateUser", self._key, edit, what=self.what, query=query
        )
        self.changed += change.fields
        return change.before


def _differing(entity: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wanted values that an entity does not have yet; one without the property is of an older release."""
    return {name: value for name, value in wanted.items() if name in entity and entity[name] != value}


async def _find_successor(
    context: TaskContext, values: Values, user: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the user who takes over the calls. Raises ParameterError before anything was changed."""
    if values.forwardTo is None:
        return None
    successor = await context.find(values.forwardTo)
    if successor["Id"] == user["Id"]:
        raise ParameterError(
            f"forwardTo: user {name_entity(user)} cannot take over their own calls",
            field="forwardTo",
            description="Give another user, or leave it empty; nothing was changed for this item.",
        )
    return successor


async def _offboard(context: TaskContext, values: Values) -> Outcome:
    found = await context.find(values.user)
    successor = await _find_successor(context, values, found)
    # A department that cannot be found ends the task before its first change.
    leaves = "removeFromDepartments"
    default = await find_default_department(context, leaves) if values[leaves] else None
    work = _Offboarding(context, values, found)
    user = await work.lock_out()
    await work.forward(successor)
    sessions = await work.end_sessions(user)
    is_renewed = await work.renew_credentials(user)
    await work.block(default)
    queues = await work.leave(QUEUE_STAFF) if values.removeFromQueues else []
    ring_groups = await work.leave(RING_GROUP_MEMBERS) if values.removeFromRingGroups else []
    forwarded = {"forwardedTo": name_entity(successor)} if successor is not None else {}
    return report(
        "updated" if context.done else "unchanged",
        list(dict.fromkeys(work.changed)),
        user=work.number,
        done=list(context.done),
        queues=queues,
        ringGroups=ring_groups,
        departments=work.departments,
        phones=work.phones,
        sessionsEnded=sessions,
        credentialsRenewed=is_renewed,
        **forwarded,
        **({"note": _NOTE} if forwarded and values.disable else {}),
    )


CODES: Mapping[str, TaskCode] = {"OffboardUser": TaskCode(_offboard)}

"""The tasks about the agents of queues and the members of ring groups, and the log-in of a user to queues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .code import TaskCode
from .finding import name_entity
from .members import Edited, add_entries, find_numbers, place_entries, read_entries, remove_entries
from .outcome import Outcome, report
from .users import RULES, STATUS, change_user

if TYPE_CHECKING:
    from .context import TaskContext
    from .members import Entry
    from .values import Reference, Values

Edit = Callable[[list["Entry"], list[str]], Edited]
_STATUS = "QueueStatus"
_LOGGED_IN, _LOGGED_OUT = "LoggedIn", "LoggedOut"
_FIRST_SKILL_GROUP = "1"


class _List(NamedTuple):
    """A list of users in an entity: the words for it, the operations that get and update the entity, its property."""

    word: str
    reader: str
    updater: str
    name: str


_AGENTS = _List("queue", "GetQueue", "UpdateQueue", "Agents")
_MEMBERS = _List("ring group", "GetRingGroup", "UpdateRingGroup", "Members")


async def _edit_list(
    context: TaskContext, owner: Reference, users: tuple[Reference, ...], of: _List, edit: Edit
) -> tuple[str, Edited]:
    """Edit a list of the entity that `owner` names; return its number, and what was edited."""
    entity = await context.find(owner)
    what = f"{of.word} {name_entity(entity)}"
    numbers = await find_numbers(context, users)

    def edit_entity(read: Mapping[str, Any]) -> Mapping[str, Any]:
        edited = edit(read_entries(read, of.name, what), numbers)
        return {of.name: edited.entries} if edited.is_changed else {}

    change = await context.change(
        of.reader,
        of.updater,
        {"Id": entity["Id"]},
        edit_entity,
        what=what,
        query={"$select": ["Id", "Number", "Name"], "$expand": of.name},
    )
    return name_entity(entity), edit(read_entries(change.before, of.name, what), numbers)


async def _add_agents(context: TaskContext, values: Values) -> Outcome:
    skill_group = values["skillGroup"]
    fields = {} if skill_group is None else {"SkillGroup": str(skill_group)}

    def edit(entries: list[Entry], numbers: list[str]) -> Edited:
        return add_entries(entries, numbers, fields, {"SkillGroup": _FIRST_SKILL_GROUP})

    number, edited = await _edit_list(context, values["queue"], values["users"], _AGENTS, edit)
    return _report(
        _AGENTS, edited, queue=number, added=edited.added, moved=edited.moved, agents=edited.numbers
    )


async def _remove_agents(context: TaskContext, values: Values) -> Outcome:
    number, edited = await _edit_list(context, values["queue"], values["users"], _AGENTS, remove_entries)
    return _report(_AGENTS, edited, queue=number, removed=edited.removed, agents=edited.numbers)


async def _add_members(context: TaskContext, values: Values) -> Outcome:
    position = values["position"]

    def edit(entries: list[Entry], numbers: list[str]) -> Edited:
        if position is None:
            return add_entries(entries, numbers, {}, {})
        return place_entries(entries, numbers, position)

    number, edited = await _edit_list(context, values["ringGroup"], values["users"], _MEMBERS, edit)
    return _report(
        _MEMBERS, edited, ringGroup=number, added=edited.added, moved=edited.moved, members=edited.numbers
    )


async def _remove_members(context: TaskContext, values: Values) -> Outcome:
    number, edited = await _edit_list(context, values["ringGroup"], values["users"], _MEMBERS, remove_entries)
    return _report(_MEMBERS, edited, ringGroup=number, removed=edited.removed, members=edited.numbers)


def _report(of: _List, edited: Edited, **fields: Any) -> Outcome:
    if edited.is_changed:
        return report("updated", [of.name], **fields)
    return report("unchanged", **fields)


async def _log_in(context: TaskContext, values: Values) -> Outcome:
    return await _set_status(context, values["user"], _LOGGED_IN)


async def _log_out(context: TaskContext, values: Values) -> Outcome:
    return await _set_status(context, values["user"], _LOGGED_OUT)


async def _set_status(context: TaskContext, reference: Reference, status: str) -> Outcome:
    user = await context.find(reference)

    def edit(read: Mapping[str, Any]) -> Mapping[str, Any]:
        return {} if read.get(_STATUS) == status else {_STATUS: status}

    change = await change_user(context, user, edit, _STATUS, STATUS, expand=RULES)
    note = _find_automatic_log_out(change.before) if status == _LOGGED_IN else ""
    return report(
        change.action,
        list(change.fields),
        user=name_entity(user),
        queueStatus=status,
        previousQueueStatus=change.before.get(_STATUS),
        **({"note": note} if note else {}),
    )


def _find_automatic_log_out(user: Mapping[str, Any]) -> str:
    """Return a hint where the rules of the user's status log out of queues all the same, "" elsewhere."""
    current = user.get(STATUS)
    for each in user.get(RULES) or []:
        if each.get("Name") == current and each.get("OfficeHoursAutoQueueLogOut"):
            return f"the forwarding rules of the user's status, {current}, log the user out of queues automatically"
    return ""


CODES: Mapping[str, TaskCode] = {
    "AddQueueAgent": TaskCode(_add_agents),
    "RemoveQueueAgent": TaskCode(_remove_agents),
    "AddRingGroupMember": TaskCode(_add_members),
    "RemoveRingGroupMember": TaskCode(_remove_members),
    "LogUserIntoQueues": TaskCode(_log_in),
    "LogUserOutOfQueues": TaskCode(_log_out),
}

"""The tasks about the agents of queues and the members of ring groups, and the log-in of a user to queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..values.row_values import read_objects
from .code import TaskCode
from .finding import name_entity
from .members import (
    QUEUE_AGENTS,
    RING_GROUP_MEMBERS,
    Edited,
    add_entries,
    edit_lists,
    find_numbers,
    place_entries,
    remove_entries,
)
from .outcome import Outcome, report
from .users import RULES, STATUS, change_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import TaskContext
    from .members import Entry, MemberLists
    from .values import Reference, Values

    Edit = Callable[[list[Entry], list[str]], Edited]

_STATUS = "QueueStatus"
_LOGGED_IN, _LOGGED_OUT = "LoggedIn", "LoggedOut"
_FIRST_SKILL_GROUP = "1"


async def _edit_list(
    context: TaskContext, owner: Reference, users: tuple[Reference, ...], lists: MemberLists, edit: Edit
) -> tuple[str, Edited]:
    """Edit the one list of the entity that `owner` names; return the entity's number, and what became of the list."""
    entity = await context.find(owner)
    numbers = await find_numbers(context, users)
    edited = await edit_lists(context, entity, lists, lambda entries: edit(entries, numbers))
    [name] = lists.names
    return name_entity(entity), edited[name]


async def _add_agents(context: TaskContext, values: Values) -> Outcome:
    skill_group = values.skillGroup
    fields = {} if skill_group is None else {"SkillGroup": str(skill_group)}

    def edit(entries: list[Entry], numbers: list[str]) -> Edited:
        return add_entries(entries, numbers, fields, {"SkillGroup": _FIRST_SKILL_GROUP})

    number, edited = await _edit_list(context, values.queue, values.users, QUEUE_AGENTS, edit)
    return _report(
        QUEUE_AGENTS, edited, queue=number, added=edited.added, moved=edited.moved, agents=edited.numbers
    )


async def _remove_agents(context: TaskContext, values: Values) -> Outcome:
    number, edited = await _edit_list(context, values.queue, values.users, QUEUE_AGENTS, remove_entries)
    return _report(QUEUE_AGENTS, edited, queue=number, removed=edited.removed, agents=edited.numbers)


async def _add_members(context: TaskContext, values: Values) -> Outcome:
    position = values.position

    def edit(entries: list[Entry], numbers: list[str]) -> Edited:
        if position is None:
            return add_entries(entries, numbers, {}, {})
        return place_entries(entries, numbers, position)

    number, edited = await _edit_list(context, values.ringGroup, values.users, RING_GROUP_MEMBERS, edit)
    return _report(
        RING_GROUP_MEMBERS,
        edited,
        ringGroup=number,
        added=edited.added,
        moved=edited.moved,
        members=edited.numbers,
    )


async def _remove_members(context: TaskContext, values: Values) -> Outcome:
    number, edited = await _edit_list(
        context, values.ringGroup, values.users, RING_GROUP_MEMBERS, remove_entries
    )
    return _report(
        RING_GROUP_MEMBERS, edited, ringGroup=number, removed=edited.removed, members=edited.numbers
    )


def _report(lists: MemberLists, edited: Edited, **fields: Any) -> Outcome:
    if edited.is_changed:
        return report("updated", lists.names, **fields)
    return report("unchanged", **fields)


async def _log_in(context: TaskContext, values: Values) -> Outcome:
    return await _set_status(context, values.user, _LOGGED_IN)


async def _log_out(context: TaskContext, values: Values) -> Outcome:
    return await _set_status(context, values.user, _LOGGED_OUT)


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
    for each in read_objects(user.get(RULES)):
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

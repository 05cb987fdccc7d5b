"""Edit the lists of users in an entity, such as the agents of a queue.

An update replaces such a list as a whole, so every entry that stays is sent back as it was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from ..errors import BodyError
from .finding import name_entity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .context import TaskContext
    from .values import Reference

    EditList = Callable[[list["Entry"]], "Edited"]

Entry = dict[str, Any]
_NEXT_PAGE = "@odata.nextLink"


class MemberLists(NamedTuple):
    """The lists of users that the entities of a set have.

    `word` is what messages call one of the entities, `lister`, `reader` and `updater` are the operations on them, and
    `names` the properties with the lists.
    """

    word: str
    lister: str
    reader: str
    updater: str
    names: tuple[str, ...]

    @property
    def query(self) -> Mapping[str, Any]:
        """Return the query options that read the lists of an entity, its number and its name."""
        return {"$select": ["Id", "Number", "Name"], "$expand": ",".join(self.names)}


QUEUE_AGENTS = MemberLists("queue", "ListQueue", "GetQueue", "UpdateQueue", ("Agents",))
QUEUE_STAFF = QUEUE_AGENTS._replace(names=("Agents", "Managers"))
RING_GROUP_MEMBERS = MemberLists(
    "ring group", "ListRingGroup", "GetRingGroup", "UpdateRingGroup", ("Members",)
)


class Edited(NamedTuple):
    """The entries of a list after an edit, and the numbers of those that were added, moved or removed."""

    entries: list[Entry]
    added: list[str]
    moved: list[str]
    removed: list[str]

    @property
    def is_changed(self) -> bool:
        """Return whether the list differs from the stored one."""
        return bool(self.added or self.moved or self.removed)

    @property
    def numbers(self) -> list[str]:
        """Return the numbers of all entries, in order."""
        return [str(each.get("Number")) for each in self.entries]


async def edit_lists(
    context: TaskContext, entity: Mapping[str, Any], lists: MemberLists, edit: EditList
) -> dict[str, Edited]:
    """Edit each of the lists of an entity, and return what became of them by their names. Raises ThreeCxError.

    `entity` has the key, the number and the name. The lists that differ are sent in one update.
    """
    what = f"{lists.word} {name_entity(entity)}"
    edited: dict[str, Edited] = {}

    def edit_entity(read: Mapping[str, Any]) -> Mapping[str, Any]:
        edited.update({name: edit(read_entries(read, name, what)) for name in lists.names})
        return {name: each.entries for name, each in edited.items() if each.is_changed}

    key = {"Id": entity["Id"]}
    await context.change(lists.reader, lists.updater, key, edit_entity, what=what, query=lists.query)
    return edited


def has_user(entity: Mapping[str, Any], name: str, number: str) -> bool:
    """Return whether a list contains a user, or is incomplete, so that it may contain the user."""
    entries = entity.get(name)
    return (
        not _is_whole(entries)
        or f"{name}{_NEXT_PAGE}" in entity
        or any(each.get("Number") == number for each in entries)
    )


def read_entries(entity: Mapping[str, Any], name: str, what: str) -> list[Entry]:
    """Return the entries of a list without annotations. Raises BodyError where the PBX sent only a part of it."""
    entries = entity.get(name)
    if not _is_whole(entries) or f"{name}{_NEXT_PAGE}" in entity:
        raise BodyError(
            f"{what}: the PBX returned only a part of the list {name}, so it cannot be changed",
            description="An update replaces the whole list, and entries would be lost; change it in 3CX's console.",
            field=name,
            code="incomplete_list",
        )
    return [{key: value for key, value in each.items() if not key.startswith("@")} for each in entries]


def _is_whole(entries: Any) -> TypeGuard[list[Entry]]:
    return isinstance(entries, list) and all(isinstance(each, dict) for each in entries)


async def find_numbers(context: TaskContext, references: Iterable[Reference]) -> list[str]:
    """Return the extension numbers of users, each once. Raises ParameterError for one that is not there."""
    found = [str((await context.find(each))["Number"]) for each in references]
    return list(dict.fromkeys(found))


def add_entries(
    entries: Sequence[Entry], numbers: Sequence[str], fields: Mapping[str, Any], new: Mapping[str, Any]
) -> Edited:
    """Add the users that are missing at the end, with the fields `new`, and set `fields` of all of `numbers`."""
    known = {str(each.get("Number")) for each in entries}
    added = [each for each in numbers if each not in known]
    moved = [
        str(each["Number"])
        for each in entries
        if each.get("Number") in numbers and any(each.get(name) != value for name, value in fields.items())
    ]
    kept = [{**each, **fields} if each.get("Number") in moved else each for each in entries]
    return Edited([*kept, *({"Number": each, **new, **fields} for each in added)], added, moved, [])


def place_entries(entries: Sequence[Entry], numbers: Sequence[str], position: int) -> Edited:
    """Put users together at a position, counted from 1, in the order of `numbers`; those that are missing are added."""
    by_number = {str(each.get("Number")): each for each in entries}
    others = [each for each in entries if each.get("Number") not in numbers]
    placed = [by_number.get(each) or {"Number": each} for each in numbers]
    start = min(position - 1, len(others))
    ordered = [*others[:start], *placed, *others[start:]]
    added = [each for each in numbers if each not in by_number]
    after = [str(each.get("Number")) for each in ordered if each.get("Number") in by_number]
    moved = [each for each in numbers if each in by_number] if list(by_number) != after else []
    return Edited(ordered, added, moved, [])


def remove_entries(entries: Sequence[Entry], numbers: Sequence[str]) -> Edited:
    """Remove users; the others stay as they are."""
    removed = [str(each["Number"]) for each in entries if each.get("Number") in numbers]
    return Edited([each for each in entries if each.get("Number") not in numbers], [], [], removed)

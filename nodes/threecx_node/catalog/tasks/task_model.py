"""The declarations of tasks: operations that are made of several operations of 3CX's API.

A declaration is data: what a task takes, what it does to the PBX, which operations it uses and what it returns. The
code of a task is in the room `tasks`, under the same ID.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

TaskParameterType = Literal[
    "reference",  # an entity of the set `reference`: its number, its ID from a list, a user's e-mail address
    "string",
    "number",
    "boolean",
    "dateTime",  # a moment; one without an offset is in the time zone of the batch
    "date",
    "time",
    "options",  # one of `choices`
    "multiOptions",  # some of `choices`
    "fields",  # fields of the body of the operation `fields_of`
    "handle",  # the handle of a call; without it, that of the item
]

EDM_TYPES: Mapping[TaskParameterType, str] = {
    "reference": "String",
    "string": "String",
    "number": "Double",
    "boolean": "Boolean",
    "dateTime": "DateTimeOffset",
    "date": "Date",
    "time": "TimeOfDay",
    "options": "String",
    "multiOptions": "String",
    "fields": "String",
    "handle": "String",
}
"""The type of a parameter as the catalog names it, for a canvas and for descriptions."""


@dataclass(frozen=True, slots=True)
class TaskParameter:
    """One parameter of a task; `title` is its name for people, `description` a sentence for them.

    `choices` are the allowed values with their titles. `reference` is the entity set of a reference. With `multiple` it
    takes a list of values, and a text with commas as one. `fields_of` is the operation whose body has the fields. The
    `minimum` of a number is 0 where none is set. `shown_for` are the values of other parameters for which it means
    something, by their names: a canvas shows it for these alone. A parameter that `is_option` is seldom needed: a
    canvas shows it under Options. Of a moment that `ends_day`, a date alone is the end of that day, and otherwise its
    beginning.
    """

    name: str
    title: str
    type: TaskParameterType
    description: str
    required: bool = False
    default: str | float | bool | None = None
    placeholder: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    reference: str = ""
    multiple: bool = False
    fields_of: str = ""
    minimum: float | None = None
    maximum: float | None = None
    is_whole: bool = False
    shown_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_option: bool = False
    ends_day: bool = False


class _More(TypedDict, total=False):
    required: bool
    placeholder: str
    multiple: bool
    shown_for: Mapping[str, tuple[str, ...]]
    is_option: bool


_PLACEHOLDERS: Mapping[str, str] = {
    "Users": "e.g. 101",
    "Queues": "e.g. 800",
    "RingGroups": "e.g. 810",
    "Groups": "e.g. Sales",
    "CallControl": "e.g. 100",
}


def refer(name: str, title: str, entity_set: str, description: str, **more: Unpack[_More]) -> TaskParameter:
    """Return a parameter that names an entity of a set."""
    given: _More = {"placeholder": _PLACEHOLDERS.get(entity_set, ""), **more}
    return TaskParameter(name, title, "reference", description, reference=entity_set, **given)


def choose(
    name: str,
    title: str,
    description: str,
    *choices: tuple[str, str],
    default: str | None = None,
    **more: Unpack[_More],
) -> TaskParameter:
    """Return a parameter that is one of some values, which are given with their titles."""
    return TaskParameter(name, title, "options", description, default=default, choices=choices, **more)


def decide(
    name: str, title: str, description: str, *, default: bool = False, is_option: bool = False
) -> TaskParameter:
    """Return a parameter that is true or false."""
    return TaskParameter(name, title, "boolean", description, default=default, is_option=is_option)


def count(
    name: str,
    title: str,
    description: str,
    *,
    default: float | None = None,
    maximum: float | None = None,
    **more: Unpack[_More],
) -> TaskParameter:
    """Return a parameter that is a whole number from 1."""
    return TaskParameter(
        name, title, "number", description, default=default, minimum=1, maximum=maximum, is_whole=True, **more
    )


@dataclass(frozen=True, slots=True)
class TaskField:
    """One field of the item that a task returns, with its type as the catalog writes it ("Collection(String)")."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class Task:
    """One task; `resource` is the ID of a resource of the catalog, `uses` are the IDs of operations.

    `name` is that of the operation in the list of its resource ("Forward Calls"), `action` a sentence of it ("Forward
    calls of user"). A task `is_repeatable` if doing it a second time changes nothing more: one that was interrupted is
    then done again. `is_list` says that it returns any number of items, and not one. `summary` are the fields that
    Simplify keeps, where there are more.
    """

    id: str
    resource: str
    _: KW_ONLY
    name: str
    action: str
    description: str
    parameters: tuple[TaskParameter, ...]
    effect: Literal["read", "change"]
    uses: tuple[str, ...]
    returns: tuple[TaskField, ...]
    is_repeatable: bool = True
    is_list: bool = False
    summary: tuple[str, ...] = ()


ACTION = TaskField("action", "String", "Whether something was changed: updated or unchanged")
CHANGED = TaskField("changed", "Collection(String)", "The names of the fields that were changed")

"""Describe the fields of a request body for a canvas that maps values to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.call_control import PLACE_CALL, RESOURCE
from ..catalog.labels import describe_releases, title_of
from ..catalog.tasks.upserts import DEFAULT_MATCH, MATCH_ON
from ..options import WAIT_GOALS
from ..values.edm import EDM_TYPES
from .enum_choices import list_members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..catalog import Catalog, Property, TypeRef
    from ..catalog.tasks import Task

# A description names this many of the fields of an object or members of an enum.
_NAMED = 4
_KEY = "Id"
# The fields of operations on live calls, whose names say too little.
_OF_CALLS: Mapping[str, dict[str, Any]] = {
    "attacheddata": {"displayName": "Attached Data", "type": "object"},
    "timeout": {"displayName": "Ring Timeout (Seconds)"},
}
_WAIT_FIELDS: list[dict[str, Any]] = [
    {
        "id": "waitFor",
        "displayName": "Wait For",
        "type": "options",
        "required": False,
        "shown": True,
        "options": [{"name": each.title(), "value": each} for each in sorted(WAIT_GOALS)],
    },
    {"id": "waitTimeout", "displayName": "Wait Timeout (Seconds)", "type": "number", "required": False},
]


def describe_body_fields(catalog: Catalog, operation: str, release: str | None) -> list[dict[str, Any]]:
    """Return the top-level fields of an operation's body, the required ones first, then sorted by name.

    Each is `{"id", "displayName", "type", "required", "shown"?, "canBeUsedToMatch"?, "defaultMatch"?, "description"?,
    "options"?}`; one that is `shown` is offered at once, though it is not required. Of a task that finds an entity by
    some of its fields, those can be used to match. Raises UnknownNameError.
    """
    found = catalog.operation(operation)
    version = found.version(release)
    # The path of an update identifies its entity; a key in the body could only contradict it.
    keys = {each.name for each in version.parameters} if found.kind == "update" else set()
    required = catalog.required_fields(found)
    described = [
        _describe_field(catalog, each, release, required=name in required)
        for name, each in catalog.body_properties(version, release).items()
        if name not in keys
    ]
    if found.resource == RESOURCE:
        described = [each | _OF_CALLS.get(each["id"], {}) for each in described]
    if found.id == PLACE_CALL:
        described += _WAIT_FIELDS
    if found.task is not None:
        described = _mark_fields(found.task, described)
    return sorted(described, key=lambda each: (not each["required"], each["displayName"].casefold()))


def _mark_fields(task: Task, fields: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the fields that a task maps: those that it returns are shown, and those to match on marked."""
    usual = {each.name for each in task.returns}
    matched = {value for each in task.parameters if each.name == MATCH_ON for value, _ in each.choices}
    return [
        {
            **each,
            **({"shown": True} if each["id"] in usual else {}),
            **({"canBeUsedToMatch": True} if each["id"] in matched else {}),
            **({"defaultMatch": True} if each["id"] == DEFAULT_MATCH.get(task.id) else {}),
        }
        for each in fields
        # The entity is found by the fields to match on, and has its ID already.
        if each["id"] != _KEY
    ]


def _describe_field(
    catalog: Catalog, each: Property, release: str | None, *, required: bool
) -> dict[str, Any]:
    type_ref = each.type_in(release)
    members = list_members(catalog, type_ref.name, release)
    canvas_type = _choose_type(catalog, type_ref, has_members=bool(members))
    described: dict[str, Any] = {
        "id": each.name,
        "displayName": title_of(each.name),
        "type": canvas_type,
        "required": required,
    }
    if description := _describe(catalog, each, type_ref):
        described["description"] = description
    if canvas_type == "options":
        described["options"] = members
    return described


def _choose_type(catalog: Catalog, type_ref: TypeRef, *, has_members: bool) -> str:
    if type_ref.collection:
        return "array"
    if has_members:
        return "options"
    edm = EDM_TYPES.get(type_ref.name)
    if edm is None:
        return "object" if catalog.is_schema(type_ref.name) else "string"
    if edm.is_number:
        return "number"
    if edm.is_date:
        return "dateTime"
    return "boolean" if edm.kind == "boolean" else "string"


def _describe(catalog: Catalog, each: Property, type_ref: TypeRef) -> str:
    """Return what the name and the type do not say: the content of lists and objects, the length, the releases."""
    parts = [_describe_content(catalog, each, type_ref)]
    if each.releases is not None:
        releases = describe_releases(each.releases, catalog.releases)
        parts.append(releases[:1].lower() + releases[1:])
    return ", ".join(part for part in parts if part)


def _describe_content(catalog: Catalog, each: Property, type_ref: TypeRef) -> str:
    name, enum = type_ref.name, catalog.enums.get(type_ref.name)
    if enum is not None and type_ref.collection:
        return f"a list of {_name_some(enum.members)}"
    if enum is not None and enum.flags:
        return f"one or more, separated by commas, of {_name_some(enum.members)}"
    if catalog.is_schema(name):
        kind = "a list of objects" if type_ref.collection else "an object"
        return f"{kind} with {_name_some(tuple(catalog.properties(name)))}"
    if type_ref.collection:
        edm = EDM_TYPES.get(name)
        return f"a list of {'numbers' if edm is not None and edm.is_number else 'texts'}"
    return f"at most {each.max_length} characters" if each.max_length else ""


def _name_some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown}, …" if len(names) > _NAMED else shown

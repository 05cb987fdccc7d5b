"""Build the properties of a body's fields: some always shown, the others in groups from which a person adds them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...catalog.labels import describe_releases, title_of
from ...catalog.references import find_field_reference
from ...values.edm import EDM_TYPES
from .everyday_fields import (
    ACTION_FIELDS,
    ADDITIONAL,
    ENTRY_FIELDS,
    LAYOUTS,
    UNUSUAL_MEMBERS,
    BodyLayout,
    Field,
)
from .field_texts import FIELD_TEXTS
from .locators import draft_entity_locator
from .references import draft_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...catalog import Catalog, Operation, Property
    from ...descriptor.definition import Choice, NodeProperty

# Of a title in the imperative, the description of a boolean is made: "Whether to record calls".
_VERBS = (
    "Allow",
    "Announce",
    "Block",
    "Enable",
    "Forbid",
    "Hide",
    "Play",
    "Record",
    "Require",
    "Send",
    "Stop",
)
_SECRETS = ("Password", "PIN")
# Valid values of objects and lists that are written as JSON.
_EXAMPLES: Mapping[str, Any] = {
    "Pbx.Schedule": {
        "Type": "SpecificHours",
        "Periods": [{"DayOfWeek": "Monday", "Start": "08:00", "Stop": "17:00"}],
    },
    "Pbx.Route": {"Route": {"To": "Extension", "Number": "100"}},
}


def build_body_properties(catalog: Catalog, operation: Operation) -> Iterator[NodeProperty]:
    """Yield the fields of an operation's body: the shown ones, then the groups, without conditions."""
    version = operation.version()
    declared = catalog.body_properties(version, None)
    keys = {each.name for each in version.parameters} if operation.kind == "update" else set()
    schema = version.body if isinstance(version.body, str) else ""
    fields = ACTION_FIELDS.get(operation.id, ())
    layout = LAYOUTS.get(schema) or BodyLayout(fields, hidden=frozenset(declared))
    required = catalog.required_fields(operation)
    shown = [each for each in layout.shown if each.name in declared]
    owner = schema or operation.id

    def draft_group(parameter: str, title: str, names: list[str]) -> NodeProperty:
        texts = (layout.texts.get(name, Field(name)) for name in names)
        drafts = [_draft_field(catalog, owner, declared[each.name], each) for each in texts]
        return _draft_group(parameter, title, drafts)

    for each in shown:
        draft = _draft_field(catalog, owner, declared[each.name], each)
        if each.name in required:
            draft["required"] = True
        yield draft
    elsewhere = layout.hidden | keys | {each.name for each in layout.shown}
    left = [name for name, each in declared.items() if name not in elsewhere and _is_current(catalog, each)]
    for group in layout.groups:
        if names := [name for name in group.names if name in left]:
            left = [name for name in left if name not in names]
            yield draft_group(group.parameter, group.title, names)
    if left:
        yield draft_group(ADDITIONAL, "Additional Fields", left)


def _is_current(catalog: Catalog, declared: Property) -> bool:
    """Return whether the newest release has a field; the node with all operations has those of older ones too."""
    return declared.releases is None or catalog.releases[-1] in declared.releases


def _draft_group(parameter: str, title: str, drafts: list[NodeProperty]) -> NodeProperty:
    group: NodeProperty = {
        "displayName": title,
        "name": parameter,
        "type": "collection",
        "placeholder": "Add Field",
        "default": {},
        "options": sorted(drafts, key=lambda each: each["displayName"].casefold()),
    }
    if parameter == ADDITIONAL:
        group["description"] = "Only added fields are sent"
    return group


def _draft_field(catalog: Catalog, owner: str, declared: Property, texts: Field) -> NodeProperty:
    known_title, known_text = FIELD_TEXTS.get(declared.name, ("", ""))
    title = texts.title or known_title or title_of(declared.name)
    draft: NodeProperty = {"displayName": title, "name": declared.name, "type": "string", "default": ""}
    if texts.placeholder:
        draft["placeholder"] = texts.placeholder
    described = texts.description or known_text
    type_ref = declared.type
    entity = _draft_entity(catalog, owner, declared, texts)
    edm = EDM_TYPES.get(type_ref.name)
    enum = catalog.enums.get(type_ref.name)
    if entity is not None:
        draft.pop("placeholder", None)
        draft |= entity
    elif type_ref.name in ENTRY_FIELDS:
        draft |= _draft_entries(catalog, type_ref.name, title, is_list=type_ref.collection)
    elif catalog.is_schema(type_ref.name) or (type_ref.collection and enum is None):
        draft |= {
            # A list of whole numbers may be a text with commas, or the ID of an item.
            "type": "string" if edm is not None and edm.is_integer else "json",
            "placeholder": texts.placeholder or f"e.g. {make_example(catalog, declared)}",
        }
    elif enum is not None:
        unusual = UNUSUAL_MEMBERS.get(type_ref.name, ())
        choices = _list_choices([each for each in enum.members if each not in unusual])
        # Of flags, one is enough: a member of 3CX's has the meaning of several, such as Both.
        several = type_ref.collection
        draft |= {"type": "multiOptions" if several else "options", "options": choices}
        draft["default"] = [] if several else choices[0]["value"]
    elif edm is not None and edm.kind == "boolean":
        draft |= {"type": "boolean", "default": False}
        described = described or _describe_boolean(title)
    elif edm is not None and edm.is_number and not texts.placeholder:
        draft |= {"type": "number", "default": 0}
    elif edm is not None and edm.is_date:
        draft |= {"type": "dateTime"}
    elif declared.name.endswith(_SECRETS):
        draft["typeOptions"] = {"password": True}
    if declared.releases is not None:
        releases = describe_releases(declared.releases, catalog.releases)
        described = f"{described}; {releases[:1].lower()}{releases[1:]}" if described else releases
    if described:
        draft["description"] = described
    return draft


def _draft_entity(catalog: Catalog, owner: str, declared: Property, texts: Field) -> Any:
    """Return what a field has that names another entity, None for other fields."""
    if texts.reference:
        return draft_entity_locator(texts.reference, by_number=False)
    reference = None if declared.type.collection else find_field_reference(catalog, owner, declared)
    return None if reference is None else draft_reference(reference, texts.placeholder)


def _draft_entries(catalog: Catalog, type_name: str, title: str, *, is_list: bool) -> Any:
    """Return a fixed collection; a field of it is a text, because one that is left empty is not sent."""
    declared = catalog.properties(type_name)
    values = []
    for each in ENTRY_FIELDS[type_name]:
        draft = _draft_field(catalog, type_name, declared[each.name], each)
        if draft["type"] == "number":
            draft |= {"type": "string", "default": ""}
        values.append(draft)
    return {
        "type": "fixedCollection",
        "default": {},
        "placeholder": f"Add {title.removesuffix('s') if is_list else title}",
        **({"typeOptions": {"multipleValues": True}} if is_list else {}),
        "options": [{"displayName": title, "name": "values", "values": values}],
    }


def make_example(catalog: Catalog, declared: Property) -> str:
    """Return a valid value of an object or a list as JSON."""
    name = declared.type.name
    example = _EXAMPLES.get(name)
    if example is None:
        example = _make_object(catalog, name) if catalog.is_schema(name) else _make_simple(catalog, name)
    return json.dumps([example] if declared.type.collection else example)


def _make_object(catalog: Catalog, name: str) -> dict[str, Any]:
    simple = {
        each.name: _make_simple(catalog, each.type.name)
        for each in catalog.properties(name).values()
        if not each.type.collection and not catalog.is_schema(each.type.name) and each.name != "Id"
    }
    return dict(list(simple.items())[:3])


def _make_simple(catalog: Catalog, name: str) -> Any:
    if enum := catalog.enums.get(name):
        return enum.members[0]
    edm = EDM_TYPES.get(name)
    if edm is None or not (edm.is_number or edm.kind == "boolean"):
        return "08:00" if name == "TimeOfDay" else "text"
    return 1 if edm.is_number else True


def _list_choices(members: list[str]) -> list[Choice]:
    choices: list[Choice] = [{"name": title_of(each), "value": each} for each in members]
    return sorted(choices, key=lambda each: each["name"].casefold())


def _describe_boolean(title: str) -> str:
    words = title[:1].lower() + title[1:]
    return f"Whether to {words}" if title.startswith(_VERBS) else f"Whether {title} is on"

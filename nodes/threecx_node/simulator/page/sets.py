"""Prepare sets and entities for the page: groups of sets, columns of a table, parts of an entity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...catalog.summary_fields import label_fields, simple_fields
from .masking import MASK, escape_invisible, is_secret, mask_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..odata.records import Entity
    from ..odata.release_model import EntitySet, ReleaseModel, SchemaField

_GROUPS: Mapping[str, str] = {
    "Call routing": (
        "CallFlowApps Queues RingGroups Receptionists Parkings Trunks DidNumbers InboundRules OutboundRules "
        "Holidays CallFlowScripts Playlists CustomPrompts PromptSets"
    ),
    "People": "Users Groups Contacts Fax ServicePrincipals Peers WebsiteLinks EmergencyGeoLocations",
    "Calls and chats": (
        "ActiveCalls CallHistoryView Recordings ChatHistoryView ChatMessagesHistoryView "
        "LastCdrAndChatMessageTimestamp ScheduledReports ReportGroup CallCostSettings"
    ),
    "Devices": (
        "DeviceInfos SipDevices Sbcs Fxs Firmwares PhoneLogos PhoneTemplates FxsTemplates TrunkTemplates"
    ),
    "Security": "Blocklist BlackListNumbers OAuthClients MyTokens SecurityTokens",
}
# The group of all other sets, and of the sets of newer releases.
_LAST_GROUP = "System"
_SHORT = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A displayed value; `kind` is text, number, yes, no, none, secret or json."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of an entity: its name, its type as 3CX calls it, its value."""

    name: str
    type: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class EntityParts:
    """An entity in full: plain fields, nested ones, linked entities, and the names of empty fields."""

    plain: list[FieldRow]
    nested: list[FieldRow]
    linked: list[FieldRow]
    empty: list[str]


def group_sets(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of sets by group."""
    left = sorted(names)
    groups: dict[str, list[str]] = {}
    for title, members in _GROUPS.items():
        groups[title] = [name for name in members.split() if name in left]
        left = [name for name in left if name not in groups[title]]
    groups[_LAST_GROUP] = left
    return {title: members for title, members in groups.items() if members}


def choose_columns(model: ReleaseModel, entity_set: EntitySet) -> list[str]:
    """Return the fields for a list: the key first, then the most informative ones."""
    fields = model.schema(entity_set.schema)
    chosen = [name for name in simple_fields(model.catalog, entity_set.schema) if name in fields]
    key = [entity_set.key] if entity_set.key else []
    return [*key, *(name for name in chosen if name not in key)]


def build_label(model: ReleaseModel, schema: str, entity: Entity) -> str:
    """Return the name of an entity, or its number, or an empty text."""
    if not model.catalog.is_schema(schema):
        return ""
    names = [*label_fields(model.catalog, schema)]
    parts = [str(entity[name]) for name in names if entity.get(name)]
    return escape_invisible(" ".join(parts) or str(entity.get("Number") or ""))


def format_short_cell(name: str, value: Any) -> Cell:
    """Return a value for a list; a long text is cut."""
    shown = format_cell(name, value)
    return shown if len(shown.text) <= _SHORT else Cell(f"{shown.text[:_SHORT]}…", shown.kind)


def format_cell(name: str, value: Any) -> Cell:
    """Return a value in full."""
    if value is None or value in ("", [], {}):
        return Cell("–", "none")
    if isinstance(value, bool):
        return Cell("yes", "yes") if value else Cell("no", "no")
    if isinstance(value, int | float):
        return Cell(str(value), "number")
    if isinstance(value, str):
        return Cell(MASK, "secret") if is_secret(name) else Cell(escape_invisible(value))
    shown = mask_value(value, secret=is_secret(name))
    return Cell(escape_invisible(json.dumps(shown, ensure_ascii=False, indent=2)), "json")


def split_entity(
    model: ReleaseModel, schema: str, entity: Entity, linked: Mapping[str, Any], first: Sequence[str]
) -> EntityParts:
    """Return the parts of an entity, with the fields in `first` first; `linked` has the linked entities."""
    fields = model.schema(schema)
    parts = EntityParts([], [], [], [])
    for name in [*first, *(name for name in fields if name not in first)]:
        field = fields[name]
        if field.navigation:
            _add_row(parts, parts.linked, field, linked.get(name))
        elif field.collection or field.kind == "complex":
            _add_row(parts, parts.nested, field, entity.get(name))
        else:
            _add_row(parts, parts.plain, field, entity.get(name))
    return parts


def matches(entity: Entity, search: str) -> bool:
    """Return whether every word of `search` occurs in a plain value of the entity, in any case."""
    # A word of a search has no line break, so that it cannot match across two values.
    text = "\n".join(
        str(value)
        for name, value in entity.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and not is_secret(name)
    ).casefold()
    return all(word in text for word in search.casefold().split())


def _add_row(parts: EntityParts, rows: list[FieldRow], field: SchemaField, value: Any) -> None:
    shown = format_cell(field.name, value)
    if shown.kind == "none":
        parts.empty.append(field.name)
        return
    kind = f"Collection({field.type})" if field.collection else field.type
    rows.append(FieldRow(field.name, kind, shown))

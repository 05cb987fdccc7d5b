"""How the page arranges what a PBX holds: groups of sets, columns of a table, parts of an entity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog import labels
from ..catalog.summary_fields import label_fields, simple_fields
from .masking import MASK, is_secret, masked, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .model import EntitySet, Field, Model
    from .state import Entity

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
# Where everything goes that no group names, and what a newer PBX brings.
_LAST_GROUP = "System"
_SHORT = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is shown; `kind` is text, number, yes, no, none, secret or json."""

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
    """An entity in full: plain fields, nested ones, those of other entities, and the names of empty ones."""

    plain: list[FieldRow]
    nested: list[FieldRow]
    linked: list[FieldRow]
    empty: list[str]


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """Set names by group, each in the order in which a person looks for them."""
    left = sorted(names)
    groups: dict[str, list[str]] = {}
    for title, members in _GROUPS.items():
        groups[title] = [name for name in members.split() if name in left]
        left = [name for name in left if name not in groups[title]]
    groups[_LAST_GROUP] = left
    return {title: members for title, members in groups.items() if members}


def title_of(name: str) -> str:
    """A set's name for people: "Call Flow Apps"."""
    return labels.title_of(name)


def columns(model: Model, entity_set: EntitySet) -> list[str]:
    """The fields that a list shows: the key first, then what tells most."""
    fields = model.schema(entity_set.schema)
    chosen = [name for name in simple_fields(model.catalog, entity_set.schema) if name in fields]
    key = [entity_set.key] if entity_set.key else []
    return [*key, *(name for name in chosen if name not in key)]


def label(model: Model, schema: str, entity: Entity) -> str:
    """What an entity is called; its number or nothing where it has no name."""
    if not model.catalog.is_schema(schema):
        return ""
    names = [*label_fields(model.catalog, schema)]
    parts = [str(entity[name]) for name in names if entity.get(name)]
    return readable(" ".join(parts) or str(entity.get("Number") or ""))


def short_cell(name: str, value: Any) -> Cell:
    """A value as a list shows it: of a long text the beginning."""
    shown = cell(name, value)
    return shown if len(shown.text) <= _SHORT else Cell(f"{shown.text[:_SHORT]}…", shown.kind)


def cell(name: str, value: Any) -> Cell:
    """A value in full."""
    if value is None or value in ("", [], {}):
        return Cell("–", "none")
    if isinstance(value, bool):
        return Cell("yes", "yes") if value else Cell("no", "no")
    if isinstance(value, int | float):
        return Cell(str(value), "number")
    if isinstance(value, str):
        return Cell(MASK, "secret") if is_secret(name) else Cell(readable(value))
    shown = masked(value, secret=is_secret(name))
    return Cell(readable(json.dumps(shown, ensure_ascii=False, indent=2)), "json")


def parts_of(
    model: Model, schema: str, entity: Entity, linked: Mapping[str, Any], first: Sequence[str]
) -> EntityParts:
    """An entity's fields as a person reads them, the fields of `first` first; `linked` has navigation ones."""
    fields = model.schema(schema)
    parts = EntityParts([], [], [], [])
    for name in [*first, *(name for name in fields if name not in first)]:
        field = fields[name]
        if field.navigation:
            _add(parts, parts.linked, field, linked.get(name))
        elif field.collection or field.kind == "complex":
            _add(parts, parts.nested, field, entity.get(name))
        else:
            _add(parts, parts.plain, field, entity.get(name))
    return parts


def matches(entity: Entity, search: str) -> bool:
    """Whether every word of `search` is in some plain value of the entity, whatever its case."""
    # No word of a search has a line break: none is found across two values.
    text = "\n".join(
        str(value)
        for name, value in entity.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and not is_secret(name)
    ).casefold()
    return all(word in text for word in search.casefold().split())


def _add(parts: EntityParts, rows: list[FieldRow], field: Field, value: Any) -> None:
    shown = cell(field.name, value)
    if shown.kind == "none":
        parts.empty.append(field.name)
        return
    kind = f"Collection({field.type})" if field.collection else field.type
    rows.append(FieldRow(field.name, kind, shown))

"""Find the lists in a body that replace stored ones as a whole, and the operation that reads the stored ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .catalog import Catalog
    from .models import Operation, Property

_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class ReplacedLists:
    """The lists that an operation replaces.

    `fields` are the properties of the entity in its body, `names` those of them that are lists of objects or contain
    some. `reader` gets the stored entity. An action that changes several entities has their IDs in its body under `ids`
    and the entity under `member`, and `reader` lists its set; otherwise both are empty.
    """

    fields: Mapping[str, Property]
    names: frozenset[str]
    reader: Operation
    member: str = ""
    ids: str = ""


def find_replaced_lists(catalog: Catalog, operation: Operation, release: str | None) -> ReplacedLists | None:
    """Return the lists that an operation replaces in `release`, None where it replaces none."""
    version = operation.version(release)
    fields = catalog.body_properties(version, release)
    reader, member, ids = None, "", ""
    if operation.kind == "update":
        reader = catalog.reader(operation, release)
    elif operation.kind == "action" and version.key is None:
        member, ids = _find_several(catalog, fields)
        if member:
            fields = catalog.properties_in(fields[member].type.name, release)
            reader = catalog.listing(version.entity_set, release)
    names = frozenset(name for name, each in fields.items() if _contains_list(catalog, each, release, 0))
    return ReplacedLists(fields, names, reader, member, ids) if reader is not None and names else None


def _find_several(catalog: Catalog, fields: Mapping[str, Property]) -> tuple[str, str]:
    """Return the names of the entity and of the IDs in an action's body; empty where it does not have one of each."""
    ids = [name for name, each in fields.items() if each.type.collection and each.type.name == "Int32"]
    members = [
        name
        for name, each in fields.items()
        if not each.type.collection and catalog.is_schema(each.type.name)
    ]
    return (members[0], ids[0]) if len(members) == len(ids) == 1 else ("", "")


def _contains_list(catalog: Catalog, declared: Property, release: str | None, depth: int) -> bool:
    if not catalog.is_schema(declared.type.name):
        return False
    if declared.type.collection:
        return True
    if declared.navigation or depth > _DEEPEST:
        return False
    inner = catalog.properties_in(declared.type.name, release)
    return any(_contains_list(catalog, each, release, depth + 1) for each in inner.values())

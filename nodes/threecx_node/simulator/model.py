"""The API of one release as the server needs it: schemas, enums, entity sets, singletons.

Compiled from the catalog once per process and release, never changed afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from .earlier import shape_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..catalog import Catalog, Operation, OperationVersion, Property

FieldKind = Literal["primitive", "enum", "complex"]

_KEYED_SET = re.compile(r"^/(?P<set>\w+)\(\{(?P<key>\w+)\}\)(?:/|$)")
_SINGLE_NAME = re.compile(r"^/\w+$")

# What makes a schema a DN's: it has these three properties and is a set of its own.
_DN_PROPERTIES = frozenset({"Id", "Number", "TranscriptionMode"})

# Sets that no path addresses by key, and whose schema has no `Id`.
_KEYS_WITHOUT_PATH = {
    "CallHistoryView": "SegmentId",
    "ChatMessagesHistoryView": "MessageId",
    "Countries": "Name",
    "DidNumbers": "Number",
    "PhoneLogos": "Filename",
    "ReportGroup": "GroupID",
    "Services": "Name",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a schema in this release."""

    name: str
    type: str
    kind: FieldKind
    collection: bool
    nullable: bool
    navigation: bool
    max_length: int | None


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A set of entities; `key` is None where rows have no property that names them."""

    name: str
    schema: str
    key: str | None
    key_type: str
    is_dn: bool


class Model:
    """One release's facts; schemas are compiled when first asked for."""

    def __init__(self, catalog: Catalog, release: str) -> None:
        self.catalog = catalog
        self.release = catalog.check_release(release)
        self._schemas: dict[str, Mapping[str, Field]] = {}
        self._enums: dict[str, frozenset[str]] = {}

    def schema(self, name: str) -> Mapping[str, Field]:
        """The fields of a schema that this release has."""
        found = self._schemas.get(name)
        if found is None:
            found = self._schemas[name] = {
                field.name: field for field in self._fields(self.catalog.properties(name).values())
            }
        return found

    def body_fields(self, shape: OperationVersion) -> Mapping[str, Field]:
        """The fields that a body of `shape` may hold."""
        if isinstance(shape.body, str):
            return self.schema(shape.body)
        return {field.name: field for field in self._fields((shape.body or {}).values())}

    def enum(self, name: str) -> frozenset[str]:
        """The members of an enum in this release."""
        found = self._enums.get(name)
        if found is None:
            found = self._enums[name] = frozenset(self.catalog.enums[name].members_in(self.release))
        return found

    def first_member(self, name: str) -> str:
        """The enum's member that a new entity gets where nothing else is known."""
        return self.catalog.enums[name].members_in(self.release)[0]

    def is_flags(self, name: str) -> bool:
        """Whether values of the enum may be several members with commas between them."""
        return self.catalog.enums[name].flags

    def shapes(self) -> Iterator[tuple[Operation, OperationVersion]]:
        """Every operation that this release has, with its shape."""
        for operation in self.catalog.operations(release=self.release):
            yield operation, shape_in(operation.id, operation.version(self.release), self.release)

    @cached_property
    def sets(self) -> Mapping[str, EntitySet]:
        """The entity sets by name: all that can be listed, or read by a key (CRM templates have no list)."""
        keys: dict[str, str] = {}
        schemas: dict[str, str] = {}
        for operation, shape in self.shapes():
            if operation.kind == "list" and _SINGLE_NAME.match(shape.path):
                schemas[shape.path[1:]] = shape.returns.type
            elif match := _KEYED_SET.match(shape.path):
                keys.setdefault(match["set"], match["key"])
                if operation.kind == "get" and match.end() == len(shape.path):
                    schemas.setdefault(match["set"], shape.returns.type)
        return {name: self._entity_set(name, schema, keys.get(name)) for name, schema in schemas.items()}

    @cached_property
    def singletons(self) -> Mapping[str, str]:
        """The schema of every singleton by name."""
        return {
            shape.path[1:]: shape.returns.type
            for operation, shape in self.shapes()
            if operation.kind == "get" and _SINGLE_NAME.match(shape.path)
        }

    @cached_property
    def dn_schemas(self) -> frozenset[str]:
        """The schemas whose entities have a number of the dial plan."""
        return frozenset(entity_set.schema for entity_set in self.sets.values() if entity_set.is_dn)

    def _entity_set(self, name: str, schema: str, key: str | None) -> EntitySet:
        fields = self.schema(schema)
        key = key or ("Id" if "Id" in fields else _KEYS_WITHOUT_PATH.get(name))
        if key not in fields:
            key = None
        return EntitySet(
            name, schema, key, fields[key].type if key else "Int32", is_dn=fields.keys() >= _DN_PROPERTIES
        )

    def _fields(self, properties: Iterable[Property]) -> Iterator[Field]:
        for item in properties:
            if item.releases is not None and self.release not in item.releases:
                continue
            edm = item.type_in(self.release)
            name = edm.name
            kind: FieldKind = "primitive"
            if name in self.catalog.enums:
                kind = "enum"
            elif self.catalog.is_schema(name):
                kind = "complex"
            yield Field(
                item.name,
                name,
                kind,
                edm.collection,
                edm.nullable,
                item.navigation,
                item.max_length,
            )


@lru_cache(maxsize=16)
def model_of(catalog: Catalog, release: str) -> Model:
    """The model of `release`; raises UnknownNameError where the catalog does not hold it."""
    return Model(catalog, release)

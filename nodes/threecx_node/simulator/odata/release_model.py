"""The API of one release: schemas, enums, entity sets, singletons, operations.

A model is compiled from the catalog once per process and release, and never changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from ...catalog import BASE_PATH
from ...catalog.earlier_returns import restore_returns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...catalog import Catalog, Operation, OperationVersion, Property

FieldKind = Literal["primitive", "enum", "complex"]

_KEYED_SET = re.compile(r"^/(?P<set>\w+)\(\{(?P<key>\w+)\}\)(?:/|$)")
_SINGLE_NAME = re.compile(r"^/\w+$")

# A schema with these three properties describes a DN.
_DN_PROPERTIES = frozenset({"Id", "Number", "TranscriptionMode"})

# Keys of sets that no path addresses by key and whose schema has no `Id`.
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
class SchemaField:
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
    """A set of entities; `key` is None if no property identifies them. The entities of a DN set have a number."""

    name: str
    schema: str
    key: str | None
    key_type: str
    is_dn: bool


class ReleaseModel:
    """The facts of one release; schemas are compiled on first use."""

    def __init__(self, catalog: Catalog, release: str) -> None:
        self.catalog = catalog
        self.release = catalog.check_release(release)
        self._schemas: dict[str, Mapping[str, SchemaField]] = {}
        self._enums: dict[str, frozenset[str]] = {}

    def schema(self, name: str) -> Mapping[str, SchemaField]:
        """Return the fields of a schema in this release, by name."""
        found = self._schemas.get(name)
        if found is None:
            found = self._schemas[name] = {
                field.name: field for field in self._fields(self.catalog.properties(name).values())
            }
        return found

    def find_field(self, schema: str, name: str) -> SchemaField | None:
        """Return a property by its name in any case, None for an unknown or ambiguous one; the exact name wins."""
        fields = self.schema(schema)
        if (found := fields.get(name)) is not None:
            return found
        folded = name.casefold()
        found_all = [field for field in fields.values() if field.name.casefold() == folded]
        return found_all[0] if len(found_all) == 1 else None

    def body_fields(self, version: OperationVersion) -> Mapping[str, SchemaField]:
        """Return the fields that a body of `version` may have, by name."""
        if isinstance(version.body, str):
            return self.schema(version.body)
        return {field.name: field for field in self._fields((version.body or {}).values())}

    def enum(self, name: str) -> frozenset[str]:
        """Return the members of an enum in this release."""
        found = self._enums.get(name)
        if found is None:
            found = self._enums[name] = frozenset(self.catalog.enums[name].members_in(self.release))
        return found

    def first_member(self, name: str) -> str:
        """Return the member of an enum that a new entity gets by default."""
        return self.catalog.enums[name].members_in(self.release)[0]

    def is_flags(self, name: str) -> bool:
        """Return whether a value of the enum may be several members, separated by commas."""
        return self.catalog.enums[name].flags

    def operations(self) -> Iterator[tuple[Operation, OperationVersion]]:
        """Yield every operation of the Configuration API in this release, with its version."""
        for operation in self.catalog.operations(release=self.release):
            version = operation.version(self.release)
            if version.base_path == BASE_PATH:
                yield operation, restore_returns(operation.id, version, self.release)

    @cached_property
    def sets(self) -> Mapping[str, EntitySet]:
        """The entity sets by name: those that can be listed, or read by a key (CRM templates have no list)."""
        keys: dict[str, str] = {}
        schemas: dict[str, str] = {}
        for operation, version in self.operations():
            if operation.kind == "list" and _SINGLE_NAME.match(version.path):
                schemas[version.path[1:]] = version.returns.type
            elif match := _KEYED_SET.match(version.path):
                keys.setdefault(match["set"], match["key"])
                if operation.kind == "get" and match.end() == len(version.path):
                    schemas.setdefault(match["set"], version.returns.type)
        return {name: self._entity_set(name, schema, keys.get(name)) for name, schema in schemas.items()}

    @cached_property
    def singletons(self) -> Mapping[str, str]:
        """The schema of every singleton by name."""
        return {
            version.path[1:]: version.returns.type
            for operation, version in self.operations()
            if operation.kind == "get" and _SINGLE_NAME.match(version.path)
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

    def _fields(self, properties: Iterable[Property]) -> Iterator[SchemaField]:
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
            yield SchemaField(
                item.name,
                name,
                kind,
                edm.collection,
                edm.nullable,
                item.navigation,
                item.max_length,
            )


@lru_cache(maxsize=16)
def load_model(catalog: Catalog, release: str) -> ReleaseModel:
    """Return the model of `release`; raise UnknownNameError for a release that the catalog does not have."""
    return ReleaseModel(catalog, release)

"""The catalog as objects, made only when asked for: loading it is parsing one JSON file.

The file's shape (written by `codegen/catalog/writer.py`, types as in OData's EDM without their prefix):

    {"format": 1, "releases": ["20.0.4", …],
     "resources":  {"Users": {"name": "Users", "singular": "user"}},
     "operations": {"GetUser": {"resource", "kind", "name", "action", "description"?, "releases"?, "shapes": [
         {"releases"?, "method", "path", "parameters"?: {"Id": "Int32"}, "ifMatch"?, "query"?: ["$select"],
          "body"?: "Pbx.User" or {"properties": {…}}, "returns"?: {"entity": "Pbx.User"}}]}},
     "schemas":    {"Pbx.User": {"releases"?, "properties": {"Id": "Int32", "Groups": {"type", "releases"?,
                   "navigation"?, "maxLength"?, "earlier"?: {"String": ["20.0.4"]}}}}},
     "enums":      {"Pbx.PeerType": {"members": [...], "flags"?, "releases"?: {"None": ["20.0.4"]}}}}

`releases` is left out where it is all of the catalog's (for an operation or schema) or all of its owner's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ..errors import ConfigurationError, UnknownNameError

FORMAT = 1

Kind = Literal["list", "get", "create", "update", "delete", "function", "action"]
ReturnKind = Literal["entity", "collection", "value", "file", "nothing"]

_COLLECTION = re.compile(r"^Collection\((?P<item>[^()]+)\)(?P<null>\?)?$")


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type: an EDM primitive ("Int32") or a named one ("Pbx.User"), alone or in a collection."""

    name: str
    collection: bool = False
    nullable: bool = False

    @classmethod
    def parse(cls, text: str) -> TypeRef:
        """From "Int32", "String?", "Pbx.Route?", "Collection(Pbx.Group)"."""
        if match := _COLLECTION.match(text):
            return cls(match["item"], collection=True, nullable=bool(match["null"]))
        return cls(text.removesuffix("?"), nullable=text.endswith("?"))

    def __str__(self) -> str:
        return f"Collection({self.name})" if self.collection else self.name


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed parameter of a path: a key or a function's argument.

    An `optional` one is an argument that says "all" when it is empty; it is still written, as `''`.
    """

    name: str
    type: str
    max_length: int | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a schema; `releases` is None where every release of the schema has it.

    `earlier` holds the types that it had in releases before it became `type`.
    """

    name: str
    type: TypeRef
    navigation: bool = False
    max_length: int | None = None
    releases: tuple[str, ...] | None = None
    earlier: Mapping[str, TypeRef] = field(default_factory=dict)

    def type_in(self, release: str | None) -> TypeRef:
        """Its type in `release`, the newest where that is None."""
        return self.earlier.get(release, self.type) if release else self.type


@dataclass(frozen=True, slots=True)
class Returns:
    """What a success brings: kind and, but for nothing, the type."""

    kind: ReturnKind
    type: str = ""


@dataclass(frozen=True, slots=True)
class OperationVersion:
    """How an operation looks on the wire in some releases.

    `body` is a schema's name, a mapping of properties (an action's parameters) or None.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    query: tuple[str, ...]
    if_match: bool
    body: str | Mapping[str, Property] | None
    returns: Returns
    releases: tuple[str, ...]

    @property
    def is_paged(self) -> bool:
        """Whether the answer is a list that comes page by page; a file takes `$top` too, but comes as a whole."""
        return self.returns.kind == "collection" and "$top" in self.query


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation id over all releases; `shapes` run from the oldest to the newest."""

    id: str
    resource: str
    kind: Kind
    name: str
    action: str
    releases: tuple[str, ...]
    versions: tuple[OperationVersion, ...]
    description: str = ""

    def version(self, release: str | None = None) -> OperationVersion:
        """How it looks in `release`; without one, or in a release the catalog does not know, the newest."""
        for version in self.versions:
            if release in version.releases:
                return version
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enumeration; `only` names the releases of members that some releases lack."""

    name: str
    members: tuple[str, ...]
    flags: bool = False
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def members_in(self, release: str | None) -> tuple[str, ...]:
        """Members of `release`, or of all releases where it is None."""
        if release is None or not self.only:
            return self.members
        return tuple(member for member in self.members if release in self.only.get(member, (release,)))


class Catalog:
    """Operations, schemas and enums by name; objects are made on first use and kept."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._operations: dict[str, Operation] = {}
        self._schemas: dict[str, Mapping[str, Property]] = {}
        self.releases: tuple[str, ...] = tuple(document["releases"])

    @property
    def newest(self) -> str:
        """The newest release."""
        return self.releases[-1]

    @property
    def resources(self) -> Mapping[str, Mapping[str, str]]:
        """Each resource's `name` ("Call Flow Apps") and `singular` ("call flow app")."""
        resources: Mapping[str, Mapping[str, str]] = self._document["resources"]
        return resources

    @property
    def operation_ids(self) -> tuple[str, ...]:
        """All operation ids, sorted."""
        return tuple(self._document["operations"])

    def operation(self, operation_id: str) -> Operation:
        """The operation; raises UnknownNameError that names the nearest one."""
        if found := self._operations.get(operation_id):
            return found
        raw = self._document["operations"].get(operation_id)
        if raw is None:
            raise UnknownNameError(
                f"there is no operation {operation_id!r}",
                description=nearest_hint(operation_id, self.operation_ids)
                or "`threecx operations` lists them all.",
            )
        made = self._operations[operation_id] = self._make_operation(operation_id, raw)
        return made

    def operations(self, *, resource: str | None = None, release: str | None = None) -> Iterator[Operation]:
        """Operations in order of id, of one resource, of one release; unknown ones raise UnknownNameError."""
        if resource is not None:
            resource = self.resource_id(resource)
        if release is not None:
            self.check_release(release)
        for operation_id in self.operation_ids:
            raw = self._document["operations"][operation_id]
            if resource is not None and raw["resource"] != resource:
                continue
            if release is not None and release not in raw.get("releases", self.releases):
                continue
            yield self.operation(operation_id)

    def resource_id(self, name: str) -> str:
        """The resource that `name` means: its id or its name, in any case, with or without spaces."""
        wanted = name.replace(" ", "").casefold()
        for resource in self.resources:
            if wanted in (resource.casefold(), self.resources[resource]["name"].replace(" ", "").casefold()):
                return resource
        raise UnknownNameError(
            f"there is no resource {name!r}", description=nearest_hint(name, tuple(self.resources))
        )

    def check_release(self, release: str) -> str:
        """`release` itself; raises UnknownNameError when the catalog does not hold it."""
        if release not in self.releases:
            known = ", ".join(self.releases)
            raise UnknownNameError(
                f"the catalog holds no release {release!r}", description=f"It holds {known}."
            )
        return release

    def release_of(self, version: str) -> str | None:
        """The catalog's release that a PBX of `version` ("20.0.7.814") offers, None where it cannot tell.

        A PBX newer than the catalog is taken as the newest release, one between two as the older.
        """
        numbers = _numbers(version)
        if not numbers:
            return None
        fitting = [release for release in self.releases if _numbers(release)[:3] <= numbers[:3]]
        return fitting[-1] if fitting else self.releases[0]

    @property
    def schema_names(self) -> tuple[str, ...]:
        """All schemas with properties, sorted."""
        return tuple(self._document["schemas"])

    def schemas_in(self, release: str) -> tuple[str, ...]:
        """The schemas with properties that `release` has, sorted."""
        schemas = self._document["schemas"]
        return tuple(name for name in schemas if release in schemas[name].get("releases", self.releases))

    def is_schema(self, name: str) -> bool:
        """Whether `name` is a schema with properties."""
        return name in self._document["schemas"]

    def properties(self, schema: str) -> Mapping[str, Property]:
        """The properties of a schema over all releases, bases merged."""
        if (found := self._schemas.get(schema)) is None:
            raw = self._document["schemas"][schema]["properties"]
            found = self._schemas[schema] = {name: _property(name, value) for name, value in raw.items()}
        return found

    @cached_property
    def enums(self) -> Mapping[str, Enum]:
        """All enums by name."""
        return {
            name: Enum(
                name,
                tuple(raw["members"]),
                flags=raw.get("flags", False),
                only={member: tuple(releases) for member, releases in raw.get("releases", {}).items()},
            )
            for name, raw in self._document["enums"].items()
        }

    def required_fields(self, operation: Operation) -> tuple[str, ...]:
        """What the operation's body must hold. OData: an action's parameter that may not be null must be given.

        An entity's fields have defaults, and one that some releases lack cannot be asked for: those refuse it.
        """
        if not isinstance(operation.versions[-1].body, Mapping):
            return ()
        bodies = [self.body_properties(shape, None) for shape in operation.versions]
        return tuple(
            name
            for name, each in bodies[-1].items()
            if not each.type.nullable and each.releases is None and all(name in body for body in bodies)
        )

    def body_properties(self, shape: OperationVersion, release: str | None = None) -> Mapping[str, Property]:
        """What a body of `shape` may hold in `release` (None: in any), empty where it takes none."""
        if shape.body is None:
            return {}
        declared = self.properties(shape.body) if isinstance(shape.body, str) else shape.body
        if release is None:
            return declared
        return {
            name: value
            for name, value in declared.items()
            if value.releases is None or release in value.releases
        }

    def _make_operation(self, operation_id: str, raw: Mapping[str, Any]) -> Operation:
        releases = tuple(raw.get("releases", self.releases))
        shapes = tuple(_shape(value, releases) for value in raw["shapes"])
        if not shapes:
            raise ConfigurationError(f"the catalog's operation {operation_id} has no shape")
        return Operation(
            operation_id,
            raw["resource"],
            raw["kind"],
            raw["name"],
            raw["action"],
            releases,
            shapes,
            raw.get("description", ""),
        )


def nearest_hint(name: str, known: tuple[str, ...]) -> str:
    """A sentence that names the nearest known name, or nothing."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.replace(" ", "").casefold(), folded, n=1, cutoff=0.5)
    return f"Did you mean {folded[close[0]]!r}?" if close else ""


def _shape(raw: Mapping[str, Any], releases: tuple[str, ...]) -> OperationVersion:
    body = raw.get("body")
    returned = raw.get("returns", {})
    kind: ReturnKind = next(iter(returned), "nothing")
    return OperationVersion(
        method=raw["method"],
        path=raw["path"],
        parameters=tuple(_parameter(name, value) for name, value in raw.get("parameters", {}).items()),
        query=tuple(raw.get("query", ())),
        if_match=raw.get("ifMatch", False),
        body={name: _property(name, value) for name, value in body["properties"].items()}
        if isinstance(body, Mapping)
        else body,
        returns=Returns(kind, returned.get(kind, "")),
        releases=tuple(raw.get("releases", releases)),
    )


def _parameter(name: str, raw: str | Mapping[str, Any]) -> Parameter:
    if isinstance(raw, str):
        return Parameter(name, raw)
    return Parameter(name, raw["type"], raw.get("maxLength"), raw.get("optional", False))


def _property(name: str, raw: str | Mapping[str, Any]) -> Property:
    if isinstance(raw, str):
        return Property(name, TypeRef.parse(raw))
    releases = raw.get("releases")
    return Property(
        name,
        TypeRef.parse(raw["type"]),
        navigation=raw.get("navigation", False),
        max_length=raw.get("maxLength"),
        releases=tuple(releases) if releases else None,
        earlier={
            release: TypeRef.parse(text)
            for text, earlier in raw.get("earlier", {}).items()
            for release in earlier
        },
    )


def _numbers(version: str) -> tuple[int, ...]:
    parts = re.findall(r"\d+", version)
    return tuple(int(part) for part in parts)

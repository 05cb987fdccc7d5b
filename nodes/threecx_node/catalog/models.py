"""The dataclasses of the catalog: operations with their versions, parameters, properties, types and enums."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from threecx_credentials.fields import BASE_PATH

from .path_template import PathTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tasks.task_model import Task

__all__ = [
    "BASE_PATH",
    "Enum",
    "Kind",
    "Operation",
    "OperationVersion",
    "Parameter",
    "Property",
    "ReturnKind",
    "Returns",
    "TypeRef",
    "Upload",
]

Kind = Literal["list", "get", "create", "update", "delete", "function", "action", "task"]
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
        """Parse a type as the catalog writes it: `Int32`, `String?`, `Pbx.Route?`, `Collection(Pbx.Group)`."""
        if match := _COLLECTION.match(text):
            return cls(match["item"], collection=True, nullable=bool(match["null"]))
        return cls(text.removesuffix("?"), nullable=text.endswith("?"))

    def __str__(self) -> str:
        return f"Collection({self.name})" if self.collection else self.name


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed parameter of a path: a key or an argument of a function.

    An `optional` argument may be empty; the path then contains `''`. `default` is the value of an argument that is not
    given. `choices` are the known values by name, such as `{"all": 0, "answered": 1}`; others are accepted.
    """

    name: str
    type: str
    max_length: int | None = None
    optional: bool = False
    default: str | int | bool | None = None
    choices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a schema; `releases` is None where every release of the schema has it.

    `earlier` contains the other types that it had, by release.
    """

    name: str
    type: TypeRef
    navigation: bool = False
    max_length: int | None = None
    releases: tuple[str, ...] | None = None
    earlier: Mapping[str, TypeRef] = field(default_factory=dict)

    def type_in(self, release: str | None) -> TypeRef:
        """Return its type in `release`, the newest type where that is None."""
        return self.earlier.get(release, self.type) if release else self.type


@dataclass(frozen=True, slots=True)
class Returns:
    """The content of a successful response: its kind and, unless it is nothing, its type."""

    kind: ReturnKind
    type: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """The file that an operation sends as a multipart body: its form field, media type and size limit in bytes.

    An empty media type is any; the limit is None where the document sets none.
    """

    name: str
    media_type: str = ""
    max_bytes: int | None = None


@dataclass(frozen=True)
class OperationVersion:
    """The requests and responses of an operation in some releases.

    `base_path` is the part of the URL before `path`. `body` is a schema's name, a mapping of properties (an action's
    parameters) or None. An operation with `upload` sends a file instead.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    query: tuple[str, ...]
    if_match: bool
    body: str | Mapping[str, Property] | None
    returns: Returns
    releases: tuple[str, ...]
    base_path: str = BASE_PATH
    upload: Upload | None = None

    @property
    def is_odata(self) -> bool:
        """Return whether the request is written as OData: only those of the Configuration API are."""
        return self.base_path == BASE_PATH

    @cached_property
    def address(self) -> str:
        """Return the path below the base path; that of the base path itself, `/` in a document, is empty."""
        return "" if self.path == "/" else self.path

    @property
    def shown_path(self) -> str:
        """Return the path for people: below `/xapi/v1`, or the whole one of another API."""
        return self.path if self.is_odata else self.base_path + self.address

    @cached_property
    def is_paged(self) -> bool:
        """Return whether the response is a list in pages; a file takes `$top` too, but is one response."""
        return self.returns.kind == "collection" and "$top" in self.query

    @cached_property
    def template(self) -> PathTemplate:
        """Return the parsed path."""
        return PathTemplate(self.path)

    @cached_property
    def entity_set(self) -> str:
        """Return the name at the beginning of the path: an entity set, a singleton, or an unbound operation."""
        return self.template.segments[0].name

    @cached_property
    def key(self) -> Parameter | None:
        """Return the parameter that is the key of an entity of `entity_set`, None where the path has no key."""
        name = self.template.segments[0].key
        return next((each for each in self.parameters if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation id over all releases; `versions` are ordered from the oldest to the newest.

    `required` has groups of body fields that people know to be required: of each group one must be set. `reads` is set
    for a function that people have reviewed and that changes nothing. `task` is the declaration of an operation that is
    made of several; the operations of 3CX have none.
    """

    id: str
    resource: str
    kind: Kind
    name: str
    action: str
    releases: tuple[str, ...]
    versions: tuple[OperationVersion, ...]
    description: str = ""
    required: tuple[tuple[str, ...], ...] = ()
    reads: bool = False
    task: Task | None = None

    @property
    def effect(self) -> Literal["read", "change"]:
        """Return whether the operation only reads. A function that is not known to do so may change something."""
        if self.task is not None:
            return self.task.effect
        is_read = self.kind in ("list", "get") or (self.kind == "function" and self.reads)
        return "read" if is_read else "change"

    def version(self, release: str | None = None) -> OperationVersion:
        """Return the version of `release`, the newest version where it has none or `release` is None."""
        for version in self.versions:
            if release in version.releases:
                return version
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enumeration; `only` contains the releases of each member that some releases lack."""

    name: str
    members: tuple[str, ...]
    flags: bool = False
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def members_in(self, release: str | None) -> tuple[str, ...]:
        """Return the members in `release`, or over all releases where it is None."""
        if release is None or not self.only:
            return self.members
        return tuple(member for member in self.members if release in self.only.get(member, (release,)))

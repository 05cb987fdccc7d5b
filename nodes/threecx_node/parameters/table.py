"""The table of an operation's parameters: each name that people use → the part of a request that it sets.

Names are matched without regard to case, spaces, hyphens and underscores ("If Match", "if-match").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ..catalog import Catalog, Operation, OperationVersion, Property, nearest_hint
from ..catalog.api_request import API_REQUEST
from ..catalog.call_control import PARTICIPANT_ID, PLACE_CALL
from ..catalog.filter_fields import takes_filter
from ..errors import UnknownNameError
from ..messages import FILTERS, IF_MATCH
from .call_handle import HANDLE
from .files import BINARY_PROPERTY, FILE_NAME
from .filters import COMBINE
from .wait import WAIT_FOR, WAIT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

TargetKind = Literal[
    "path",  # a path parameter
    "query",  # a query option
    "filters",  # conditions by field, or how they are combined: filters, combineFilters
    "if_match",  # the header If-Match
    "body",  # the whole body
    "field",  # a top-level field of the body
    "fields",  # a group of fields of the body, as a canvas has them: additionalFields
    "options",  # a group of parameters
    "file",  # the file of an upload: itself, its name, the binary field of the item
    "output",  # how the response is returned: returnAll, limit, simplify, output, binaryProperty, responseFormat, …
    "guard",  # a check that is left out: allowIncompleteLists
    "batch",  # an option of the whole batch: dryRun, concurrency, timeout, retryTime, maxDeletes
    "wait",  # what a new call is waited for: waitFor, waitTimeout
    "handle",  # the handle of a call, which names a participant and its DN: call
    "other_release",  # a parameter that the operation has in other releases only
    "ignored",  # a parameter of a canvas that is not about the request
]

# Parameters of a canvas that are not about the request.
_IGNORED = frozenset({"resource", "operation", "authentication", "requestoptions", "notice"})
_OUTPUT = {
    "returnall": "returnAll",
    "limit": "limit",
    "simplify": "simplify",
    "output": "output",
    "outputfieldnames": "outputFieldNames",
    "binaryproperty": "binaryProperty",
    "responseformat": "responseFormat",
    "includecount": "includeCount",
}
_GUARDS = {"allowincompletelists": "allowIncompleteLists"}
_SEARCH = "$search"
_BATCH = {
    "dryrun": "dryRun",
    "concurrency": "concurrency",
    "timeout": "timeout",
    "retrytime": "retryTime",
    "maxdeletes": "maxDeletes",
}
_GROUP_ENDING = "fields"
# A node uses these names for parameters of its own, though some operation has a field of the same name.
_NODE_NAMES = frozenset({"options", "body", "limit", "timeout", "simplify"})


@dataclass(frozen=True, slots=True)
class Target:
    """The part of a request that a parameter sets; `name` is the name in 3CX's API."""

    kind: TargetKind
    name: str


_WAIT: Mapping[str, Target] = {
    "waitfor": Target("wait", WAIT_FOR),
    "waittimeout": Target("wait", WAIT_TIMEOUT),
}
_FILTERS: Mapping[str, Target] = {
    "filters": Target("filters", FILTERS),
    "combinefilters": Target("filters", COMBINE),
}
_OPTIONS: Mapping[str, Target] = {
    "body": Target("body", "body"),
    "options": Target("options", "options"),
    **{folded: Target("output", name) for folded, name in _OUTPUT.items()},
    **{folded: Target("guard", name) for folded, name in _GUARDS.items()},
    **{folded: Target("batch", name) for folded, name in _BATCH.items()},
}


class ParameterTable:
    """The parameters of one operation in one release; made once and kept."""

    def __init__(
        self, catalog: Catalog, operation: Operation, version: OperationVersion, release: str | None
    ) -> None:
        self.catalog = catalog
        self.operation = operation
        self.version = version
        self.fields: Mapping[str, Property] = catalog.body_properties(version, release)
        self._path = {fold_name(each.name): each.name for each in version.parameters}
        self._query = {fold_name(name): name for name in version.query}
        about_file = [version.upload.name, FILE_NAME, BINARY_PROPERTY] if version.upload else []
        self._file = {fold_name(each): Target("file", each) for each in about_file}
        self._filters = _FILTERS if takes_filter(catalog, version) else {}
        self._fields = {fold_name(name): name for name in self.fields}
        self._other_releases = {
            fold_name(each.name) for other in operation.versions for each in other.parameters
        } - set(self._path)
        self._targets: dict[tuple[str, bool], Target] = {}

    @property
    def takes_handle(self) -> bool:
        """Return whether the operation is about a participant, which the handle of a call names."""
        return PARTICIPANT_ID in self._path.values()

    def target(self, name: str, *, is_option: bool = False) -> Target:
        """Return the target of a parameter; `is_option`: it is one of the group of options.

        Raises UnknownNameError that names the nearest parameter.
        """
        if (found := self._targets.get((name, is_option))) is None:
            found = self._targets[name, is_option] = self._find_target(name, is_option=is_option)
        return found

    def _find_target(self, name: str, *, is_option: bool) -> Target:
        folded = fold_name(name)
        if folded in self._path:
            return Target("path", self._path[folded])
        if target := self._find_call_target(folded, is_option=is_option):
            return target
        if name in self.fields and name not in _NODE_NAMES:
            # "Timeout" of a receptionist, "Body" of an e-mail template: written as 3CX writes it, it is the field.
            return Target("field", name)
        if target := self._file.get(folded):
            return target
        if folded in self._query:
            return Target("query", self._query[folded])
        if target := self._filters.get(folded):
            return target
        if folded == "ifmatch" and self.version.if_match:
            return Target("if_match", IF_MATCH)
        if target := _OPTIONS.get(folded):
            return target
        if folded in self._fields:
            return Target("field", self._fields[folded])
        if target := self._find_other_target(name, folded, is_option=is_option):
            return target
        raise UnknownNameError(
            f"{self.operation.id} has no parameter {name!r}",
            description=nearest_hint(name, self.names) or f"It takes {', '.join(self.names) or 'none'}.",
        )

    def _find_other_target(self, name: str, folded: str, *, is_option: bool) -> Target | None:
        """Return the target of a parameter that is not about one part of the request."""
        if folded in _IGNORED:
            return Target("ignored", name)
        if folded.endswith(_GROUP_ENDING) and self.fields and not is_option:
            return Target("fields", name)
        return Target("other_release", name) if folded in self._other_releases else None

    def _find_call_target(self, folded: str, *, is_option: bool) -> Target | None:
        """Return the target of a parameter that only operations on live calls have."""
        if self.version.is_odata:
            return None
        if folded == HANDLE and self.takes_handle:
            return Target("handle", HANDLE)
        if folded in self._fields and not is_option:
            # "timeout" of a call is how long it rings; among the options it is that of a request.
            return Target("field", self._fields[folded])
        return _WAIT.get(folded) if self.operation.id == PLACE_CALL else None

    def find_quoting(
        self, names: tuple[str, ...], *, is_option: bool = False
    ) -> Literal["odata", "search", "path", "query", "json"] | None:
        """Return where the text of a parameter goes, if texts in it are between the quotes of OData or JSON.

        `names` lead to the parameter: ("$filter",), ("options", "$filter"), ("query", "$filter").
        """
        first, *inner = names
        try:
            target = self.target(first, is_option=is_option)
        except UnknownNameError:
            # The run reports it.
            return None
        if target.kind == "options":
            return self.find_quoting(tuple(inner), is_option=True) if inner else None
        if target.kind == "filters":
            # The JSON text of all conditions; a value inside one of them is only a value.
            return None if inner else "json"
        if target.kind == "fields":
            return self.find_quoting(tuple(inner)) if inner else None
        if target.kind in ("body", "field"):
            return "json" if self._is_json([target.name, *inner]) else None
        if target.kind == "query":
            return "search" if target.name == _SEARCH else "odata"
        if self.operation.id != API_REQUEST or target.kind != "path":
            return None
        if target.name == "query":
            return "search" if inner[-1:] == [_SEARCH] else "odata" if inner else "query"
        return "path" if target.name == "path" else None

    def _is_json(self, names: list[str]) -> bool:
        """Return whether a text at this place of the body is read as JSON: the whole body, an object or a list."""
        properties, declared = self.fields, None
        for name in names:
            if name in properties:
                declared = properties[name]
                is_object = self.catalog.is_schema(declared.type.name)
                properties = self.catalog.properties(declared.type.name) if is_object else {}
        if declared is None:
            return names == ["body"]
        return declared.type.collection or self.catalog.is_schema(declared.type.name)

    def find_field(self, column: str) -> str | None:
        """Return the field that a column of an item matches when case, spaces, hyphens and underscores are ignored."""
        return self._mappable_names.get(fold_name(column))

    def is_path_parameter(self, column: str) -> bool:
        """Return whether a column of an item has the name of a path parameter, such as the key of an update."""
        return fold_name(column) in self._path

    @cached_property
    def _mappable_names(self) -> Mapping[str, str]:
        return {fold_name(name): name for name in self.mappable_fields}

    @cached_property
    def mappable_fields(self) -> Mapping[str, Property]:
        """Body fields that an item's own fields may become; the key of an update belongs to its path alone."""
        if self.operation.kind != "update":
            return self.fields
        keys = {each.name for each in self.version.parameters}
        return {name: each for name, each in self.fields.items() if name not in keys}

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a user may give, for messages: parameters first, then body fields."""
        names = [HANDLE] if self.takes_handle else []
        names += [each.name for each in self.version.parameters]
        names += [IF_MATCH] if self.version.if_match else []
        names += [each.name for each in self._file.values()]
        names += self.version.query
        names += [FILTERS] if self._filters else []
        has_body = self.version.body is not None or self.operation.id == API_REQUEST
        names += ["body", *self.fields] if has_body else []
        names += [each.name for each in _WAIT.values()] if self.operation.id == PLACE_CALL else []
        return tuple(names)


def fold_name(name: str) -> str:
    """Return a name without case, spaces, hyphens and underscores."""
    return re.sub(r"[ _-]", "", name).casefold()

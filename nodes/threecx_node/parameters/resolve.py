"""An item's parameters, by the names people use, sorted into what a request needs.

Names are matched without regard to case, spaces and hyphens ("If Match", "if-match"). What is not a parameter
of the operation may be a top-level field of its body: that is how a generated node gave bodies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..catalog import Catalog, Operation, OperationVersion, Property, nearest_hint
from ..errors import BodyError, ParameterError, UnknownNameError
from ..messages import IF_MATCH, RequestValues
from ..request.build import is_nothing
from ..request.odata import LiteralError, boolean, integer, shown
from .body_fields import from_text, mapped_fields, parse_json

DEFAULT_LIMIT = 50
# Parameters of a canvas that say nothing about the request.
_IGNORED = frozenset({"resource", "operation", "authentication", "requestoptions", "notice"})
# Parameters of ours that are not on the wire. Those of a whole batch are read by the executor.
_OURS = {
    "returnall": "returnAll",
    "limit": "limit",
    "simplify": "simplify",
    "binaryproperty": "binaryProperty",
}
# Names that a node gives to what is not a field, though one operation or another has a field of that name.
_OF_THE_NODE = frozenset({"options", "body", "limit", "timeout", "simplify"})
_BATCH = {"dryrun": "dryRun", "concurrency": "concurrency", "timeout": "timeout"}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What one item asks for.

    `limit` is None for all. `by_number` names the path parameters that hold a number to look up first.
    """

    values: RequestValues
    limit: int | None = DEFAULT_LIMIT
    skip: int = 0
    simplify: bool = False
    binary_property: str = "data"
    by_number: tuple[str, ...] = ()
    batch: Mapping[str, Any] = field(default_factory=dict)


class ParameterNames:
    """Which slot each parameter name of an operation's shape fills; made once per operation and release."""

    def __init__(
        self, catalog: Catalog, operation: Operation, shape: OperationVersion, release: str | None
    ) -> None:
        self.operation = operation
        self.shape = shape
        self.catalog = catalog
        self.fields: Mapping[str, Property] = catalog.body_properties(shape, release)
        self._path = {fold(each.name): each.name for each in shape.parameters}
        self._query = {fold(name): name for name in shape.query}
        self._fields = {fold(name): name for name in self.fields}
        self._slots: dict[str, tuple[str, str]] = {}
        # Parameters of the same operation in other releases: known, but nothing this shape can send.
        self._elsewhere = {
            fold(each.name) for other in operation.versions for each in other.parameters
        } - set(self._path)

    def slot(self, name: str) -> tuple[str, str]:
        """`("path" | "query" | "if_match" | "body" | "options" | "ours" | "batch" | "fields" | "ignored", name)`.

        Raises UnknownNameError that names the nearest parameter.
        """
        if name not in self._slots:
            self._slots[name] = self._find_slot(name)
        return self._slots[name]

    def _find_slot(self, name: str) -> tuple[str, str]:
        folded = fold(name)
        if folded in self._path:
            return "path", self._path[folded]
        if name in self.fields and name not in _OF_THE_NODE:
            # "Timeout" of a receptionist, "Body" of an e-mail template: written as 3CX writes it, the field is meant.
            return "fields", name
        if folded in self._query:
            return "query", self._query[folded]
        if folded == "ifmatch" and self.shape.if_match:
            return "if_match", IF_MATCH
        if folded in ("body", "options"):
            return folded, folded
        if folded in _OURS:
            return "ours", _OURS[folded]
        if folded in _BATCH:
            return "batch", _BATCH[folded]
        if folded in self._fields:
            return "fields", self._fields[folded]
        if folded in _IGNORED:
            return "ignored", name
        if folded in self._elsewhere:
            return "elsewhere", name
        raise UnknownNameError(
            f"{self.operation.id} has no parameter {name!r}",
            description=nearest_hint(name, self.known) or f"It takes {', '.join(self.known) or 'none'}.",
        )

    @property
    def mappable(self) -> Mapping[str, Property]:
        """Body fields that an item's own fields may become: an update's key stands in its path alone."""
        if self.operation.kind != "update":
            return self.fields
        keys = {each.name for each in self.shape.parameters}
        return {name: each for name, each in self.fields.items() if name not in keys}

    @property
    def known(self) -> tuple[str, ...]:
        """Names that a user may give, for messages: parameters first, then body fields."""
        names = [each.name for each in self.shape.parameters]
        names += [IF_MATCH] if self.shape.if_match else []
        names += self.shape.query
        names += ["body", *self.fields] if self.shape.body is not None else []
        return tuple(names)


def fold(name: str) -> str:
    """A name without case, spaces, hyphens and underscores."""
    return re.sub(r"[ _-]", "", name).casefold()


@dataclass(slots=True)
class _Sorted:
    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)
    batch: dict[str, Any] = field(default_factory=dict)
    if_match: Any = None
    body: Any = None
    by_number: list[str] = field(default_factory=list)


def resolve(names: ParameterNames, parameters: Mapping[str, Any], item: Mapping[str, Any]) -> Resolved:
    """One item's parameters, all expressions already resolved.

    Raises UnknownNameError for a name the operation does not have, ParameterError or BodyError for a value.
    """
    sorted_ = _Sorted()
    for name, value in parameters.items():
        _sort(names, sorted_, name, value)
    if names.shape.is_paged:
        limit, skip = _limit(sorted_), _skip(sorted_.query.pop("$skip", None))
    else:
        limit, skip = None, 0
        _limit_file(names, sorted_)
    return Resolved(
        RequestValues(sorted_.path, sorted_.query, sorted_.if_match, _body(names, sorted_, item)),
        limit=limit,
        skip=skip,
        simplify=_flag(sorted_.ours, "simplify", default=False),
        binary_property=str(sorted_.ours.get("binaryProperty") or "data"),
        by_number=tuple(sorted_.by_number),
        batch=_batch(sorted_.batch),
    )


def _sort(names: ParameterNames, sorted_: _Sorted, name: str, value: Any) -> None:
    kind, slot = names.slot(name)
    if kind == "options" and isinstance(value, str) and "options" in names.fields:
        # A generated node has the field of that name at its top level, as JSON text.
        sorted_.fields["options"] = value
    elif kind == "options":
        if not isinstance(value, Mapping):
            raise ParameterError(f"options: wanted an object, given {shown(value)}", field="options")
        for inner, inner_value in value.items():
            _sort(names, sorted_, inner, inner_value)
    elif kind == "path":
        sorted_.path[slot], by_number = _locator(value)
        if by_number:
            sorted_.by_number.append(slot)
    elif kind in ("if_match", "body"):
        setattr(sorted_, kind, value)
    elif kind in ("fields", "ours", "batch") or (kind == "query" and not is_nothing(value)):
        getattr(sorted_, kind)[slot] = value
    elif kind == "elsewhere" and not is_nothing(value):
        raise ParameterError(
            f"{names.operation.id} takes no {name} in 3CX {names.shape.releases[-1]}",
            field=name,
            description="Leave it out, or name another release.",
        )


def _locator(value: Any) -> tuple[Any, bool]:
    """The value of a resource locator (`{"__rl": true, "mode", "value"}`), and whether it is a number to look up."""
    if isinstance(value, Mapping) and value.get("__rl"):
        chosen, by_number = value.get("value"), value.get("mode") == "number"
        return chosen.strip() if by_number and isinstance(chosen, str) else chosen, by_number
    return value, False


def _body(names: ParameterNames, sorted_: _Sorted, item: Mapping[str, Any]) -> Any:
    body = sorted_.body
    if names.shape.body is None:
        return body
    if isinstance(body, str) and body.strip():
        body = parse_json(body, "body")
    if isinstance(body, Mapping) and "mappingMode" in body:
        body = mapped_fields(names.catalog, body, names.mappable, item)
    if not sorted_.fields:
        return body
    if is_nothing(body):
        body = {}
    if not isinstance(body, Mapping):
        raise BodyError(
            f"the body of {names.operation.id} must be a JSON object, given {shown(body)}", field="body"
        )
    given = {
        name: from_text(names.catalog, name, names.fields[name], value)
        for name, value in sorted_.fields.items()
    }
    return {**body, **given}


def _limit(sorted_: _Sorted) -> int | None:
    """How many results are wanted: `$top` is another word for Limit, since pages are ours to choose."""
    if _flag(sorted_.ours, "returnAll", default=False):
        sorted_.query.pop("$top", None)
        return None
    value = sorted_.ours.get("limit")
    top = sorted_.query.pop("$top", None)
    wanted = top if is_nothing(value) else value
    if is_nothing(wanted):
        return DEFAULT_LIMIT
    try:
        limit = int(integer(wanted, "Int64"))
    except LiteralError as error:
        raise ParameterError(f"limit: {error}", field="limit") from error
    if limit < 0 or (limit == 0 and top is None):
        raise ParameterError(f"limit: wanted a number of 1 or more, given {limit}", field="limit")
    return limit


def _limit_file(names: ParameterNames, sorted_: _Sorted) -> None:
    """A file comes as a whole: `$top` goes out where it is asked for, and as it was given."""
    if "$top" not in names.shape.query:
        return
    if _flag(sorted_.ours, "returnAll", default=False):
        sorted_.query.pop("$top", None)
    elif not is_nothing(limit := sorted_.ours.get("limit")):
        sorted_.query.setdefault("$top", limit)


def _batch(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a whole batch in their types; what cannot be read is an error, never a default.

    A dry run that is asked for in words nobody understands must not send.
    """
    read: dict[str, Any] = {}
    for name, value in given.items():
        if is_nothing(value):
            if name == "dryRun":
                raise ParameterError(
                    "dryRun is there, but it is nothing, so it is not known whether to send",
                    field=name,
                    description="Give true or false, or leave it out; nothing was sent.",
                )
            continue
        try:
            if name == "dryRun":
                read[name] = boolean(value) == "true"
            elif name == "concurrency":
                read[name] = _at_least_one(value)
            else:
                read[name] = _seconds(value)
        except LiteralError as error:
            raise ParameterError(f"{name}: {error}", field=name) from error
    return read


def _at_least_one(value: Any) -> int:
    number = int(integer(value))
    if number < 1:
        raise LiteralError(f"wanted a number of 1 or more, given {number}")
    return number


def _seconds(value: Any) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise LiteralError(f"wanted a number of seconds, given {shown(value)}")
    return seconds


def _skip(value: Any) -> int:
    try:
        skip = 0 if is_nothing(value) else int(integer(value, "Int64"))
    except LiteralError as error:
        raise ParameterError(f"$skip: {error}", field="$skip") from error
    if skip < 0:
        raise ParameterError(f"$skip: wanted a number of 0 or more, given {skip}", field="$skip")
    return skip


def _flag(values: Mapping[str, Any], name: str, *, default: bool) -> bool:
    if is_nothing(values.get(name)):
        return default
    try:
        return boolean(values[name]) == "true"
    except LiteralError as error:
        raise ParameterError(f"{name}: {error}", field=name) from error

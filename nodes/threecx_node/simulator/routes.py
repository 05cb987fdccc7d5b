"""Finds the operation of a path: one table over the paths as they came, before any percent-decoding.

Decoding first would split `TenantProperties('a%2Fb')` at the slash inside its key. A path becomes a
signature (`Users(*)/Pbx.Regenerate`, `Users(Number)`, `Trunks/Pbx.InitTrunk(template)`) that is looked up;
named arguments may come in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .literals import LiteralError, decode_segment, parse_literal, split_arguments
from .refusals import Refusal, no_such_path

if TYPE_CHECKING:
    from ..catalog import Operation, OperationVersion
    from .model import Model

_SEGMENT = re.compile(r"([\w.$]+)(?:\((.*)\))?", re.ASCII | re.DOTALL)
_TEMPLATE_ARGUMENT = re.compile(r"(?:(\w+)=)?\{(\w+)\}")
_SIMPLE_KEY = re.compile(r"/(\w+)\(([0-9]{1,9})\)", re.ASCII)

# Sets that answer a $top over 100.
_UNLIMITED = "CallHistoryView"


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a parameter stands in the path, what type it has, and whether it is a key or a function's."""

    name: str
    type: str
    segment: int
    written: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Route:
    """An operation in the release's shape.

    `head` is the first segment's name, `tail` the last's; `role` tells the server which of its methods
    answers: the operation's kind, except that a list may be `nested`, a get or update may be of a
    `singleton`, and a get may be `by_number`.
    """

    operation: Operation
    shape: OperationVersion
    arguments: tuple[Argument, ...]
    head: str
    tail: str
    role: str
    limited: bool

    def values(self, given: list[list[tuple[str, str]]]) -> dict[str, Any]:
        """The parameters' values; refuses with 400 a bad key and, as a 3CX does, with 404 a bad argument."""
        values = {}
        for argument in self.arguments:
            text = next(value for name, value in given[argument.segment] if name == argument.written)
            try:
                values[argument.name] = parse_literal(text, argument.type)
            except LiteralError as error:
                raise Refusal(400 if argument.is_key else 404, f"{argument.name}: {error}") from error
        return values


Methods = Mapping[str, Route]
_NO_ARGUMENTS: list[list[tuple[str, str]]] = []


class Router:
    """All paths of one release."""

    def __init__(self, model: Model) -> None:
        self._by_signature: dict[str, dict[str, Route]] = {}
        # (set, key property): `Users(Id=5)` means `Users(5)`.
        self._positional: set[tuple[str, str]] = set()
        for operation, shape in model.shapes():
            signature, route = self._compile(model, operation, shape)
            self._by_signature.setdefault(signature, {})[shape.method] = route

    def routes(self) -> Iterator[Route]:
        """Every operation of the release."""
        for methods in self._by_signature.values():
            yield from methods.values()

    def match(self, path: str) -> tuple[Methods, list[list[tuple[str, str]]]]:
        """The operations of a raw path by method, and its arguments; refuses with 404 (unreadable: 400)."""
        if methods := self._by_signature.get(path):
            return methods, _NO_ARGUMENTS
        if match := _SIMPLE_KEY.fullmatch(path):
            methods = self._by_signature.get(f"/{match[1]}(*)")
            if methods:
                return methods, [[("", match[2])]]
        return self._match_slowly(path)

    def _match_slowly(self, path: str) -> tuple[Methods, list[list[tuple[str, str]]]]:
        signature, given = "", []
        for raw in path.removesuffix("/").split("/")[1:]:
            try:
                match = _SEGMENT.fullmatch(decode_segment(raw))
            except LiteralError as error:
                raise Refusal(400, str(error)) from error
            arguments = split_arguments(match[2]) if match and match[2] is not None else None
            if match is None or (match[2] is not None and arguments is None):
                raise no_such_path()
            if arguments and len(arguments) == 1 and (match[1], arguments[0][0]) in self._positional:
                arguments = [("", arguments[0][1])]
            signature += f"/{match[1]}{_signature(arguments)}"
            given.append(arguments or [])
        methods = self._by_signature.get(signature)
        if methods is None:
            raise no_such_path()
        return methods, given

    def _compile(self, model: Model, operation: Operation, shape: OperationVersion) -> tuple[str, Route]:
        types = {parameter.name: parameter.type for parameter in shape.parameters}
        signature, found, names = "", [], []
        for index, segment in enumerate(shape.path.split("/")[1:]):
            match = _SEGMENT.fullmatch(segment)
            if match is None:
                raise ValueError(f"the catalog's path {shape.path} cannot be read")
            written = None
            if match[2] is not None:
                written = _TEMPLATE_ARGUMENT.findall(match[2])
                # `/Users({Id})` has a key, `/GetUpdateDetails(key={key},id={id})` and `/Pbx.X(…)` arguments.
                is_key = match[1] in model.sets
                found += [Argument(p, types[p], index, name, is_key) for name, p in written]
                if is_key and len(written) == 1 and not written[0][0]:
                    self._positional.add((match[1], written[0][1]))
            signature += f"/{match[1]}{_signature(written)}"
            names.append(match[1])
        limited = operation.kind == "list" and names[0] != _UNLIMITED
        role = _role(operation.kind, len(names), found)
        return signature, Route(operation, shape, tuple(found), names[0], names[-1], role, limited)


def _role(kind: str, segments: int, arguments: list[Argument]) -> str:
    if kind == "list" and segments > 1:
        return "nested"
    if kind in ("get", "update") and not arguments:
        return f"{kind}_singleton"
    if kind == "get" and arguments[0].written:
        return "by_number"
    return kind


def _signature(arguments: list[tuple[str, str]] | None) -> str:
    if arguments is None:
        return ""
    if [name for name, _ in arguments] == [""]:
        return "(*)"
    return f"({','.join(sorted(name for name, _ in arguments))})"

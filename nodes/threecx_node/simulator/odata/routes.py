"""Find the operation of a path: one table over raw paths, before any percent-decoding.

Decoding first would split `TenantProperties('a%2Fb')` at the slash inside its key. A path becomes a
signature (`Users(*)/Pbx.Regenerate`, `Users(Number)`, `Trunks/Pbx.InitTrunk(template)`), which is looked up;
named arguments may come in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ODataError, PathNotFoundError
from .literals import LiteralFormatError, decode_segment, parse_literal, split_arguments

if TYPE_CHECKING:
    from ...catalog import Operation, OperationVersion
    from .release_model import ReleaseModel

_SEGMENT = re.compile(r"([\w.$]+)(?:\((.*)\))?", re.ASCII | re.DOTALL)
_SIMPLE_KEY = re.compile(r"/(\w+)\(([0-9]{1,9})\)", re.ASCII)

# The set that accepts a $top over 100.
_UNLIMITED = "CallHistoryView"


@dataclass(frozen=True, slots=True)
class PathArgument:
    """A parameter of a path: its type, its segment, its name in the URL ("" if positional).

    `is_key` distinguishes a key from an argument of a function.
    """

    name: str
    type: str
    segment: int
    url_name: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Route:
    """An operation of the release and how requests reach it.

    `head` is the name of the first segment, `tail` that of the last one. `kind` is the operation's kind, and more
    exact for some: `nested_list`, `get_singleton`, `update_singleton`, `get_by_number`. `limited` routes
    refuse a $top over 100.
    """

    operation: Operation
    version: OperationVersion
    arguments: tuple[PathArgument, ...]
    head: str
    tail: str
    kind: str
    limited: bool

    def parse_arguments(self, given: list[list[tuple[str, str]]]) -> dict[str, Any]:
        """Return the parameters' values.

        Raises ODataError: 400 for an invalid key and, as a 3CX does, 404 for an invalid argument.
        """
        values = {}
        for argument in self.arguments:
            text = next(value for name, value in given[argument.segment] if name == argument.url_name)
            try:
                values[argument.name] = parse_literal(text, argument.type)
            except LiteralFormatError as error:
                raise ODataError(400 if argument.is_key else 404, f"{argument.name}: {error}") from error
        return values


Methods = Mapping[str, Route]
_NO_ARGUMENTS: list[list[tuple[str, str]]] = []


class Router:
    """All paths of one release."""

    def __init__(self, model: ReleaseModel) -> None:
        self._by_signature: dict[str, dict[str, Route]] = {}
        # (set, key property): `Users(Id=5)` means `Users(5)`.
        self._positional: set[tuple[str, str]] = set()
        for operation, version in model.operations():
            signature, route = self._compile(model, operation, version)
            self._by_signature.setdefault(signature, {})[version.method] = route
        self._join_uploads()

    def routes(self) -> Iterator[Route]:
        """Yield the routes of all operations of the release."""
        for methods in {id(each): each for each in self._by_signature.values()}.values():
            yield from methods.values()

    def match(self, path: str) -> tuple[Methods, list[list[tuple[str, str]]]]:
        """Return the routes of a raw path by method, and its arguments.

        Raises PathNotFoundError, and ODataError (400) for a path that is not valid UTF-8.
        """
        if methods := self._by_signature.get(path):
            return methods, _NO_ARGUMENTS
        if match := _SIMPLE_KEY.fullmatch(path):
            methods = self._by_signature.get(f"/{match[1]}(*)")
            if methods:
                return methods, [[("", match[2])]]
        return self._match_by_segments(path)

    def _join_uploads(self) -> None:
        """Let the path of an upload, which differs in case from that of its entity set, mean the same as this."""
        for signature, methods in [*self._by_signature.items()]:
            if any(route.version.upload for route in methods.values()):
                for other in [*self._by_signature]:
                    if other != signature and other.casefold() == signature.casefold():
                        joined = {**self._by_signature[other], **methods}
                        self._by_signature[signature] = self._by_signature[other] = joined

    def _match_by_segments(self, path: str) -> tuple[Methods, list[list[tuple[str, str]]]]:
        signature, given = "", []
        for raw in path.removesuffix("/").split("/")[1:]:
            try:
                match = _SEGMENT.fullmatch(decode_segment(raw))
            except LiteralFormatError as error:
                raise ODataError(400, str(error)) from error
            arguments = split_arguments(match[2]) if match and match[2] is not None else None
            if match is None or (match[2] is not None and arguments is None):
                raise PathNotFoundError()
            if arguments and len(arguments) == 1 and (match[1], arguments[0][0]) in self._positional:
                arguments = [("", arguments[0][1])]
            signature += f"/{match[1]}{_build_signature(arguments)}"
            given.append(arguments or [])
        methods = self._by_signature.get(signature)
        if methods is None:
            raise PathNotFoundError()
        return methods, given

    def _compile(
        self, model: ReleaseModel, operation: Operation, version: OperationVersion
    ) -> tuple[str, Route]:
        types = {parameter.name: parameter.type for parameter in version.parameters}
        signature, found, names = "", [], []
        for index, segment in enumerate(version.template.segments):
            url_arguments = None
            if segment.arguments is not None:
                url_arguments = [(each.name, each.parameter) for each in segment.arguments]
                # `/Users({Id})` has a key, `/GetUpdateDetails(key={key},id={id})` and `/Pbx.X(…)` arguments.
                is_key = segment.name in model.sets
                found += [PathArgument(p, types[p], index, name, is_key) for name, p in url_arguments]
                if is_key and segment.key is not None:
                    self._positional.add((segment.name, segment.key))
            signature += f"/{segment.name}{_build_signature(url_arguments)}"
            names.append(segment.name)
        limited = operation.kind == "list" and names[0] != _UNLIMITED
        kind = _choose_kind(operation.kind, len(names), found)
        return signature, Route(operation, version, tuple(found), names[0], names[-1], kind, limited)


def _choose_kind(kind: str, segments: int, arguments: list[PathArgument]) -> str:
    if kind == "list" and segments > 1:
        return "nested_list"
    if kind in ("get", "update") and not arguments:
        return f"{kind}_singleton"
    if kind == "get" and arguments[0].url_name:
        return "get_by_number"
    return kind


def _build_signature(arguments: list[tuple[str, str]] | None) -> str:
    if arguments is None:
        return ""
    if [name for name, _ in arguments] == [""]:
        return "(*)"
    return f"({','.join(sorted(name for name, _ in arguments))})"

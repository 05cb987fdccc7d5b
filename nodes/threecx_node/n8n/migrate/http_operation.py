"""Find the operation of a request by its method and path, and the values of the path's parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .http_url import UrlArgument, UrlSegment
from .masked_text import has_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...catalog import Catalog, Operation, OperationVersion
    from ...catalog.path_template import Segment

# A segment of its own can be a key if it is a number or a GUID.
_KEY = re.compile(r"-?\d+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class FoundOperation:
    """An operation, the version whose path fits, and the arguments by the names of its parameters."""

    operation: Operation
    version: OperationVersion
    arguments: Mapping[str, UrlArgument]


def find_request(catalog: Catalog, method: str, segments: Sequence[UrlSegment]) -> FoundOperation | None:
    """Return the operation that sends `method` to this path, of the newest release that has it, or None."""
    if not segments:
        return None
    for operation, version in _index(catalog).get((method, _fold(segments[0].name)), ()):
        arguments: dict[str, UrlArgument] = {}
        if _match(version.template.segments, segments, arguments):
            return FoundOperation(operation, version, arguments)
    return None


@lru_cache(maxsize=4)
def _index(catalog: Catalog) -> Mapping[tuple[str, str], list[tuple[Operation, OperationVersion]]]:
    """Return the versions of all operations by method and the beginning of their path, the newest first."""
    index: dict[tuple[str, str], list[tuple[Operation, OperationVersion]]] = {}
    for operation in catalog.operations():
        for version in operation.versions:
            if not version.is_odata:
                # API Request sends to another API, such as that of calls.
                continue
            key = version.method, _fold(version.template.segments[0].name)
            index.setdefault(key, []).append((operation, version))
    for found in index.values():
        found.sort(key=lambda each: catalog.releases.index(each[1].releases[-1]), reverse=True)
    return index


def _match(wanted: Sequence[Segment], given: Sequence[UrlSegment], arguments: dict[str, UrlArgument]) -> bool:
    position = 0
    for segment in wanted:
        if position >= len(given) or not _has_name(segment, given[position].name):
            return False
        found = given[position].arguments
        position += 1
        if found is None and segment.key is not None and position < len(given):
            # `/Users/5` is the same as `/Users(5)`.
            following = given[position]
            if following.arguments is not None or not (
                _KEY.fullmatch(following.name) or has_code(following.name)
            ):
                return False
            found = (UrlArgument("", following.name, is_quoted=False),)
            position += 1
        if found is not None and segment.arguments is None and not segment.is_qualified:
            # `Users()` is a key that is missing, not the list.
            return False
        if not _match_arguments(segment, found or (), arguments):
            return False
    return position == len(given)


def _match_arguments(
    segment: Segment, given: Sequence[UrlArgument], arguments: dict[str, UrlArgument]
) -> bool:
    wanted = segment.arguments or ()
    if len(wanted) != len(given):
        return False
    if segment.key is not None:
        if given[0].name and _fold(given[0].name) != _fold(segment.key):
            return False
        arguments[segment.key] = given[0]
        return True
    by_name = {_fold(each.name): each for each in given}
    for each in wanted:
        found = by_name.get(_fold(each.name))
        if found is None:
            return False
        arguments[each.parameter] = found
    return True


def _has_name(segment: Segment, name: str) -> bool:
    # 3CX also takes the name of a function or an action without its namespace.
    return _fold(name) in (_fold(segment.name), _fold(segment.local_name))


def _fold(name: str) -> str:
    return name.casefold()

"""Find operations by their paths: the list of an entity set, and the look-up of an entity by its number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .path_template import PathTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMBER = "number"
# Keys and arguments of a path; a text in them may contain parentheses.
_ARGUMENTS = re.compile(r"\((?:[^()']|'[^']*')*\)")
# Release → entity set → operation id. Under None is the operation of the newest release that has one.
_Index = dict[str | None, dict[str, str]]


class PathIndex:
    """Operation ids by release and entity set, computed in one pass over the catalog's document."""

    def __init__(self, operations: Mapping[str, Mapping[str, Any]], releases: Sequence[str]) -> None:
        self._lists: _Index = {release: {} for release in releases}
        self._look_ups: _Index = {release: {} for release in releases}
        self._keys: dict[str, str] = {}
        self._readers: dict[str, str] = {}
        # Paths without keys and arguments, and whether a GET of them changes nothing.
        self._reads: dict[str, bool] = {}
        for operation_id, operation in operations.items():
            if operation["kind"] not in ("list", "get", "function"):
                continue
            for version in operation["versions"]:
                if "base" in version:
                    # Another API has entity sets of its own.
                    continue
                self._index_read(operation, version["path"])
                if operation["kind"] == "get":
                    self._readers.setdefault(version["path"], operation_id)
                    self._index_key(version["path"])
                index = self._index_for(operation["kind"], version)
                if index is None:
                    continue
                entity_set = PathTemplate(version["path"]).segments[0].name
                for release in version.get("releases") or operation.get("releases") or releases:
                    index[release].setdefault(entity_set, operation_id)
        for index in (self._lists, self._look_ups):
            newest: dict[str, str] = {}
            for release in releases:
                newest |= index[release]
            index[None] = newest

    def listing(self, entity_set: str, release: str | None) -> str | None:
        """Return the operation that lists `entity_set` in `release` (None: in the newest that can), or None."""
        return self._lists.get(release, self._lists[None]).get(entity_set)

    def look_up(self, entity_set: str, release: str | None) -> str | None:
        """Return the operation that gets an entity of `entity_set` by its number, or None."""
        return self._look_ups.get(release, self._look_ups[None]).get(entity_set)

    def key(self, entity_set: str) -> str | None:
        """Return the parameter that is the key of an entity of `entity_set`, None where no entity can be got."""
        return self._keys.get(entity_set)

    def is_read(self, path: str) -> bool:
        """Return whether a GET of a path is known to change nothing; functions have to be reviewed for that."""
        return self._reads.get(_remove_arguments(path), False)

    def reader(self, path: str) -> str | None:
        """Return the operation that gets the entity at a path template, or None."""
        return self._readers.get(path)

    def _index_read(self, operation: Mapping[str, Any], path: str) -> None:
        name = _remove_arguments(path)
        is_read = operation["kind"] != "function" or bool(operation.get("reads"))
        self._reads[name] = is_read and self._reads.get(name, True)

    def _index_key(self, path: str) -> None:
        segments = PathTemplate(path).segments
        if len(segments) == 1 and segments[0].key is not None:
            self._keys.setdefault(segments[0].name, segments[0].key)

    def _index_for(self, kind: str, version: Mapping[str, Any]) -> _Index | None:
        returns = version.get("returns", {})
        if kind == "list":
            is_set = len(PathTemplate(version["path"]).segments) == 1
            return self._lists if is_set and "collection" in returns else None
        named = [name.casefold() for name in version.get("parameters", {})]
        return self._look_ups if named == [_NUMBER] and "entity" in returns else None


def _remove_arguments(path: str) -> str:
    return _ARGUMENTS.sub("", path)

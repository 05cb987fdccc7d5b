"""Compile the query options of a request: $filter, $orderby, $search, $top, $skip, $count, $select, $expand.

Compiled options are cached by their text, because clients page with the same text again and again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .errors import ODataError, QueryOptionError
from .filters import Navigation, build_sort_key, compile_expression, compile_filter
from .limits import MAX_QUERY, MAX_TOP

if TYPE_CHECKING:
    from .records import Entity
    from .release_model import ReleaseModel

_KNOWN = frozenset({"$top", "$skip", "$search", "$filter", "$count", "$orderby", "$select", "$expand"})
_INTEGER = re.compile(r"[0-9]{1,9}")

# The selected properties of an object, by name, with the selection inside each. None selects everything.
Selection = Mapping[str, Any] | None


@dataclass(slots=True)
class QueryOptions:
    """Compiled query options; `expand` has the schema and the options of each expanded property."""

    top: int | None = None
    skip: int = 0
    count: bool = False
    test: Callable[[Entity], bool] | None = None
    search: Callable[[Entity], bool] | None = None
    order: Sequence[tuple[Callable[[Entity], Any], bool]] = ()
    select: Selection = None
    expand: Mapping[str, tuple[str, QueryOptions]] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Return whether all properties are returned, with nothing expanded."""
        return self.select is None and not self.expand


class QueryCompiler:
    """Compiles query strings for one release; `navigation` finds the function that reads a derived property."""

    def __init__(self, model: ReleaseModel, navigation: Navigation) -> None:
        self._model = model
        self._navigation = navigation
        self._cached = lru_cache(maxsize=512)(self._compile)

    def compile(self, schema: str, allowed: tuple[str, ...], query: bytes, limited: bool) -> QueryOptions:
        """Return the options in `query`.

        Raises QueryOptionError for options that are malformed, unknown or not `allowed`.
        """
        if len(query) > MAX_QUERY:
            raise QueryOptionError("The query string is too long.")
        return self._cached(schema, allowed, query, limited)

    def _compile(self, schema: str, allowed: tuple[str, ...], query: bytes, limited: bool) -> QueryOptions:
        given = parse_query(query)
        for name in given:
            if name not in allowed:
                raise QueryOptionError(f"The query option '{name}' is not allowed here.")
        return self._build_options(schema, given, limited)

    def _build_options(self, schema: str, given: Mapping[str, str], limited: bool) -> QueryOptions:
        options = QueryOptions()
        if "$top" in given:
            options.top = _parse_natural("Top", given["$top"])
            if limited and options.top > MAX_TOP:
                raise ODataError(
                    400,
                    f"The limit of '{MAX_TOP}' for Top query has been exceeded. "
                    f"The value from the incoming request is '{options.top}'.",
                )
        if "$skip" in given:
            options.skip = _parse_natural("Skip", given["$skip"])
        if "$count" in given:
            if given["$count"] not in ("true", "false"):
                raise QueryOptionError("$count must be true or false.")
            options.count = given["$count"] == "true"
        self._add_row_options(options, schema, given)
        if "$select" in given:
            options.select = self._compile_select(schema, given["$select"])
        if "$expand" in given:
            options.expand = self._compile_expand(schema, given["$expand"])
        return options

    def _add_row_options(self, options: QueryOptions, schema: str, given: Mapping[str, str]) -> None:
        # Functions that return plain values ("Edm.String") have rows without properties.
        if not self._model.catalog.is_schema(schema):
            if given.keys() & {"$filter", "$orderby", "$select", "$expand"}:
                raise QueryOptionError(f"Values of type {schema} have no properties.")
        elif "$filter" in given:
            options.test = compile_filter(self._model, schema, given["$filter"], self._navigation)
        if "$orderby" in given:
            options.order = [
                self._compile_order(schema, part) for part in split_top_level(given["$orderby"], ",")
            ]
        if "$search" in given:
            options.search = _compile_search(given["$search"])

    def _compile_order(self, schema: str, part: str) -> tuple[Callable[[Entity], Any], bool]:
        expression, _, word = part.strip().rpartition(" ")
        direction = word.lower()
        if direction not in ("asc", "desc") or not expression:
            expression, direction = part.strip(), "asc"
        node = compile_expression(self._model, schema, expression, self._navigation)
        if node.collection or node.kind == "complex":
            raise QueryOptionError(f"Rows cannot be ordered by '{expression}'.")
        return build_sort_key(node), direction == "desc"

    def _compile_select(self, schema: str, text: str) -> Selection:
        chosen: dict[str, Any] = {}
        for part in split_top_level(text, ","):
            path = part.strip().split("/")
            if path == ["*"]:
                return None
            self._select_path(schema, path, chosen)
        return chosen

    def _select_path(self, schema: str, path: list[str], chosen: dict[str, Any]) -> None:
        rest = path[1:]
        found = self._model.find_field(schema, path[0])
        if found is None or (rest and found.kind != "complex"):
            raise QueryOptionError(f"Could not find a property named '{'/'.join(path)}' on type '{schema}'.")
        name = found.name
        if not rest:
            chosen[name] = None
        elif name not in chosen or chosen[name] is not None:
            self._select_path(found.type, rest, chosen.setdefault(name, {}))

    def _compile_expand(self, schema: str, text: str) -> Mapping[str, tuple[str, QueryOptions]]:
        expanded: dict[str, tuple[str, QueryOptions]] = {}
        fields = self._model.schema(schema)
        for part in split_top_level(text, ","):
            name, bracket, inner = part.strip().partition("(")
            if bracket and not inner.endswith(")"):
                raise QueryOptionError(f"Syntax error in $expand at {part[:100]!r}.")
            if name == "*" and not bracket:
                expanded.update({f.name: (f.type, QueryOptions()) for f in fields.values() if f.navigation})
                continue
            found = self._model.find_field(schema, name)
            if found is None:
                raise QueryOptionError(f"Could not find a property named '{name}' on type '{schema}'.")
            if not found.navigation:
                raise QueryOptionError(f"Property '{name}' on type '{schema}' is not a navigation property.")
            given = _parse_nested_options(inner[:-1]) if bracket else {}
            expanded[found.name] = (found.type, self._build_options(found.type, given, limited=True))
        return expanded


def parse_query(query: bytes) -> dict[str, str]:
    """Return the `$` options of a query string by their lower-case names, decoded; other parameters are ignored.

    Raises QueryOptionError for an unknown or repeated option, and for bytes that are not UTF-8.
    """
    given: dict[str, str] = {}
    for pair in query.split(b"&"):
        raw_name, _, raw_value = pair.partition(b"=")
        try:
            name = unquote_to_bytes(raw_name).decode()
            value = unquote_to_bytes(raw_value.replace(b"+", b" ")).decode()
        except UnicodeDecodeError as error:
            raise QueryOptionError("It is not valid UTF-8.") from error
        if not name.startswith("$"):
            continue
        name = name.lower()
        if name not in _KNOWN:
            raise QueryOptionError(f"The query option '{name}' is not supported.")
        if name in given:
            raise QueryOptionError(f"Query option '{name}' was specified more than once.")
        given[name] = value
    return given


def split_top_level(text: str, separator: str) -> list[str]:
    """Split `text` at the separators outside of brackets and quotes."""
    parts, start, depth, quoted = [], 0, 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts


def filter_and_sort(
    rows: Iterable[Any], value_of: Callable[[Any], Entity], options: QueryOptions
) -> Sequence[Any]:
    """Return the rows that match $filter and $search in the order of $orderby, before paging."""
    tests = [test for test in (options.test, options.search) if test is not None]
    if not tests and not options.order and isinstance(rows, Sequence):
        # A page of a long table is then sliced out of it and the rest is not read.
        return rows
    # The first test runs while rows are read: rows that do not match are never stored.
    passed: Iterable[Any] = rows
    for test in tests:
        passed = [row for row in passed if test(value_of(row))]
    chosen = passed if isinstance(passed, list) else list(passed)
    # Sorting is stable: the last key first.
    for key, descending in reversed(options.order):
        chosen = sorted(
            chosen,
            key=lambda row, key=key: key(value_of(row)),  # type: ignore[misc]  # mypy infers no type for the default
            reverse=descending,
        )
    return chosen


def _parse_nested_options(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in split_top_level(text, ";"):
        name, _, value = part.strip().partition("=")
        name = name.lower()
        if name not in _KNOWN or name in given:
            raise QueryOptionError(f"Syntax error in $expand at {part[:100]!r}.")
        given[name] = value
    return given


def _parse_natural(name: str, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise QueryOptionError(f"Invalid value '{text[:50]}' for ${name.lower()} query option found.")
    return int(text)


_SEARCH_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')


def _compile_search(text: str) -> Callable[[Entity], bool]:
    """Return a test for words in an entity's texts: all must match; `OR` separates groups, `NOT` excludes a word."""
    groups: list[list[tuple[str, bool]]] = [[]]
    negated, position, text = False, 0, text.strip()
    while position < len(text):
        match = _SEARCH_TOKEN.match(text, position)
        if match is None:
            raise QueryOptionError("Syntax error in $search.")
        position = match.end()
        phrase, word = match[1], match[2]
        if word == "OR":
            groups.append([])
        elif word == "NOT":
            negated = True
        elif word != "AND":
            wanted = word if phrase is None else re.sub(r"\\(.)", r"\1", phrase)
            groups[-1].append((wanted.casefold(), negated))
            negated = False
    if negated or not all(groups):
        raise QueryOptionError("Syntax error in $search.")

    def matches(entity: Entity) -> bool:
        # One text of all values, joined by a character that no word contains: case-folded and searched once.
        text = "\0".join([value for value in _list_values(entity) if isinstance(value, str)]).casefold()
        return any(all((word in text) != negated for word, negated in group) for group in groups)

    return matches


def _list_values(entity: Any) -> Iterable[Any]:
    return entity.values() if isinstance(entity, dict) else (entity,)

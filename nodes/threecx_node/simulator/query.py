"""The query options of a request: $filter, $orderby, $search, $top, $skip, $count, $select, $expand.

Options are compiled once per query text and kept, because clients page with the same text again and again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .filters import Navigation, compile_expression, compile_filter, order_key
from .refusals import Refusal, bad_query

if TYPE_CHECKING:
    from .model import Model
    from .state import Entity

MAX_TOP = 100
PAGE_SIZE = 100
# A real PBX answers endless queries with a time-out; here they are refused.
_MAX_QUERY = 16_384
_KNOWN = frozenset({"$top", "$skip", "$search", "$filter", "$count", "$orderby", "$select", "$expand"})
_INTEGER = re.compile(r"[0-9]{1,9}")

# What to give of an object: names of its properties (None: all), and the ones with parts of their own.
Selection = Mapping[str, Any] | None


@dataclass(slots=True)
class Options:
    """Compiled options."""

    top: int | None = None
    skip: int = 0
    count: bool = False
    test: Callable[[Entity], bool] | None = None
    search: Callable[[Entity], bool] | None = None
    order: Sequence[tuple[Callable[[Entity], Any], bool]] = ()
    select: Selection = None
    expand: Mapping[str, tuple[str, Options]] = field(default_factory=dict)
    select_text: str = ""

    @property
    def plain(self) -> bool:
        """Whether entities are given as they are, without a choice of properties."""
        return self.select is None and not self.expand


class QueryCompiler:
    """Compiles query strings for one release; `navigation` says how derived properties are read."""

    def __init__(self, model: Model, navigation: Navigation) -> None:
        self._model = model
        self._navigation = navigation
        self._cached = lru_cache(maxsize=512)(self._compile)

    def compile(self, schema: str, allowed: tuple[str, ...], query: bytes, limited: bool) -> Options:
        """The options in `query`; refuses with 400 what is malformed, unknown or not `allowed`."""
        if len(query) > _MAX_QUERY:
            raise bad_query("The query string is too long.")
        return self._cached(schema, allowed, query, limited)

    def _compile(self, schema: str, allowed: tuple[str, ...], query: bytes, limited: bool) -> Options:
        given = parse_query(query)
        for name in given:
            if name not in allowed:
                raise bad_query(f"The query option '{name}' is not allowed here.")
        return self._options(schema, given, limited)

    def _options(self, schema: str, given: Mapping[str, str], limited: bool) -> Options:
        options = Options()
        if "$top" in given:
            options.top = _natural("Top", given["$top"])
            if limited and options.top > MAX_TOP:
                raise Refusal(
                    400,
                    f"The limit of '{MAX_TOP}' for Top query has been exceeded. "
                    f"The value from the incoming request is '{options.top}'.",
                )
        if "$skip" in given:
            options.skip = _natural("Skip", given["$skip"])
        if "$count" in given:
            if given["$count"] not in ("true", "false"):
                raise bad_query("$count is true or false.")
            options.count = given["$count"] == "true"
        self._rows(options, schema, given)
        if "$select" in given:
            options.select, options.select_text = self._select(schema, given["$select"]), given["$select"]
        if "$expand" in given:
            options.expand = self._expand(schema, given["$expand"])
        return options

    def _rows(self, options: Options, schema: str, given: Mapping[str, str]) -> None:
        # Functions that return plain values ("Edm.String") have rows without properties.
        if not self._model.catalog.is_schema(schema):
            if given.keys() & {"$filter", "$orderby", "$select", "$expand"}:
                raise bad_query(f"Values of type {schema} have no properties.")
        elif "$filter" in given:
            options.test = compile_filter(self._model, schema, given["$filter"], self._navigation)
        if "$orderby" in given:
            options.order = [self._order(schema, part) for part in split_outside(given["$orderby"], ",")]
        if "$search" in given:
            options.search = _search(given["$search"])

    def _order(self, schema: str, part: str) -> tuple[Callable[[Entity], Any], bool]:
        expression, _, direction = part.strip().rpartition(" ")
        if direction not in ("asc", "desc") or not expression:
            expression, direction = part.strip(), "asc"
        node = compile_expression(self._model, schema, expression, self._navigation)
        if node.collection or node.kind == "complex":
            raise bad_query(f"Nothing can be ordered by '{expression}'.")
        return order_key(node), direction == "desc"

    def _select(self, schema: str, text: str) -> Selection:
        chosen: dict[str, Any] = {}
        for part in split_outside(text, ","):
            path = part.strip().split("/")
            if path == ["*"]:
                return None
            self._select_path(schema, path, chosen)
        return chosen

    def _select_path(self, schema: str, path: list[str], chosen: dict[str, Any]) -> None:
        name, rest = path[0], path[1:]
        found = self._model.schema(schema).get(name)
        if found is None or (rest and found.kind != "complex"):
            raise bad_query(f"Could not find a property named '{'/'.join(path)}' on type '{schema}'.")
        if not rest:
            chosen[name] = None
        elif name not in chosen or chosen[name] is not None:
            self._select_path(found.type, rest, chosen.setdefault(name, {}))

    def _expand(self, schema: str, text: str) -> Mapping[str, tuple[str, Options]]:
        expanded: dict[str, tuple[str, Options]] = {}
        fields = self._model.schema(schema)
        for part in split_outside(text, ","):
            name, bracket, inner = part.strip().partition("(")
            if bracket and not inner.endswith(")"):
                raise bad_query(f"Syntax error in $expand at {part[:100]!r}.")
            if name == "*" and not bracket:
                expanded.update({f.name: (f.type, Options()) for f in fields.values() if f.navigation})
                continue
            found = fields.get(name)
            if found is None:
                raise bad_query(f"Could not find a property named '{name}' on type '{schema}'.")
            if not found.navigation:
                raise bad_query(f"Property '{name}' on type '{schema}' is not a navigation property.")
            given = _nested_options(inner[:-1]) if bracket else {}
            expanded[name] = (found.type, self._options(found.type, given, limited=True))
        return expanded


def parse_query(query: bytes) -> dict[str, str]:
    """The `$` options of a query string, decoded; names may be encoded too. Other parameters are ignored."""
    given: dict[str, str] = {}
    for pair in query.split(b"&"):
        raw_name, _, raw_value = pair.partition(b"=")
        try:
            name = unquote_to_bytes(raw_name).decode()
            value = unquote_to_bytes(raw_value.replace(b"+", b" ")).decode()
        except UnicodeDecodeError as error:
            raise bad_query("It is not valid UTF-8.") from error
        if not name.startswith("$"):
            continue
        if name not in _KNOWN:
            raise bad_query(f"The query option '{name}' is not supported.")
        if name in given:
            raise bad_query(f"Query option '{name}' was specified more than once.")
        given[name] = value
    return given


def split_outside(text: str, separator: str) -> list[str]:
    """`text` split at separators that stand neither in brackets nor in quotes."""
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


def choose(rows: Iterable[Any], value_of: Callable[[Any], Entity], options: Options) -> Sequence[Any]:
    """The rows that pass $filter and $search, in the order of $orderby, before paging."""
    tests = [test for test in (options.test, options.search) if test is not None]
    if not tests and not options.order and isinstance(rows, Sequence):
        # A page of a long table is cut out of it without a look at the rest.
        return rows
    # The first test runs over the rows as they come: those that fail it need never be held.
    passed: Iterable[Any] = rows
    for test in tests:
        passed = [row for row in passed if test(value_of(row))]
    chosen = passed if isinstance(passed, list) else list(passed)
    # Sorting is stable: the last key first.
    for key, descending in reversed(options.order):
        chosen.sort(key=lambda row, key=key: key(value_of(row)), reverse=descending)  # type: ignore[misc]
    return chosen


def _nested_options(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in split_outside(text, ";"):
        name, _, value = part.strip().partition("=")
        if name not in _KNOWN or name in given:
            raise bad_query(f"Syntax error in $expand at {part[:100]!r}.")
        given[name] = value
    return given


def _natural(name: str, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise bad_query(f"Invalid value '{text[:50]}' for ${name.lower()} query option found.")
    return int(text)


_SEARCH_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')


def _search(text: str) -> Callable[[Entity], bool]:
    """A test for words in an entity's texts: all of them; `OR` between groups, `NOT` before a word."""
    groups: list[list[tuple[str, bool]]] = [[]]
    negated, position, text = False, 0, text.strip()
    while position < len(text):
        match = _SEARCH_TOKEN.match(text, position)
        if match is None:
            raise bad_query("Syntax error in $search.")
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
        raise bad_query("Syntax error in $search.")

    def found(entity: Entity) -> bool:
        # One text of all, with something in between that no word holds: folded and searched once.
        text = "\0".join([value for value in _values(entity) if isinstance(value, str)]).casefold()
        return any(all((word in text) != negated for word, negated in group) for group in groups)

    return found


def _values(entity: Any) -> Iterable[Any]:
    return entity.values() if isinstance(entity, dict) else (entity,)

"""Checks a `$filter` before it is sent: a comparison of two types is refused, because every PBX refuses it.

The types of the properties are those of the catalog. A property that the catalog does not have, arithmetic and any
other part that cannot be read with certainty are left to the PBX.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..catalog.filter_fields import kind_of_type
from ..errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..catalog import Catalog, Property

FILTER = "$filter"
_TOKENS = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<duration>duration'[^']*')
      | (?P<enum>[A-Za-z_][\w.]*'(?:[^']|'')*')
      | (?P<guid>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-]))
      | (?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?(?![\w-]))
      | (?P<date>\d{4}-\d\d-\d\d(?![\w-]))
      | (?P<time>\d\d:\d\d[\d:.]*(?![\w-]))
      | (?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.-]))
      | (?P<path>[$A-Za-z_][$\w.]*(?:/[$\w.]+)*)
      | (?P<mark>[(),:/-])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_EQUALITY = frozenset({"eq", "ne"})
# A comparison has nothing else around it; next to anything else, an operand is more than one token.
_BEFORE = frozenset({"", "(", ",", ":", "and", "or"})
_AFTER = frozenset({"", ")", ",", "and", "or"})
_WORDS = frozenset({"true", "false", "null"})

_FUNCTIONS: Mapping[str, str] = {
    **dict.fromkeys(("tolower", "toupper", "trim", "concat", "substring"), "text"),
    **dict.fromkeys(("length", "indexof", "year", "month", "day", "hour", "minute", "second"), "number"),
    **dict.fromkeys(("contains", "startswith", "endswith"), "boolean"),
    "date": "date",
    "time": "time",
    "now": "moment",
}
# The literals that may be compared with a property, where they are of more than its own kind.
_COMPATIBLE: Mapping[str, frozenset[str]] = {
    "moment": frozenset({"moment", "date"}),
    "date": frozenset({"moment", "date"}),
    "enum": frozenset({"enum", "text", "number"}),
}
_NAMES = {
    "text": "a text",
    "boolean": "true or false",
    "number": "a number",
    "guid": "a GUID",
    "moment": "a date and time",
    "date": "a date",
    "time": "a time of day",
    "duration": "a duration",
    "enum": "a choice",
}
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?![^T ])")


class _Token(NamedTuple):
    kind: str
    text: str

    @property
    def word(self) -> str:
        """The token in lower case, empty where it is a text."""
        return self.text.lower() if self.kind in ("path", "mark") else "'"


@dataclass(frozen=True, slots=True)
class _Operand:
    text: str
    kind: str
    is_literal: bool


_NOTHING = _Token("mark", "")


class FilterChecker:
    """Checks filters over the entities of `schema` in one release, in every release where that is None."""

    def __init__(self, catalog: Catalog, schema: str, release: str | None) -> None:
        self._catalog = catalog
        self._schema = schema
        self._release = release

    def check(self, text: str) -> None:
        """Raise ParameterError for a comparison that every PBX refuses, with the way to write it."""
        tokens = _split(text)
        variables, openings = self._find_variables(tokens), _match_brackets(tokens)
        for place in range(1, len(tokens) - 1):
            word = tokens[place].word
            if word not in _COMPARISONS:
                continue
            self._check_case(tokens[place + 1], tokens[place - 1].text, tokens[place].text)
            left = self._read_left(tokens, place - 1, variables, openings)
            right = self._read_right(tokens, place + 1, variables)
            if left and right and left.is_literal != right.is_literal:
                _check_types(left, right, tokens[place].text)

    @staticmethod
    def _check_case(value: _Token, name: str, comparison: str) -> None:
        """Refuse `True`: OData takes it for the name of a property."""
        if value.kind == "path" and value.word in _WORDS and value.text != value.word:
            raise ParameterError(
                f"{FILTER}: {value.text} is not a value of OData",
                field=FILTER,
                description=f"Write it in lower case: {name} {comparison} {value.word}.",
            )

    def _read_left(
        self,
        tokens: Sequence[_Token],
        place: int,
        variables: Mapping[str, str],
        openings: Mapping[int, int],
    ) -> _Operand | None:
        """Return the operand that ends at `place`, None where it has several parts."""
        if tokens[place].text != ")":
            return self._read_single(tokens, place, variables)
        start = openings.get(place, 0)
        name = _token_at(tokens, start - 1)
        kind = _FUNCTIONS.get(name.word)
        if kind is None or _token_at(tokens, start - 2).word not in _BEFORE:
            return None
        arguments = "".join(token.text for token in tokens[start : place + 1])
        return _Operand(f"{name.text}{arguments}", kind, is_literal=False)

    def _read_right(
        self, tokens: Sequence[_Token], place: int, variables: Mapping[str, str]
    ) -> _Operand | None:
        if _token_at(tokens, place + 1).word not in _AFTER:
            return None
        return self._read_operand(tokens[place], variables)

    def _read_single(
        self, tokens: Sequence[_Token], place: int, variables: Mapping[str, str]
    ) -> _Operand | None:
        if _token_at(tokens, place - 1).word not in _BEFORE:
            return None
        return self._read_operand(tokens[place], variables)

    def _read_operand(self, token: _Token, variables: Mapping[str, str]) -> _Operand | None:
        if token.kind not in ("path", "mark"):
            return _Operand(token.text, token.kind, is_literal=True)
        if token.text in ("true", "false"):
            return _Operand(token.text, "boolean", is_literal=True)
        kind = self._find_kind(token.text, variables) if token.kind == "path" else ""
        return _Operand(token.text, kind, is_literal=False) if kind else None

    def _find_kind(self, path: str, variables: Mapping[str, str]) -> str:
        """Return the kind of a property, the same in all releases in question; empty where it is not known."""
        found = self._find_property(path, variables)
        if found is None or found.type.collection:
            return ""
        types = {found.type_in(self._release)}
        if self._release is None:
            types |= set(found.earlier.values())
        kinds = {self._kind_of_type(each.name) for each in types}
        return kinds.pop() if len(kinds) == 1 else ""

    def _kind_of_type(self, name: str) -> str:
        return kind_of_type(self._catalog, name) or ""

    def _find_property(self, path: str, variables: Mapping[str, str]) -> Property | None:
        first, *rest = path.split("/")
        schema = variables.get(first, self._schema)
        names = rest if first in variables else [first, *rest]
        found: Property | None = None
        for name in names:
            if not self._catalog.is_schema(schema):
                return None
            folded = name.casefold()
            fitting = [
                each
                for each in self._catalog.properties(schema).values()
                if each.name == name or each.name.casefold() == folded
            ]
            if len(fitting) != 1:
                return None
            found = fitting[0]
            schema = found.type.name
        return found

    def _find_variables(self, tokens: Sequence[_Token]) -> Mapping[str, str]:
        """Return the schema of each variable of `any` and `all`, "" for one of which it is not known."""
        variables: dict[str, str] = {"$it": self._schema}
        for place, token in enumerate(tokens):
            if token.text != ":" or place < 3:
                continue
            path, _, last = tokens[place - 3].text.rpartition("/")
            name = tokens[place - 1].text
            owner = self._find_property(path, variables) if last.lower() in ("any", "all") else None
            schema = owner.type.name if owner else ""
            variables[name] = schema if variables.get(name, schema) == schema else ""
        return variables


def _split(text: str) -> list[_Token]:
    """Return the tokens of a filter, none where it has a part that is not known."""
    tokens, position, text = [], 0, text.strip()
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            return []
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind]))
        position = match.end()
    return tokens


def _match_brackets(tokens: Sequence[_Token]) -> Mapping[int, int]:
    """Return the place of the opening bracket of each closing one."""
    waiting: list[int] = []
    found = {}
    for place, token in enumerate(tokens):
        if token.text == "(":
            waiting.append(place)
        elif token.text == ")" and waiting:
            found[place] = waiting.pop()
    return found


def _token_at(tokens: Sequence[_Token], place: int) -> _Token:
    return tokens[place] if 0 <= place < len(tokens) else _NOTHING


def _check_types(left: _Operand, right: _Operand, comparison: str) -> None:
    named, value = (right, left) if left.is_literal else (left, right)
    fitting = _COMPATIBLE.get(named.kind, frozenset({named.kind}))
    if named.kind == "enum" and comparison.lower() not in _EQUALITY:
        fitting = frozenset({"enum"})
    if value.kind in fitting:
        return
    raise ParameterError(
        f"{FILTER}: {left.text} {comparison} {right.text} compares {_NAMES[named.kind]} with {_NAMES[value.kind]}",
        field=FILTER,
        description=_advise(named, value, comparison),
    )


def _advise(named: _Operand, value: _Operand, comparison: str) -> str:
    """Return how to write the comparison, with the value where it can be meant so."""
    bare = value.text.strip("'")
    begin = f"{named.text} {comparison}"
    day = _ISO_DATE.match(bare)
    match named.kind:
        case "moment":
            date = day[0] if day else "2026-03-01"
            return f"Write dates without quotes: {begin} {date}T00:00:00Z, or date({named.text}) {comparison} {date}."
        case "date":
            return f"Write dates without quotes: {begin} {day[0] if day else '2026-03-01'}."
        case "number":
            return f"Write numbers without quotes: {begin} {bare if _is_number(bare) else '5'}."
        case "boolean":
            word = bare.lower() if bare.lower() in ("true", "false") else "true"
            return f"Write true or false without quotes: {begin} {word}."
        case "guid":
            return f"Write GUIDs without quotes: {begin} {bare}."
        case "time":
            return f"Write times of day without quotes: {begin} 08:00:00."
        case "duration":
            return f"Write durations like this: {begin} duration'PT3M'."
        case "enum":
            if comparison.lower() in _EQUALITY:
                return f"Write choices in single quotes: {begin} '{bare}'."
            return f"Choices have no order. Compare them with eq, ne or in: {named.text} eq '{bare}'."
        case _:
            return f"Write texts in single quotes: {begin} '{bare}'."


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None

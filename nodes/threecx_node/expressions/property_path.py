"""Read plain property paths such as `$json.owner?.ids[0]` in Python, by JavaScript's rules.

Where the value needs more than that (a name that JavaScript's own objects have, such as `map`), the reader returns
`NEEDS_ENGINE`, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..values.undefined import UNDEFINED
from .javascript import number

NEEDS_ENGINE: Final = object()

PathReader = Callable[[Mapping[str, Any], int], Any]

_OBJECT_NAMES = frozenset(
    {
        *("__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "__proto__"),
        *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString"),
        *("toString", "valueOf"),
    }
)
_ARRAY_NAMES = _OBJECT_NAMES | {
    *("at", "concat", "copyWithin", "entries", "every", "fill", "filter", "find", "findIndex", "findLast"),
    *("findLastIndex", "flat", "flatMap", "forEach", "includes", "indexOf", "join", "keys", "lastIndexOf"),
    *("map", "pop", "push", "reduce", "reduceRight", "reverse", "shift", "slice", "some", "sort", "splice"),
    *("toReversed", "toSorted", "toSpliced", "unshift", "values", "with"),
}
_STRING_NAMES = _OBJECT_NAMES | {
    *("anchor", "at", "big", "blink", "bold", "charAt", "charCodeAt", "codePointAt", "concat", "endsWith"),
    *("fixed", "fontcolor", "fontsize", "includes", "indexOf", "isWellFormed", "italics", "lastIndexOf"),
    *("link", "localeCompare", "match", "matchAll", "normalize", "padEnd", "padStart", "repeat", "replace"),
    *(
        "replaceAll",
        "search",
        "slice",
        "small",
        "split",
        "startsWith",
        "strike",
        "sub",
        "substr",
        "substring",
    ),
    *("sup", "toLocaleLowerCase", "toLocaleUpperCase", "toLowerCase", "toUpperCase", "toWellFormed", "trim"),
    *("trimEnd", "trimLeft", "trimRight", "trimStart"),
}
_NUMBER_NAMES = _OBJECT_NAMES | {"toExponential", "toFixed", "toPrecision"}

_SPACE = r"[ \t\r\n]*"
_ROOT = re.compile(
    rf"{_SPACE}(?:(?P<index>\$itemIndex)|\$json|\$input{_SPACE}\.{_SPACE}item{_SPACE}\.{_SPACE}json)(?![\w$])"
)
_STEP = re.compile(
    rf"{_SPACE}(?:\??\.{_SPACE}(?P<name>[^\W\d][\w$]*|\$[\w$]*)(?![\w$\\])"
    rf"|(?:\?\.{_SPACE})?\[{_SPACE}(?:"
    r'"(?P<double>[^"\\\r\n]*)"' + r"|'(?P<single>[^'\\\r\n]*)'" + r"|(?P<position>0|[1-9][0-9]{0,8})"
    rf"){_SPACE}\])"
)
_END = re.compile(rf"{_SPACE}\Z")
_POSITION = re.compile(r"(?:0|[1-9][0-9]{0,8})\Z")


class _Step:
    """One `.name` or `[…]`; `position` is its number where it can index elements or characters."""

    __slots__ = ("name", "position")

    def __init__(self, name: str) -> None:
        self.name = name
        self.position = int(name) if _POSITION.match(name) else None


def compile_path(code: str) -> PathReader | None:
    """Return a reader of `(item, index)` for the path in `code`; None where `code` is more than a plain path."""
    root = _ROOT.match(code)
    if root is None:
        return None
    steps: list[_Step] = []
    position = root.end()
    while not _END.match(code, position):
        match = _STEP.match(code, position)
        if match is None or not _is_identifier(match["name"]):
            return None
        found = (match["name"], match["double"], match["single"], match["position"])
        steps.append(_Step(next(part for part in found if part is not None)))
        position = match.end()
    if root["index"]:
        return _read_index if not steps else None
    return _read_one(steps[0]) if len(steps) == 1 else _read_many(tuple(steps))


def _is_identifier(name: str | None) -> bool:
    """Return whether JavaScript accepts the name; `\\w` alone would accept characters such as `²`."""
    return name is None or name.replace("$", "_").isidentifier()


def _read_index(item: Mapping[str, Any], index: int) -> Any:
    del item
    return index


def _read_one(step: _Step) -> PathReader:
    name = step.name

    def read(item: Mapping[str, Any], index: int) -> Any:
        del index
        try:
            value = item[name]
        except KeyError:
            return NEEDS_ENGINE if name in _OBJECT_NAMES else UNDEFINED
        return number(value) if type(value) is float else value

    return read


def _read_many(steps: tuple[_Step, ...]) -> PathReader:
    def read(item: Mapping[str, Any], index: int) -> Any:
        del index
        value: Any = item
        for step in steps:
            if value is None or value is UNDEFINED:
                # A TypeError in JavaScript, or a short circuit: undefined either way.
                return UNDEFINED
            reader = _READERS.get(type(value), _read_other)
            value = reader(value, step)
            if value is NEEDS_ENGINE:
                return value
        return number(value) if type(value) is float else value

    return read


def _read_object(value: Mapping[str, Any], step: _Step) -> Any:
    try:
        return value[step.name]
    except KeyError:
        return NEEDS_ENGINE if step.name in _OBJECT_NAMES else UNDEFINED


def _read_array(value: list[Any], step: _Step) -> Any:
    if step.position is not None:
        return value[step.position] if step.position < len(value) else UNDEFINED
    if step.name == "length":
        return len(value)
    return NEEDS_ENGINE if step.name in _ARRAY_NAMES else UNDEFINED


def _read_string(value: str, step: _Step) -> Any:
    # JavaScript counts UTF-16 units: a character beyond U+FFFF is two of them.
    plain = value.isascii() or max(value) <= "\uffff"
    if step.position is not None:
        if plain:
            return value[step.position] if step.position < len(value) else UNDEFINED
        start = step.position * 2
        unit = value.encode("utf-16-le", "surrogatepass")[start : start + 2]
        return chr(int.from_bytes(unit, "little")) if unit else UNDEFINED
    if step.name == "length":
        return len(value) if plain else len(value.encode("utf-16-le", "surrogatepass")) // 2
    return NEEDS_ENGINE if step.name in _STRING_NAMES else UNDEFINED


def _read_number(value: float, step: _Step) -> Any:
    del value
    return NEEDS_ENGINE if step.name in _NUMBER_NAMES else UNDEFINED


def _read_boolean(value: bool, step: _Step) -> Any:
    del value
    return NEEDS_ENGINE if step.name in _OBJECT_NAMES else UNDEFINED


def _read_other(value: Any, step: _Step) -> Any:
    return _read_object(value, step) if isinstance(value, Mapping) else NEEDS_ENGINE


_READERS: dict[type, Callable[[Any, _Step], Any]] = {
    dict: _read_object,
    list: _read_array,
    str: _read_string,
    int: _read_number,
    float: _read_number,
    bool: _read_boolean,
}

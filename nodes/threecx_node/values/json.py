"""Read and write JSON: orjson, and the standard library for values that orjson refuses.

orjson refuses lone surrogates (a text cut in the middle of an emoji) and integers over 64 bits; both occur in
what people send, so they go through `json` instead of failing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable


DEEPEST = 200
"""No document of 3CX, a canvas or a caller is nested nearly as deep, and code that reads values may use recursion."""


def loads(data: bytes | str) -> Any:
    """Return the value of a JSON text. Raises ValueError, with `lineno` and `colno` where known.

    Bytes are UTF-8, with or without a byte order mark. A text that is nested more than DEEPEST levels deep is refused,
    so that the value can be written again.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            # Accepts what orjson is too strict for, and otherwise gives line and column. Of bytes it would guess the
            # encoding, and JSON between programs has one (RFC 8259): a body in another is damaged, or not from the PBX.
            value = json.loads(data if isinstance(data, str) else _decode(data))
        except RecursionError:
            raise ValueError(_TOO_DEEP) from error
    if _may_be_deep(data) and is_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


def _decode(data: bytes) -> str:
    return data.decode("utf-8-sig", "surrogatepass")


_TOO_DEEP = f"the JSON is nested more than {DEEPEST} levels deep"


def _may_be_deep(data: bytes | str) -> bool:
    if isinstance(data, str):
        return data.count("[") + data.count("{") > DEEPEST
    return data.count(b"[") + data.count(b"{") > DEEPEST


def is_deep(value: Any) -> bool:
    """Return whether a JSON value is nested more than DEEPEST levels deep."""
    try:
        # Much faster than a walk, and it refuses more than 254 levels.
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _walk(value) > DEEPEST
    return False


def _walk(value: Any) -> int:
    """Return how deep a value is nested, at most one level more than DEEPEST."""
    level, depth = [value], 0
    while depth <= DEEPEST and (inner := [each for each in level if isinstance(each, (list, dict))]):
        level = [part for each in inner for part in (each.values() if isinstance(each, dict) else each)]
        depth += 1
    return depth


def why_not_json(error: ValueError) -> str:
    """Return where and why a JSON text is invalid, for a message: ` at line 2, column 3: Expecting value`."""
    reason = getattr(error, "msg", str(error))
    line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
    return f" at line {line}, column {column}: {reason}" if line else f": {reason}"


def dumps(value: Any) -> bytes:
    """Return compact JSON. Raises ValueError or TypeError for what JSON does not have (NaN, Infinity, objects)."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        try:
            return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
        except RecursionError:
            raise ValueError(_TOO_DEEP) from None


def dumps_sorted(value: Any, default: Callable[[Any], Any]) -> bytes:
    """Return compact JSON with sorted keys; `default` turns what JSON does not have into what it has."""
    try:
        return orjson.dumps(value, default, orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(value, sort_keys=True, default=default, skipkeys=True).encode()


def pretty(value: Any) -> str:
    """Return JSON for people, with an indent of two spaces."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, indent=2, ensure_ascii=True)

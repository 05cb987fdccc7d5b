"""The operators and functions of $filter; null never reaches them."""

from __future__ import annotations

import math
import operator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from odata_query import ast

from .literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATE_WIDTH = len("2025-03-13")

# Operator: implementation, name in messages.
COMPARISONS: Mapping[type, tuple[Callable[[Any, Any], bool], str]] = {
    ast.Eq: (operator.eq, "Equal"),
    ast.NotEq: (operator.ne, "NotEqual"),
    ast.Lt: (operator.lt, "LessThan"),
    ast.LtE: (operator.le, "LessThanOrEqual"),
    ast.Gt: (operator.gt, "GreaterThan"),
    ast.GtE: (operator.ge, "GreaterThanOrEqual"),
}


def _divide(a: float, b: float) -> float:
    # OData divides integers as C does: towards zero.
    return int(a / b) if isinstance(a, int) and isinstance(b, int) else a / b


ARITHMETIC: Mapping[type, tuple[Callable[[Any, Any], Any], str]] = {
    ast.Add: (operator.add, "Add"),
    ast.Sub: (operator.sub, "Subtract"),
    ast.Mult: (operator.mul, "Multiply"),
    ast.Div: (_divide, "Divide"),
    ast.Mod: (math.fmod, "Modulo"),
}


def _slice_integer(start: int, end: int) -> Callable[[str], int]:
    return lambda text: int(text[start:end])


def _format_now() -> str:
    return format_date_time(datetime.now(UTC))


def _substring(text: str, start: int, length: int | None = None) -> str:
    start = max(int(start), 0)
    return text[start:] if length is None else text[start : start + max(int(length), 0)]


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _total_seconds(value: float) -> float:
    return timedelta(seconds=value).total_seconds()


# Name: kinds of its arguments, kind of its value, implementation.
FUNCTIONS: Mapping[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    "contains": (("string|enum", "string"), "boolean", lambda text, part: part in text),
    "startswith": (("string|enum", "string"), "boolean", lambda text, part: text.startswith(part)),
    "endswith": (("string|enum", "string"), "boolean", lambda text, part: text.endswith(part)),
    "indexof": (("string|enum", "string"), "number", lambda text, part: text.find(part)),
    "concat": (("string", "string"), "string", operator.add),
    "length": (("string|enum",), "number", len),
    "substring": (("string", "number", "number"), "string", _substring),
    "tolower": (("string|enum",), "string", str.lower),
    "toupper": (("string|enum",), "string", str.upper),
    "trim": (("string",), "string", str.strip),
    "year": (("datetime|date",), "number", _slice_integer(0, 4)),
    "month": (("datetime|date",), "number", _slice_integer(5, 7)),
    "day": (("datetime|date",), "number", _slice_integer(8, 10)),
    "hour": (("datetime",), "number", _slice_integer(11, 13)),
    "minute": (("datetime",), "number", _slice_integer(14, 16)),
    "second": (("datetime",), "number", _slice_integer(17, 19)),
    "date": (("datetime",), "date", lambda text: text[:_DATE_WIDTH]),
    "time": (("datetime",), "time", lambda text: text[_DATE_WIDTH + 1 : _DATE_WIDTH + 9]),
    "now": ((), "datetime", _format_now),
    "totalseconds": (("duration",), "number", _total_seconds),
    "round": (("number",), "number", _round),
    "floor": (("number",), "number", math.floor),
    "ceiling": (("number",), "number", math.ceil),
}

# The types of the functions whose numbers are not Int32.
NUMBER_FUNCTIONS: Mapping[str, str] = {
    "totalseconds": "Decimal",
    "round": "Double",
    "floor": "Double",
    "ceiling": "Double",
}

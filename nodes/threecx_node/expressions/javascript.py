"""Values as JavaScript writes them into text."""

from __future__ import annotations

import math
from typing import Any

from ..values.undefined import UNDEFINED

# From here on JavaScript writes numbers with an exponent.
_LARGEST_PLAIN = 1e21
_LARGEST_EXACT = 2**53


def number(value: float) -> int | float:
    """Return the number as a Python value: an int where it is whole, since JavaScript has one kind of number."""
    if not value.is_integer() or abs(value) >= _LARGEST_PLAIN:
        return value
    # Beyond 2**53 JavaScript writes the shortest digits that identify the number, not its exact digits.
    return int(value) if abs(value) <= _LARGEST_EXACT else int(number_text(value))


def number_text(value: float) -> str:
    """Return the number as JavaScript's String() writes it: `5`, `0.1`, `1e+21`, `1e-7`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, point = _shortest_digits(abs(value))
    return sign + _place_point(digits, point)


def _shortest_digits(value: float) -> tuple[str, int]:
    """Return the digits without zeros at either end, and how many of them precede the decimal point."""
    mantissa, _, exponent = repr(value).partition("e")
    before, _, after = mantissa.partition(".")
    digits = before + after
    point = len(before) + int(exponent or 0)
    stripped = digits.lstrip("0")
    return stripped.rstrip("0"), point - (len(digits) - len(stripped))


def _place_point(digits: str, point: int) -> str:
    """Place the decimal point as steps 6 to 10 of ECMAScript's Number::toString do."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    exponent = point - 1
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def text(value: Any) -> str | None:
    """Return a value inside a text, as Array.prototype.join writes it; None where only JavaScript can decide.

    Integers keep all their digits, also those beyond 2**53 that JavaScript would round.
    """
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None or value is UNDEFINED:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return number_text(value)
    if kind is list:
        return _list_text(value)
    # An object with a field of this name is written by asking the field.
    return "[object Object]" if kind is dict and "toString" not in value else None


def _list_text(values: list[Any]) -> str | None:
    parts = []
    for value in values:
        part = text(value)
        if part is None:
            return None
        parts.append(part)
    return ",".join(parts)

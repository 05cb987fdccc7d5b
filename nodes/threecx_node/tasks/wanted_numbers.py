"""Read the telephone number by which a list is restricted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ParameterError
from ..values.phone_numbers import parse_pattern

if TYPE_CHECKING:
    from ..values.phone_numbers import NumberPattern

_LONGEST = 60


def read_number_pattern(text: str | None) -> NumberPattern | None:
    """Return the pattern of a number as people write it, None where there is none. Raises ParameterError."""
    if not text:
        return None
    pattern = parse_pattern(text)
    if pattern is None:
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        raise ParameterError(
            f"number: {shown!r} is not a telephone number",
            field="number",
            description='Write digits, such as +49 30 5550100, with "*" at the start or the end for any others.',
        )
    return pattern

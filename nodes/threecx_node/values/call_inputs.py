"""Check what people give to make a call or to act on one: numbers to call, seconds of ringing, attached data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .coerce import CoercionError, coerce_object, coerce_string

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DATA_BYTES = 64 * 1024
"""3CX does not say how much attached data it takes; its messages are limited."""
LONGEST_RING = 3600
"""The longest time of ringing, in seconds."""
_LONGEST_NUMBER = 64
# Extensions and telephone numbers; route points and groups have letters too.
_NUMBER = re.compile(r"[+]?[0-9A-Za-z*#]+")
# Not brackets: the digits in them may be left out of the number.
_SEPARATORS = re.compile(r"[\s.\-/]")


def read_destination(value: Any) -> str:
    """Return the number to call: digits, letters, `*` and `#`, after an optional `+`. Raises CoercionError.

    Spaces, brackets and hyphens between digits are refused, since 3CX would dial another number or none.
    """
    text = coerce_string(value).strip()
    if _NUMBER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return text
    plain = _SEPARATORS.sub("", text)
    example = f" such as {plain}" if _NUMBER.fullmatch(plain) and len(plain) <= _LONGEST_NUMBER else ""
    raise CoercionError(
        f"a number{example} (digits, letters, * and #, with an optional + before them)", value
    )


def read_ring_time(value: int) -> int:
    """Return the seconds that a call may ring. Raises CoercionError."""
    if not 1 <= value <= LONGEST_RING:
        raise CoercionError(f"a number of seconds from 1 to {LONGEST_RING:,}", value)
    return value


def read_attached_data(value: Any) -> Mapping[str, Any]:
    """Return the data as an object, also of its JSON text. Raises CoercionError."""
    data = coerce_object(value)
    if data is None:
        raise CoercionError("an object", value)
    return data

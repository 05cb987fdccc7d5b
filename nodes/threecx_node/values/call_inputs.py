"""Check what people give to make a call or to act on one: numbers to call, seconds of ringing, attached data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .coerce import CoercionError, coerce_object, coerce_string
from .phone_numbers import clean_number

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DATA_BYTES = 64 * 1024
"""3CX does not say how much attached data it takes; its messages are limited."""
LONGEST_RING = 3600
"""The longest time of ringing, in seconds."""
_LONGEST_NUMBER = 64
# Extensions and telephone numbers; route points and groups have letters too.
_NUMBER = re.compile(r"[+]?[0-9A-Za-z*#]+")
_BLANK = r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]"
_SEPARATORS = re.compile(rf"{_BLANK}|[-\u2010-\u2015\u2212.()/]")
_WRITTEN = re.compile(rf"(?:tel:)?(?:[+0-9*#]|{_SEPARATORS.pattern})+", re.IGNORECASE)
_BARE = re.compile(r"[+]?[0-9*#]+")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
# One slash, after an area code: any other one is between two numbers.
_AREA_CODE = re.compile(r"[(]?[+0][^/]*/[^/]*")
# A zero that is dialled within the country only; in some countries it is dialled from abroad too.
_TRUNK_ZERO = re.compile(rf"((?:[+]|00)[^(]*)[(]{_BLANK}*0{_BLANK}*[)]")
# The digits of the longest international number, after 00.
_MOST_DIGITS = 17


def read_destination(value: Any) -> str:
    """Return the number to call: digits, letters, `*` and `#`, after an optional `+`. Raises CoercionError.

    The separators of a telephone number as people write it are left out: `+49 30 1234-567` is `+49301234567`. A text
    that may then be another number is refused, and so is a name.
    """
    text = clean_number(coerce_string(value))
    if _NUMBER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return text
    if plain := _leave_out_separators(text):
        return plain
    corrected = _leave_out_separators(_TRUNK_ZERO.sub(r"\1", text))
    example = f" such as {corrected}" if corrected else ""
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


def _leave_out_separators(text: str) -> str:
    """Return a telephone number without its separators, an empty text where it is not certainly one number."""
    is_doubtful = _DECIMAL.fullmatch(text) or _TRUNK_ZERO.match(text)
    if is_doubtful or not _WRITTEN.fullmatch(text) or ("/" in text and not _AREA_CODE.fullmatch(text)):
        return ""
    plain = _SEPARATORS.sub("", text.lower().removeprefix("tel:"))
    return plain if _BARE.fullmatch(plain) and len(plain.lstrip("+")) <= _MOST_DIGITS else ""

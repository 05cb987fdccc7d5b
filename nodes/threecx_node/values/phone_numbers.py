"""Compare telephone numbers, however they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Characters that people write between digits, and the zero in brackets that is not dialed with the country code.
_SEPARATORS = re.compile(r"[\s\-./()\u2010-\u2015\u200e\u200f\u202a-\u202e]+")
_NATIONAL_ZERO = re.compile(r"((?:\+|00)[1-9]\d{0,2}\s?)\(0\)", re.ASCII)
WILDCARD = "*"


@lru_cache(maxsize=4096)
def normalize_number(number: str) -> str:
    """Return a number without separators, and with a plus sign in place of a leading 00."""
    text = number.strip()
    text = _SEPARATORS.sub("", _NATIONAL_ZERO.sub(r"\1", text))
    return f"+{text[2:]}" if text.startswith("00") else text


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """A number, or the start, the end or another part of numbers, with a wildcard where the rest is."""

    text: str
    is_open_start: bool
    is_open_end: bool

    def matches(self, number: str) -> bool:
        """Return whether a number is one of the pattern."""
        if not number:
            return False
        candidate = normalize_number(number)
        if self.is_open_start and self.is_open_end:
            return self.text in candidate
        if self.is_open_start:
            return candidate.endswith(self.text)
        if self.is_open_end:
            return candidate.startswith(self.text)
        return candidate == self.text


@lru_cache(maxsize=256)
def parse_pattern(pattern: str) -> NumberPattern | None:
    """Return the pattern that a text describes, None where it is not one.

    A wildcard is allowed at the start and at the end; a pattern has at least one digit.
    """
    text = pattern.strip()
    is_open_start, is_open_end = text.startswith(WILDCARD), text.endswith(WILDCARD)
    inner = text.removeprefix(WILDCARD).removesuffix(WILDCARD)
    # Only at the start of a number, 00 is the same as the plus sign.
    normal = _SEPARATORS.sub("", inner) if is_open_start else normalize_number(inner)
    if not re.fullmatch(r"\+?[0-9A-Za-z#]*[0-9][0-9A-Za-z#]*", normal, re.ASCII):
        return None
    return NumberPattern(normal, is_open_start, is_open_end)

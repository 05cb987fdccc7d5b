"""Compare telephone numbers, however they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Marks that are copied with a number and cannot be seen: of the direction of text, of places where a line may break.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# The forms of ASCII characters that are as wide as a Chinese one.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Characters that people write between digits, and the zero in brackets that is not dialed with the country code.
_SEPARATORS = re.compile(r"[\s\-./()\u2010-\u2015\u2212]+")
_SCHEME = re.compile("^tel:", re.IGNORECASE)
_NATIONAL_ZERO = re.compile(r"((?:\+|00)[1-9]\d{0,2}\s?)\(0\)", re.ASCII)
# The form in which spreadsheets show long numbers.
_SHORTENED = re.compile(r"[0-9]+([.,][0-9]+[eE][+]?|[eE][+])[0-9]{1,2}")
WILDCARD = "*"


def remove_marks(text: str) -> str:
    """Return a text without invisible marks, and without blanks around it."""
    return _INVISIBLE.sub("", text).strip()


def clean_number(text: str) -> str:
    """Return a text without marks, and with ASCII digits and signs in place of wide ones."""
    return remove_marks(text).translate(_WIDE)


def join_digits(number: str) -> str:
    """Return a number as it is dialed: without separators, and without the zero in brackets after a country code."""
    text = _SCHEME.sub("", clean_number(number))
    return _SEPARATORS.sub("", _NATIONAL_ZERO.sub(r"\1", text))


def join_extension(number: str) -> str:
    """Return the number of an extension without blanks; any other character may make it another number."""
    return "".join(clean_number(number).split())


def is_shortened(number: str) -> bool:
    """Return whether a text is a number as a spreadsheet shortens it (`4.93E+12`): its last digits are lost."""
    return _SHORTENED.fullmatch(clean_number(number)) is not None


@lru_cache(maxsize=4096)
def normalize_number(number: str) -> str:
    """Return a number without separators, and with a plus sign in place of a leading 00."""
    text = join_digits(number)
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
    text = clean_number(pattern)
    is_open_start, is_open_end = text.startswith(WILDCARD), text.endswith(WILDCARD)
    inner = text.removeprefix(WILDCARD).removesuffix(WILDCARD)
    # Only at the start of a number, 00 is the same as the plus sign.
    normal = _SEPARATORS.sub("", inner) if is_open_start else normalize_number(inner)
    if not re.fullmatch(r"\+?[0-9A-Za-z#]*[0-9][0-9A-Za-z#]*", normal, re.ASCII):
        return None
    return NumberPattern(normal, is_open_start, is_open_end)

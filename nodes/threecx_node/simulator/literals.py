"""Reads OData literals from a URL, as strictly as a PBX does.

A client that forgets the quotes of a string, or doubles none of its apostrophes, must fail here like it fails
on a real PBX; so nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

INTEGER_RANGES = {
    "Byte": (0, 255),
    "Int16": (-(2**15), 2**15 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:[Zz]|[+-]\d{2}:\d{2})")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
# One argument: `name=value` or a value alone; a value is a quoted string or holds neither quote nor comma.
_ARGUMENT = re.compile(r"(?:([A-Za-z_]\w*)=)?('(?:[^']|'')*'|[^',]*)")


class LiteralError(ValueError):
    """A literal that is not one of the type it should be."""


def decode_segment(raw: str) -> str:
    """A path segment percent-decoded; raises LiteralError where the bytes are not UTF-8."""
    if "%" not in raw:
        return raw
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise LiteralError("The path is not valid UTF-8.") from error


def split_arguments(text: str) -> list[tuple[str, str]] | None:
    """`Id=5,Name='a,b'` as pairs of name ("" if positional) and literal; None where it is malformed."""
    if not text:
        return []
    found: list[tuple[str, str]] = []
    position = 0
    while True:
        match = _ARGUMENT.match(text, position)
        if match is None or not match[2]:
            return None
        found.append((match[1] or "", match[2]))
        position = match.end()
        if position == len(text):
            return found
        if text[position] != ",":
            return None
        position += 1


def parse_literal(text: str, edm: str) -> Any:
    """The value of literal `text` as EDM type `edm`; raises LiteralError that says what was wanted."""
    if edm == "String":
        match = _QUOTED.fullmatch(text)
        if match is None:
            raise LiteralError(f"{text!r} is not an Edm.String: strings stand in single quotes.")
        return match[1].replace("''", "'")
    if edm in INTEGER_RANGES:
        low, high = INTEGER_RANGES[edm]
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise LiteralError(f"{text!r} is not an Edm.{edm}.")
        return int(text)
    if edm == "Boolean":
        if text not in ("true", "false"):
            raise LiteralError(f"{text!r} is not an Edm.Boolean.")
        return text == "true"
    if edm == "Guid":
        if not _GUID.fullmatch(text):
            raise LiteralError(f"{text!r} is not an Edm.Guid.")
        return text.lower()
    if edm == "DateTimeOffset":
        # The call log of a real PBX was seen to refuse other offsets.
        if not text.endswith("Z"):
            raise LiteralError(f"{text!r} is not an Edm.DateTimeOffset in UTC, with Z at its end.")
        return canonical_date_time(text)
    raise LiteralError(f"{text!r} cannot be read as {edm}.")


def canonical_date_time(text: str) -> str:
    """A date-time with offset as `2025-03-13T23:00:00.000Z`; raises LiteralError for anything else.

    One fixed width in UTC, so that stored values order like the instants they mean.
    """
    if not _DATE_TIME.fullmatch(text):
        raise LiteralError(f"{text!r} is not an Edm.DateTimeOffset.")
    head, dot, tail = text.upper().partition(".")
    if dot:
        # Python reads three or six digits of a second, OData writes up to twelve.
        digits = re.match(r"\d+", tail)
        fraction = digits[0] if digits else ""
        text = f"{head}.{fraction[:6]:0<6}{tail[len(fraction) :]}"
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise LiteralError(f"{text!r} is not an Edm.DateTimeOffset.") from error
    return format_date_time(moment)


def format_date_time(moment: datetime) -> str:
    """The canonical form of a moment, to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

"""Read OData literals from a URL, as strictly as a PBX does, and write keys and date-times.

A client that omits the quotes of a string or does not double its apostrophes fails on a real PBX. It must
fail here too, so nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from ...values.edm import EDM_TYPES

INTEGER_RANGES = {each.name: (each.minimum, each.maximum) for each in EDM_TYPES.values() if each.is_integer}
NUMBER_TYPES = frozenset(each.name for each in EDM_TYPES.values() if each.is_number and not each.is_integer)

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:[Zz]|[+-]\d{2}:\d{2})")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
# One argument: `name=value` or a value alone; a value is a quoted string or has neither a quote nor a comma.
_ARGUMENT = re.compile(r"(?:([A-Za-z_]\w*)=)?('(?:[^']|'')*'|[^',]*)")


class LiteralFormatError(ValueError):
    """A text that is not a literal of the expected type."""


def decode_segment(raw: str) -> str:
    """Return a path segment percent-decoded; raise LiteralFormatError if the bytes are not UTF-8."""
    if "%" not in raw:
        return raw
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise LiteralFormatError("The path is not valid UTF-8.") from error


def split_arguments(text: str) -> list[tuple[str, str]] | None:
    """Split `Id=5,Name='a,b'` into pairs of name ("" if positional) and literal; None if it is malformed."""
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
    """Return the value of the literal `text` of EDM type `edm`; raise LiteralFormatError for anything else."""
    if edm == "String":
        match = _QUOTED.fullmatch(text)
        if match is None:
            raise LiteralFormatError(f"{text!r} is not an Edm.String: put strings in single quotes.")
        return match[1].replace("''", "'")
    if edm in INTEGER_RANGES:
        low, high = INTEGER_RANGES[edm]
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise LiteralFormatError(f"{text!r} is not an Edm.{edm}.")
        return int(text)
    if edm == "Boolean":
        if text not in ("true", "false"):
            raise LiteralFormatError(f"{text!r} is not an Edm.Boolean.")
        return text == "true"
    if edm == "Guid":
        if not is_guid(text):
            raise LiteralFormatError(f"{text!r} is not an Edm.Guid.")
        return text.lower()
    if edm == "DateTimeOffset":
        # The call log of a real PBX refuses other offsets.
        if not text.endswith("Z"):
            raise LiteralFormatError(f"{text!r} is not an Edm.DateTimeOffset in UTC that ends with Z.")
        return normalize_date_time(text)
    raise LiteralFormatError(f"{text!r} cannot be read as {edm}.")


def normalize_date_time(text: str) -> str:
    """Return a date-time with offset as `2025-03-13T23:00:00.000Z`; raise LiteralFormatError for anything else.

    The form is UTC with a fixed width, so that stored values sort like the moments they denote.
    """
    if not _DATE_TIME.fullmatch(text):
        raise LiteralFormatError(f"{text!r} is not an Edm.DateTimeOffset.")
    head, dot, tail = text.upper().partition(".")
    if dot:
        # Python reads three or six digits of a second, OData writes up to twelve.
        digits = re.match(r"\d+", tail)
        fraction = digits[0] if digits else ""
        text = f"{head}.{fraction[:6]:0<6}{tail[len(fraction) :]}"
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise LiteralFormatError(f"{text!r} is not an Edm.DateTimeOffset.") from error
    return format_date_time(moment)


def format_date_time(moment: datetime) -> str:
    """Return a moment in the API's form, to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def is_guid(text: str) -> bool:
    """Return whether a text is a GUID."""
    pattern = EDM_TYPES["Guid"].pattern
    return pattern is not None and pattern.fullmatch(text) is not None


def format_key(key: int | str) -> str:
    """Return a key as a literal in a URL."""
    if isinstance(key, int):
        return str(key)
    return "'" + quote(key.replace("'", "''"), safe="'") + "'"

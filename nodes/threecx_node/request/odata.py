"""OData v4 literals, keys and query options, percent-encoded: the one place that knows how they are written.

Every literal function takes a value as it came (from JSON, a command line or an expression) and gives its text
for a URL's path. It raises LiteralError, which says what was wanted and what was given.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INT_RANGES = {
    "Byte": (0, 255),
    "Int16": (-(2**15), 2**15 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHOWN = 60


class LiteralError(ValueError):
    """A value that cannot be written as its type."""


def shown(value: Any) -> str:
    """`value` as an error shows it: its JavaScript-like kind and its text, cut."""
    if value is None:
        return "null"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _wanted(what: str, value: Any) -> LiteralError:
    return LiteralError(f"wanted {what}, given {shown(value)}")


def string(value: Any) -> str:
    """`O'Brien & Co/1` → `'O''Brien%20%26%20Co%2F1'`. A number is taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _wanted("a text", value)
    try:
        return "'" + quote(value.replace("'", "''"), safe="'") + "'"
    except UnicodeEncodeError as error:
        raise LiteralError("the text holds half a character (a lone surrogate)") from error


def integer(value: Any, type_name: str = "Int32") -> str:
    """`42`, `"42"`, `"42 "`, `42.0` → `42`; anything else, a boolean too, is refused."""
    low, high = INT_RANGES[type_name]
    number = value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value.strip())
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise _wanted("a whole number", value)
    if not low <= number <= high:
        raise _wanted(f"a whole number from {low} to {high}", value)
    return str(number)


def boolean(value: Any) -> str:
    """`true` and `false`, also as texts."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower()
    if not isinstance(value, bool):
        raise _wanted("true or false", value)
    return "true" if value else "false"


def guid(value: Any) -> str:
    """A GUID in its usual form."""
    text = value.strip() if isinstance(value, str) else ""
    if not _GUID.fullmatch(text):
        raise _wanted("a GUID like 6f9619ff-8b86-d011-b42d-00c04fc964ff", value)
    return text


def date_time(value: Any, zone: tzinfo = UTC) -> str:
    """A date, or a date and time with any offset, without one as of `zone` → `2025-03-13T23:00:00.000Z`."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise _wanted("a date-time like 2026-01-31T08:00:00Z", value) from None
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime(value.year, value.month, value.day, tzinfo=zone)
    if not isinstance(moment, datetime):
        raise _wanted("a date-time like 2026-01-31T08:00:00Z", value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise _wanted("a date-time after the year 1", value) from None
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _integer_of(type_name: str) -> Callable[[Any], str]:
    return lambda value: integer(value, type_name)


LITERALS: Mapping[str, Callable[[Any], str]] = {
    "String": string,
    "Boolean": boolean,
    "Guid": guid,
    "DateTimeOffset": date_time,
    **{name: _integer_of(name) for name in INT_RANGES},
}


def literal(type_name: str, value: Any) -> str:
    """`value` as a literal of the EDM type `type_name`; types without a rule of their own are texts."""
    return LITERALS.get(type_name, string)(value)


def query_string(options: Mapping[str, Any]) -> str:
    """`{"$select": ["Id", "Name"], "$top": 5}` → `$select=Id,Name&$top=5`; values that say nothing are left out."""
    parts = []
    for name, value in options.items():
        text = query_value(name, value)
        if text:
            # What OData writes plainly in a query stays readable; the rest, `&`, `#` and `+` first, is encoded.
            parts.append(f"{name}={quote(text, safe=_PLAIN)}")
    return "&".join(parts)


_PLAIN = "$'(),:/@!*;=~"
_LISTS = ("$select", "$expand", "$orderby")
_COUNTS = ("$top", "$skip")


def query_value(name: str, value: Any) -> str:
    """The text of one query option before encoding; empty where `value` says nothing."""
    if name in _LISTS:
        return _list_text(value)
    if value is None or value == "":
        return ""
    if name in _COUNTS:
        text = integer(value, "Int64")
        if text.startswith("-"):
            raise _wanted("a number of zero or more", value)
        return text
    if name == "$count":
        return boolean(value)
    if not isinstance(value, str):
        raise _wanted("a text", value)
    return search_text(value) if name == "$search" else value.strip()


def expanded(value: Any) -> tuple[str, ...]:
    """The properties that a `$expand` names: `Groups($select=Name,Id),Phones` → `("Groups", "Phones")`."""
    text, outer = _list_text(value), ""
    depth = 0
    for letter in text:
        depth += letter == "("
        outer += letter if depth == 0 else ""
        depth -= letter == ")"
    return tuple(name for part in outer.split(",") if (name := part.partition("/")[0].strip()))


def search_text(value: str) -> str:
    """A search phrase: one with a space is quoted unless it is already; AND, OR and NOT are left to the user."""
    text = value.strip()
    if not re.search(r"\s", text) or '"' in text or re.search(r"\b(AND|OR|NOT)\b", text):
        return text
    return f'"{text}"'


def _list_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip().strip(",")
    if not isinstance(value, (list, tuple)):
        raise _wanted("a list of names or a text with commas", value)
    names = []
    for name in value:
        # A generated node sent `$select=null`: entries that say nothing are dropped.
        if name is None or name == "":
            continue
        if not isinstance(name, str):
            raise _wanted("a list of names", value)
        names.append(name.strip())
    return ",".join(names)

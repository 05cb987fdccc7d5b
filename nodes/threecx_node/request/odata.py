"""Writes OData v4 literals and query options, percent-encoded: the one place that knows how they are written.

Literals are written from Python values, as `values/coerce.py` gives them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..values.coerce import CoercionError, coerce_boolean, coerce_integer
from ..values.edm import EDM_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

# Characters that stay readable in a query; the rest, above all `&`, `#` and `+`, is encoded.
_PLAIN = "$'(),:/@!*;=~"
_LISTS = ("$select", "$expand", "$orderby")
_COUNTS = ("$top", "$skip")


def literal(type_name: str, value: Any) -> str:
    """Return the Python value of the EDM type `type_name` as a literal for the path of a URL.

    `O'Brien & Co/1` becomes `'O''Brien%20%26%20Co%2F1'`, a moment `2025-03-13T23:00:00.000Z`. A type without a rule
    is written as a text. Raises CoercionError for a text that UTF-8 cannot encode.
    """
    text = format_literal(type_name, value)
    return encode(text, "'" if text.startswith("'") else "-:'")


def format_literal(type_name: str, value: Any) -> str:
    """Return the Python value of the EDM type `type_name` as a literal that is not encoded yet, as for a filter.

    `O'Brien` becomes `'O''Brien'`, a duration `duration'PT3M'`. A type without a rule, such as an enum, is written as a
    text.
    """
    if type_name == "String" or type_name not in EDM_TYPES:
        return "'" + str(value).replace("'", "''") + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_date_time(value)
    return f"duration'{value}'" if type_name == "Duration" else str(value)


def format_date_time(moment: datetime) -> str:
    """Return a moment in UTC as OData and JSON write it: `2025-03-13T23:00:00.000Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(text: str, safe: str) -> str:
    """Return a text percent-encoded but for the characters in `safe`. Raises CoercionError for half characters."""
    if text.isascii() and text.isalnum():
        # Most keys are numbers.
        return text
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise CoercionError("a text without half characters (lone surrogates)", text) from None


def query_string(options: Mapping[str, Any]) -> str:
    """Return `$select=Id,Name&$top=5` for `{"$select": ["Id", "Name"], "$top": 5}`; empty values are left out.

    Raises CoercionError.
    """
    return "&".join(part for name, value in options.items() if (part := query_option(name, value)))


def query_option(name: str, value: Any) -> str:
    """Return one query option, `$top=5`, empty where `value` is empty. Raises CoercionError."""
    text = _query_text(name, value)
    return f"{name}={encode(text, _PLAIN)}" if text else ""


def _query_text(name: str, value: Any) -> str:
    if name in _LISTS:
        return _join_names(value)
    if value is None or value == "":
        return ""
    if name in _COUNTS:
        count = coerce_integer(value, "Int64")
        if count < 0:
            raise CoercionError("a number of 0 or more", value)
        return str(count)
    if name == "$count":
        return "true" if coerce_boolean(value) else "false"
    if not isinstance(value, str):
        raise CoercionError("a text", value)
    return quote_phrase(value) if name == "$search" else value.strip()


def expanded_properties(value: Any) -> tuple[str, ...]:
    """Return the properties that a `$expand` names: ("Groups", "Phones") for `Groups($select=Name,Id),Phones`."""
    outer, depth = "", 0
    for letter in _join_names(value):
        depth += letter == "("
        outer += letter if depth == 0 else ""
        depth -= letter == ")"
    return tuple(name for part in outer.split(",") if (name := part.partition("/")[0].strip()))


def quote_phrase(value: str) -> str:
    """Return a search phrase, quoted where it has a space; one with quotes, AND, OR or NOT stays as it is."""
    text = value.strip()
    if not re.search(r"\s", text) or '"' in text or re.search(r"\b(AND|OR|NOT)\b", text):
        return text
    return f'"{text}"'


def _join_names(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip().strip(",")
    if not isinstance(value, (list, tuple)):
        raise CoercionError("a list of names or a text with commas", value)
    names = []
    for name in value:
        # A generated node sent `$select=null`: empty entries are dropped.
        if name is None or name == "":
            continue
        if not isinstance(name, str):
            raise CoercionError("a list of names", value)
        names.append(name.strip())
    return ",".join(names)

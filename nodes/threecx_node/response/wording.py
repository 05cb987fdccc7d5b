"""Write the PBX's error codes in words, with the values of the request that they are about, on one line.

The codes stay in the error's `code`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import PartialFailureError, ResponseError
from ..titles import THE_ENTITY, THE_VALUE, TITLES
from ..values.json import loads

# 3CX writes a code as `Number:\nWARNINGS.XAPI.ALREADY_IN_USE`. In a list of failures, an entity is before the colon.
_CODE = re.compile(r"(?P<code>WARNINGS(?:\.[A-Z0-9_]+)+)")
_FIELD_AND_CODE = re.compile(rf"(?:(?P<field>[A-Za-z_][\w./\[\]]*):\s*)?{_CODE.pattern}")
_SECRET = re.compile(r"(?:password|secret|pin|pinnumber|token|key|code)$", re.IGNORECASE)
_LONGEST_VALUE = 60


def put_in_words(error: ResponseError, keys: Mapping[str, Any], body: bytes | None) -> None:
    """Replace the codes in the message of `error`; `keys` and `body` are those of the request."""
    codes = [match["code"] for match in _CODE.finditer(error.message)]
    if codes:
        values = _Values(keys, body)
        pattern = _CODE if isinstance(error, PartialFailureError) else _FIELD_AND_CODE
        error.message = pattern.sub(lambda match: _title(match, error, values), error.message)
        if error.code.startswith("http_"):
            # A code of a newer 3CX.
            error.code = codes[0]
    error.message = re.sub(r"\s*\n\s*", "; " if codes else " ", error.message.strip())


class _Values:
    """The values of a request, by the names with which 3CX refers to its fields."""

    def __init__(self, keys: Mapping[str, Any], body: bytes | None) -> None:
        self._keys = keys
        self._body = body

    def find(self, path: str) -> Any:
        """Return the value at `Gateway.Host`, `Agents[0]/Number` or a key of the path, None where there is none."""
        try:
            value = loads(self._body) if self._body else None
        except ValueError:
            # The body is not JSON: a file.
            value = None
        for name in re.findall(r"[^./\[\]]+", path):
            if isinstance(value, Mapping):
                value = next((value[each] for each in value if each.casefold() == name.casefold()), None)
            elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            else:
                value = None
        return self._keys.get(path) if value is None else value

    @property
    def only_name(self) -> str | None:
        """The name of the key where the request has no other value, so that an error can only be about it."""
        return next(iter(self._keys)) if self._body is None and len(self._keys) == 1 else None


def _title(match: re.Match[str], error: ResponseError, values: _Values) -> str:
    code, field = match["code"], match.groupdict().get("field")
    if field is None and match.start() == 0:
        field = error.field or values.only_name
    title = TITLES.get(code) or f"{{what}}: {code.rpartition('.')[2].replace('_', ' ').lower()}"
    if field is not None:
        return title.replace("{what}", _show(field, values.find(field)))
    return title.replace("{what}", THE_ENTITY if isinstance(error, PartialFailureError) else THE_VALUE)


def _show(field: str, value: Any) -> str:
    """Return `Number 142` or `Name "Sales Team"`; a secret and a value that is not a scalar are not shown."""
    is_secret = any(_SECRET.search(name) for name in re.split(r"[./\[\]]", field))
    if is_secret or isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return field
    text = " ".join(str(value).split())
    text = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
    return f"{field} {text}" if text and " " not in text else f'{field} "{text}"'

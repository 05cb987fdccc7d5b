"""Builds the requests of the operation API Request, whose method, path, query and body are parameters.

A path leads to the APIs of the PBX only: nothing in it can name another host, or climb to another path.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from ..catalog.api_request import METHODS
from ..errors import BodyError, ParameterError
from ..messages import HttpRequest, RequestValues
from ..values.coerce import CoercionError, describe
from ..values.json import loads, why_not_json
from ..values.undefined import is_missing
from .build import RequestBuilder
from .odata import encode
from .required import refuse_empty_update

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_UPDATES = ("PATCH", "PUT")
_ROOTS = ("/xapi/v1", "/callcontrol")
_ADVICE = "Write a path such as /xapi/v1/Users or /callcontrol; the credential has the address of the PBX."
# Characters that stay readable; the rest is encoded.
_PLAIN_PATH = "/$'(),:@!*;=~+&%"
_PLAIN_QUERY = "$'(),:/@!*;=~"
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_QUERY_START = re.compile(r"^((?:[^'?]|'[^']*')*)\?(.*)$", re.DOTALL)
_LONGEST_PATH = 65_536
# A text that was encoded more often than this has no honest reason.
_DEEPEST_ENCODING = 5
_DOT_SEGMENT = re.compile(r"\.{1,2}(;.*)?")


class ApiRequestBuilder(RequestBuilder):
    """Builds the requests of API Request. Raises ParameterError or BodyError, which name the parameter."""

    def build(self, values: RequestValues, *, open_keys: Collection[str] = ()) -> HttpRequest:
        """Return the request; it has no open keys."""
        del open_keys
        method = _read_method(values.parameters.get("method"))
        root, path, query_of_path = _read_path(values.parameters.get("path"))
        query = [*_read_text(query_of_path), *_read_query(values.parameters.get("query"))]
        counts = Counter(name for name, _ in query)
        if doubled := [name for name, count in counts.items() if name.startswith("$") and count > 1]:
            raise ParameterError(
                f"{doubled[0]} is given twice", field="query", description="Give it in path or in query."
            )
        return HttpRequest(
            method=method,
            path=path,
            query=_encode_query(query),
            headers=self._build_headers(values),
            body=self._build_json(method, values.body),
            base_path=root,
            may_change=method != "GET" or root != _ROOTS[0] or not self._catalog.is_read(path),
            operation=self.operation.id,
        )

    def _build_json(self, method: str, body: Any) -> bytes | None:
        if is_missing(body):
            if method in _UPDATES:
                refuse_empty_update(method, {})
            return None
        if method == "GET":
            raise ParameterError("a GET has no body", field="body", description="Leave the body out.")
        if isinstance(body, str):
            try:
                body = loads(body)
            except ValueError as error:
                raise BodyError(f"body is not valid JSON{why_not_json(error)}", field="body") from error
        data = self._body_encoder.encode_any(body)
        if method in _UPDATES:
            refuse_empty_update(method, loads(data))
        return data


def _encode_query(query: Sequence[tuple[str, str]]) -> str:
    try:
        return "&".join(f"{encode(name, '$@')}={encode(value, _PLAIN_QUERY)}" for name, value in query)
    except CoercionError as error:
        raise ParameterError(f"query: {error}", field="query", description=error.advice) from error


def _read_method(value: Any) -> str:
    method = "GET" if is_missing(value) else str(value).strip().upper()
    if method not in METHODS:
        raise ParameterError(
            f"method: expected one of {', '.join(METHODS)}, got {describe(value)}", field="method"
        )
    return method


def _read_path(value: Any) -> tuple[str, str, str]:
    """Return the base path of the API, the encoded path below it, and the query that is in the path."""
    if is_missing(value):
        raise ParameterError("path is required, but it is empty", field="path", description=_ADVICE)
    if not isinstance(value, str):
        raise ParameterError(
            f"path: expected a text, got {describe(value)}", field="path", description=_ADVICE
        )
    text = value.strip()
    if len(text) > _LONGEST_PATH:
        raise ParameterError(f"path: it is longer than {_LONGEST_PATH} characters", field="path")
    found = _QUERY_START.match(text)
    typed = str(found[1]) if found else text
    query = str(found[2]) if found else ""
    path = quote(_ESCAPE.sub("%25", typed), safe=_PLAIN_PATH, errors="replace")
    path = path if path.startswith("/") else f"/{path}"
    plain = _decode(typed)
    root = next((each for each in _ROOTS if path == each or path.startswith(f"{each}/")), None)
    below = f"/{plain.lstrip('/')}" if not plain.startswith("//") else plain
    if root is None or not (below == root or below.startswith(f"{root}/")):
        raise ParameterError(
            f"path: {describe(text)} is not below {' or '.join(_ROOTS)}", field="path", description=_ADVICE
        )
    segments = below.split("/")[1:]
    if _UNSENDABLE.search(plain) or any(_DOT_SEGMENT.fullmatch(each) for each in segments):
        raise ParameterError(
            f"path: {describe(text)} contains a backslash, a control character or a segment of dots",
            field="path",
            description=_ADVICE,
        )
    if "" in segments[:-1]:
        raise ParameterError(f"path: {describe(text)} contains //", field="path", description=_ADVICE)
    return root, path[len(root) :], query


def _decode(text: str) -> str:
    """Return a text without percent-encoding, however often it was encoded: a server may decode it more than once."""
    for _ in range(_DEEPEST_ENCODING):
        encoded, text = text, unquote(text)
        if encoded == text:
            return text
    raise ParameterError("path: it is encoded several times", field="path", description="Encode it once.")


def _read_query(value: Any) -> list[tuple[str, str]]:
    """Return name and value of each query option.

    `value` is an object, a list of pairs or of `{"name", "value"}`, the JSON of one of them, or the text of a query.
    """
    if is_missing(value):
        return []
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith(("{", "[")):
            return _read_text(text.removeprefix("?"))
        try:
            value = loads(text)
        except ValueError as error:
            raise ParameterError(f"query is not valid JSON{why_not_json(error)}", field="query") from error
    pairs = value.items() if isinstance(value, Mapping) else value
    if not isinstance(value, (Mapping, list, tuple)):
        raise _wrong_query(value)
    # A value that is missing leaves its option out, as in all operations.
    return [
        (name, written)
        for each in pairs
        for name, given in [_read_pair(each)]
        if (written := _write(name, given)) is not None
    ]


def _read_pair(pair: Any) -> tuple[str, Any]:
    if isinstance(pair, Mapping) and "name" in pair:
        pair = (pair["name"], pair.get("value"))
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str) or not pair[0]:
        raise _wrong_query(pair)
    return pair[0].strip(), pair[1]


def _write(name: str, value: Any) -> str | None:
    """Return the value of a query option as text, None where it has none."""
    if is_missing(value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)) and not any(isinstance(each, (Mapping, list)) for each in value):
        return ",".join(str(each) for each in value if not is_missing(each))
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ParameterError(f"query: {name}: expected a text or a number, got {describe(value)}", field="query")


def _read_text(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _wrong_query(value: Any) -> ParameterError:
    return ParameterError(
        f"query: expected names with values, got {describe(value)}",
        field="query",
        description='Write an object such as {"$top": 5}, a list of pairs such as [["$top", 5]], or $top=5&$skip=10.',
    )

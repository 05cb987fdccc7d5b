"""One item's values → one HTTP request.

Everything that does not depend on the item (the path cut into pieces, the literal function of each parameter,
the query options that the operation takes) is compiled once per shape and kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, Operation, OperationVersion, Parameter, nearest_hint
from ..errors import ParameterError
from ..messages import IF_MATCH, HttpRequest, RequestValues
from ..options import DEFAULT_MAX_BODY_BYTES
from ..values.undefined import UNDEFINED
from .body import encode_body
from .odata import LITERALS, LiteralError, date_time, query_string, query_value, shown, string

if TYPE_CHECKING:
    from collections.abc import Callable

# What may stand in a header's value: visible ASCII and spaces. A line break would smuggle in another header.
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_ENCODED_KEY = re.compile(r"\{([^{}]+)\}")


class RequestBuilder:
    """Builds the requests of one operation in one release; times without an offset are of `zone`."""

    def __init__(
        self,
        catalog: Catalog,
        operation: Operation,
        release: str | None = None,
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        zone: tzinfo = UTC,
    ) -> None:
        self.operation = operation
        self.shape: OperationVersion = operation.version(release)
        self._catalog = catalog
        self._release = release
        self._max_body_bytes = max_body_bytes
        self._zone = zone
        self._segments = _ENCODED_KEY.split(self.shape.path)
        self._encoders = {each.name: _encoder(each, zone) for each in self.shape.parameters}
        self._optional = frozenset(self.shape.query)
        self._may_be_empty = frozenset(each.name for each in self.shape.parameters if each.optional)
        self._static = not self.shape.parameters
        self._asked_for = catalog.required_fields(operation)

    def build(self, values: RequestValues) -> HttpRequest:
        """The request; raises ParameterError or BodyError, which name the field."""
        return HttpRequest(
            method=self.shape.method,
            path=self.shape.path if self._static else self._path(values.parameters),
            query=self._query(values.query) if values.query else "",
            headers=self._headers(values),
            body=self._body(values.body),
            keys=values.parameters,
        )

    def _path(self, parameters: Mapping[str, Any]) -> str:
        # Odd places hold parameter names, even ones the text between them.
        pieces = list(self._segments)
        for place in range(1, len(pieces), 2):
            name = pieces[place]
            value = parameters.get(name)
            if is_nothing(value):
                if name not in self._may_be_empty:
                    raise missing(name, value)
                value = ""
            try:
                pieces[place] = self._encoders[name](value)
            except LiteralError as error:
                raise ParameterError(f"{name}: {error}", field=name) from error
        return "".join(pieces)

    def _query(self, options: Mapping[str, Any]) -> str:
        for name, value in options.items():
            if name not in self._optional:
                raise ParameterError(
                    f"{self.operation.id} takes no {name}",
                    field=name,
                    description=nearest_hint(name, self.shape.query) or "It takes no query options.",
                )
            try:
                query_value(name, value)
            except LiteralError as error:
                raise ParameterError(f"{name}: {error}", field=name) from error
        return query_string(options)

    def _headers(self, values: RequestValues) -> dict[str, str]:
        if is_nothing(values.if_match):
            return {}
        if not self.shape.if_match:
            raise ParameterError(f"{self.operation.id} takes no If-Match", field=IF_MATCH)
        if not isinstance(values.if_match, str):
            raise ParameterError(f"{IF_MATCH}: wanted a text, given {shown(values.if_match)}", field=IF_MATCH)
        if not _HEADER_VALUE.fullmatch(values.if_match):
            raise ParameterError(
                f"{IF_MATCH}: a line break or another character that no header may hold",
                field=IF_MATCH,
                description='Give the ETag as the PBX sent it, like W/"abc".',
            )
        return {IF_MATCH: values.if_match}

    def _body(self, body: Any) -> bytes | None:
        declared = self.shape.body
        if declared is None:
            if is_nothing(body):
                return None
            raise ParameterError(f"{self.operation.id} takes no body", field="body")
        if is_nothing(body) or body == {}:
            if self.operation.kind == "update":
                raise ParameterError(
                    f"{self.operation.id} has nothing to update",
                    field="body",
                    description="Set at least one field.",
                )
            body = {}
        if isinstance(body, Mapping):
            for name in self._asked_for:
                if (value := body.get(name, UNDEFINED)) is None or value is UNDEFINED:
                    raise missing(name, value)
        return encode_body(
            self._catalog,
            self.operation.id,
            declared,
            self._release,
            body,
            max_bytes=self._max_body_bytes,
            zone=self._zone,
        )


def is_nothing(value: Any) -> bool:
    """Whether a value says nothing: null, undefined, or a text of nothing but space."""
    return value is None or value is UNDEFINED or (isinstance(value, str) and not value.strip())


def missing(name: str, value: Any) -> ParameterError:
    """The error of a required parameter that resolved to nothing."""
    what = "null" if value is None else "undefined" if value is UNDEFINED else "empty"
    return ParameterError(
        f"{name} is required, but it is {what}",
        field=name,
        description=f"Give {name} a value for this item, or take the item out; nothing was sent for it.",
    )


def _encoder(parameter: Parameter, zone: tzinfo) -> Callable[[Any], str]:
    if parameter.type == "DateTimeOffset":
        return lambda value: date_time(value, zone)
    encode = LITERALS.get(parameter.type, string)
    longest = parameter.max_length
    if longest is None:
        return encode

    def limited(value: Any) -> str:
        if len(str(value)) > longest:
            raise LiteralError(f"wanted a text of at most {longest} characters, given {len(str(value))}")
        return encode(value)

    return limited

"""Builds one HTTP request from the values of one item.

Everything that does not depend on the item (the path cut into pieces, the type of each parameter, the query options
that the operation takes) is compiled once per operation and release, and kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, Operation, OperationVersion, Parameter, nearest_hint
from ..catalog.times import TIME_SPANS
from ..errors import ParameterError
from ..messages import IF_MATCH, FileContent, FilePart, HttpRequest, RequestValues
from ..options import DEFAULT_MAX_BODY_BYTES
from ..values.clock import format_span
from ..values.coerce import CoercionError, coerce, describe
from ..values.undefined import is_missing
from .body import BodyEncoder
from .call_control import check_call_body, make_segment_encoder
from .conditions import ConditionWriter
from .dates import DateChecker, check_period, has_period
from .filter_check import FILTER, FilterChecker
from .odata import literal, query_option
from .required import RequiredFields, missing_value, refuse_empty_update
from .time_zone import CLIENT_TIME_ZONE, fill_time_zone
from .upload import build_part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# A header's value may have visible ASCII and spaces. A line break would smuggle in another header.
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class RequestBuilder:
    """Builds the requests of one operation in one release; times without an offset are of `time_zone`."""

    def __init__(
        self,
        catalog: Catalog,
        operation: Operation,
        release: str | None = None,
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        time_zone: tzinfo = UTC,
    ) -> None:
        self.operation = operation
        self.version: OperationVersion = operation.version(release)
        self._pieces = self.version.template.pieces
        self._catalog = catalog
        self._max_body_bytes = max_body_bytes
        self._encoders = {
            each.name: _make_encoder(each, time_zone) if self.version.is_odata else make_segment_encoder(each)
            for each in self.version.parameters
        }
        self._query_options = frozenset(self.version.query)
        self._may_be_empty = frozenset(each.name for each in self.version.parameters if each.optional)
        self._defaults = {
            each.name: each.default for each in self.version.parameters if each.default is not None
        }
        self._time_zone = time_zone if CLIENT_TIME_ZONE in self._encoders else None
        self._may_change = operation.effect == "change"
        self._has_fixed_path = not self.version.parameters
        self._has_period = has_period([each.name for each in self.version.parameters])
        returned = self.version.returns
        has_properties = returned.kind == "collection" and catalog.is_schema(returned.type)
        self._filters = FilterChecker(catalog, returned.type, release) if has_properties else None
        self._conditions = ConditionWriter(catalog, returned.type, release, time_zone)
        self._required = RequiredFields(catalog, operation)
        self._dates = DateChecker(catalog, self.version, is_create=operation.kind == "create")
        self._body_encoder = BodyEncoder(
            catalog,
            operation.id,
            catalog.body_properties(self.version, release),
            release,
            max_body_bytes,
            time_zone,
        )

    def build(self, values: RequestValues, *, open_keys: Collection[str] = ()) -> HttpRequest:
        """Return the request. Raises ParameterError or BodyError, which name the field.

        `open_keys` are path parameters that only a look-up gives: their places stay `{name}` until `fill_key`.
        """
        path = self.version.address
        keys: dict[str, Any] = {}
        if not self._has_fixed_path:
            path, keys = self._build_path(values.parameters, open_keys)
        return HttpRequest(
            method=self.version.method,
            path=path,
            query=self._build_query(values) if values.query or values.conditions else "",
            headers=self._build_headers(values),
            body=self._build_body(values.body),
            keys=keys,
            base_path=self.version.base_path,
            part=self._build_part(values.file),
            may_change=self._may_change,
            operation=self.operation.id,
        )

    def fill_key(self, request: HttpRequest, name: str, value: Any) -> HttpRequest:
        """Return `request` with a value in the place of an open key. Raises ParameterError."""
        text, coerced = self._encode(name, {name: value})
        # No other part of a path can contain a brace: literals are percent-encoded.
        path = request.path.replace(f"{{{name}}}", text)
        return replace(request, path=path, keys={**request.keys, name: coerced})

    def _build_path(
        self, parameters: Mapping[str, Any], open_keys: Collection[str]
    ) -> tuple[str, dict[str, Any]]:
        """Return the path and the coerced values of its parameters."""
        # Odd places are parameter names, even places the text between them.
        pieces, keys = list(self._pieces), {}
        if self._time_zone is not None:
            parameters = fill_time_zone(parameters, self._time_zone)
        for place in range(1, len(pieces), 2):
            name = pieces[place]
            if name in open_keys:
                pieces[place] = f"{{{name}}}"
            else:
                # A default is for an argument that is not given. One that was evaluated to nothing is an error.
                given = parameters if name in parameters else self._defaults
                pieces[place], keys[name] = self._encode(name, given)
        if self._has_period:
            check_period(keys)
        return "".join(pieces), keys

    def _encode(self, name: str, given: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the literal of a path parameter, and its coerced value."""
        value = given.get(name)
        if is_missing(value):
            if name not in self._may_be_empty:
                raise missing_value(name, given)
            value = ""
        try:
            return self._encoders[name](value)
        except CoercionError as error:
            raise ParameterError(f"{name}: {error}", field=name, description=error.advice) from error

    def _build_query(self, values: RequestValues) -> str:
        parts, options = [], values.query
        if values.conditions is not None:
            written = self._conditions.write(values.conditions, options.get(FILTER))
            parts.append(query_option(FILTER, written))
        for name, value in options.items():
            if name not in self._query_options:
                raise ParameterError(
                    f"{self.operation.id} takes no {name}",
                    field=name,
                    description=nearest_hint(name, self.version.query) or "It takes no query options.",
                )
            try:
                part = query_option(name, value)
            except CoercionError as error:
                raise ParameterError(f"{name}: {error}", field=name, description=error.advice) from error
            if name == FILTER and value and self._filters is not None:
                self._filters.check(value)
            if name != FILTER or values.conditions is None:
                parts.append(part)
        return "&".join(part for part in parts if part)

    def _build_headers(self, values: RequestValues) -> dict[str, str]:
        if is_missing(values.if_match):
            return {}
        if not self.version.if_match:
            raise ParameterError(f"{self.operation.id} takes no If-Match", field=IF_MATCH)
        if not isinstance(values.if_match, str):
            raise ParameterError(
                f"{IF_MATCH}: expected a text, got {describe(values.if_match)}", field=IF_MATCH
            )
        if not _HEADER_VALUE.fullmatch(values.if_match):
            raise ParameterError(
                f"{IF_MATCH}: a header cannot have a line break or a character beyond ASCII",
                field=IF_MATCH,
                description='Give the ETag as the PBX sent it, like W/"abc".',
            )
        return {IF_MATCH: values.if_match}

    def _build_part(self, file: FileContent | None) -> FilePart | None:
        upload = self.version.upload
        if upload is None:
            if file is None:
                return None
            raise ParameterError(f"{self.operation.id} takes no file", field="file")
        if file is None:
            raise ParameterError(
                f"{upload.name} is required, but no file is given",
                field=upload.name,
                description="Give @FILE on the command line, or name the item's binary field; nothing was sent for it.",
            )
        return build_part(upload, file, self._max_body_bytes)

    def _build_body(self, body: Any) -> bytes | None:
        if self.version.body is None:
            if is_missing(body):
                return None
            raise ParameterError(f"{self.operation.id} takes no body", field="body")
        if is_missing(body):
            body = {}
        if isinstance(body, Mapping) and not self.version.is_odata:
            self._body_encoder.check_names(body)
            body = check_call_body(body, self._required.fields)
        if isinstance(body, Mapping):
            # An unknown name comes first: it is often a required field that is spelled in another way.
            self._body_encoder.check_names(body)
            self._required.check(body)

        def check(checked: Mapping[str, Any]) -> None:
            self._dates.check(checked)
            if self.operation.kind == "update":
                refuse_empty_update(self.operation.id, checked)

        return self._body_encoder.encode(body, check)


def _make_encoder(parameter: Parameter, time_zone: tzinfo) -> Callable[[Any], tuple[str, Any]]:
    type_name, max_length = parameter.type, parameter.max_length
    is_span = parameter.name in TIME_SPANS and type_name == "String"

    def encode(value: Any) -> tuple[str, Any]:
        if value == "" and parameter.optional:
            return "''", value
        if isinstance(value, str) and parameter.choices:
            value = _read_choice(parameter, value)
        coerced = coerce(type_name, value, time_zone)
        if is_span:
            coerced = format_span(coerced.strip())
        if max_length is not None and len(str(coerced)) > max_length:
            raise CoercionError(f"a text of at most {max_length} characters", value)
        return literal(type_name, coerced), coerced

    return encode


def _read_choice(parameter: Parameter, text: str) -> str | int:
    """Return the number of a named value, any other text as it is. Raises CoercionError for an unknown name."""
    folded = text.strip().casefold()
    if folded in parameter.choices:
        return parameter.choices[folded]
    if folded[:1].isalpha():
        raise CoercionError(f"{', '.join(parameter.choices)} or a number", text)
    return text

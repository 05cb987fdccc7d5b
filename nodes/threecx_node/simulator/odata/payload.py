"""Read a JSON body against a schema: types, ranges, enum members, unknown names. Annotations are dropped."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from .errors import (
    INVALID,
    MALFORMED_BODY,
    OUT_OF_THE_RANGE,
    REQUIRED,
    STRING_TOO_LONG,
    ErrorDetail,
    ODataError,
)
from .literals import INTEGER_RANGES, NUMBER_TYPES, LiteralFormatError, is_guid, normalize_date_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .release_model import ReleaseModel, SchemaField

# Deeper than any schema of the API; unlimited nesting would exhaust the stack.
MAX_DEPTH = 24

_DURATION = re.compile(r"-?P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,12})?)?")
_TOO_LONG = {
    50: "WARNINGS.LENGTH_NOT_MORE_50_CHARS",
    255: "WARNINGS.LENGTH_NOT_MORE_255_CHARS",
    2048: "WARNINGS.XAPI.LENGTH_NOT_MORE_2048_CHARS",
}

# Texts of these types are stored as they are if they pass the check.
_TEXT_CHECKS: Mapping[str, Callable[[str], object]] = {
    "Duration": _DURATION.fullmatch,
    "TimeOfDay": _TIME_OF_DAY.fullmatch,
    "Guid": is_guid,
}


def read_payload(
    model: ReleaseModel, fields: Mapping[str, SchemaField], body: Any, type_name: str
) -> dict[str, Any]:
    """Return the values of `body` as they are stored.

    Raises ODataError (400) with one detail per invalid property.
    """
    reader = _PayloadReader(model)
    values = reader.read_object(fields, body, type_name, "", 0)
    if reader.malformed:
        raise ODataError.of(400, *reader.malformed, prefix=MALFORMED_BODY)
    if reader.violations:
        raise ODataError.of(400, *reader.violations)
    return values


def is_annotation(name: str) -> bool:
    """Return whether a member of a JSON object is an annotation (`@odata.context`, `Groups@odata.count`)."""
    return "@" in name


class _PayloadReader:
    """Reads one body. `malformed` lists violations of the schema, `violations` those of the PBX's rules."""

    def __init__(self, model: ReleaseModel) -> None:
        self.model = model
        self.malformed: list[ErrorDetail] = []
        self.violations: list[ErrorDetail] = []

    def read_object(
        self, fields: Mapping[str, SchemaField], value: Any, type_name: str, path: str, depth: int
    ) -> dict[str, Any]:
        if not isinstance(value, dict) or depth > MAX_DEPTH:
            self._add_malformed(path or type_name, f"A JSON object of type {type_name} is expected.")
            return {}
        read: dict[str, Any] = {}
        for name, given in value.items():
            if is_annotation(name):
                continue
            target = f"{path}/{name}" if path else name
            field = fields.get(name)
            if field is None:
                self._add_malformed(target, f"The property '{name}' does not exist on type '{type_name}'.")
            else:
                read[name] = self._read_field(field, given, target, depth)
        return read

    def _read_field(self, field: SchemaField, value: Any, target: str, depth: int) -> Any:
        if not field.collection:
            return self._read_value(field, value, target, depth)
        if value is None and field.nullable:
            return []
        if not isinstance(value, list):
            self._add_malformed(target, f"A JSON array of {field.type} is expected.")
            return []
        return [self._read_item(field, item, f"{target}/{i}", depth) for i, item in enumerate(value)]

    def _read_item(self, field: SchemaField, item: Any, target: str, depth: int) -> Any:
        if item is None:
            self._add_malformed(target, "A collection cannot contain null.")
            return None
        return self._read_value(field, item, target, depth)

    def _read_value(self, field: SchemaField, value: Any, target: str, depth: int) -> Any:
        if value is None:
            if not field.nullable:
                self.violations.append(ErrorDetail(target, REQUIRED))
            return None
        if field.kind == "complex":
            schema = self.model.schema(field.type)
            return self.read_object(schema, value, field.type, target, depth + 1)
        if field.kind == "enum":
            return self._read_enum(field, value, target)
        return self._read_primitive(field, value, target)

    def _read_enum(self, field: SchemaField, value: Any, target: str) -> Any:
        if isinstance(value, str):
            members = self.model.enum(field.type)
            names = (
                [part.strip() for part in value.split(",")] if self.model.is_flags(field.type) else [value]
            )
            if all(name in members for name in names):
                return ", ".join(names)
        self._add_malformed(target, f"{_shorten(value)} is not a member of {field.type}.")
        return None

    def _read_primitive(self, field: SchemaField, value: Any, target: str) -> Any:
        edm = field.type
        if edm in INTEGER_RANGES:
            return self._read_integer(edm, value, target)
        if edm == "Boolean":
            if isinstance(value, bool):
                return value
        elif edm in NUMBER_TYPES:
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return value
        elif isinstance(value, str):
            return self._read_text(field, value, target)
        self._add_malformed(target, f"{_shorten(value)} is not an Edm.{edm}.")
        return None

    def _read_integer(self, edm: str, value: Any, target: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            self._add_malformed(target, f"{_shorten(value)} is not an Edm.{edm}.")
            return None
        low, high = INTEGER_RANGES[edm]
        if not low <= value <= high:
            self.violations.append(ErrorDetail(target, OUT_OF_THE_RANGE))
        return value

    def _read_text(self, field: SchemaField, value: str, target: str) -> Any:
        if field.type == "String":
            if field.max_length is not None and len(value) > field.max_length:
                self.violations.append(ErrorDetail(target, _TOO_LONG.get(field.max_length, STRING_TOO_LONG)))
            return value
        if field.type == "DateTimeOffset":
            try:
                return normalize_date_time(value)
            except LiteralFormatError as error:
                self._add_malformed(target, str(error))
                return None
        is_valid = _TEXT_CHECKS.get(field.type)
        if is_valid is None:
            self.violations.append(ErrorDetail(target, INVALID))
        elif not is_valid(value):
            self._add_malformed(target, f"{_shorten(value)} is not an Edm.{field.type}.")
        return value.lower() if field.type == "Guid" else value

    def _add_malformed(self, target: str, message: str) -> None:
        # The first few explain a body with a thousand mistakes.
        if len(self.malformed) < 20:
            self.malformed.append(ErrorDetail(target, message))


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

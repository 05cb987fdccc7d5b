"""Reads a JSON body against a schema: types, ranges, enum members, unknown names; annotations fall away."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from .literals import INTEGER_RANGES, LiteralError, canonical_date_time
from .refusals import INVALID, MALFORMED_BODY, OUT_OF_THE_RANGE, REQUIRED, STRING_TOO_LONG, Problem, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Field, Model

# Deeper than any schema of the API; an endless one would exhaust the stack.
MAX_DEPTH = 24

_DURATION = re.compile(r"-?P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,12})?)?")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TOO_LONG = {
    50: "WARNINGS.LENGTH_NOT_MORE_50_CHARS",
    255: "WARNINGS.LENGTH_NOT_MORE_255_CHARS",
    2048: "WARNINGS.XAPI.LENGTH_NOT_MORE_2048_CHARS",
}


def read_body(model: Model, fields: Mapping[str, Field], body: Any, type_name: str) -> dict[str, Any]:
    """The values of `body` in the form they are stored; refuses with 400 and one problem per bad property."""
    reader = _Reader(model)
    values = reader.read_object(fields, body, type_name, "", 0)
    if reader.malformed:
        raise refuse(400, *reader.malformed, prefix=MALFORMED_BODY)
    if reader.problems:
        raise refuse(400, *reader.problems)
    return values


def is_annotation(name: str) -> bool:
    """Whether a member of a JSON object is an annotation (`@odata.context`, `Groups@odata.count`)."""
    return "@" in name


class _Reader:
    """One body's reading. `malformed` is what no schema allows, `problems` what the PBX's rules refuse."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.malformed: list[Problem] = []
        self.problems: list[Problem] = []

    def read_object(
        self, fields: Mapping[str, Field], value: Any, type_name: str, path: str, depth: int
    ) -> dict[str, Any]:
        if not isinstance(value, dict) or depth > MAX_DEPTH:
            self._malformed(path or type_name, f"A JSON object of type {type_name} is expected.")
            return {}
        read: dict[str, Any] = {}
        for name, given in value.items():
            if is_annotation(name):
                continue
            target = f"{path}/{name}" if path else name
            field = fields.get(name)
            if field is None:
                self._malformed(target, f"The property '{name}' does not exist on type '{type_name}'.")
            else:
                read[name] = self._read_field(field, given, target, depth)
        return read

    def _read_field(self, field: Field, value: Any, target: str, depth: int) -> Any:
        if not field.collection:
            return self._read_value(field, value, target, depth)
        if value is None and field.nullable:
            return []
        if not isinstance(value, list):
            self._malformed(target, f"A JSON array of {field.type} is expected.")
            return []
        return [self._read_item(field, item, f"{target}/{i}", depth) for i, item in enumerate(value)]

    def _read_item(self, field: Field, item: Any, target: str, depth: int) -> Any:
        if item is None:
            self._malformed(target, "A collection holds no null.")
            return None
        return self._read_value(field, item, target, depth)

    def _read_value(self, field: Field, value: Any, target: str, depth: int) -> Any:
        if value is None:
            if not field.nullable:
                self.problems.append(Problem(target, REQUIRED))
            return None
        if field.kind == "complex":
            schema = self.model.schema(field.type)
            return self.read_object(schema, value, field.type, target, depth + 1)
        if field.kind == "enum":
            return self._read_enum(field, value, target)
        return self._read_primitive(field, value, target)

    def _read_enum(self, field: Field, value: Any, target: str) -> Any:
        if isinstance(value, str):
            members = self.model.enum(field.type)
            names = (
                [part.strip() for part in value.split(",")] if self.model.is_flags(field.type) else [value]
            )
            if all(name in members for name in names):
                return ", ".join(names)
        self._malformed(target, f"{_shown(value)} is not a member of {field.type}.")
        return None

    def _read_primitive(self, field: Field, value: Any, target: str) -> Any:
        edm = field.type
        if edm in INTEGER_RANGES:
            return self._read_integer(edm, value, target)
        if edm == "Boolean":
            if isinstance(value, bool):
                return value
        elif edm in ("Double", "Single", "Decimal"):
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return value
        elif isinstance(value, str):
            return self._read_text(field, value, target)
        self._malformed(target, f"{_shown(value)} is not an Edm.{edm}.")
        return None

    def _read_integer(self, edm: str, value: Any, target: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            self._malformed(target, f"{_shown(value)} is not an Edm.{edm}.")
            return None
        low, high = INTEGER_RANGES[edm]
        if not low <= value <= high:
            self.problems.append(Problem(target, OUT_OF_THE_RANGE))
        return value

    def _read_text(self, field: Field, value: str, target: str) -> Any:
        if field.type == "String":
            if field.max_length is not None and len(value) > field.max_length:
                self.problems.append(Problem(target, _TOO_LONG.get(field.max_length, STRING_TOO_LONG)))
            return value
        if field.type == "DateTimeOffset":
            try:
                return canonical_date_time(value)
            except LiteralError as error:
                self._malformed(target, str(error))
                return None
        pattern = {"Duration": _DURATION, "TimeOfDay": _TIME_OF_DAY, "Guid": _GUID}.get(field.type)
        if pattern is None:
            self.problems.append(Problem(target, INVALID))
        elif not pattern.fullmatch(value):
            self._malformed(target, f"{_shown(value)} is not an Edm.{field.type}.")
        return value.lower() if field.type == "Guid" else value

    def _malformed(self, target: str, message: str) -> None:
        # A body with a thousand faults is explained by the first few.
        if len(self.malformed) < 20:
            self.malformed.append(Problem(target, message))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

"""Encodes a request body: what the user gave, nothing else, coerced and checked in one walk before it is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, Enum, Property, TypeRef, nearest_hint
from ..catalog.times import TIMES_OF_DAY
from ..errors import BodyError
from ..values.clock import TIME_DESCRIPTION
from ..values.coerce import (
    CoercionError,
    JsonTextError,
    advise_on,
    coerce,
    coerce_list,
    coerce_object,
    coerce_time,
    describe,
    split_numbers,
)
from ..values.edm import EDM_TYPES, EdmType
from ..values.json import dumps
from ..values.undefined import UNDEFINED
from .odata import format_date_time

if TYPE_CHECKING:
    from collections.abc import Callable

# No PBX takes a body that is nested deeper; a limit keeps the walk from exhausting the stack.
_MAX_DEPTH = 40
# An error shows this many characters of a field's path, and lists the fields where there are so few.
_LONGEST_PATH = 120
_MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class BodyEncoder:
    """Encodes the bodies of one operation in one release (None: any).

    `declared` are the properties that a body may have in that release, by name. Date-times without an offset are of
    `time_zone`.
    """

    catalog: Catalog
    operation_id: str
    declared: Mapping[str, Property]
    release: str | None
    max_bytes: int
    time_zone: tzinfo = UTC

    def encode(self, value: Any, check: Callable[[Mapping[str, Any]], None] | None = None) -> bytes:
        """Return `value` as the JSON to send; `check` may refuse the coerced body.

        Undefined fields are left out, date-times become UTC, a text that is exactly a value of the field's type becomes
        that value (`"FALSE"`, `"5"`, the JSON text of a list or an object), and a number for a text field becomes its
        digits; all of this at every depth. Raises BodyError that names the field: unknown (with the nearest known
        field), of the wrong type (expected, got), nested too deeply, or a body that is too large.
        """
        if not isinstance(value, Mapping):
            raise BodyError(
                f"the body of {self.operation_id} must be a JSON object, not {describe(value)}", field="body"
            )
        checked = self._object(value, self.declared, "", 0)
        if check is not None:
            check(checked)
        return self._dump(checked)

    def encode_any(self, value: Any) -> bytes:
        """Return a value about which the catalog says nothing as JSON, without undefined fields. Raises BodyError."""
        return self._dump(self._untyped(value, "body", 0))

    def _dump(self, checked: Any) -> bytes:
        try:
            data = dumps(checked)
        except (TypeError, ValueError) as error:
            raise BodyError(
                f"the body of {self.operation_id} cannot be written as JSON: {error}", field="body"
            ) from error
        if len(data) > self.max_bytes:
            raise BodyError(
                f"the body of {self.operation_id} has {len(data)} bytes, more than the limit of {self.max_bytes}",
                field="body",
                description="Send less, or raise the limit (max_body_bytes).",
            )
        return data

    def check_names(self, value: Mapping[Any, Any]) -> None:
        """Raise BodyError for a top-level field that is unknown."""
        self._check_names(value, self.declared, "")

    def _check_names(self, value: Mapping[Any, Any], declared: Mapping[str, Property], path: str) -> None:
        for name in value:
            # Annotations (`@odata.type`) are taken as they are: 3CX's own template functions give them.
            if isinstance(name, str) and name not in declared and "@" not in name:
                raise self._unknown(name, f"{path}.{name}" if path else name, declared)

    def _object(
        self, value: Mapping[Any, Any], declared: Mapping[str, Property] | None, path: str, depth: int
    ) -> dict[str, Any]:
        """Return a checked copy of an object; without `declared` only what JSON itself asks for is checked."""
        checked = {}
        if declared is not None:
            self._check_names(value, declared, path)
        for name, field in value.items():
            if field is UNDEFINED:
                continue
            if not isinstance(name, str):
                raise BodyError(f"a field's name must be a text, not {describe(name)}", field=path or "body")
            where = f"{path}.{name}" if path else name
            known = declared.get(name) if declared is not None else None
            checked[name] = (
                self._untyped(field, where, depth)
                if known is None
                else self._property(field, known, where, depth)
            )
        return checked

    def _property(self, value: Any, declared: Property, path: str, depth: int) -> Any:
        type_ref = declared.type_in(self.release)
        if declared.name in TIMES_OF_DAY and type_ref.name == "Duration":
            return None if value is None and type_ref.nullable else self._time(value, path)
        if not type_ref.collection:
            return self._single(value, type_ref, path, depth, declared.max_length)
        edm = EDM_TYPES.get(type_ref.name)
        try:
            items = coerce_list(split_numbers(value) if edm is not None and edm.is_integer else value)
        except JsonTextError as error:
            raise _bad_json(path, error) from error
        except CoercionError:
            raise _mismatch(path, "a list", value) from None
        item_type = TypeRef(type_ref.name)
        return [
            self._single(item, item_type, f"{path}[{index}]", depth + 1, None)
            for index, item in enumerate(items)
            if item is not UNDEFINED
        ]

    def _single(self, value: Any, type_ref: TypeRef, path: str, depth: int, max_length: int | None) -> Any:
        if depth > _MAX_DEPTH:
            raise _too_deep(path)
        name = type_ref.name
        if isinstance(value, float) and not math.isfinite(value):
            raise _not_json(path, value)
        if self.catalog.is_schema(name):
            return self._complex(value, name, path, depth)
        if value is None and type_ref.nullable:
            return None
        if enum := self.catalog.enums.get(name):
            return self._enum(value, enum, path)
        edm = EDM_TYPES.get(name)
        return (
            self._untyped(value, path, depth)
            if edm is None
            else self._primitive(value, edm, path, max_length)
        )

    def _complex(self, value: Any, schema: str, path: str, depth: int) -> Any:
        try:
            found = coerce_object(value)
        except JsonTextError as error:
            raise _bad_json(path, error) from error
        except CoercionError:
            raise _mismatch(path, "an object", value) from None
        # Null is accepted where the document does not say so too: PBX versions differ, the PBX decides.
        if found is None:
            return None
        return self._object(found, self.catalog.properties_in(schema, self.release), path, depth + 1)

    def _enum(self, value: Any, enum: Enum, path: str) -> str:
        members = enum.members_in(self.release)
        chosen = value.split(",") if enum.flags and isinstance(value, str) else [value]
        # OData writes several flags with a comma, and a space may follow it.
        names = [each.removeprefix(" ") if place else each for place, each in enumerate(chosen)]
        if isinstance(value, str) and all(each in members for each in names):
            return value
        expected = f"one of {', '.join(members)}{', several with commas' if enum.flags else ''}"
        hint = nearest_hint(value, members) if isinstance(value, str) else ""
        raise _mismatch(path, expected, value, hint)

    def _primitive(self, value: Any, edm: EdmType, path: str, max_length: int | None) -> Any:
        if edm.kind == "text" and isinstance(value, float):
            # A spreadsheet gives telephone numbers as numbers, whole ones sometimes as `5.0`.
            value = str(int(value) if value.is_integer() else value)
        try:
            checked = coerce(edm.name, value, self.time_zone)
        except CoercionError:
            raise _mismatch(path, _expected(edm, max_length), value) from None
        if isinstance(checked, datetime):
            return format_date_time(checked)
        if max_length is not None and isinstance(checked, str) and len(checked) > max_length:
            raise _mismatch(path, _expected(edm, max_length), value)
        return checked

    def _time(self, value: Any, path: str) -> str:
        try:
            return coerce_time(value)
        except CoercionError:
            raise _mismatch(path, TIME_DESCRIPTION, value) from None

    def _untyped(self, value: Any, path: str, depth: int) -> Any:
        """Return a copy without undefined fields of a value about which the catalog says nothing."""
        if depth > _MAX_DEPTH:
            raise _too_deep(path)
        if isinstance(value, Mapping):
            return self._object(value, None, path, depth + 1)
        if isinstance(value, (list, tuple)):
            return [
                self._untyped(item, f"{path}[{index}]", depth + 1)
                for index, item in enumerate(value)
                if item is not UNDEFINED
            ]
        if isinstance(value, float) and not math.isfinite(value):
            raise _not_json(path, value)
        return value

    def _unknown(self, name: str, path: str, declared: Mapping[str, Property]) -> BodyError:
        in_release = f" in 3CX {self.release}" if self.release else ""
        shown = path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}…"
        return BodyError(
            f"{self.operation_id} has no body field {shown!r}{in_release}",
            field=shown,
            description=nearest_hint(name, tuple(declared))
            or _list_names(declared)
            or f"Choose from the fields that the node offers; `threecx describe {self.operation_id}` lists them too.",
        )


def _list_names(declared: Mapping[str, Property]) -> str:
    if not 0 < len(declared) <= _MOST_LISTED:
        return ""
    return f"The fields here are {', '.join(sorted(declared))}."


def _expected(edm: EdmType, max_length: int | None) -> str:
    return edm.description if max_length is None else f"a text of at most {max_length} characters"


def _mismatch(path: str, expected: str, value: Any, hint: str = "") -> BodyError:
    got = f"the text {describe(value)}" if isinstance(value, str) else describe(value)
    return BodyError(
        f"{path}: expected {expected}, got {got}", field=path, description=hint or advise_on(value)
    )


def _bad_json(path: str, error: JsonTextError) -> BodyError:
    return BodyError(f"{path} is not valid JSON{error.reason}", field=path, description=error.advice)


def _not_json(path: str, value: float) -> BodyError:
    return BodyError(f"{path}: JSON has no {value}; leave the field out or set it to a number", field=path)


def _too_deep(path: str) -> BodyError:
    return BodyError(f"{path}: the body is nested more than {_MAX_DEPTH} levels deep", field=path)

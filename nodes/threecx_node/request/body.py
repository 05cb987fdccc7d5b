"""A request body: what the user gave, nothing else, checked against the operation's schema before it is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, Property, nearest_hint
from ..errors import BodyError
from ..values.json import dumps
from ..values.undefined import UNDEFINED
from .odata import INT_RANGES, LiteralError, date_time, shown
from .schema import validator_for

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# Nesting past this is no body that a PBX takes, and would exhaust the stack of the validator.
_DEEPEST = 40


def encode_body(
    catalog: Catalog,
    operation_id: str,
    declared: str | Mapping[str, Property],
    release: str | None,
    value: Any,
    *,
    max_bytes: int,
    zone: tzinfo = UTC,
) -> bytes:
    """`value` as the JSON to send.

    Fields that are undefined are left out, date-times become UTC (those without an offset are of `zone`), a number
    for a text field becomes its digits, then the whole is validated. Raises BodyError
    that names the field: unknown (with the nearest known), wrong type (wanted, given), too large.
    """
    if not isinstance(value, Mapping):
        raise BodyError(
            f"the body of {operation_id} must be a JSON object, given {shown(value)}", field="body"
        )
    properties = catalog.properties(declared) if isinstance(declared, str) else declared
    prepared = _prepare(_Context(catalog, release, zone), value, properties, "", 0)
    validator = validator_for(catalog, operation_id, declared, release)
    if not validator.is_valid(prepared):
        raise _explain(next(iter(validator.iter_errors(prepared))), operation_id, release)
    try:
        data = dumps(prepared)
    except (TypeError, ValueError) as error:
        raise BodyError(
            f"the body of {operation_id} cannot be written as JSON: {error}", field="body"
        ) from error
    if len(data) > max_bytes:
        raise BodyError(
            f"the body of {operation_id} has {len(data)} bytes, more than the limit of {max_bytes}",
            field="body",
            description="Send less, or raise the limit (max_body_bytes).",
        )
    return data


@dataclass(frozen=True, slots=True)
class _Context:
    catalog: Catalog
    release: str | None
    zone: tzinfo


def _prepare(
    context: _Context, value: Any, properties: Mapping[str, Property], path: str, depth: int
) -> dict[str, Any]:
    """A copy of an object without undefined fields and with date-times in UTC."""
    prepared = {}
    for name, field in value.items():
        if field is UNDEFINED:
            continue
        if not isinstance(name, str):
            raise BodyError(f"a field's name must be a text, given {shown(name)}", field=path or "body")
        prepared[name] = _prepare_value(
            context, field, properties.get(name), f"{path}.{name}" if path else name, depth
        )
    return prepared


def _prepare_value(context: _Context, value: Any, declared: Property | None, path: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise BodyError(f"{path}: the body is nested more than {_DEEPEST} levels deep", field=path)
    if isinstance(value, Mapping):
        inner = declared.type.name if declared else ""
        properties = context.catalog.properties(inner) if context.catalog.is_schema(inner) else {}
        return _prepare(context, value, properties, path, depth + 1)
    if isinstance(value, (list, tuple)):
        return [
            _prepare_value(context, item, declared, f"{path}[{index}]", depth + 1)
            for index, item in enumerate(value)
            if item is not UNDEFINED
        ]
    if isinstance(value, float) and not math.isfinite(value):
        raise BodyError(f"{path}: JSON has no {value}; leave the field out or give a number", field=path)
    return _as_declared(context, value, declared.type_in(context.release).name, path) if declared else value


def _as_declared(context: _Context, value: Any, type_name: str, path: str) -> Any:
    """What people mean by a value of another JSON type: `5.0` is a whole number, a telephone number is a text."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and (type_name in INT_RANGES or type_name == "String") and value == int(value):
        value = int(value)
    if is_number and type_name == "String":
        return str(value)
    if type_name == "DateTimeOffset" and isinstance(value, str):
        try:
            return date_time(value, context.zone)
        except LiteralError as error:
            raise BodyError(f"{path}: {error}", field=path) from error
    return value


def _explain(error: ValidationError, operation_id: str, release: str | None) -> BodyError:
    """The validator's finding in our words."""
    path = _path_text(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "additionalProperties":
        known = tuple(schema["properties"])
        given: Any = error.instance
        unknown = next(name for name in given if name not in schema["properties"] and "@" not in name)
        where = f"{path}.{unknown}" if path else unknown
        in_release = f" in 3CX {release}" if release else ""
        return BodyError(
            f"{operation_id} has no body field {where!r}{in_release}",
            field=where,
            description=nearest_hint(unknown, known)
            or f"Choose from the fields that the node offers; `threecx describe {operation_id}` lists them too.",
        )
    wanted = schema.get("title", error.message)
    members: Any = schema.get("enum") or schema.get("members") or ()
    hint = ""
    if isinstance(error.instance, str) and members:
        hint = nearest_hint(error.instance, tuple(members))
    return BodyError(
        f"{path or 'body'}: wanted {wanted}, given {_given(error.instance)}", field=path, description=hint
    )


def _given(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        return "an object" if isinstance(value, Mapping) else "a list"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return shown(value)


def _path_text(path: Any) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text

"""Coerces body fields that came as separate values or as texts to the types that the schema declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BodyError
from ..values.coerce import CoercionError, coerce
from ..values.edm import EDM_TYPES
from ..values.json import loads, why_not_json
from ..values.undefined import UNDEFINED

if TYPE_CHECKING:
    from ..catalog import Catalog, Property


def coerce_field(catalog: Catalog, name: str, declared: Property, value: Any) -> Any:
    """Return a text in the type that the field declares: `"42"` → 42, `"[]"` → [], `"true"` → True.

    An empty text for anything but a text field is UNDEFINED, so that the field is not sent. Other values are
    returned as they are. Raises BodyError that names the field.
    """
    if not isinstance(value, str):
        return value
    type_name = declared.type.name
    is_complex = declared.type.collection or catalog.is_schema(type_name)
    edm = EDM_TYPES.get(type_name)
    is_typed = edm is not None and (edm.is_number or edm.kind == "boolean")
    if not is_complex and not is_typed:
        return value
    if not value.strip():
        return UNDEFINED
    if is_complex:
        return parse_json(value, name)
    try:
        return coerce(type_name, value)
    except CoercionError as error:
        raise BodyError(f"{name}: {error}", field=name, description=error.advice) from error


def parse_json(text: str, name: str) -> Any:
    """Return the value of a JSON text. Raises BodyError with line and column."""
    try:
        return loads(text)
    except ValueError as error:
        raise BodyError(f"{name} is not valid JSON{why_not_json(error)}", field=name) from error


def map_fields(
    catalog: Catalog, value: Mapping[str, Any], declared: Mapping[str, Property], item: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields of a resource mapper (`{"mappingMode", "value", …}`) as a body.

    A field that shows null in the mapper was never filled in, so it is not sent, unless the canvas says that all
    fields were (`"filled": true`). In automatic mode the item's own fields are taken, those in `declared`.
    """
    if value.get("mappingMode") == "autoMapInputData":
        return {name: field for name, field in item.items() if name in declared}
    fields = value.get("value") or {}
    if not isinstance(fields, Mapping):
        raise BodyError("body: the mapper has no fields", field="body", description="Map the fields again.")
    is_filled = value.get("filled") is True
    return {
        name: coerce_field(catalog, name, declared[name], field) if name in declared else field
        for name, field in fields.items()
        if is_filled or field is not None
    }

"""Body fields that came as separate values or as text: each becomes the type that the schema declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BodyError
from ..request.odata import INT_RANGES, LiteralError, boolean, integer
from ..values.json import loads, why_not_json
from ..values.undefined import UNDEFINED

if TYPE_CHECKING:
    from ..catalog import Catalog, Property

_NUMBERS = ("Single", "Double", "Decimal")


def from_text(catalog: Catalog, name: str, declared: Property, value: Any) -> Any:
    """`value` in the declared type where it is a text: `"42"` → 42, `"[]"` → [], `"true"` → true.

    An empty text for anything but a text says nothing: UNDEFINED, so that the field is not sent. Other values
    come back as they are. Raises BodyError that names the field.
    """
    if not isinstance(value, str):
        return value
    type_name = declared.type.name
    is_complex = declared.type.collection or catalog.is_schema(type_name)
    typed = is_complex or type_name in INT_RANGES or type_name in (*_NUMBERS, "Boolean")
    if not typed:
        return value
    if not value.strip():
        return UNDEFINED
    try:
        if is_complex:
            return parse_json(value, name)
        if type_name == "Boolean":
            return boolean(value) == "true"
        return float(value) if type_name in _NUMBERS else int(integer(value, type_name))
    except (LiteralError, ValueError) as error:
        message = str(error) if isinstance(error, LiteralError) else f'wanted a number, given "{value}"'
        raise BodyError(f"{name}: {message}", field=name) from error


def parse_json(text: str, name: str) -> Any:
    """The value of a JSON text; raises BodyError with line and column."""
    try:
        return loads(text)
    except ValueError as error:
        raise BodyError(f"{name}: not JSON{why_not_json(error)}", field=name) from error


def mapped_fields(
    catalog: Catalog, value: Mapping[str, Any], declared: Mapping[str, Property], item: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a resource mapper (`{"mappingMode", "value", …}`) as a body.

    A field that shows null in the mapper was never filled in, so it is not sent, unless the canvas says that all
    of them were (`"filled": true`). In automatic mode the item's own fields are taken, those in `declared`.
    """
    if value.get("mappingMode") == "autoMapInputData":
        return {name: field for name, field in item.items() if name in declared}
    fields = value.get("value") or {}
    if not isinstance(fields, Mapping):
        raise BodyError("body: the mapper holds no fields", field="body", description="Map the fields anew.")
    filled = value.get("filled") is True
    return {
        name: from_text(catalog, name, declared[name], field) if name in declared else field
        for name, field in fields.items()
        if filled or field is not None
    }

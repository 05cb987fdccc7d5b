"""Build the value of n8n's resourceMapper for the fields of a body, with the schema that n8n's editor stores in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...canvas.resource_mapping import describe_body_fields
from ...values.coerce import CoercionError, coerce_boolean
from .conversions import ConversionError, is_expression, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...catalog import Catalog, Operation

_NESTED = frozenset({"array", "object"})


def build_mapper(catalog: Catalog, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapper that sends the fields in `values` and no other."""
    fields = describe_body_fields(catalog, operation.id, None)
    return {
        "mappingMode": "defineBelow",
        "value": {each["id"]: values[each["id"]] for each in fields if each["id"] in values},
        "matchingColumns": [],
        "schema": [_build_column(each, is_added=each["id"] in values) for each in fields],
        "attemptToConvertTypes": False,
        "convertFieldsToString": False,
    }


def convert_field(declared: Mapping[str, Any], value: Any) -> Any:
    """Return a literal as the mapper stores it for a field of this type. Raises ConversionError."""
    if is_expression(value) or not isinstance(value, str):
        return value
    if declared["type"] in _NESTED:
        # The mapper stores JSON as text.
        parse_json(value)
    elif declared["type"] == "boolean":
        try:
            return coerce_boolean(value)
        except CoercionError as error:
            raise ConversionError(str(error)) from error
    return value


def _build_column(declared: Mapping[str, Any], *, is_added: bool) -> dict[str, Any]:
    description = f" ({declared['description']})" if "description" in declared else ""
    column = {
        "id": declared["id"],
        "displayName": declared["displayName"] + description,
        "required": declared["required"],
        "defaultMatch": False,
        "canBeUsedToMatch": False,
        "display": True,
        "type": declared["type"],
        "removed": not (is_added or declared["required"]),
    }
    return {**column, "options": declared["options"]} if "options" in declared else column

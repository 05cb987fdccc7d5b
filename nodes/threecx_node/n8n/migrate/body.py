"""Body fields → the value of n8n's resourceMapper, with the schema that its editor keeps beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...canvas.resource_mapping import describe_body_fields
from .values import CannotConvertError, from_json, is_expression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...catalog import Catalog, Operation

_NESTED = frozenset({"array", "object"})


def body_mapper(catalog: Catalog, operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """The mapper that sends the `given` fields and no other."""
    fields = describe_body_fields(catalog, operation.id, None)
    return {
        "mappingMode": "defineBelow",
        "value": {each["id"]: given[each["id"]] for each in fields if each["id"] in given},
        "matchingColumns": [],
        "schema": [_column(each, added=each["id"] in given) for each in fields],
        "attemptToConvertTypes": False,
        "convertFieldsToString": False,
    }


def field_value(declared: Mapping[str, Any], value: Any) -> Any:
    """A literal as the mapper's field of this type holds it; raises CannotConvertError."""
    if is_expression(value):
        return value
    if declared["type"] in _NESTED and isinstance(value, str):
        from_json(value)
    elif declared["type"] == "boolean" and isinstance(value, str):
        if value.casefold() not in ("true", "false"):
            raise CannotConvertError(f'expected true or false, got "{value}"')
        return value.casefold() == "true"
    return value


def _column(declared: Mapping[str, Any], *, added: bool) -> dict[str, Any]:
    described = f" ({declared['description']})" if "description" in declared else ""
    column = {
        "id": declared["id"],
        "displayName": declared["displayName"] + described,
        "required": declared["required"],
        "defaultMatch": False,
        "canBeUsedToMatch": False,
        "display": True,
        "type": declared["type"],
        "removed": not (added or declared["required"]),
    }
    return {**column, "options": declared["options"]} if "options" in declared else column

"""Convert values of a generated node for the properties of this package's node; expressions stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...values.coerce import CoercionError, coerce_boolean, coerce_integer
from ...values.json import loads, why_not_json

if TYPE_CHECKING:
    from collections.abc import Mapping


class ConversionError(Exception):
    """A value that has no equivalent in the property; the message is one line."""


def is_expression(value: Any) -> bool:
    """Return whether n8n evaluates the value."""
    return isinstance(value, str) and value.startswith("=")


def convert_value(declared: Mapping[str, Any], value: Any) -> Any:
    """Return `value` for the property that `declared` describes (`name`, `type`). Raises ConversionError."""
    mode = "id"
    if isinstance(value, dict) and value.get("__rl"):
        mode, value = _convert_mode(declared, value), value.get("value")
    if declared["type"] == "resourceLocator":
        return {"__rl": True, "mode": mode, "value": value if isinstance(value, str) else _to_text(value)}
    if is_expression(value):
        return value
    try:
        if declared["type"] == "number":
            return coerce_integer(value, "Int64")
        if declared["type"] == "boolean":
            return coerce_boolean(value)
        if declared["type"] == "options":
            return _choose_option(declared, value)
    except CoercionError as error:
        raise ConversionError(str(error)) from error
    if declared["type"] == "json":
        return parse_json(value) if isinstance(value, str) else value
    return _to_text(value)


def convert_list(value: Any) -> list[str]:
    """Split a list of names: `"Id,Groups($select=Id,Name)"` becomes `["Id", "Groups($select=Id,Name)"]`."""
    if isinstance(value, list):
        return [_to_text(each) for each in value]
    # A comma inside brackets separates nothing.
    found, depth = [""], 0
    for letter in _to_text(value):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [each.strip() for each in found if each.strip()]


def parse_json(text: str) -> Any:
    """Return the value of a JSON text. Raises ConversionError."""
    try:
        return loads(text)
    except ValueError as error:
        raise ConversionError(f"the value is not valid JSON{why_not_json(error)}") from error


def _choose_option(declared: Mapping[str, Any], value: Any) -> Any:
    """Return the value of the option that is meant by its value or its name, in the option's own type."""
    wanted = _to_text(value).strip().casefold()
    for each in declared["options"]:
        if wanted in (str(each["value"]).casefold(), each["name"].casefold()):
            return each["value"]
    if all(isinstance(each["value"], int) for each in declared["options"]):
        # The known numbers of an argument that takes others too. n8n compares an expression with no option.
        return f"={{{{ {coerce_integer(value, 'Int64')} }}}}"
    known = ", ".join(str(each["value"]) for each in declared["options"])
    raise ConversionError(f"expected one of {known}, got {_to_text(value)}")


def _convert_mode(declared: Mapping[str, Any], locator: Mapping[str, Any]) -> str:
    """Return the mode of the property's locator that means the same: a number is not an ID."""
    mode = locator.get("mode") or "id"
    if mode in ("id", "list"):
        return "id"
    if any(each["name"] == mode for each in declared.get("modes", ())):
        return str(mode)
    raise ConversionError(f"the value is chosen by {mode}, which this node does not offer")


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (str, int, float)):
        return str(value)
    kind = "a list" if isinstance(value, list) else "an object"
    raise ConversionError(f"expected a text or a number, got {kind}")

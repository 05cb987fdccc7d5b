"""Values of a generated node → values as our properties hold them; expressions stay expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...values.coerce import CoercionError, coerce_boolean, coerce_integer
from ...values.json import loads, why_not_json

if TYPE_CHECKING:
    from collections.abc import Mapping


class CannotConvertError(Exception):
    """A value that our property cannot hold; the message says why, on one line."""


def is_expression(value: Any) -> bool:
    """Whether n8n would evaluate it."""
    return isinstance(value, str) and value.startswith("=")


def as_property(declared: Mapping[str, Any], value: Any) -> Any:
    """`value` for a property (`name`, `type`); raises CannotConvertError."""
    mode = "id"
    if isinstance(value, dict) and value.get("__rl"):
        mode, value = _mode(declared, value), value.get("value")
    if declared["type"] == "resourceLocator":
        return {"__rl": True, "mode": mode, "value": value if isinstance(value, str) else _text(value)}
    if is_expression(value):
        return value
    try:
        if declared["type"] == "number":
            return coerce_integer(value, "Int64")
        if declared["type"] == "boolean":
            return coerce_boolean(value)
    except CoercionError as error:
        raise CannotConvertError(str(error)) from error
    if declared["type"] == "json":
        return from_json(value) if isinstance(value, str) else value
    return _text(value)


def _mode(declared: Mapping[str, Any], locator: Mapping[str, Any]) -> str:
    """The mode in which our locator means the same: a number is no ID."""
    given = locator.get("mode") or "id"
    if given in ("id", "list"):
        return "id"
    if any(each["name"] == given for each in declared.get("modes", ())):
        return str(given)
    raise CannotConvertError(f"it is chosen by {given}, which ours is not")


def from_json(text: str) -> Any:
    """The value of a JSON text; raises CannotConvertError."""
    try:
        return loads(text)
    except ValueError as error:
        raise CannotConvertError(f"it is not JSON{why_not_json(error)}") from error


def as_list(value: Any) -> list[str]:
    """`"Id,Groups($select=Id,Name)"` → `["Id", "Groups($select=Id,Name)"]`: commas in brackets part nothing."""
    if isinstance(value, list):
        return [_text(each) for each in value]
    found, depth = [""], 0
    for letter in _text(value):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [each.strip() for each in found if each.strip()]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (str, int, float)):
        return str(value)
    raise CannotConvertError(
        "expected a text or a number, got " + ("a list" if isinstance(value, list) else "an object")
    )

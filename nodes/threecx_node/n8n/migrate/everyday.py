"""Move a node of 3CX Admin to the everyday node, where that says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...descriptor import load_definition, properties_of
from ...errors import ThreeCxError
from ..node_json import EVERYDAY, find_operation
from .node_migration import MigrationError, is_tool

if TYPE_CHECKING:
    from ...catalog import Catalog
    from ...descriptor import Definition, NodeProperty

PACKAGE = "n8n-nodes-threecx"
_ADMIN = f"{PACKAGE}.threeCx"
_TOOL = "Tool"
_KEPT = ("descriptionType", "toolDescription")


def is_admin(type_name: str) -> bool:
    """Return whether a node type is 3CX Admin, or the tool that n8n derives from it."""
    return type_name.removesuffix(_TOOL) == _ADMIN


def move_node(node: Mapping[str, Any], catalog: Catalog) -> tuple[dict[str, Any], str]:
    """Return the node as one of the everyday node, and the operation's id.

    Raises MigrationError that says what only 3CX Admin has; the node then stays as it is.
    """
    given = node.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    definition = load_definition(node=EVERYDAY)
    try:
        operation = find_operation(parameters, catalog)
    except ThreeCxError as error:
        raise MigrationError((error.one_line(),)) from error
    resources = _list_resources(definition)
    if operation not in resources:
        raise MigrationError((f"it stays 3CX Admin: 3CX does not have {operation}",))
    mover = _Mover(definition, operation)
    for name, value in parameters.items():
        if name not in ("resource", "operation"):
            mover.move(name, value)
    if mover.left:
        raise MigrationError((f"it stays 3CX Admin: 3CX does not have {', '.join(mover.left)}",))
    tool = _TOOL if is_tool(str(node.get("type", ""))) else ""
    moved = {"resource": resources[operation], "operation": operation, **mover.parameters}
    return {**node, "type": f"{PACKAGE}.{EVERYDAY}{tool}", "typeVersion": 1, "parameters": moved}, operation


def _list_resources(definition: Definition) -> dict[str, str]:
    return {
        choice["value"]: each["displayOptions"]["show"]["resource"][0]
        for each in definition["properties"]
        if each["name"] == "operation"
        for choice in each["options"]
    }


class _Mover:
    """The parameters of the everyday node; `left` are those that it does not have."""

    def __init__(self, definition: Definition, operation: str) -> None:
        offered = {each["name"]: each for each in properties_of(definition, operation)}
        self._offered: dict[str, NodeProperty] = offered
        self._options = {each["name"] for each in offered["options"]["options"]}
        self._groups = {
            option["name"]: (each["name"], option)
            for each in offered.values()
            if each["type"] == "collection" and each["name"] != "options"
            for option in each["options"]
        }
        self.parameters: dict[str, Any] = {}
        self.left: list[str] = []

    def move(self, name: str, value: Any) -> None:
        """Move one parameter of 3CX Admin."""
        if name == "options" and isinstance(value, Mapping):
            self.left += [f"the option {each}" for each in value if each not in self._options]
            self.parameters.setdefault("options", {}).update(value)
        elif name == "If-Match":
            if value != "":
                self.parameters.setdefault("options", {})[name] = value
        elif name == "body":
            self._move_body(value)
        elif name in self._offered or name in _KEPT:
            self.parameters[name] = value
        else:
            self.left.append(f"the parameter {name}")

    def _move_body(self, value: Any) -> None:
        if not isinstance(value, Mapping) or value.get("mappingMode") != "defineBelow":
            self.left.append("automatic mapping")
            return
        fields = value.get("value")
        for name, field in (fields if isinstance(fields, Mapping) else {}).items():
            # n8n's mapper sends no field that is null, which is one that was never filled in.
            if field is not None:
                # The everyday node takes an empty text for a field that was not filled in.
                self._move_field(name, '={{ "" }}' if field == "" else field)

    def _move_field(self, name: str, value: Any) -> None:
        group, declared = self._groups.get(name, ("", self._offered.get(name)))
        if declared is None or declared["type"] == "fixedCollection":
            self.left.append(f"the field {name}" if declared is None else f"{name} as JSON")
            return
        if declared["type"] == "resourceLocator":
            value = {"__rl": True, "mode": "id", "value": value}
        elif declared["type"] == "json" and not isinstance(value, str):
            value = json.dumps(value)
        if group:
            self.parameters.setdefault(group, {})[name] = value
        else:
            self.parameters[name] = value

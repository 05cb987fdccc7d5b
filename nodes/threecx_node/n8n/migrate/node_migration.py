"""Convert a generated node to this package's node with the same operation and equivalent parameters.

A node with a parameter that has no equivalent is not converted: a deletion that lost its filter would delete more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import ThreeCxError
from ...parameters.table import fold_name
from ..names import decode_name, decode_parameters
from ..node_json import find_operation
from .conversions import ConversionError, convert_value, is_expression
from .draft import NodeDraft, is_empty, set_once
from .mapper import convert_field

if TYPE_CHECKING:
    from ...catalog import Catalog, Operation

NODE_TYPE = "n8n-nodes-threecx.threeCx"
_TOOL = "Tool"
# Parameters that n8n adds to a node that is used as a tool.
_OF_TOOLS = frozenset({"descriptionType", "toolDescription"})
# Parameters of a generated node that are not about the request. The case matters: `Notice` could be a field.
_IGNORED = frozenset({"resource", "operation", "authentication", "notice"})
# In a body, a name with this prefix is an annotation of OData, not a field.
_ANNOTATION = "@"


class MigrationError(Exception):
    """A node that cannot be converted; `reasons` are one line each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def is_tool(type_name: str) -> bool:
    """Return whether a node type is the tool that n8n derives from a node for its AI agents."""
    return type_name.endswith(_TOOL)


def migrate_node(
    node: Mapping[str, Any], catalog: Catalog, *, followers: tuple[str, ...] = ()
) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Return the new node, the operation's id and the notes; notes name `followers` that receive other items.

    Everything but type, parameters and credential of the node stays as it is. Raises MigrationError.
    """
    given = node.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    operation = _find_operation(decode_parameters(parameters), catalog)
    draft = _GeneratedDraft(catalog, operation)
    for name, value in parameters.items():
        draft.add(name, value)
    draft.finish()
    draft.note_output(followers)
    if draft.problems:
        raise MigrationError(tuple(draft.problems))
    new = replace_node(node, draft)
    return new, operation.id, tuple(draft.notes)


def replace_node(node: Mapping[str, Any], draft: NodeDraft) -> dict[str, Any]:
    """Return a node of this package in place of `node`, with its members in the same order."""
    given = node.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    operation = draft.operation
    tool = is_tool(str(node.get("type", "")))
    kept = {name: parameters[name] for name in parameters if tool and name in _OF_TOOLS}
    new = {
        name: value for name, value in node.items() if name not in ("credentials", "type", "typeVersion")
    } | {
        "parameters": {"resource": operation.resource, "operation": operation.id, **draft.parameters, **kept},
        "type": NODE_TYPE + (_TOOL if tool else ""),
        "typeVersion": 1,
    }
    return {name: new[name] for name in [*node, *new] if name in new}


def _find_operation(parameters: Mapping[str, Any], catalog: Catalog) -> Operation:
    # n8n does not write default values to the file, and those of the generated node are not known.
    if not parameters.get("operation"):
        raise MigrationError(("the node does not name its operation: choose it in the new node",))
    by_id = {fold_name(each): each for each in catalog.operation_ids}
    if not parameters.get("resource"):
        if found := by_id.get(fold_name(str(parameters["operation"]))):
            return catalog.operation(found)
        raise MigrationError(("the node does not name its resource: choose it in the new node",))
    try:
        return catalog.operation(find_operation(parameters, catalog))
    except ThreeCxError as error:
        raise MigrationError((error.one_line(),)) from error


class _GeneratedDraft(NodeDraft):
    """The parameters of the new node, collected from those of a generated node."""

    def add(self, name: str, value: Any, *, nested: bool = False) -> None:
        """Add a parameter of the generated node; `nested` is one inside a group."""
        name = decode_name(name)
        try:
            self._add(name, value, nested=nested)
        except ConversionError as error:
            self.problems.append(f"{name}: {error}")

    def note_output(self, followers: tuple[str, ...]) -> None:
        """Note that a list now has another output."""
        if self.is_list:
            after = ", ".join(repr(each) for each in followers) or "the nodes that follow"
            self.notes.append(
                f"the node now returns one item per entry, not one item with a list in `value`: check {after}"
            )

    def _add(self, name: str, value: Any, *, nested: bool) -> None:
        folded = fold_name(name)
        if name in _IGNORED or name in _OF_TOOLS:
            return
        if folded == "options" and isinstance(value, Mapping):
            self._add_all(value)
        elif folded == "requestoptions":
            self._add_request_options(value)
        elif folded in self.path or (folded == "ifmatch" and folded in self.properties):
            if nested and not is_empty(value):
                raise ConversionError("a key inside a group is not accepted: set it in the new node")
            self.set_property(self.properties[folded], value)
        elif name.startswith("$"):
            self._add_query(name, value)
        elif folded in self.fields:
            self._add_field(self.fields[folded], value)
        elif name.startswith(_ANNOTATION):
            self._drop_annotation(name, value)
        elif folded == "body" and "body" in self.properties:
            self._add_body(value)
        elif isinstance(value, Mapping) and value and all(isinstance(each, str) for each in value):
            # A group of optional fields; its name does not matter.
            self._add_all(value)
        elif not is_empty(value):
            raise ConversionError(f"{self.operation.id} takes no such parameter")

    def _add_all(self, group: Mapping[str, Any]) -> None:
        for name, value in group.items():
            self.add(name, value, nested=True)

    def _add_query(self, name: str, value: Any) -> None:
        if is_empty(value) or value is False or value == [] or value == "[null]":
            return
        if fold_name(name) == "$count":
            self.notes.append("$count was removed: count the items instead")
        else:
            self.set_query(name, value)

    def _add_field(self, declared: Mapping[str, Any], value: Any) -> None:
        name = declared["id"]
        if is_empty(value):
            # The generated node also emptied fields that the user never set, and nothing distinguishes them.
            self.notes.append(f"{name} was empty and was removed: add it to clear the field in 3CX")
        else:
            set_once(self.body, name, convert_field(declared, value))

    def _add_body(self, value: Any) -> None:
        if is_expression(value):
            raise ConversionError("the whole body is one expression: set its fields in the new node")
        fields = convert_value({"name": "body", "type": "json"}, value)
        if not isinstance(fields, Mapping):
            raise ConversionError("the body is not a JSON object")
        for name, inner in fields.items():
            if fold_name(name) in self.fields:
                # A user wrote this JSON, so an empty value is intended; n8n stores it only as an expression.
                set_once(self.body, self.fields[fold_name(name)]["id"], _keep_empty(inner))
            elif name.startswith(_ANNOTATION):
                self._drop_annotation(name, inner)
            elif fold_name(name) not in self.path:
                raise ConversionError(f"{self.operation.id} has no body field {name!r}")

    def _drop_annotation(self, name: str, value: Any) -> None:
        if not is_empty(value):
            self.notes.append(f"{name} was removed: 3CX does not need it")

    def _add_request_options(self, value: Any) -> None:
        if isinstance(value, Mapping):
            self.set_request_options(value)
        else:
            self.notes.append("request options were removed, because they are an expression")


def _keep_empty(value: Any) -> Any:
    """Return a value that n8n's mapper sends even if it is empty."""
    if value is None:
        return "={{ null }}"
    return '={{ "" }}' if value == "" else value

"""Convert a generated node to this package's node with the same operation and equivalent parameters.

A node with a parameter that has no equivalent is not converted: a deletion that lost its filter would delete more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...canvas.resource_mapping import describe_body_fields
from ...descriptor import load_definition, properties_of
from ...errors import ThreeCxError
from ...parameters.table import fold_name
from ..names import decode_name, decode_parameters
from ..node_json import find_operation
from .conversions import ConversionError, convert_list, convert_value, is_expression
from .mapper import build_mapper, convert_field

if TYPE_CHECKING:
    from ...catalog import Catalog, Operation
    from ...descriptor import NodeProperty

NODE_TYPE = "n8n-nodes-threecx.threeCx"
_TOOL = "Tool"
# Parameters that n8n adds to a node that is used as a tool.
_OF_TOOLS = frozenset({"descriptionType", "toolDescription"})
# Parameters of a generated node that are not about the request. The case matters: `Notice` could be a field.
_IGNORED = frozenset({"resource", "operation", "authentication", "notice"})
# In a body, a name with this prefix is an annotation of OData, not a field.
_ANNOTATION = "@"
_LISTS = frozenset({"$select", "$expand", "$orderby"})


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
    draft = _Draft(catalog, operation)
    for name, value in parameters.items():
        draft.add(name, value)
    draft.finish(followers)
    if draft.problems:
        raise MigrationError(tuple(draft.problems))
    tool = is_tool(str(node.get("type", "")))
    kept = {name: parameters[name] for name in parameters if tool and name in _OF_TOOLS}
    new = {
        name: value for name, value in node.items() if name not in ("credentials", "type", "typeVersion")
    } | {
        "parameters": {"resource": operation.resource, "operation": operation.id, **draft.parameters, **kept},
        "type": NODE_TYPE + (_TOOL if tool else ""),
        "typeVersion": 1,
    }
    # Keep the order of the node.
    ordered = {name: new[name] for name in [*node, *new] if name in new}
    return ordered, operation.id, tuple(draft.notes)


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


@dataclass
class _Draft:
    """The parameters of the new node while they are collected, with notes and problems."""

    catalog: Catalog
    operation: Operation
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._fields = {
            fold_name(each["id"]): each
            for each in describe_body_fields(self.catalog, self.operation.id, None)
        }
        self._properties = dict(_flatten(properties_of(load_definition(), self.operation.id)))
        # Path parameters of the newest and of earlier releases.
        path = {fold_name(each.name) for version in self.operation.versions for each in version.parameters}
        self._path = {name: each["name"] for name, each in self._properties.items() if name in path}
        self._is_list = "returnall" in self._properties
        self._options: dict[str, Any] = {}
        self._body: dict[str, Any] = {}

    def add(self, name: str, value: Any, *, nested: bool = False) -> None:
        """Add a parameter of the generated node; `nested` is one inside a group."""
        name = decode_name(name)
        try:
            self._add(name, value, nested=nested)
        except ConversionError as error:
            self.problems.append(f"{name}: {error}")

    def finish(self, followers: tuple[str, ...]) -> None:
        """Complete the parameters that depend on the whole node: body, options, and the output of a list."""
        if self._body:
            self.parameters["body"] = build_mapper(self.catalog, self.operation, self._body)
        if self._is_list:
            self._finish_list(followers)
        if "simplify" in self._properties:
            # The generated node returned whole entities.
            self.parameters["simplify"] = False
        if self._options:
            self.parameters["options"] = self._options
        for each in self._properties.values():
            if each["type"] == "resourceLocator" and each["name"] not in self.parameters:
                self.notes.append(f"{each['displayName']} is empty: set it in the new node")

    def _finish_list(self, followers: tuple[str, ...]) -> None:
        if "limit" not in self.parameters:
            self.parameters["returnAll"] = True
            self.notes.append("the node had no $top: it now returns all entries; set Limit to return fewer")
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
        elif folded in self._path or (folded == "ifmatch" and folded in self._properties):
            if nested and not _is_empty(value):
                raise ConversionError("a key inside a group is not accepted: set it in the new node")
            self._add_property(self._properties[folded], value)
        elif name.startswith("$"):
            self._add_query(name, value)
        elif folded in self._fields:
            self._add_field(self._fields[folded], value)
        elif name.startswith(_ANNOTATION):
            self._drop_annotation(name, value)
        elif folded == "body" and "body" in self._properties:
            self._add_body(value)
        elif isinstance(value, Mapping) and value and all(isinstance(each, str) for each in value):
            # A group of optional fields; its name does not matter.
            self._add_all(value)
        elif not _is_empty(value):
            raise ConversionError(f"{self.operation.id} takes no such parameter")

    def _add_all(self, group: Mapping[str, Any]) -> None:
        for name, value in group.items():
            self.add(name, value, nested=True)

    def _add_property(self, declared: NodeProperty, value: Any) -> None:
        if not _is_empty(value):
            self._set(self.parameters, declared["name"], convert_value(declared, value))

    @staticmethod
    def _set(slots: dict[str, Any], name: str, value: Any) -> None:
        if slots.get(name, value) != value:
            raise ConversionError("it is set twice, to different values")
        slots[name] = value

    def _add_query(self, name: str, value: Any) -> None:
        if _is_empty(value) or value is False or value == [] or value == "[null]":
            return
        folded = fold_name(name)
        if folded == "$count":
            self.notes.append("$count was removed: count the items instead")
        elif folded == "$top" and self._is_list:
            self._set(self.parameters, "limit", convert_value(self._properties["limit"], value))
        elif folded not in self._properties:
            raise ConversionError(f"{self.operation.id} does not accept {name}")
        else:
            declared = self._properties[folded]
            as_one = declared["name"] not in _LISTS or is_expression(value)
            self._set(
                self._options,
                declared["name"],
                convert_value(declared, value) if as_one else convert_list(value),
            )

    def _add_field(self, declared: Mapping[str, Any], value: Any) -> None:
        name = declared["id"]
        if _is_empty(value):
            # The generated node also emptied fields that the user never set, and nothing distinguishes them.
            self.notes.append(f"{name} was empty and was removed: add it to clear the field in 3CX")
        else:
            self._set(self._body, name, convert_field(declared, value))

    def _add_body(self, value: Any) -> None:
        if is_expression(value):
            raise ConversionError("the whole body is one expression: set its fields in the new node")
        fields = convert_value({"name": "body", "type": "json"}, value)
        if not isinstance(fields, Mapping):
            raise ConversionError("the body is not a JSON object")
        for name, inner in fields.items():
            if fold_name(name) in self._fields:
                # A user wrote this JSON, so an empty value is intended; n8n stores it only as an expression.
                self._set(self._body, self._fields[fold_name(name)]["id"], _keep_empty(inner))
            elif name.startswith(_ANNOTATION):
                self._drop_annotation(name, inner)
            elif fold_name(name) not in self._path:
                raise ConversionError(f"{self.operation.id} has no body field {name!r}")

    def _drop_annotation(self, name: str, value: Any) -> None:
        if not _is_empty(value):
            self.notes.append(f"{name} was removed: 3CX does not need it")

    def _add_request_options(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            self.notes.append("request options were removed, because they are an expression")
            return
        given = value
        timeout = given.get("timeout")
        if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout > 0:
            self._options["timeout"] = timeout // 1000 if timeout % 1000 == 0 else timeout / 1000
        if given.get("allowUnauthorizedCerts"):
            self.notes.append("whether certificates are verified is set in the credential 3CX API")
        known = {"allowUnauthorizedCerts", *(("timeout",) if "timeout" in self._options else ())}
        if left := sorted(set(given) - known):
            self.notes.append(f"request options were removed: {', '.join(left)}")


def _flatten(properties: Iterator[NodeProperty]) -> Iterator[tuple[str, NodeProperty]]:
    """Yield the folded name of each property and the property, those inside the options collection included."""
    for each in properties:
        if each["type"] == "collection":
            yield from _flatten(iter(each["options"]))
        else:
            yield fold_name(each["name"]), each


def _keep_empty(value: Any) -> Any:
    """Return a value that n8n's mapper sends even if it is empty."""
    if value is None:
        return "={{ null }}"
    return '={{ "" }}' if value == "" else value


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, Mapping) and not value)

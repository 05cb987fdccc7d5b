"""One generated node → one of ours: the same operation, asked for in our parameters.

What cannot be said in ours keeps the node as it is: a deletion that lost its filter would delete more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...canvas.resource_mapping import describe_body_fields
from ...descriptor import load_definition, properties_of
from ...errors import ThreeCxError
from ...parameters.table import fold_name as fold
from ..node_json import operation_of
from .body import body_mapper, field_value
from .values import CannotConvertError, as_list, as_property, is_expression

if TYPE_CHECKING:
    from ...catalog import Catalog, Operation
    from ...descriptor import NodeProperty

OUR_TYPE = "n8n-nodes-threecx.threeCx"
_TOOL = "Tool"
# n8n's own parameters of a node that is used as a tool.
_OF_TOOLS = frozenset({"descriptionType", "toolDescription"})
# What a generated node has beside the operation's parameters, and says nothing about the request. Compared as
# n8n writes them, so that a field `Notice` of some release would still be a field.
_SILENT = frozenset({"resource", "operation", "authentication", "notice"})
_LISTS = frozenset({"$select", "$expand", "$orderby"})


class CannotMigrateError(Exception):
    """A node that stays as it is; `reasons` are one line each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def is_tool(type_name: str) -> bool:
    """Whether a node type is the tool that n8n makes of a node, for its AI agents."""
    return type_name.endswith(_TOOL)


def migrate_node(
    node: Mapping[str, Any], catalog: Catalog, *, followers: tuple[str, ...] = ()
) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Our node, the operation's id, and what wants a look; `followers` are named where they get other items.

    Everything of the node but its type, parameters and credential stays. Raises CannotMigrateError.
    """
    given = node.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    operation = _operation(parameters, catalog)
    draft = _Draft(catalog, operation)
    for name, value in parameters.items():
        draft.take(name, value)
    draft.finish(followers)
    if draft.problems:
        raise CannotMigrateError(tuple(draft.problems))
    tool = is_tool(str(node.get("type", "")))
    kept = {name: parameters[name] for name in parameters if tool and name in _OF_TOOLS}
    new = {
        name: value for name, value in node.items() if name not in ("credentials", "type", "typeVersion")
    } | {
        "parameters": {"resource": operation.resource, "operation": operation.id, **draft.parameters, **kept},
        "type": OUR_TYPE + (_TOOL if tool else ""),
        "typeVersion": 1,
    }
    # In the order in which the node had them.
    ordered = {name: new[name] for name in [*node, *new] if name in new}
    return ordered, operation.id, tuple(draft.notes)


def _operation(parameters: Mapping[str, Any], catalog: Catalog) -> Operation:
    # Defaults were never written to the file, and only the old node knew them.
    if not parameters.get("operation"):
        raise CannotMigrateError(("it names no operation: choose it in our node",))
    by_id = {fold(each): each for each in catalog.operation_ids}
    if not parameters.get("resource"):
        if found := by_id.get(fold(str(parameters["operation"]))):
            return catalog.operation(found)
        raise CannotMigrateError(("it names no resource: choose it in our node",))
    try:
        return catalog.operation(operation_of(parameters, catalog))
    except ThreeCxError as error:
        raise CannotMigrateError((error.one_line(),)) from error


@dataclass
class _Draft:
    """Our node's parameters while they are gathered, with what could not be said and what wants a look."""

    catalog: Catalog
    operation: Operation
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._fields = {
            fold(each["id"]): each for each in describe_body_fields(self.catalog, self.operation.id, None)
        }
        self._properties = dict(_flat(properties_of(load_definition(), self.operation.id)))
        # Of this release and of earlier ones.
        path = {fold(each.name) for shape in self.operation.versions for each in shape.parameters}
        self._path = {name: each["name"] for name, each in self._properties.items() if name in path}
        self._is_list = "returnall" in self._properties
        self._options: dict[str, Any] = {}
        self._body: dict[str, Any] = {}

    def take(self, name: str, value: Any, *, nested: bool = False) -> None:
        """One parameter of the generated node; `nested` is one that stood in a group."""
        try:
            self._take(name, value, nested=nested)
        except CannotConvertError as error:
            self.problems.append(f"{name}: {error}")

    def finish(self, followers: tuple[str, ...]) -> None:
        """What the node says as a whole: its body, its options, what a list gives."""
        if self._body:
            self.parameters["body"] = body_mapper(self.catalog, self.operation, self._body)
        if self._is_list:
            self._finish_list(followers)
        if "simplify" in self._properties:
            # The old node gave whole entities.
            self.parameters["simplify"] = False
        if self._options:
            self.parameters["options"] = self._options
        for each in self._properties.values():
            if each["type"] == "resourceLocator" and each["name"] not in self.parameters:
                self.notes.append(f"{each['displayName']} is empty: choose it")

    def _finish_list(self, followers: tuple[str, ...]) -> None:
        if "limit" not in self.parameters:
            self.parameters["returnAll"] = True
            self.notes.append("it had no $top: it now reads all entries; a limit can be set")
        after = ", ".join(repr(each) for each in followers) or "nodes that follow"
        self.notes.append(
            f"it gives one item per entry, the old one gave one item with a list in `value`: look at {after}"
        )

    def _take(self, name: str, value: Any, *, nested: bool) -> None:
        folded = fold(name)
        if name in _SILENT or name in _OF_TOOLS:
            return
        if folded == "options" and isinstance(value, Mapping):
            self._take_all(value)
        elif folded == "requestoptions":
            self._take_request_options(value)
        elif folded in self._path or (folded == "ifmatch" and folded in self._properties):
            if nested and not _is_empty(value):
                raise CannotConvertError("which entry is meant stands outside of groups: set it in our node")
            self._take_property(self._properties[folded], value)
        elif name.startswith("$"):
            self._take_query(name, value)
        elif folded in self._fields:
            self._take_field(self._fields[folded], value)
        elif folded == "body" and "body" in self._properties:
            self._take_body(value)
        elif isinstance(value, Mapping) and value and all(isinstance(each, str) for each in value):
            # A group of optional fields, whatever it was called.
            self._take_all(value)
        elif not _is_empty(value):
            raise CannotConvertError(f"{self.operation.id} takes no such parameter")

    def _take_all(self, group: Mapping[str, Any]) -> None:
        for name, value in group.items():
            self.take(name, value, nested=True)

    def _take_property(self, declared: NodeProperty, value: Any) -> None:
        if not _is_empty(value):
            self._set(self.parameters, declared["name"], as_property(declared, value))

    @staticmethod
    def _set(slots: dict[str, Any], name: str, value: Any) -> None:
        if slots.get(name, value) != value:
            raise CannotConvertError("it is given twice, with different values")
        slots[name] = value

    def _take_query(self, name: str, value: Any) -> None:
        if _is_empty(value) or value is False or value == [] or value == "[null]":
            return
        folded = fold(name)
        if folded == "$count":
            self.notes.append("$count is left out: count the items instead")
        elif folded == "$top" and self._is_list:
            self._set(self.parameters, "limit", as_property(self._properties["limit"], value))
        elif folded not in self._properties:
            raise CannotConvertError(f"{self.operation.id} takes no {name}")
        else:
            declared = self._properties[folded]
            as_one = declared["name"] not in _LISTS or is_expression(value)
            self._set(
                self._options, declared["name"], as_property(declared, value) if as_one else as_list(value)
            )

    def _take_field(self, declared: Mapping[str, Any], value: Any) -> None:
        name = declared["id"]
        if _is_empty(value):
            # The old node emptied fields that nobody had touched; which of these were meant cannot be told.
            self.notes.append(f"{name} was empty and is left out: add it if it shall be emptied")
        else:
            self._set(self._body, name, field_value(declared, value))

    def _take_body(self, value: Any) -> None:
        if is_expression(value):
            raise CannotConvertError("a whole body as one expression: set its fields in our node")
        fields = as_property({"name": "body", "type": "json"}, value)
        if not isinstance(fields, Mapping):
            raise CannotConvertError("it is no JSON object")
        for name, inner in fields.items():
            if fold(name) in self._fields:
                # Written as JSON by a person: what is empty there is meant, and n8n keeps it only as an expression.
                meant = {None: "={{ null }}", "": '={{ "" }}'}.get(inner, inner) if _is_text(inner) else inner
                self._set(self._body, self._fields[fold(name)]["id"], meant)
            elif fold(name) not in self._path:
                raise CannotConvertError(f"{self.operation.id} has no body field {name!r}")

    def _take_request_options(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            self.notes.append("request options are left out: they are an expression")
            return
        given = value
        timeout = given.get("timeout")
        if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout > 0:
            self._options["timeout"] = timeout // 1000 if timeout % 1000 == 0 else timeout / 1000
        if given.get("allowUnauthorizedCerts"):
            self.notes.append("unverified certificates are allowed in our credential, not in the node")
        known = {"allowUnauthorizedCerts", *(("timeout",) if "timeout" in self._options else ())}
        if left := sorted(set(given) - known):
            self.notes.append(f"request options are left out: {', '.join(left)}")


def _flat(properties: Iterator[NodeProperty]) -> Iterator[tuple[str, NodeProperty]]:
    """(folded name, property), those inside the options collection too."""
    for each in properties:
        if each["type"] == "collection":
            yield from _flat(iter(each["options"]))
        else:
            yield fold(each["name"]), each


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, Mapping) and not value)

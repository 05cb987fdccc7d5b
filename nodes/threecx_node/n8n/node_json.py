"""Read a node as a canvas copies it: its operation, its parameters and the options of its batch.

The text is a workflow or a fragment of one (`{"nodes": [...]}`), a list of nodes or a single node. The node is this
package's or one that was generated from the OpenAPI document ("Call Flow Apps", "Delete Call Flow App", "If-Match").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, nearest_hint
from ..errors import InputError, UnknownNameError
from ..options import BatchOptions
from ..parameters.batch import split_batch_options
from ..parameters.table import ParameterTable, fold_name
from .names import decode_parameters

if TYPE_CHECKING:
    from ..descriptor import Definition

# Every 3CX node, generated or not, has this word in its type.
_TYPE_WORD = "threecx"
_PACKAGE = "n8n-nodes-threecx"
EVERYDAY = "threeCxPhoneSystem"
_EMPTY_BY_DEFAULT = ("collection", "fixedCollection", "resourceMapper", "resourceLocator")
_CONTINUE = ("continueRegularOutput", "continueErrorOutput")


@dataclass(frozen=True)
class Node:
    """A copied node: `parameters` may contain expressions, `batch_options` apply to all items."""

    operation: str
    parameters: Mapping[str, Any]
    name: str = ""
    continue_on_fail: bool = False
    batch_options: BatchOptions = field(default_factory=BatchOptions)


def read_node(document: Any, catalog: Catalog, *, name: str | None = None) -> Node:
    """Return the 3CX node of a copied text; `name` selects one of several.

    Raises InputError where there is no such node or more than one, or where an option of its batch is not valid, and
    UnknownNameError where its operation is unknown.
    """
    node = _select_node(_list_nodes(document), name)
    parameters = node.get("parameters")
    if not isinstance(parameters, Mapping):
        raise InputError(
            "the node has no parameters",
            description='Copy the node on the canvas: {"parameters": {…}, "type": …}.',
        )
    if not _is_own(node, catalog):
        parameters = decode_parameters(parameters)
    if node.get("type") and not _is_own(node, catalog) and not _names_operation(parameters, catalog):
        # The defaults of another package's node are not known; those of this package would be another operation.
        raise InputError(
            "the node does not name its resource and operation",
            description="Choose both in the node and copy it again.",
        )
    definition = _find_definition(node)
    operation = find_operation(parameters, catalog, definition)
    rest = {key: value for key, value in parameters.items() if key not in ("resource", "operation")}
    if _is_own(node, catalog):
        rest = _leave_out_unfilled(operation, {**_read_defaults(operation, definition), **rest}, definition)
    found = catalog.operation(operation)
    table = ParameterTable(catalog, found, found.version(), None)
    rest, batch_options = split_batch_options(table, _complete_mapper(rest))
    on_error = node.get("onError") in _CONTINUE or node.get("continueOnFail") is True
    return Node(operation, rest, str(node.get("name") or ""), on_error, batch_options)


def _complete_mapper(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with a mapper of the body without the fields that were never filled in, as n8n reads it.

    A field whose expression gives null is then sent as null.
    """
    body = parameters.get("body")
    if not isinstance(body, Mapping) or "mappingMode" not in body:
        return parameters
    fields = body.get("value")
    if not isinstance(fields, Mapping):
        return parameters
    filled = {name: value for name, value in fields.items() if value is not None}
    return {**parameters, "body": {**body, "value": filled, "filled": True}}


def find_operation(
    parameters: Mapping[str, Any], catalog: Catalog, definition: Definition | None = None
) -> str:
    """Return the id of the operation that a node's resource and operation name.

    A canvas does not store parameters that have their default; the descriptor has the defaults.
    """
    resource = parameters.get("resource")
    operation = parameters.get("operation")
    if not resource or not operation:
        from ..descriptor import load_definition

        resource, operation = _complete(definition or load_definition(), resource, operation)
    wanted = fold_name(str(operation))
    if str(operation).startswith("=") or str(resource).startswith("="):
        raise InputError(
            "the operation of the node is an expression",
            description="Choose the operation in the node; only its parameters may differ by item.",
        )
    if (
        definition is not None
        and definition["name"] == EVERYDAY
        and operation in (*catalog.operation_ids, *catalog.task_ids)
    ):
        # Its resources are the words of 3CX's console: Phone has operations of several resources of the API.
        return str(operation)
    found = _find_in_resource(str(resource), wanted, catalog) or _find_by_id(str(resource), wanted, catalog)
    if found is not None:
        return found
    raise UnknownNameError(
        f"the resource {resource!r} has no operation {operation!r}",
        description=nearest_hint(str(operation), catalog.operation_ids)
        or "`threecx operations` lists them all.",
    )


def _find_in_resource(resource: str, wanted: str, catalog: Catalog) -> str | None:
    """Return the operation by its id, else by its name in the list of the resource: "Delete" of "Call Flow Apps"."""
    try:
        operations = list(catalog.operations(resource=resource))
    except UnknownNameError:
        return None
    by_id = {fold_name(each.id): each.id for each in operations}
    return by_id.get(wanted) or next((each.id for each in operations if fold_name(each.name) == wanted), None)


def _find_by_id(resource: str, wanted: str, catalog: Catalog) -> str | None:
    """Return the operation by its id where the catalog does not contain the resource: 3CX renamed some resources.

    Another known resource never matches: "Purge Local" of "Backups" is not `PurgeLocal`, which purges recordings.
    """
    if fold_name(resource) in {
        fold_name(each) for known in catalog.resources.items() for each in (known[0], known[1]["name"])
    }:
        return None
    return {fold_name(each): each for each in (*catalog.operation_ids, *catalog.task_ids)}.get(wanted)


def _is_own(node: Mapping[str, Any], catalog: Catalog) -> bool:
    """Return whether the node is this package's: a generated node has other defaults."""
    operation = node["parameters"].get("operation")
    return _PACKAGE in str(node.get("type", "")) or operation in (*catalog.operation_ids, *catalog.task_ids)


def _names_operation(parameters: Mapping[str, Any], catalog: Catalog) -> bool:
    """Return whether the parameters name the operation: an id is enough, a name also needs its resource."""
    operation = parameters.get("operation")
    by_id = _find_by_id("", fold_name(str(operation)), catalog) is not None
    return bool(operation) and (bool(parameters.get("resource")) or by_id)


def _find_definition(node: Mapping[str, Any]) -> Definition:
    """Return the description of the node's type; that of the node with all operations for any other type."""
    from ..descriptor import load_definition

    name = str(node.get("type", "")).rpartition(".")[2].removesuffix("Tool")
    return load_definition(node=EVERYDAY) if name == EVERYDAY else load_definition()


def _read_defaults(operation: str, definition: Definition) -> dict[str, Any]:
    """Return the defaults of the parameters that a canvas does not store; collections are empty by default."""
    from ..descriptor import properties_of

    return {
        each["name"]: each["default"]
        for each in properties_of(definition, operation)
        if each["type"] not in _EMPTY_BY_DEFAULT
        # A tool of an AI agent stores what it displays.
        and "@tool" not in each.get("displayOptions", {}).get("show", {})
    }


def _leave_out_unfilled(operation: str, parameters: dict[str, Any], definition: Definition) -> dict[str, Any]:
    """Return the parameters without the fields that the everyday node shows and a person left empty."""
    if definition["name"] != EVERYDAY:
        return parameters
    from ..descriptor import properties_of

    optional = {each["name"] for each in properties_of(definition, operation) if not each.get("required")}
    return {
        name: value for name, value in parameters.items() if name not in optional or not _is_unfilled(value)
    }


def _is_unfilled(value: Any) -> bool:
    if isinstance(value, Mapping) and value.get("__rl") is True:
        value = value.get("value")
    return value in ("", {}, [])


def _complete(definition: Mapping[str, Any], resource: Any, operation: Any) -> tuple[str, str]:
    properties = definition["properties"]
    if not resource:
        resource = next(each["default"] for each in properties if each["name"] == "resource")
    if not operation:
        shown_for = fold_name(str(resource))
        for each in properties:
            shown = each.get("displayOptions", {}).get("show", {}).get("resource", [])
            if each["name"] == "operation" and shown_for in {fold_name(name) for name in shown}:
                operation = each["default"]
    if not operation:
        raise InputError(
            "the node does not name its operation", description="Choose its operation and copy it again."
        )
    return str(resource), str(operation)


def _list_nodes(document: Any) -> list[Mapping[str, Any]]:
    if isinstance(document, Mapping) and isinstance(document.get("nodes"), list):
        found = document["nodes"]
    elif isinstance(document, Mapping) and "parameters" in document:
        found = [document]
    elif (
        isinstance(document, list)
        and len(document) == 1
        and isinstance(document[0], Mapping)
        and "nodes" in document[0]
    ):
        # n8n's command line exports a workflow as a list of one.
        return _list_nodes(document[0])
    else:
        found = document
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise InputError(
            "the text is not a copied node",
            description='Copy a node on the canvas and paste it into a file: {"nodes": [{"parameters": {…}}]}.',
        )
    return list(found)


def _select_node(nodes: list[Mapping[str, Any]], name: str | None) -> Mapping[str, Any]:
    if name is not None:
        named = [each for each in nodes if each.get("name") == name]
        if not named:
            there = ", ".join(repr(str(each.get("name"))) for each in nodes)
            raise InputError(
                f"the text contains no node named {name!r}", description=f"It contains {there or 'no nodes'}."
            )
        return named[0]
    ours = [each for each in nodes if _TYPE_WORD in str(each.get("type", "")).casefold()]
    candidates = ours or [each for each in nodes if "type" not in each]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise InputError("the copied text contains no 3CX node", description="Copy the 3CX node itself.")
    there = ", ".join(repr(str(each.get("name"))) for each in candidates)
    raise InputError(
        f"the copied text contains {len(candidates)} 3CX nodes", description=f"Name one of them: {there}."
    )

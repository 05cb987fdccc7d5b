"""A node as a canvas copies it → an operation and its parameters.

Understood are a workflow or a fragment of one (`{"nodes": [...]}`), a list of nodes and a single node; the names
of our own node and those of a node generated from the OpenAPI document ("Call Flow Apps", "Delete Call Flow
App", "If-Match").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..catalog import Catalog, nearest_hint
from ..errors import InputError, UnknownNameError
from ..parameters.table import fold_name as fold

OUR_TYPE = "threecx"
OUR_PACKAGE = "n8n-nodes-threecx"
_CONTINUE = ("continueRegularOutput", "continueErrorOutput")


@dataclass(frozen=True)
class Node:
    """What a copied node asks for: `parameters` may hold expressions."""

    operation: str
    parameters: Mapping[str, Any]
    name: str = ""
    continue_on_fail: bool = False


def read_node(document: Any, catalog: Catalog, *, name: str | None = None) -> Node:
    """The 3CX node in what was copied; `name` chooses one of several.

    Raises InputError when there is none or more than one, UnknownNameError when its operation is unknown.
    """
    node = _choose(_nodes(document), name)
    parameters = node.get("parameters")
    if not isinstance(parameters, Mapping):
        raise InputError(
            "the node has no parameters",
            description='Copy the node on the canvas: {"parameters": {…}, "type": …}.',
        )
    if node.get("type") and not _is_ours(node, catalog) and not _is_told(parameters, catalog):
        # Its defaults were never written down, and ours would be another operation.
        raise InputError(
            "the node names no resource and operation", description="Choose both in it and copy it again."
        )
    operation = operation_of(parameters, catalog)
    rest = {key: value for key, value in parameters.items() if key not in ("resource", "operation")}
    if _is_ours(node, catalog):
        rest = {**_defaults_of(operation), **rest}
    on_error = node.get("onError") in _CONTINUE or node.get("continueOnFail") is True
    return Node(operation, rest, str(node.get("name") or ""), on_error)


def operation_of(parameters: Mapping[str, Any], catalog: Catalog) -> str:
    """The operation id that a node's resource and operation mean.

    A canvas leaves out parameters that hold their default, so a missing one is taken from the descriptor.
    """
    resource = parameters.get("resource")
    operation = parameters.get("operation")
    if not resource or not operation:
        from ..descriptor import load_definition

        resource, operation = _defaults(load_definition(), resource, operation)
    wanted = fold(str(operation))
    if str(operation).startswith("=") or str(resource).startswith("="):
        raise InputError(
            "the node's operation is an expression",
            description="Choose the operation in the node; only its parameters may differ by item.",
        )
    found = _in_resource(str(resource), wanted, catalog) or _elsewhere(str(resource), wanted, catalog)
    if found is not None:
        return found
    raise UnknownNameError(
        f"there is no operation {operation!r} in {resource!r}",
        description=nearest_hint(str(operation), catalog.operation_ids)
        or "`threecx operations` lists them all.",
    )


def _in_resource(resource: str, wanted: str, catalog: Catalog) -> str | None:
    """By its id, else by the name that our own list of operations shows: "Delete" of "Call Flow Apps"."""
    try:
        operations = list(catalog.operations(resource=resource))
    except UnknownNameError:
        return None
    by_id = {fold(each.id): each.id for each in operations}
    return by_id.get(wanted) or next((each.id for each in operations if fold(each.name) == wanted), None)


def _elsewhere(resource: str, wanted: str, catalog: Catalog) -> str | None:
    """By its id, where the resource is one that the catalog does not know: 3CX has renamed some.

    Never out of a known one: "Purge Local" of "Backups" is not `PurgeLocal`, which purges recordings.
    """
    if fold(resource) in {
        fold(each) for known in catalog.resources.items() for each in (known[0], known[1]["name"])
    }:
        return None
    return {fold(each): each for each in catalog.operation_ids}.get(wanted)


def _is_ours(node: Mapping[str, Any], catalog: Catalog) -> bool:
    """Whether our own node was copied: a generated one has other defaults, and none of ours."""
    operation = node["parameters"].get("operation")
    return OUR_PACKAGE in str(node.get("type", "")) or operation in catalog.operation_ids


def _is_told(parameters: Mapping[str, Any], catalog: Catalog) -> bool:
    """Whether the operation is told without anybody's defaults: an id alone does, a short name needs its resource."""
    operation = parameters.get("operation")
    by_id = fold(str(operation)) in {fold(each) for each in catalog.operation_ids}
    return bool(operation) and (bool(parameters.get("resource")) or by_id)


def _defaults_of(operation: str) -> dict[str, Any]:
    """What our node means by the parameters that it leaves out; collections show nothing until something is added."""
    from ..descriptor import load_definition, properties_of

    return {
        each["name"]: each["default"]
        for each in properties_of(load_definition(), operation)
        if each["type"] not in ("collection", "resourceMapper", "resourceLocator")
    }


def _defaults(definition: Mapping[str, Any], resource: Any, operation: Any) -> tuple[str, str]:
    properties = definition["properties"]
    if not resource:
        resource = next(each["default"] for each in properties if each["name"] == "resource")
    if not operation:
        shown_for = fold(str(resource))
        for each in properties:
            shown = each.get("displayOptions", {}).get("show", {}).get("resource", [])
            if each["name"] == "operation" and shown_for in {fold(name) for name in shown}:
                operation = each["default"]
    if not operation:
        raise InputError("the node names no operation", description="Choose its operation and copy it again.")
    return str(resource), str(operation)


def _nodes(document: Any) -> list[Mapping[str, Any]]:
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
        # A workflow as n8n exports it from its command line: a list of one.
        return _nodes(document[0])
    else:
        found = document
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise InputError(
            "this is no copied node",
            description='Copy a node on the canvas and save what is pasted: {"nodes": [{"parameters": {…}}]}.',
        )
    return list(found)


def _choose(nodes: list[Mapping[str, Any]], name: str | None) -> Mapping[str, Any]:
    if name is not None:
        named = [each for each in nodes if each.get("name") == name]
        if not named:
            there = ", ".join(repr(str(each.get("name"))) for each in nodes)
            raise InputError(f"there is no node named {name!r}", description=f"There are {there or 'none'}.")
        return named[0]
    ours = [each for each in nodes if OUR_TYPE in str(each.get("type", "")).casefold()]
    candidates = ours or [each for each in nodes if "type" not in each]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise InputError("there is no 3CX node in what was copied", description="Copy the 3CX node itself.")
    there = ", ".join(repr(str(each.get("name"))) for each in candidates)
    raise InputError(
        f"there are {len(candidates)} 3CX nodes in what was copied", description=f"Name one: {there}."
    )

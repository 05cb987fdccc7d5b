"""Write what each operation returns as JSON Schema, where n8n looks for it: `python -m … FOLDER`.

n8n shows the fields of a node that has not run yet from `__schema__/v1.0.0/RESOURCE/OPERATION.json` beside the code of
the node. The files are written into the package when it is built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...catalog import TypeRef, load_catalog
from ...catalog.api_request import API_REQUEST
from ...catalog.call_control import ALREADY_GONE, DROP, HANDLE, PARTICIPANT, RESULT
from ...catalog.summary_fields import is_worth_simplifying, shown_fields, simple_fields
from ...descriptor import load_descriptor
from ...values.edm import EDM_TYPES
from ...values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...catalog import Catalog, Operation
    from ...catalog.tasks.task_model import Task
    from ...descriptor.definition import Definition

_VERSION = "v1.0.0"
# Objects inside objects are described to this depth.
_DEEPEST = 2
_FILE = {"fileName": "string", "mimeType": "string", "fileSize": "integer"}
_DONE = {"delete": "deleted", "update": "updated"}
# Items have these in place of the results of the Call Control API, and beside its participants.
_HANDLE = {"pbx": "String", "dn": "String", "participantId": "Int32", "callId": "Int32"}
_CALL = {"call": TypeRef(HANDLE)}
_CALL_RESULT = {
    "callId": TypeRef("Int32"),
    "participantId": TypeRef("Int32"),
    "dn": TypeRef("String"),
    "status": TypeRef("String"),
    "finalStatus": TypeRef("String"),
    "reason": TypeRef("String"),
    "reasonText": TypeRef("String"),
    **_CALL,
}


def write_schemas(catalog: Catalog, nodes: list[Definition], folder: Path) -> int:
    """Write the schemas of the nodes whose code is below `folder`, and return their number."""
    written = 0
    for node in nodes:
        place = folder / f"{node['name'][0].upper()}{node['name'][1:]}"
        if not place.is_dir():
            continue
        for resource, operation in _list_operations(node):
            schema = build_schema(catalog, catalog.operation(operation))
            target = place / "__schema__" / _VERSION / resource / f"{operation}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(dumps(schema))
            written += 1
    return written


def build_schema(catalog: Catalog, operation: Operation) -> dict[str, Any]:
    """Return the schema of an item that an operation returns with the parameters that a node has by default."""
    if operation.task is not None:
        return _build_object(_list_task_fields(catalog, operation.task), catalog)
    version = operation.version()
    returned = version.returns
    if returned.kind == "file":
        return _build_plain(_FILE)
    if returned.kind == "nothing":
        keys = {each.name: _find_type(each.type) for each in version.parameters}
        done = _DONE.get(operation.kind)
        return _build_plain({done: "boolean", **keys} if done else {"success": "boolean"})
    if returned.type == RESULT:
        gone = {ALREADY_GONE: TypeRef("Boolean")} if operation.id == DROP else {}
        return _build_object({**_CALL_RESULT, **gone}, catalog)
    if returned.kind == "value" or not catalog.is_schema(returned.type):
        return _build_plain({"value": _find_type(TypeRef.parse(returned.type).name)} if returned.type else {})
    properties = _list_properties(catalog, returned.type)
    if is_worth_simplifying(catalog, returned.type):
        # Simplify is on by default.
        properties = {name: properties[name] for name in simple_fields(catalog, returned.type)}
    return _build_object(properties, catalog)


def _list_operations(node: Definition) -> Iterator[tuple[str, str]]:
    """Yield the resource and the ID of each operation that a node offers and that returns entities of the catalog."""
    for each in node["properties"]:
        resources = each.get("displayOptions", {}).get("show", {}).get("resource", ())
        if each["name"] != "operation":
            continue
        for choice in each.get("options", ()):
            for resource in resources:
                # The result of a request that the catalog does not contain is not known.
                if choice["value"] != API_REQUEST:
                    yield str(resource), str(choice["value"])


def _build_object(properties: Mapping[str, TypeRef], catalog: Catalog, depth: int = 1) -> dict[str, Any]:
    built = {name: _build_type(each, catalog, depth) for name, each in properties.items()}
    return {"type": "object", "properties": built}


def _build_type(type_ref: TypeRef, catalog: Catalog, depth: int) -> dict[str, Any]:
    if type_ref.collection:
        return {"type": "array", "items": _build_type(TypeRef(type_ref.name), catalog, depth)}
    if type_ref.name == HANDLE:
        return _build_plain({name: _find_type(each) for name, each in _HANDLE.items()})
    if not catalog.is_schema(type_ref.name):
        return {"type": _find_type(type_ref.name)}
    if depth >= _DEEPEST:
        return {"type": "object"}
    return _build_object(_list_properties(catalog, type_ref.name), catalog, depth + 1)


def _list_task_fields(catalog: Catalog, task: Task) -> dict[str, TypeRef]:
    types = {each.name: TypeRef.parse(each.type) for each in task.returns}
    if task.summary:
        return {name: types[name] for name in task.summary}
    for each in task.parameters:
        body = catalog.operation(each.fields_of).version().body if each.fields_of else None
        if isinstance(body, str):
            # The item has the entity beside what was done to it.
            known = catalog.properties(body)
            types |= {name: known[name].type for name in shown_fields(catalog, body)}
    return types


def _list_properties(catalog: Catalog, schema: str) -> dict[str, TypeRef]:
    listed = {name: each.type for name, each in catalog.properties(schema).items() if not each.navigation}
    return {**listed, **_CALL} if schema == PARTICIPANT else listed


def _build_plain(types: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": each} for name, each in types.items()}}


def _find_type(name: str) -> str:
    edm = EDM_TYPES.get(name)
    if edm is None:
        return "string"
    if edm.is_integer:
        return "integer"
    return "number" if edm.is_number else "boolean" if edm.kind == "boolean" else "string"


def main(arguments: list[str]) -> int:
    """Write the schemas below the folder `nodes` of a built package, and return the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m threecx_node.codegen.descriptor.output_schemas FOLDER\n")
        return 2
    written = write_schemas(load_catalog(), load_descriptor()["nodes"], Path(arguments[0]))
    if not written:
        sys.stderr.write(
            f"{arguments[0]} contains no folder of a node. Give the folder nodes of the package.\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

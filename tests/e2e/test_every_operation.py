"""All operations as nodes in n8n, with parameters as its editor saves them, each as a dry run.

Each node must have the same request as the library with plain values. That the library's requests are right is tested
against 3CX's documents in tests/request/test_conformance.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pytest

from tests.e2e.conftest import TRIGGER, Canvas
from tests.samples import BY_EDM_TYPE, sample_object
from tests.sounds import telephone_wav
from tests.support import OPERATIONS
from threecx_credentials import Credential
from threecx_node.canvas.resource_mapping import describe_body_fields
from threecx_node.catalog import Operation, Property, load_catalog
from threecx_node.descriptor.load import load_definition
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Item
from threecx_node.options import Options
from threecx_node.simulator import Simulator
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE

CATALOG = load_catalog()
NODES_AT_ONCE = 100
FILE = "closed.wav"
SOUND = telephone_wav()
TIME_ZONE = "America/New_York"
# Lists and objects are JSON texts in n8n's mapper.
JSON_TYPES = ("array", "object")
# The values of calls are checked: any text is not a number to call.
OF_CALLS = {"dn": "100", "deviceId": "sip:100@127.0.0.1:5060", "participantId": 12, "destination": "101"}


@lru_cache
def load_properties() -> list[dict[str, Any]]:
    return [dict(each) for each in load_definition()["properties"]]


def find_property(operation: Operation, name: str) -> dict[str, Any]:
    """Return the one property that the editor displays under this name for the operation."""
    shown = [
        each
        for each in load_properties()
        if each["name"] == name
        and operation.id in each.get("displayOptions", {}).get("show", {}).get("operation", ())
    ]
    assert len(shown) == 1, (operation.id, name)
    return shown[0]


def to_saved_value(declared: Mapping[str, Any], value: Any) -> Any:
    """Return a value as the editor saves it."""
    if declared["type"] == "resourceLocator":
        return {"__rl": True, "mode": "id", "value": str(value)}
    return str(value) if declared["type"] == "string" else value


def fill_in(field: Mapping[str, Any], declared: Property, release: str) -> tuple[Any, Any]:
    """Return a value for a field of n8n's mapper, and the same value as n8n saves it."""
    if field["type"] == "options":
        value = field["options"][0]["value"]
    elif field["type"] in JSON_TYPES:
        has_fields = field["type"] == "object" and CATALOG.is_schema(declared.type.name)
        empty: Any = [] if field["type"] == "array" else {}
        value = sample_object(CATALOG, declared.type.name, release) if has_fields else empty
        return value, json.dumps(value)
    elif declared.type.name in CATALOG.enums:
        value = CATALOG.enums[declared.type.name].members[0]
    else:
        value = BY_EDM_TYPE[declared.type.name]
    if declared.max_length:
        value = value[: declared.max_length]
    return value, value


def create_parameters(operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the operation's parameters as the library takes them, and as a node contains them."""
    plain: dict[str, Any] = {}
    node: dict[str, Any] = {"resource": operation.resource, "operation": operation.id}
    for parameter in operation.version().parameters:
        declared = find_property(operation, parameter.name)
        value = BY_EDM_TYPE.get(parameter.type)
        if value is None or declared["type"] == "options":
            value = declared["options"][0]["value"]
        if parameter.max_length:
            value = str(value)[: parameter.max_length]
        if operation.resource == "CallControl":
            value = OF_CALLS[parameter.name]
        plain[parameter.name] = value
        node[parameter.name] = to_saved_value(declared, value)
    if operation.version().upload:
        plain["file"] = {"fileName": FILE, "data": SOUND}
        node["binaryPropertyName"] = find_property(operation, "binaryPropertyName")["default"]
    if operation.version().if_match:
        plain["If-Match"] = node["If-Match"] = 'W/"1"'
    if fields := describe_body_fields(CATALOG, operation.id, None):
        types = CATALOG.body_properties(operation.version(), operation.releases[-1])
        release = operation.releases[-1]
        filled = {
            each["id"]: fill_in(each, types[each["id"]], release) for each in fields if each["id"] in types
        }
        if operation.resource == "CallControl":
            filled |= {name: (OF_CALLS[name], OF_CALLS[name]) for name in filled if name in OF_CALLS}
        plain["body"] = {name: value for name, (value, _) in filled.items()}
        node["body"] = {
            "mappingMode": "defineBelow",
            "value": {name: value for name, (_, value) in filled.items()},
            "schema": [{**each, "display": True, "removed": False} for each in fields],
        }
    return plain, node


def create_inputs(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the node before `node` that outputs the file to upload."""
    name = f"File of {node['name']}"
    return [Canvas.files({FILE: SOUND}, name)] if "binaryPropertyName" in node["parameters"] else []


def build_requests(pbx: Simulator, operations: list[Operation], time_zone: str) -> dict[str, Any]:
    """Return the library's request for each operation."""

    async def ask() -> dict[str, Any]:
        found = {}
        async with Executor(Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)) as executor:
            for each in operations:
                item = Item({}, create_parameters(each)[0])
                options = Options(dry_run=True, time_zone=time_zone)
                [result] = (await executor.run(each.id, [item], options=options)).results
                found[each.id] = result.request
        return found

    return asyncio.run(ask())


@pytest.mark.parametrize("release", CATALOG.releases)
def test_every_operation_sends_the_librarys_request(canvas: Canvas, release: str) -> None:
    """Run each operation in the last release that has it."""
    operations = [each for each in CATALOG.operations() if each.releases[-1] == release]
    assert operations
    client = canvas.stage.client
    with Simulator(release=release) as pbx:
        data = canvas.stage.credential_data(baseUrl=pbx.base_url)
        credential = client.create_credential(f"3CX {release}", CREDENTIAL_TYPE, data)
        nodes: list[dict[str, Any]] = [
            {
                "name": f"3CX {each.id}",
                "type": NODE_TYPE,
                "parameters": {**create_parameters(each)[1], "options": {"dryRun": True}},
                "credentials": {CREDENTIAL_TYPE: credential},
            }
            for each in operations
        ]
        got: dict[str, Any] = {}
        for part in (nodes[start : start + NODES_AT_ONCE] for start in range(0, len(nodes), NODES_AT_ONCE)):
            chain = [each for node in part for each in (*create_inputs(node), node)]
            workflow = client.create_workflow("Many", [TRIGGER, *chain], settings={"timezone": TIME_ZONE})
            done = client.run(workflow)
            assert done.status == "success", done.error
            for node in part:
                [item] = done.items(node["name"])
                got[node["parameters"]["operation"]] = item["json"]
        assert [each.path for each in pbx.requests] == [], "a dry run sends nothing"
        wanted = build_requests(pbx, operations, TIME_ZONE)
    # One by one: a comparison of all in one would show megabytes.
    wrong = [name for name, request in wanted.items() if got[name] != request]
    assert wrong == [], {name: (got[name], wanted[name]) for name in wrong[:3]}


def test_number_of_operations() -> None:
    assert sum(1 for _ in CATALOG.operations()) == OPERATIONS

"""The node as an AI agent's tool, behind a webhook, in workflows that were migrated, and with files."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx

from tests.e2e.conftest import TRIGGER, Canvas
from tests.support import shared
from threecx_node.catalog import load_catalog
from threecx_node.n8n.migrate import migrate
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE

OLD_TYPE = "n8n-nodes-3cx.threecx"


def migrated(canvas: Canvas, workflow: dict[str, Any]) -> dict[str, Any]:
    """A workflow of a generated node, as `threecx migrate` makes it, with the credential that a person chooses."""
    done = migrate(json.dumps(workflow), load_catalog())
    assert not [each.problems for each in done.reports if each.problems]
    new = json.loads(done.text)
    for node in new["nodes"]:
        if node["type"] == NODE_TYPE:
            node["credentials"] = {CREDENTIAL_TYPE: canvas.credential}
    made: dict[str, Any] = canvas.stage.client.create_workflow(new["name"], new["nodes"], new["connections"])
    return made


def test_tool_of_an_agent(canvas: Canvas) -> None:
    assert canvas.stage.client.node_type(f"{NODE_TYPE}Tool")
    [app] = canvas.make_apps(1)
    tool = {
        "name": "Delete app",
        "type": f"{NODE_TYPE}Tool",
        "parameters": {
            "resource": "CallFlowApps",
            "operation": "DeleteCallFlowApp",
            "Id": {"__rl": True, "mode": "id", "value": "={{ $fromAI('Id', 'ID of the app', 'string') }}"},
        },
        "credentials": {CREDENTIAL_TYPE: canvas.credential},
    }
    agent = {
        "name": "Agent",
        "type": "@n8n/n8n-nodes-langchain.agent",
        "typeVersion": 2,
        "parameters": {"text": "x"},
    }
    to_agent = {"node": "Agent", "index": 0}
    client = canvas.stage.client
    workflow = client.create_workflow(
        "Agent",
        [TRIGGER, agent, tool],
        {
            "Start": {"main": [[{**to_agent, "type": "main"}]]},
            "Delete app": {"ai_tool": [[{**to_agent, "type": "ai_tool"}]]},
        },
    )
    # As the editor's "Execute step" of a tool does: n8n plays the agent, and no model is asked.
    execution = client.start(
        workflow,
        destinationNode={"nodeName": "Delete app", "mode": "inclusive"},
        agentRequest={"query": {"Delete_app": {"Id": str(app)}}, "tool": {"name": "Delete_app"}},
    )
    done = client.wait(execution)
    assert done.status == "success", done.error
    assert '"deleted":true' in json.dumps(done.run_data, separators=(",", ":")).replace("\\", "")
    gone = canvas.run(canvas.node("GetCallFlowApp", {"Id": {"__rl": True, "mode": "id", "value": str(app)}}))
    assert str(gone.node_error("3CX")["httpCode"]) == "404"


def test_webhook(canvas: Canvas) -> None:
    ids = canvas.make_apps(2)
    delete = canvas.node(
        "DeleteCallFlowApp",
        {"resource": "CallFlowApps", "Id": {"__rl": True, "mode": "id", "value": "={{ $json.body.Id }}"}},
    )
    workflow = canvas.stage.client.create_workflow("Posted", [canvas.webhook("posted"), delete])
    canvas.stage.client.publish(workflow)
    # At once: who publishes a workflow may use it.
    answers = [httpx.post(f"{canvas.stage.n8n.url}/webhook/posted", json={"Id": each}) for each in ids]
    assert [each.json() for each in answers] == [[{"deleted": True, "Id": each}] for each in ids]


def test_migrated_delete(canvas: Canvas) -> None:
    ids = canvas.make_apps(2)
    old = {
        "name": "Old",
        "type": OLD_TYPE,
        "typeVersion": 1,
        "position": [0, 0],
        "parameters": {
            "resource": "Call Flow Apps",
            "operation": "Delete Call Flow App",
            "Id": "={{ $json.Id }}",
            "If-Match": '={{ $json["@odata.etag"] }}',
        },
    }
    nodes = [TRIGGER, canvas.items([{"Id": each} for each in ids]), old]
    connections = {
        "Start": {"main": [[{"node": "Items", "type": "main", "index": 0}]]},
        "Items": {"main": [[{"node": "Old", "type": "main", "index": 0}]]},
    }
    workflow = migrated(canvas, {"name": "Migrated", "nodes": nodes, "connections": connections})
    done = canvas.stage.client.run(workflow)
    assert done.status == "success", done.error
    assert [item["json"] for item in done.items("Old")] == [{"deleted": True, "Id": each} for each in ids]


def test_migrated_workflow_of_a_user(canvas: Canvas) -> None:
    [old] = json.loads(shared("workflows", "generated-node-offboard.json").read_text())
    old["nodes"][0] = {**old["nodes"][0], "name": "Start"}
    extension = canvas.items([{"extension": "103"}])
    old["nodes"].append({**extension, "id": "x", "position": [0, 0]})
    old["connections"] = {
        **{name: value for name, value in old["connections"].items() if "clicking" not in name},
        "Start": {"main": [[{"node": "Items", "type": "main", "index": 0}]]},
        "Items": {"main": [[{"node": "Find user", "type": "main", "index": 0}]]},
    }
    workflow = migrated(canvas, old)
    done = canvas.stage.client.run(workflow)
    assert done.status == "success", done.error
    assert done.items("Find user")[0]["json"]["Number"] == "103"
    patch = next(each for each in reversed(canvas.stage.pbx.requests) if each.method == "PATCH")
    assert set(patch.json()) == {"Enabled", "Groups", "ForwardingProfiles"}
    last = canvas.stage.pbx.requests[-1]
    assert last.path.endswith("/Users/Pbx.BatchDelete")
    assert last.json() == {"ids": [done.items("Find user")[0]["json"]["Id"]]}


def test_file_is_binary_data(canvas: Canvas) -> None:
    node = canvas.node("ExportExtensions", {"resource": "Users", "binaryProperty": "extensions"})
    done = canvas.run(canvas.items([{"call": 7}]), node)
    assert done.status == "success", done.error
    [item] = done.items("3CX")
    assert item["json"]["call"] == 7
    assert item["json"]["fileName"].endswith(".csv")
    file = item["binary"]["extensions"]
    assert file["fileName"].endswith(".csv")
    assert file["mimeType"].startswith("text/csv")
    content = canvas.stage.client.binary(file["id"]) if "id" in file else base64.b64decode(file["data"])
    assert b"100" in content


def test_time_in_the_workflows_time_zone(canvas: Canvas) -> None:
    parameters = {
        "resource": "SystemStatus",
        "startDate": "2026-07-01T00:00:00",
        "endDate": "2026-08-01T00:00:00",
        "options": {"dryRun": True},
    }
    node = canvas.node("MyPhoneRequestIdTelemetry", parameters)
    for zone, moment in (("Europe/Berlin", "2026-06-30T22:00:00.000Z"), ("UTC", "2026-07-01T00:00:00.000Z")):
        workflow = canvas.stage.client.create_workflow("Zone", [TRIGGER, node], settings={"timezone": zone})
        done = canvas.stage.client.run(workflow)
        assert done.status == "success", done.node_error("3CX")
        assert moment in done.items("3CX")[0]["json"]["url"]


def test_invalid_json_in_a_body(canvas: Canvas) -> None:
    fields_url = f"{canvas.stage.executor.url}/v1/fields"
    fields = httpx.post(fields_url, json={"operation": "UpdateUser"}).json()["fields"]
    columns = [{**each, "display": True, "removed": each["id"] != "Groups"} for each in fields]
    body = {"mappingMode": "defineBelow", "value": {"Groups": "=[1"}, "schema": columns}
    user = {"__rl": True, "mode": "id", "value": "5"}
    sent = len(canvas.stage.pbx.requests)
    done = canvas.run(canvas.node("UpdateUser", {"resource": "Users", "Id": user, "body": body}))
    error = done.node_error("3CX")
    assert done.status == "error"
    assert "Groups" in f"{error['message']} {error.get('description')}"
    assert error["context"]["itemIndex"] == 0
    assert len(canvas.stage.pbx.requests) == sent

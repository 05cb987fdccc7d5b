"""A workflow stored in n8n's editor by the node's first version sends the same requests and returns the same items.

`stored/` contains the workflow, and its requests and items as recorded with that version. Neither follows the code: a
change that makes this test fail breaks workflows of users.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Canvas
from threecx_node.simulator import Simulator
from tools.lab.n8n_client import Execution
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE

STORED = Path(__file__).parent / "stored"
WORKFLOW = STORED / "every-kind-of-node.json"
RESULT = STORED / "every-kind-of-node.result.json"
# These change with the data of the simulated PBX.
OF_THE_PBX = ("@odata.etag", "fileSize")
# The node "List all" reads it with Return All: how many pages are requested is the executor's choice.
PAGED = "/xapi/v1/Queues"


def test_stored_workflow_runs_unchanged(canvas: Canvas) -> None:
    workflow = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    client = canvas.stage.client
    with Simulator() as pbx:
        data = canvas.stage.credential_data(baseUrl=pbx.base_url)
        credential = client.create_credential("Stored", CREDENTIAL_TYPE, data)
        for node in workflow["nodes"]:
            if node["type"] == NODE_TYPE:
                node["credentials"] = {CREDENTIAL_TYPE: credential}
        saved = client.create_workflow(
            workflow["name"], workflow["nodes"], workflow["connections"], workflow["settings"]
        )
        execution = client.run(saved)
        assert execution.status == "success", (execution.error or {}).get("message")
        found = describe(workflow, execution, pbx)
    expected = json.loads(RESULT.read_text(encoding="utf-8"))
    assert found["requests"] == expected["requests"]
    for name, outputs in expected["outputs"].items():
        assert found["outputs"][name] == outputs, name
    assert found["outputs"].keys() == expected["outputs"].keys()


def describe(workflow: dict[str, Any], execution: Execution, pbx: Simulator) -> dict[str, Any]:
    """Return the requests that the PBX received and the outputs of our nodes, without the texts of errors."""
    nodes = [each["name"] for each in workflow["nodes"] if each["type"] == NODE_TYPE]
    outputs = {name: [describe_items(execution.items(name, output)) for output in (0, 1)] for name in nodes}
    requests = [
        {
            "method": each.method,
            "url": f"{each.path}?{each.query}" if each.query else each.path,
            "body": each.body.decode(),
            "status": each.status,
        }
        for each in pbx.requests
        if each.path.startswith("/xapi/") and each.path != PAGED
    ]
    # The requests of one node overlap, so their order is not fixed.
    requests.sort(key=json.dumps)
    text = json.dumps({"requests": requests, "outputs": outputs}).replace(pbx.base_url, "https://pbx.test")
    described: dict[str, Any] = json.loads(text)
    return described


def describe_items(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    described = []
    for item in items:
        fields = {name: value for name, value in item["json"].items() if name not in ("error", *OF_THE_PBX)}
        error = item["json"].get("error") or {}
        files = {
            name: {"fileName": file["fileName"], "mimeType": file["mimeType"]}
            for name, file in item.get("binary", {}).items()
        }
        described.append(
            {
                "json": fields,
                # Texts get better from release to release; what workflows branch on stays.
                "error": {name: error.get(name) for name in ("httpCode", "code")} if error else None,
                "files": files,
                "pairedItem": item["pairedItem"],
            }
        )
    return described

"""A workflow of HTTP Request nodes and its migration: in a real n8n, each node returns the same items in both.

Both run against a simulated PBX with the same data. A node that fails must fail in both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import TRIGGER, Canvas
from tests.support import shared
from threecx_node.catalog import load_catalog
from threecx_node.n8n.migrate import migrate
from threecx_node.simulator import Client, Simulator
from tools.lab.n8n_client import Execution
from tools.lab.pbx_client import connect
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE

OWN = Path(__file__).parents[1] / "n8n" / "migrate" / "http-requests.json"
HTTP = "n8n-nodes-base.httpRequest"
# Headers that differ between two connections.
OF_A_RUN = ("connection", "date", "content-length", "location")


def test_a_converted_workflow_returns_the_same_items(canvas: Canvas) -> None:
    old, new = run_both(canvas, OWN.read_text(encoding="utf-8"))
    assert old["status"] == new["status"] == "success", (old["why"], new["why"])
    assert "Gone" in old["nodes"]
    # The old node returns an item for each page, this package's node one item with the entries of all pages.
    pages, [whole] = old["nodes"].pop("All users")[0], new["nodes"].pop("All users")[0]
    assert len(pages) == 2
    assert whole["json"]["value"] == [row for page in pages for row in page["json"]["value"]]
    for result in (old, new):
        result["nodes"]["Each user"] = [each["json"] for each in result["nodes"]["Each user"][0]]
    for name, outputs in old["nodes"].items():
        assert new["nodes"][name] == outputs, name
    assert new["nodes"].keys() == old["nodes"].keys()
    assert new["requests"] == old["requests"]


@pytest.mark.parametrize("continues", [False, True], ids=["as it is", "with errors as items"])
def test_the_shared_workflow_returns_the_same_items(canvas: Canvas, continues: bool) -> None:
    # Where one of its nodes fails, the nodes after it run only if errors are items.
    text = shared("workflows", "http-request-xapi.json").read_text(encoding="utf-8")
    old, new = run_both(canvas, text, continues=continues)
    assert new["status"] == old["status"]
    assert {"List disabled users", "Split", "Hide in phonebook"} <= set(old["nodes"])
    assert new["nodes"] == old["nodes"]


def run_both(canvas: Canvas, text: str, *, continues: bool = False) -> list[dict[str, Any]]:
    """Return what the old workflow and the new one did, each against a PBX of its own."""
    done = migrate(text, load_catalog())
    assert not [each.problems for each in done.reports if each.problems]
    results = []
    for each in (text, done.text):
        with Simulator() as pbx:
            results.append(run_workflow(canvas, pbx, each, continues=continues))
    return results


def run_workflow(canvas: Canvas, pbx: Simulator, text: str, *, continues: bool) -> dict[str, Any]:
    client = canvas.stage.client
    credential = client.create_credential(
        "Migrated", CREDENTIAL_TYPE, canvas.stage.credential_data(baseUrl=pbx.base_url)
    )
    for address in ("https://pbx.example.com:5001", "https://pbx.example.com"):
        text = text.replace(address, pbx.base_url)
    text = text.replace("={{ $vars.pbxSecret }}", pbx.client_secret)
    workflow = json.loads(text)
    for node in workflow["nodes"]:
        if node["type"].endswith("Trigger"):
            node |= {"type": TRIGGER["type"], "typeVersion": 1, "parameters": {}}
        if node["type"] == NODE_TYPE:
            node["credentials"] = {CREDENTIAL_TYPE: credential}
        if node["name"] == "Weather":
            # A service elsewhere, which no test calls.
            node["parameters"]["url"] = f"{pbx.base_url}/favicon.ico"
        if continues and node["type"] in (HTTP, NODE_TYPE):
            node.setdefault("onError", "continueRegularOutput")
        if node["name"] in ("Get token", "Log in"):
            for each in node["parameters"]["bodyParameters"]["parameters"]:
                each["value"] = {"client_id": pbx.client_id}.get(each["name"], each["value"])
    disable_users(pbx)
    saved = client.create_workflow(
        workflow["name"], workflow["nodes"], workflow["connections"], workflow["settings"]
    )
    execution = client.run(saved)
    return {
        "status": execution.status,
        "why": execution.error,
        "nodes": {name: describe_node(execution, name, pbx) for name in execution.run_data},
        "requests": sorted(
            f"{each.method} {each.path} {sort_members(each.body)} {each.status}"
            for each in pbx.requests
            if each.path.startswith("/xapi/") and each.method != "GET"
        ),
    }


def sort_members(body: bytes) -> str:
    return json.dumps(json.loads(body), sort_keys=True) if body else ""


def disable_users(pbx: Simulator) -> None:
    """Disable two users, of which the workflow is about."""
    with connect(pbx.base_url, Client(pbx.client_id, pbx.client_secret)) as http:
        for user in (20, 21):
            http.patch(f"Users({user})", json={"Enabled": False}).raise_for_status()


def describe_node(execution: Execution, name: str, pbx: Simulator) -> Any:
    if execution.run_data[name][-1].get("error"):
        return "failed"
    outputs = [execution.items(name, output) for output in (0, 1)]
    described = [[describe_item(each) for each in items] for items in outputs]
    return json.loads(json.dumps(described).replace(pbx.base_url, "https://pbx"))


def describe_item(item: dict[str, Any]) -> Any:
    # Version 1 of HTTP Request leaves out the JSON of an empty response.
    given = item.get("json") or {}
    if "error" in given:
        # The texts of an error differ: this package's say what to do.
        return "error"
    fields = {name: value for name, value in given.items() if name != "access_token"}
    if isinstance(headers := fields.get("headers"), dict):
        fields["headers"] = {name: value for name, value in headers.items() if name not in OF_A_RUN}
    return {"json": fields, "pairedItem": item.get("pairedItem")}

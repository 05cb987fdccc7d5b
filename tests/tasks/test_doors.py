"""Tasks by the command line, a copied node, and the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run
from tests.service.conftest import NDJSON, pbx_of, serving
from tests.tasks.support import list_changes, read
from threecx_node.simulator import Simulator

STATUS = "SetUserStatus"
pytestmark = pytest.mark.slow


def variables(pbx: Simulator) -> dict[str, str]:
    return {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
    }


def test_the_command_line(threecx_simulator: Simulator, tmp_path: Path) -> None:
    pbx = threecx_simulator
    env, given = variables(pbx), ("-p", "user=={{ $json.Number }}", "-p", "status=Lunch")
    items = tmp_path / "items.json"
    items.write_text(json.dumps([{"Number": "101"}, {"Number": "112"}]))
    shown = run("execute", STATUS, *given, "--items", str(items), "--dry-run", env=env)
    assert shown.code == 0, shown.err
    assert [each["request"]["requests"][0]["method"] for each in shown.json] == ["PATCH", "PATCH"]
    assert list_changes(pbx) == []
    journal = str(tmp_path / "journal")
    done = run("execute", STATUS, *given, "--items", str(items), "--journal", journal, "-o", "table", env=env)
    assert done.code == 0, done.err
    assert "previousStatus" in done.out
    again = run("execute", STATUS, *given, "--items", str(items), "--resume", journal, env=env)
    assert "so nothing is sent" in again.err
    assert [each["items"][0]["json"]["action"] for each in again.json] == ["updated", "updated"]
    wrong = run("execute", STATUS, "-p", "usr=112", env=env)
    assert wrong.code == 2
    assert "SetUserStatus has no parameter 'usr'. Did you mean 'user'?" in wrong.err


def test_a_copied_node(threecx_simulator: Simulator, tmp_path: Path) -> None:
    pbx, node = threecx_simulator, tmp_path / "node.json"
    user = {"__rl": True, "mode": "list", "value": 20, "cachedResultName": "Ada (112)"}
    parameters = {"resource": "Users", "operation": STATUS, "user": user, "status": "away"}
    shape = {"type": "n8n-nodes-threecx.threeCx", "name": "3CX", "parameters": parameters}
    node.write_text(json.dumps({"nodes": [shape]}))
    done = run("execute", "--node", str(node), env=variables(pbx))
    assert done.code == 0, done.err
    assert done.json[0]["items"][0]["json"]["status"] == "Away"
    parameters["options"] = {"dryRun": True}
    parameters["user"] = {**user, "mode": "number", "value": " 112 "}
    parameters["status"] = "lunch"
    node.write_text(json.dumps(shape))
    shown = run("execute", "--node", str(node), env=variables(pbx))
    assert [each["body"] for each in shown.json[0]["request"]["requests"]] == [
        {"CurrentProfileName": "Custom 1"}
    ]


def test_descriptions() -> None:
    described = run("describe", "ForwardUserCalls")
    assert described.code == 0
    assert "task of ListUser, GetUser, UpdateUser" in described.out
    assert "noAnswer" in described.out
    listed = run("operations", "--search", "forward calls", "--json").json
    assert [(each["operation"], each["kind"]) for each in listed] == [("ForwardUserCalls", "task")]


def test_the_service(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    access = pbx_of(pbx)
    items = [{"json": {}, "parameters": {"user": "112", "status": each}} for each in ("lunch", "Away")]

    def execute(items: list[Any], headers: dict[str, str] | None = None, **options: Any) -> Any:
        body = {"operation": STATUS, "items": items, "options": options, "pbx": access}
        answer = service.post("/v1/execute", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    with serving() as service:
        prepared = execute(items, prepareOnly=True).json()
        assert prepared["results"] == [{}, {}]
        shown = execute(items[:1], dryRun=True).json()
        assert shown["results"][0]["request"]["requests"][0]["body"] == {"CurrentProfileName": "Custom 1"}
        assert list_changes(pbx) == []
        lines = [json.loads(each) for each in execute(items, NDJSON).text.splitlines() if each.strip()]
        found = {each["index"]: each["items"][0]["json"]["status"] for each in lines if "index" in each}
        assert found == {0: "Lunch", 1: "Away"}
        search = {"operation": STATUS, "parameter": "user", "filter": "112", "pbx": access}
        [choice] = service.post("/v1/search", json=search).json()["results"]
        assert choice["value"] == 20
        queues = {"operation": "AddQueueAgent", "parameter": "users", "filter": "112", "pbx": access}
        [choice] = service.post("/v1/search", json=queues).json()["results"]
        assert choice["value"] == "112"
        phones = {
            "operation": "MakeCallFromExtension",
            "parameter": "device",
            "parameters": {"fromExtension": "100"},
            "pbx": access,
        }
        devices = service.post("/v1/search", json=phones).json()["results"]
        assert all("sip:100@" in each["value"] for each in devices)
        choices = service.post("/v1/options", json={"operation": STATUS, "parameter": "status"}).json()
        assert {"name": "Lunch", "value": "lunch"} in choices["options"]
    [user] = read(pbx, "GetUserByNumber", number="112")
    assert user["CurrentProfileName"] == "Away"

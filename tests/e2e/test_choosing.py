"""The lists with search, the body fields and the options that n8n's editor loads from the node."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.conftest import Canvas
from tools.lab.executor import ExecutorProcess
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE

PROFILES = """
[office]
base_url = "{url}"
client_id = "900"
client_secret = "simulator-secret"
"""


def ask(canvas: Canvas, what: str, method: str, operation: str, **more: Any) -> Any:
    body = {
        "path": "parameters.Id",
        "methodName": method,
        "nodeTypeAndVersion": {"name": NODE_TYPE, "version": 1},
        "currentNodeParameters": {"resource": "Users", "operation": operation},
        "credentials": {CREDENTIAL_TYPE: canvas.credential},
        **more,
    }
    return canvas.stage.client.call("POST", f"/dynamic-node-parameters/{what}", body)


def test_list_search(canvas: Canvas) -> None:
    first = ask(canvas, "resource-locator-results", "searchEntities", "GetUser")
    assert len(first["results"]) >= 25
    one = first["results"][0]
    assert set(one) == {"name", "value"}
    word = one["name"].split()[0]
    found = ask(canvas, "resource-locator-results", "searchEntities", "GetUser", filter=word)["results"]
    assert one in found
    assert len(found) < len(first["results"])


def test_body_fields(canvas: Canvas) -> None:
    fields = ask(canvas, "resource-mapper-fields", "getBodyFields", "UpdateUser")["fields"]
    by_id = {each["id"]: each for each in fields}
    assert by_id["Enabled"]["type"] == "boolean"
    assert {"name": "Name", "value": "Name"} in by_id["CallUsRequirement"]["options"]
    assert all(each["removed"] for each in fields), "nothing is sent that nobody added"
    [ids] = ask(canvas, "resource-mapper-fields", "getBodyFields", "BatchDelete")["fields"]
    assert (ids["id"], ids["required"], ids["removed"]) == ("ids", True, False)


def test_options_of_select_expand_and_orderby(canvas: Canvas) -> None:
    def values(method: str) -> set[str]:
        return {each["value"] for each in ask(canvas, "options", method, "ListUser")}

    assert {"Id", "FirstName", "Number"} <= values("getSelectOptions")
    assert {"Groups", "Phones"} <= values("getExpandOptions")
    assert {"Number", "Number desc"} <= values("getOrderByOptions")


def test_entity_by_number_with_select(canvas: Canvas) -> None:
    number = {"__rl": True, "mode": "number", "value": "100"}
    parameters = {
        "resource": "Users",
        "Id": number,
        "simplify": False,
        "options": {"$select": ["Id", "Number"]},
    }
    done = canvas.run(canvas.node("GetUser", parameters))
    assert done.status == "success", done.error
    [item] = done.items("3CX")
    assert item["json"]["Number"] == "100"
    assert {name for name in item["json"] if "@" not in name} == {"Id", "Number"}


def test_return_all(canvas: Canvas) -> None:
    canvas.make_apps(120)
    done = canvas.run(canvas.node("ListCallFlowApp", {"resource": "CallFlowApps", "returnAll": True}))
    items = [item["json"]["Id"] for item in done.items("3CX")]
    assert len(items) == len(set(items)) > 120


def test_credential_with_a_profile(canvas: Canvas) -> None:
    stage = canvas.stage
    profiles = stage.folder / "profiles.toml"
    profiles.write_text(PROFILES.format(url=stage.pbx.base_url))
    profiles.chmod(0o600)
    executor = ExecutorProcess(stage.folder, options=["--profiles", str(profiles)]).start()
    try:
        data = {"connection": "profile", "profile": "office", "executorUrl": executor.url, "executorKey": ""}
        office = stage.client.create_credential("Office", CREDENTIAL_TYPE, data)
        assert stage.client.test_credential(office, CREDENTIAL_TYPE, data)["status"] == "OK"
        other = stage.client.test_credential(office, CREDENTIAL_TYPE, data | {"profile": "attic"})
        assert "no profile 'attic'" in other["message"]
        node = canvas.node("ListUser", {"resource": "Users", "limit": 1})
        done = canvas.run(node | {"credentials": {CREDENTIAL_TYPE: office}})
        assert len(done.items("3CX")) == 1
    finally:
        executor.stop()


def test_filters(canvas: Canvas) -> None:
    fields = {each["name"]: each["value"] for each in ask(canvas, "options", "getFilterFields", "ListUser")}
    assert fields["Queue Status"] == "QueueStatus|enum"
    conditions: list[dict[str, Any]] = [
        {"field": fields["Number"], "operator": "in", "value": "100, 102"},
        {"field": fields["Enabled"], "operator": "equals", "value": "true"},
        # The value ends no text, and its field is chosen from a list.
        {"field": fields["Last Name"], "operator": "notEquals", "value": '={{ "x\' or Id gt 0" }}'},
    ]
    parameters = {"resource": "Users", "filters": {"conditions": conditions}}
    # n8n knows which condition asks by the path of the parameter.
    choices = ask(
        canvas,
        "options",
        "getFilterValues",
        "ListUser",
        path="parameters.filters.conditions[1].value",
        currentNodeParameters={"operation": "ListUser", **parameters},
    )
    assert choices == [{"name": "False", "value": "false"}, {"name": "True", "value": "true"}]
    done = canvas.run(canvas.node("ListUser", parameters))
    assert done.status == "success", done.error
    assert [item["json"]["Number"] for item in done.items("3CX")] == ["100", "102"]


def test_fields_of_results_are_known(canvas: Canvas) -> None:
    address = f"{canvas.stage.n8n.url}/schemas/{NODE_TYPE}/1.0.0/Users/ListUser.json"
    schema = httpx.get(address, timeout=30).json()
    assert schema["properties"]["Number"] == {"type": "string"}

"""Choices that a canvas offers: entities, fields of a body, members of an enum."""

from __future__ import annotations

from typing import Any

import httpx


def test_search(service: httpx.Client, pbx: dict[str, Any]) -> None:
    def ask(**more: Any) -> dict[str, Any]:
        body = {"operation": "DeleteCallFlowApp", "pbx": pbx, **more}
        found: dict[str, Any] = service.post("/v1/search", json=body).json()
        return found

    everything = ask()
    assert {each["value"] for each in everything["results"]} >= {40, 41}
    name = everything["results"][0]["name"].split(" (")[0]
    assert all(name in each["name"] for each in ask(filter=name)["results"])
    assert ask(filter="nobody's app")["results"] == []
    problem = service.post("/v1/search", json={"operation": "ListUser", "pbx": pbx})
    assert problem.status_code == 404


def test_search_for_every_locator(service: httpx.Client, pbx: dict[str, Any]) -> None:
    from threecx_node.descriptor import load_definition

    failures = {}
    for each in load_definition()["properties"]:
        if each["type"] != "resourceLocator":
            continue
        for operation in each["displayOptions"]["show"]["operation"]:
            # The list of devices depends on the extension.
            body = {
                "operation": operation,
                "parameter": each["name"],
                "parameters": {"dn": "100"},
                "pbx": pbx,
            }
            answer = service.post("/v1/search", json=body)
            if answer.status_code != 200:
                failures[f"{operation}.{each['name']}"] = answer.text
    assert not failures


def test_fields_and_options(service: httpx.Client) -> None:
    fields = service.post("/v1/fields", json={"operation": "UpdateUser"}).json()["fields"]
    by_id = {each["id"]: each for each in fields}
    assert by_id["FirstName"] == {
        "id": "FirstName",
        "displayName": "First Name",
        "type": "string",
        "required": False,
    }
    assert "Id" not in by_id
    ordered = service.post("/v1/options", json={"operation": "ListUser", "parameter": "$orderby"}).json()
    assert {"name": "First Name (Descending)", "value": "FirstName desc"} in ordered["options"]
    assert service.post("/v1/options", json={"operation": "ListUser", "parameter": "x"}).status_code == 404


def test_conditions(service: httpx.Client) -> None:
    def ask(part: str, **parameters: Any) -> list[dict[str, Any]]:
        body = {"operation": "ListUser", "parameter": f"filters.{part}", "parameters": parameters}
        answer = service.post("/v1/options", json=body)
        assert answer.status_code == 200, answer.text
        options: list[dict[str, Any]] = answer.json()["options"]
        return options

    fields = {each["value"]: each for each in ask("field")}
    assert fields["FirstName"] == {"name": "First Name", "value": "FirstName", "kind": "text"}
    assert fields["QueueStatus"]["kind"] == "enum"
    # Lists and objects have several values; entities are not looked for by their secrets.
    assert not fields.keys() & {"Groups", "Hours", "AuthPassword", "VMPIN"}
    assert {"name": "Starts With", "value": "startsWith"} in ask("operator", field="First Name|text")
    assert {each["value"] for each in ask("operator", field="Enabled")} >= {"isTrue", "isFalse"}
    assert ask("value", field="QueueStatus") == [
        {"name": "Logged Out", "value": "LoggedOut"},
        {"name": "Logged In", "value": "LoggedIn"},
    ]
    assert ask("value", field="FirstName") == []


def test_conditions_that_are_not_there(service: httpx.Client) -> None:
    def refuse(operation: str, parameter: str, field: str) -> str:
        body = {"operation": operation, "parameter": parameter, "parameters": {"field": field}}
        answer = service.post("/v1/options", json=body)
        assert answer.status_code == 404
        return answer.text

    assert "does not accept filters" in refuse("GetUser", "filters.field", "")
    assert "Did you mean 'FirstName'?" in refuse("ListUser", "filters.value", "FirstNam")
    assert "there is no field 'Groups'" in refuse("ListUser", "filters.operator", "Groups")
    assert "Choose the field first" in refuse("ListUser", "filters.operator", "")
    assert "filters.x has no choices" in refuse("ListUser", "filters.x", "FirstName")

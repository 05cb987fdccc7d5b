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

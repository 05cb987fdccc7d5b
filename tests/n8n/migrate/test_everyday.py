"""Move nodes of 3CX Admin to the everyday node, where that says the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.n8n.migrate import Migration, migrate
from threecx_node.n8n.node_json import read_node

CATALOG = load_catalog()
ADMIN = "n8n-nodes-threecx.threeCx"
EVERYDAY = "n8n-nodes-threecx.threeCxPhoneSystem"


def moved(parameters: dict[str, Any], type_name: str = ADMIN) -> tuple[Migration, dict[str, Any]]:
    node = {"name": "3CX", "type": type_name, "typeVersion": 1, "parameters": parameters, "position": [0, 0]}
    done = migrate(json.dumps({"name": "Flow", "nodes": [node]}), CATALOG, everyday=True)
    return done, json.loads(done.text)["nodes"][0]


def mapped(operation: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"mappingMode": "defineBelow", "value": fields, "schema": []}
    resource = CATALOG.operation(operation).resource
    return {"resource": resource, "operation": operation, "body": body, **more}


def test_body_becomes_fields() -> None:
    fields = {
        "FirstName": "={{ $json.first }}",
        "LastName": None,
        "Mobile": "",
        "VMEnabled": True,
        "Hours": {"Type": "OfficeHours"},
        "PrimaryGroupId": 28,
    }
    user = {"__rl": True, "mode": "number", "value": "100"}
    done, node = moved(mapped("UpdateUser", fields, Id=user, options={"dryRun": True}))
    assert (done.replaced, node["type"], node["position"]) == (1, EVERYDAY, [0, 0])
    assert node["parameters"] == {
        "resource": "Users",
        "operation": "UpdateUser",
        "Id": user,
        "FirstName": "={{ $json.first }}",
        "Mobile": '={{ "" }}',
        "voicemailFields": {"VMEnabled": True},
        "additionalFields": {"Hours": '{"Type": "OfficeHours"}'},
        "PrimaryGroupId": {"__rl": True, "mode": "id", "value": 28},
        "options": {"dryRun": True},
    }
    assert read_node(node, CATALOG).operation == "UpdateUser"


def test_delete_keeps_its_etag_among_the_options() -> None:
    given = {"resource": "Contacts", "operation": "DeleteContact", "Id": "={{ $json.Id }}", "If-Match": '"1"'}
    _, node = moved(given, f"{ADMIN}Tool")
    assert node["type"] == f"{EVERYDAY}Tool"
    assert node["parameters"]["options"] == {"If-Match": '"1"'}


def test_default_operation() -> None:
    done, node = moved({"limit": 5})
    assert done.reports[0].operation == "ListUser"
    assert node["parameters"] == {"resource": "Users", "operation": "ListUser", "limit": 5}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"resource": "Trunks", "operation": "ListTrunk"}, "3CX does not have ListTrunk"),
        (mapped("UpdateUser", {"SIPID": "x"}), "the field SIPID"),
        (mapped("CreateQueue", {"Number": "800", "Agents": "[]"}), "Agents as JSON"),
        (
            {"resource": "Users", "operation": "ListUser", "options": {"responseFormat": "body"}},
            "the option responseFormat",
        ),
        (
            {"resource": "Users", "operation": "CreateUser", "body": {"mappingMode": "autoMapInputData"}},
            "automatic mapping",
        ),
        ({"resource": "Users", "operation": "Nothing"}, "Nothing"),
    ],
)
def test_node_that_stays_3cx_admin(parameters: dict[str, Any], words: str) -> None:
    done, node = moved(parameters)
    assert (done.replaced, node["type"], node["parameters"]) == (0, ADMIN, parameters)
    [report] = done.reports
    assert report.problems == ()
    assert words in report.notes[0]


def test_only_where_it_is_wanted() -> None:
    text = json.dumps({"nodes": [{"name": "3CX", "type": ADMIN, "parameters": {}}]})
    assert migrate(text, CATALOG).text == text

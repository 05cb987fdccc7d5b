"""Migrate single nodes: parameters, notes and problems."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.n8n.migrate.generated import CATALOG, NEW, OLD, delete, find_problems, migrate_one, workflow
from tests.support import shared
from threecx_node.n8n.migrate import migrate


def test_delete() -> None:
    parameters, notes = migrate_one(delete(**{"If-Match": '={{ $json["@odata.etag"] }}'}))
    assert parameters == {
        "resource": "CallFlowApps",
        "operation": "DeleteCallFlowApp",
        "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
        "If-Match": '={{ $json["@odata.etag"] }}',
    }
    assert notes == ()


def test_everything_else_of_the_node_stays() -> None:
    more = {
        "onError": "continueErrorOutput",
        "disabled": True,
        "notes": "Ä",
        "credentials": {"oldApi": {"id": "1"}},
    }
    [node] = json.loads(migrate(json.dumps(workflow(delete(), **more)), CATALOG).text)["nodes"]
    assert "credentials" not in node
    assert (node["onError"], node["disabled"], node["notes"], node["id"]) == (
        "continueErrorOutput",
        True,
        "Ä",
        "0",
    )
    assert list(node) == [
        "parameters",
        "id",
        "name",
        "type",
        "typeVersion",
        "position",
        "onError",
        "disabled",
        "notes",
    ]


@pytest.mark.parametrize("name", ["cleanup", "offboard"])
def test_workflows_of_users(name: str) -> None:
    text = shared("workflows", f"generated-node-{name}.json").read_text()
    done = migrate(text, CATALOG)
    assert not [each.problems for each in done.reports if each.problems]
    before, after = json.loads(text), json.loads(done.text)
    replaced = 0
    for old, new in zip(before[0]["nodes"], after[0]["nodes"], strict=True):
        if old["type"] == OLD:
            replaced += 1
            assert new["type"] == NEW
            assert {**new, "parameters": 0, "type": 0} == {**old, "parameters": 0, "type": 0}
            new.update(old)
    assert replaced == len(done.reports) == done.replaced > 0
    assert after == before


def test_list() -> None:
    query = {
        "$filter": "Name eq 'x'",
        "$select": "Id, Name",
        "$orderby": "Name desc,Id",
        "$top": 20,
        "$skip": "5",
    }
    flow = workflow({"resource": "Users", "operation": "List User", "options": {**query, "$count": True}})
    flow["connections"] = {"Old 0": {"main": [[{"node": "Split Out", "type": "main", "index": 0}], None]}}
    done = migrate(json.dumps(flow), CATALOG)
    [report] = done.reports
    assert json.loads(done.text)["nodes"][0]["parameters"] == {
        "resource": "Users",
        "operation": "ListUser",
        "limit": 20,
        "simplify": False,
        "options": {
            "$filter": "Name eq 'x'",
            "$select": ["Id", "Name"],
            "$orderby": ["Name desc", "Id"],
            "$skip": 5,
        },
    }
    assert "'Split Out'" in report.notes[-1]
    assert report.notes[0].startswith("$count was removed")


def test_list_without_top() -> None:
    parameters, notes = migrate_one(
        {
            "resource": "Users",
            "operation": "List User",
            "options": {"$expand": "Groups($select=Id,Name),Phones"},
        }
    )
    assert parameters["returnAll"] is True
    assert "limit" not in parameters
    assert parameters["options"] == {"$expand": ["Groups($select=Id,Name)", "Phones"]}
    assert "the node had no $top" in notes[0]


def test_update() -> None:
    given = {
        "FirstName": "Ada",
        "LastName": "",
        "Enabled": "false",
        "Groups": '[{"GroupId": 1}]',
        "Mobile": "={{ $json.m }}",
    }
    parameters, notes = migrate_one({"resource": "Users", "operation": "Update User", "Id": 5, **given})
    assert parameters["Id"]["value"] == "5"
    body = parameters["body"]
    assert body["mappingMode"] == "defineBelow"
    assert body["value"] == {
        "FirstName": "Ada", "Enabled": False, "Groups": '[{"GroupId": 1}]', "Mobile": "={{ $json.m }}",
    }  # fmt: skip
    assert {each["id"] for each in body["schema"] if not each["removed"]} == set(body["value"])
    assert notes == ("LastName was empty and was removed: add it to clear the field in 3CX",)


@pytest.mark.parametrize(
    "given",
    [
        {"additionalFields": {"FirstName": "Ada"}},
        {"body": '{"FirstName": "Ada", "Id": 5}'},
        {"body": {"FirstName": "Ada"}},
        {"First Name": "Ada"},
    ],
)
def test_forms_of_a_body(given: dict[str, Any]) -> None:
    parameters, _ = migrate_one({"resource": "Users", "operation": "UpdateUser", "Id": "5", **given})
    assert parameters["body"]["value"] == {"FirstName": "Ada"}


def test_operation_is_of_its_resource() -> None:
    # The short name of this package's node; another resource has an operation with that id.
    assert migrate_one({"resource": "Backups", "operation": "Purge Local"})[0]["operation"] != "PurgeLocal"
    assert migrate_one({"operation": "Delete Call Flow App", "Id": 5})[0]["resource"] == "CallFlowApps"
    assert migrate_one({"resource": "Call Flow Applications", "operation": "Delete Call Flow App", "Id": 5})[
        0
    ]["Id"]


def test_id_and_number() -> None:
    by_number = {"__rl": True, "mode": "number", "value": "100"}
    assert migrate_one({"resource": "Users", "operation": "Get User", "Id": by_number})[0]["Id"] == by_number
    assert migrate_one(delete(Id=5.0))[0]["Id"]["value"] == "5"


def test_empty_values_of_a_json_body() -> None:
    body = '{"Mobile": null, "FirstName": "", "LastName": "L"}'
    parameters, _ = migrate_one({"resource": "Users", "operation": "Update User", "Id": 5, "body": body})
    assert parameters["body"]["value"] == {
        "Mobile": "={{ null }}", "FirstName": '={{ "" }}', "LastName": "L",
    }  # fmt: skip


def test_query_options_in_any_case() -> None:
    options = {"$Filter": "Id eq 1", "$TOP": 5}
    parameters, _ = migrate_one({"resource": "Users", "operation": "List User", "options": options})
    assert parameters["options"] == {"$filter": "Id eq 1"}
    assert parameters["limit"] == 5


def test_field_with_the_name_of_an_option() -> None:
    parameters, _ = migrate_one(
        {"resource": "Receptionists", "operation": "Update Receptionist", "Id": "5", "Timeout": 30}
    )
    assert parameters["body"]["value"] == {"Timeout": 30}
    parameters, _ = migrate_one(
        {"resource": "Services", "operation": "Restart", "options": '{"ServiceName": "x"}'}
    )
    assert parameters["body"]["value"] == {"options": '{"ServiceName": "x"}'}


def test_request_options() -> None:
    asked = {"timeout": 5000, "batching": {"batch": {"batchSize": 1}}, "allowUnauthorizedCerts": True}
    parameters, notes = migrate_one(delete(requestOptions=asked))
    assert parameters["options"] == {"timeout": 5}
    assert len(notes) == 2
    assert "batching" in notes[1]


def test_tool() -> None:
    text = json.dumps(
        workflow(delete(toolDescription="Deletes", Id="={{ $fromAI('Id') }}"), type=f"{OLD}Tool")
    )
    [node] = json.loads(migrate(text, CATALOG).text)["nodes"]
    assert node["type"] == f"{NEW}Tool"
    assert node["parameters"]["toolDescription"] == "Deletes"
    assert node["parameters"]["Id"]["value"] == "={{ $fromAI('Id') }}"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"resource": "Call Flow Apps"}, "does not name its operation"),
        (
            {"resource": "Call Flow Apps", "operation": "Delete Call Flow Ap"},
            "Did you mean 'DeleteCallFlowApp'",
        ),
        (delete(operation="={{ $json.op }}"), "expression"),
        (delete(Colour="red"), "Colour: DeleteCallFlowApp takes no such parameter"),
        (delete(options={"$filter": "Id eq 5"}), "$filter: DeleteCallFlowApp does not accept $filter"),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "Groups": "[1"},
            "Groups: the value is not valid JSON",
        ),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "Enabled": "maybe"},
            "Enabled: expected true",
        ),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "body": "=[]"},
            "the whole body is one expression",
        ),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "body": '{"Nam": 1}'},
            "no body field 'Nam'",
        ),
        ({"resource": "Users", "operation": "List User", "options": {"$top": "many"}}, "$top: "),
        ({"resource": "Backups", "operation": "Recordings Purge Local"}, "has no operation"),
        ({"resource": "Recordings", "operation": "Delete Call Flow App", "Id": 5}, "has no operation"),
        ({"operation": "Delete", "Id": 5}, "does not name its resource"),
        (delete(Id=5, filters={"Id": 7}), "Id: a key inside a group is not accepted"),
        (delete(Id=5, id=7), "id: it is set twice"),
        (delete(Id={"__rl": True, "mode": "url", "value": "http://x/5"}), "Id: the value is chosen by url"),
    ],
)
def test_unchanged_node(parameters: dict[str, Any], words: str) -> None:
    assert words in find_problems(parameters)

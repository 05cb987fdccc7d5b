"""Read nodes as a canvas copies them: this package's, and those of a generated 3CX node."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import shared
from threecx_node.catalog import load_catalog
from threecx_node.errors import InputError, UnknownNameError
from threecx_node.n8n.node_json import read_node

CATALOG = load_catalog()


def node(parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"parameters": parameters, "type": "n8n-nodes-threecx.threeCx", "name": "3CX", **more}


OURS = {"resource": "CallFlowApps", "operation": "DeleteCallFlowApp", "Id": "={{ $json.Id }}"}


@pytest.mark.parametrize(
    "document",
    [
        node(OURS),
        {"nodes": [node(OURS)], "connections": {}},
        [node(OURS)],
        [{"nodes": [node(OURS)]}],
        {"nodes": [{"parameters": {}, "type": "n8n-nodes-base.manualTrigger"}, node(OURS)]},
        {"parameters": OURS},
    ],
)
def test_forms_of_a_copied_node(document: Any) -> None:
    found = read_node(document, CATALOG)
    assert found.operation == "DeleteCallFlowApp"
    # Parameters that the node does not contain have their default.
    assert found.parameters == {"Id": "={{ $json.Id }}", "If-Match": ""}


def test_defaults() -> None:
    ours = read_node(node({"resource": "Users", "operation": "ListUser"}), CATALOG)
    assert (ours.parameters["simplify"], ours.parameters["limit"], ours.parameters["returnAll"]) == (
        True,
        50,
        False,
    )
    generated = node({"resource": "Users", "operation": "List User"}, type="n8n-nodes-3cx.threecx")
    assert read_node(generated, CATALOG).parameters == {}


@pytest.mark.parametrize(
    ("resource", "operation", "meant"),
    [
        ("Call Flow Apps", "Delete Call Flow App", "DeleteCallFlowApp"),
        ("Call Flow Apps", "List Call Flow App", "ListCallFlowApp"),
        ("Users", "Get User By Number", "GetUserByNumber"),
        ("Users", "Batch Delete", "BatchDelete"),
        ("Emergency Geo Locations", "Update", "Update"),
        ("Trunks", "Get Trunk", "GetTrunk"),
        ("DN Properties", "Create DN Property", "CreateDNProperty"),
        ("Call Flow Apps", "Delete", "DeleteCallFlowApp"),
    ],
)
def test_names_of_a_generated_node(resource: str, operation: str, meant: str) -> None:
    found = read_node(node({"resource": resource, "operation": operation}), CATALOG)
    assert found.operation == meant


def test_default_resource_and_operation() -> None:
    found = read_node(node({"resource": "CallFlowApps", "Id": 5}), CATALOG)
    assert CATALOG.operation(found.operation).resource == "CallFlowApps"
    assert read_node(node({}), CATALOG).operation


def test_files_of_users() -> None:
    for name, operations in (
        ("generated-node-cleanup.json", {"List apps": "ListCallFlowApp", "Delete app": "DeleteCallFlowApp"}),
        (
            "generated-node-offboard.json",
            {"Find user": "GetUserByNumber", "Disable": "UpdateUser", "Delete in bulk": "BatchDelete"},
        ),
    ):
        document = json.loads(shared("workflows", name).read_text())
        with pytest.raises(InputError, match=r"contains [23] 3CX nodes") as caught:
            read_node(document, CATALOG)
        assert all(repr(each) in caught.value.description for each in operations)
        for node_name, operation in operations.items():
            assert read_node(document, CATALOG, name=node_name).operation == operation


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (5, "not a copied node"),
        ({}, "not a copied node"),
        ([], "no 3CX node"),
        ({"nodes": [5]}, "not a copied node"),
        ({"nodes": [{"type": "n8n-nodes-base.set", "parameters": {}}]}, "no 3CX node"),
        (node({"resource": "=x", "operation": "=y"}), "operation of the node is an expression"),
        ({"parameters": 5}, "no parameters"),
    ],
)
def test_not_a_node(document: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_node(document, CATALOG)


def test_unknown_operation() -> None:
    with pytest.raises(UnknownNameError) as caught:
        read_node(node({"resource": "Users", "operation": "Delete Usr"}), CATALOG)
    assert "DeleteUser" in caught.value.description


@pytest.mark.parametrize(
    ("more", "goes_on"),
    [
        ({}, False),
        ({"onError": "stopWorkflow"}, False),
        ({"onError": "continueRegularOutput"}, True),
        ({"onError": "continueErrorOutput"}, True),
        ({"continueOnFail": True}, True),
    ],
)
def test_continue_on_fail(more: dict[str, Any], goes_on: bool) -> None:
    assert read_node(node(OURS, **more), CATALOG).continue_on_fail is goes_on


@pytest.mark.parametrize("parameters", [{}, {"resource": "Users"}, {"operation": "Delete", "Id": 5}])
def test_defaults_of_another_node(parameters: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="does not name its resource and operation"):
        read_node(node(parameters, type="n8n-nodes-3cx.threecx"), CATALOG)
    named = node({"operation": "Delete User", "Id": 5}, type="n8n-nodes-3cx.threecx")
    assert read_node(named, CATALOG).operation == "DeleteUser"


def everyday(parameters: dict[str, Any], name: str = "threeCxPhoneSystem") -> dict[str, Any]:
    return node(parameters, type=f"n8n-nodes-threecx.{name}")


@pytest.mark.parametrize("type_name", ["threeCxPhoneSystem", "threeCxPhoneSystemTool"])
def test_everyday_node_sends_what_was_filled_in(type_name: str) -> None:
    parameters = {
        "operation": "UpdateUser",
        "Id": {"__rl": True, "mode": "number", "value": "100"},
        "FirstName": "Ada",
        "Mobile": "={{ $json.mobile }}",
        "PrimaryGroupId": {"__rl": True, "mode": "list", "value": ""},
    }
    found = read_node(everyday(parameters, type_name), CATALOG)
    assert found.operation == "UpdateUser"
    assert set(found.parameters) == {"Id", "FirstName", "Mobile"}


def test_required_field_that_is_empty_is_kept() -> None:
    found = read_node(everyday({"operation": "CreateUser", "FirstName": "Ada"}), CATALOG)
    assert found.parameters["Number"] == ""
    assert "LastName" not in found.parameters


def test_resources_of_the_everyday_node() -> None:
    reboot = everyday({"resource": "Phones", "operation": "RebootPhone", "mac": "001122334455"})
    assert read_node(reboot, CATALOG).operation == "RebootPhone"
    hours = everyday({"resource": "Holidays", "operation": "GetOfficeHours"})
    assert read_node(hours, CATALOG).operation == "GetOfficeHours"
    first = read_node(everyday({}), CATALOG)
    assert (first.operation, first.parameters["limit"]) == ("ListUser", 50)


def test_task_of_the_everyday_node() -> None:
    user = {"__rl": True, "mode": "number", "value": "100"}
    found = read_node(everyday({"operation": "SetUserStatus", "user": user}), CATALOG)
    assert (found.operation, found.parameters["status"]) == ("SetUserStatus", "available")

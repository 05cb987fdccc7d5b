"""The everyday node of the committed descriptor: few operations in people's words, and fields instead of bodies."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.descriptor.committed import CATALOG
from threecx_node.canvas.resource_mapping import describe_body_fields
from threecx_node.catalog import Operation
from threecx_node.codegen.descriptor.everyday import NAME, derive_action
from threecx_node.codegen.descriptor.everyday_fields import ADDITIONAL, LAYOUTS
from threecx_node.codegen.descriptor.everyday_table import RESOURCES
from threecx_node.descriptor import load_definition, properties_of
from threecx_node.parameters.resolve import resolve_parameters
from threecx_node.parameters.table import ParameterTable
from threecx_node.request.build import RequestBuilder

DEFINITION = load_definition(node=NAME)
CHOICES = {
    choice["value"]: choice
    for each in DEFINITION["properties"]
    if each["name"] == "operation"
    for choice in each["options"]
}
OFFERED = {name: {each["name"]: each for each in properties_of(DEFINITION, name)} for name in CHOICES}
WITH_BODY = [
    name
    for name in CHOICES
    if CATALOG.operation(name).task is None and CATALOG.operation(name).version().body
]
# The bodies of actions have no schema of their own.
WITH_SCHEMA = [each for each in WITH_BODY if isinstance(CATALOG.operation(each).version().body, str)]


def list_fields(operation: Operation) -> set[str]:
    """Return the fields of an operation's body in the newest release."""
    return {
        name
        for name, each in CATALOG.body_properties(operation.version(), None).items()
        if each.releases is None or CATALOG.newest in each.releases
    }


def test_each_operation_of_the_table_is_in_the_catalog() -> None:
    listed = [each.id for resource in RESOURCES for each in resource.operations]
    assert len(listed) == len(set(listed)) <= 100
    assert set(listed) == set(CHOICES)


def test_resources() -> None:
    resource = next(each for each in DEFINITION["properties"] if each["name"] == "resource")
    assert [each["name"] for each in resource["options"]] == [
        "User",
        "Call",
        "Call Log",
        "Contact",
        "Queue",
        "Ring Group",
        "Department",
        "Holiday & Hours",
        "Recording",
        "Blocked Number",
        "Phone",
        "Digital Receptionist",
        "Call Flow App",
    ]


@pytest.mark.parametrize("name", CHOICES)
def test_the_same_name_everywhere(name: str) -> None:
    choice = CHOICES[name]
    action = choice["action"]
    words = iter(action.casefold().split())
    assert all(each in words for each in choice["name"].casefold().split()), choice
    assert not re.search(r"\b(a|an|the)\b", action)
    is_named = f"{json.dumps(name)}:{json.dumps(action)}" in DEFINITION["subtitle"]
    assert is_named != (derive_action(name) == action)
    assert choice["description"]


def test_sentences_use_the_names_of_the_resources() -> None:
    """3CX's API calls departments groups and digital receptionists receptionists."""
    assert CHOICES["CreateGroup"]["description"] == "Adds a new department; Name must be set"
    assert CHOICES["DeleteReceptionist"]["description"] == "Removes the digital receptionist permanently"
    assert CHOICES["GetDeviceInfo"]["description"].startswith("The phone with this ID")


def test_times_and_references_of_holidays_are_named_as_in_tasks() -> None:
    added = {each["name"]: each for each in OFFERED["UpdateHoliday"][ADDITIONAL]["options"]}
    assert added["Group"]["displayName"] == OFFERED["AddHoliday"]["department"]["displayName"]
    assert added["TimeOfStartDate"]["placeholder"] == OFFERED["AddHoliday"]["startTime"]["placeholder"]
    assert added["TimeOfEndDate"]["placeholder"] == OFFERED["AddHoliday"]["endTime"]["placeholder"]
    hours = {each["name"]: each for each in OFFERED["UpdateOfficeHours"][ADDITIONAL]["options"]}
    assert hours["TimeZoneId"]["displayName"] == OFFERED["CreateGroup"]["TimeZoneId"]["displayName"]


def test_a_field_has_one_label_in_create_and_in_create_or_update() -> None:
    offered = {
        each["id"]: each["displayName"] for each in describe_body_fields(CATALOG, "UpsertContact", None)
    }
    shown = [each for each in OFFERED["CreateContact"].values() if each["name"] in offered]
    assert len(shown) > 4
    for each in (*shown, *OFFERED["CreateContact"][ADDITIONAL]["options"]):
        assert each["displayName"] == offered[each["name"]]


def test_every_task_is_offered() -> None:
    assert set(CATALOG.task_ids) <= set(CHOICES)


@pytest.mark.parametrize("name", WITH_SCHEMA)
def test_each_field_of_a_body_is_shown_in_a_group_or_hidden(name: str) -> None:
    operation = CATALOG.operation(name)
    layout = LAYOUTS[str(operation.version().body)]
    names = [*OFFERED[name]]
    for each in OFFERED[name].values():
        if each["type"] == "collection" and each["name"].endswith("Fields"):
            assert each["default"] == {}
            names += [option["name"] for option in each["options"]]
    declared = list_fields(operation)
    hidden = layout.hidden | {each.name for each in operation.version().parameters}
    assert {each for each in names if each in declared} == (declared - hidden) | (
        declared & {"Id"} & set(names)
    )
    assert set(CATALOG.required_fields(operation)) <= set(OFFERED[name])


def test_usual_fields_of_a_user() -> None:
    offered = OFFERED["CreateUser"]
    usual = ["Number", "FirstName", "LastName", "EmailAddress", "Mobile", "PrimaryGroupId"]
    assert [each for each in offered if each in usual] == usual
    assert [each for each in usual if offered[each].get("required")] == ["Number"]
    assert all(offered[each].get("placeholder", "").startswith("e.g. ") for each in usual[:-1])
    assert offered["PrimaryGroupId"]["displayName"] == "Department"
    assert not OFFERED["UpdateUser"]["Number"].get("required")
    assert ADDITIONAL in offered


def _make_value(each: dict[str, Any]) -> Any:
    """Return the example of a JSON field, a choice, or what its placeholder shows."""
    example = each.get("placeholder", "").removeprefix("e.g. ")
    match each["type"]:
        case "json":
            return example
        case "fixedCollection":
            entry = {value["name"]: _make_value(value) for value in each["options"][0]["values"]}
            return {"values": [entry] if each.get("typeOptions") else entry}
        case "options":
            return each["options"][-1]["value"]
        case "multiOptions":
            return [choice["value"] for choice in each["options"]]
        case "boolean" | "number":
            return each["default"]
        case "dateTime":
            return "2026-12-24T08:00:00Z"
        case "resourceLocator":
            return {"__rl": True, "mode": "id", "value": "42"}
    return example or "text"


@pytest.mark.parametrize("name", WITH_BODY)
def test_all_fields_filled_in_are_a_valid_request(name: str) -> None:
    operation = CATALOG.operation(name)
    declared = list_fields(operation)
    given: dict[str, Any] = {each.name: "42" for each in operation.version().parameters}
    expected = set()
    for each in OFFERED[name].values():
        field: dict[str, Any] = dict(each)
        if each["name"] in declared and each["name"] not in given:
            given[each["name"]] = _make_value(field)
            expected.add(each["name"])
        elif each["type"] == "collection" and each["name"].endswith("Fields"):
            given[each["name"]] = {option["name"]: _make_value(option) for option in each["options"]}
            expected |= set(given[each["name"]])
    if name == "CreateUser":
        # The chosen department is the primary group, and a group of which the user is a member.
        expected.add("Groups")
    table = ParameterTable(CATALOG, operation, operation.version(), None)
    values = resolve_parameters(table, given, {}).values
    request = RequestBuilder(CATALOG, operation).build(values)
    assert set(json.loads(request.body or b"{}")) == expected

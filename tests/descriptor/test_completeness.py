"""The committed descriptor offers every operation with all of its parameters."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.descriptor.committed import (
    CATALOG,
    DEFINITION,
    OFFERED,
    OPERATIONS,
    every_choice,
    every_property,
    options_of,
)
from tests.support import ADDED_OPERATIONS, CALL_CONTROL_OPERATIONS
from tests.support import OPERATIONS as NUMBER_OF_OPERATIONS
from threecx_node.catalog.api_request import API_REQUEST, API_RESOURCE, METHODS
from threecx_node.catalog.filter_fields import OPERATORS as FILTER_OPERATORS
from threecx_node.catalog.references import find_reference
from threecx_node.descriptor import load_definition, load_descriptor, properties_of

DOCUMENTED = ("$filter", "$orderby", "$search", "$select", "$expand", "$skip")


def test_each_operation_once() -> None:
    offered = Counter(
        (choice["value"], each["displayOptions"]["show"]["resource"][0])
        for each in DEFINITION["properties"]
        if each["name"] == "operation"
        for choice in each["options"]
    )
    # Beside the operations of the catalog there is one for any other request.
    assert offered.pop((API_REQUEST, API_RESOURCE)) == 1
    assert len(offered) == NUMBER_OF_OPERATIONS
    assert offered == Counter((each.id, each.resource) for each in OPERATIONS)


def test_api_request() -> None:
    offered = {each["name"]: each for each in properties_of(DEFINITION, API_REQUEST)}
    assert list(offered) == ["method", "path", "query", "body", "binaryProperty", "options"]
    assert {each["value"] for each in offered["method"]["options"]} == set(METHODS)
    assert offered["method"]["default"] == "GET"
    assert {"If-Match", "dryRun"} <= {each["name"] for each in offered["options"]["options"]}
    assert not {"$filter", "allowIncompleteLists"} & {each["name"] for each in offered["options"]["options"]}


def test_number_of_operations() -> None:
    of_3cx = [each for each in OPERATIONS if each.id not in ADDED_OPERATIONS]
    newest = [each for each in of_3cx if CATALOG.newest in each.releases]
    assert (len(newest), len(of_3cx) - len(newest)) == (601, 23)


def test_releases_are_described() -> None:
    described = {
        choice["value"]: choice.get("description", "") for choice in every_choice() if "action" in choice
    }
    for each in OPERATIONS:
        found = re.search(r"(?i)(?:^|; )(only in|since) 3CX (\d+\.\d+\.\d+)", described[each.id])
        assert bool(found) == (each.releases != CATALOG.releases), each.id
        if found:
            assert found[2] == each.releases[0]
            assert (found[1].lower() == "only in") == (CATALOG.newest not in each.releases)


def test_delete() -> None:
    deletes = [each for each in OPERATIONS if each.kind == "delete"]
    assert len(deletes) == 34
    for each in deletes:
        assert OFFERED[each.id]["If-Match"]["displayName"] == "If Match"
        assert "required" not in OFFERED[each.id]["If-Match"]
        (key,) = each.versions[-1].parameters
        assert OFFERED[each.id][key.name]["required"] is True
    with_it = {name for name, offered in OFFERED.items() if "If-Match" in offered}
    assert with_it == {each.id for each in deletes}


def test_path_parameters() -> None:
    checked = 0
    for each in OPERATIONS:
        folded = {name.casefold() for name in OFFERED[each.id]}
        for parameter in each.versions[-1].parameters:
            assert parameter.name in OFFERED[each.id], (each.id, parameter.name)
            checked += 1
        for version in each.versions:
            assert {parameter.name.casefold() for parameter in version.parameters} <= folded, each.id
    assert checked > 490


def test_older_parameters_are_optional() -> None:
    for each in OPERATIONS:
        newest = {parameter.name.casefold() for parameter in each.versions[-1].parameters}
        for version in each.versions[:-1]:
            for parameter in version.parameters:
                if parameter.name.casefold() not in newest:
                    field = OFFERED[each.id][parameter.name]
                    assert "required" not in field
                    assert re.search(r"(?i)only in 3CX", field["description"])


def test_older_parameters_have_no_default() -> None:
    # The default of a number field would be 0, and the newest release has no such parameter.
    assert [OFFERED["GetLogs"][name]["default"] for name in ("top", "skip", "search")] == ["", "", ""]


def test_types() -> None:
    fitting = {
        "String": {"string", "resourceLocator", "multiOptions"},
        "Guid": {"string", "resourceLocator"},
        "Int32": {"number", "options", "resourceLocator", "string"},
        "Boolean": {"boolean"},
        "DateTimeOffset": {"dateTime"},
    }
    for each in OPERATIONS:
        for parameter in each.versions[-1].parameters:
            field = OFFERED[each.id][parameter.name]
            assert field["type"] in fitting[parameter.type], (each.id, parameter)
            if field["type"] == "options":
                # A bare number of a stored workflow is one of the choices.
                values = sorted(choice["value"] for choice in field["options"])
                assert values == sorted(parameter.choices.values())
            reference = find_reference(CATALOG, each, parameter.name)
            # Several values are chosen where the API takes them, and nowhere else.
            assert (field["type"] == "multiOptions") == (reference is not None and reference.several)
            if parameter.type == "Int32" and field["type"] == "string":
                # Only an ID: an empty number would be sent as 0.
                assert field["displayName"].endswith("ID")


def test_locators() -> None:
    listed = {version.path for each in OPERATIONS if each.kind == "list" for version in each.versions}
    numbered = {each.resource for each in OPERATIONS if re.search(r"\(Number=\{", each.versions[-1].path)}
    assert len(numbered) == 8
    checked = 0
    for each in OPERATIONS:
        keyed = re.match(r"^/(\w+)\(\{(\w+)\}\)", each.versions[-1].path)
        if not keyed:
            continue
        field = OFFERED[each.id][keyed[2]]
        assert (field["type"] == "resourceLocator") == (f"/{keyed[1]}" in listed), each.id
        if field["type"] == "resourceLocator":
            modes = [mode["name"] for mode in field["modes"]]
            assert modes == ["list", "id"] + ["number"] * (each.resource in numbered)
            assert field["default"] == {"mode": "list", "value": ""}
            checked += 1
    assert checked > 120


@pytest.mark.parametrize(
    ("operation_id", "good", "bad"),
    [
        ("DeleteCallFlowApp", ["12", " 12 ", "-1"], ["", "12a", "1.5", "12345678901"]),
        (
            "DeleteOAuthClient",
            ["0f8fad5b-d9cb-469f-a165-70867728950e"],
            ["12", "0f8fad5bd9cb469fa16570867728950e"],
        ),
    ],
)
def test_validation_of_a_key(operation_id: str, good: list[str], bad: list[str]) -> None:
    by_id = next(mode for mode in OFFERED[operation_id]["Id"]["modes"] if mode["name"] == "id")
    pattern = re.compile(by_id["validation"][0]["properties"]["regex"])
    assert all(pattern.search(text) for text in good)
    assert not any(pattern.search(text) for text in bad)


def test_body() -> None:
    assert {name for name, offered in OFFERED.items() if "body" in offered} == {
        each.id for each in OPERATIONS if each.versions[-1].body
    }


def test_return_all_and_limit() -> None:
    lists = {
        each.id
        for each in OPERATIONS
        if each.versions[-1].returns.kind == "collection" and "$top" in each.versions[-1].query
    }
    # The Call Control API has no pages.
    assert {each.id for each in OPERATIONS if each.kind == "list"} - {*CALL_CONTROL_OPERATIONS} <= lists
    assert {name for name, offered in OFFERED.items() if "returnAll" in offered} == lists
    for name in lists:
        limit = OFFERED[name]["limit"]
        assert (limit["default"], limit["typeOptions"]["minValue"]) == (50, 1)
        assert limit["displayOptions"]["show"]["returnAll"] == [False]


def test_options() -> None:
    for each in OPERATIONS:
        query = each.versions[-1].query
        offered = options_of(each.id)
        assert {"concurrency", "dryRun", "retryTime", "timeout"} <= offered
        assert {name for name in offered if name.startswith("$")} - {"$top"} == set(DOCUMENTED) & set(
            query
        ), each.id
        assert ("$top" in offered) == ("$top" in query and each.versions[-1].returns.kind == "file")


def test_filters() -> None:
    """Check that every operation with a filter over known fields takes conditions."""
    filtered = {
        each.id
        for each in OPERATIONS
        if "$filter" in each.versions[-1].query and CATALOG.is_schema(each.versions[-1].returns.type)
    }
    assert len(filtered) > 150
    assert {name for name, offered in OFFERED.items() if "filters" in offered} == filtered
    assert {name for name in OFFERED if "combineFilters" in options_of(name)} == filtered
    [group] = OFFERED["ListUser"]["filters"]["options"]
    assert {each["name"] for each in group["values"]} == {"field", "operator", "value"}
    offered = {each["value"] for value in group["values"] for each in value.get("options", [])}
    # True and false are choices here.
    assert offered == set(FILTER_OPERATORS) - {"isTrue", "isFalse"}


def test_binary_property() -> None:
    files = {each.id for each in OPERATIONS if each.versions[-1].returns.kind == "file"}
    assert len(files) == 49
    assert {name for name, offered in OFFERED.items() if "binaryProperty" in offered} == files


def test_simplify() -> None:
    for name in ("ListUser", "GetUser", "GetCallLogData", "ListRecording"):
        assert "simplify" in OFFERED[name]
    for name in ("DeleteUser", "GetMailSettings", "ListCodecs", "DownloadCallLog", "GetNotificationSettings"):
        assert "simplify" not in OFFERED[name]


def test_names_of_a_generated_node() -> None:
    app = OFFERED["DeleteCallFlowApp"]
    assert (app["Id"]["displayName"], app["If-Match"]["displayName"]) == ("ID", "If Match")
    resource = next(each for each in DEFINITION["properties"] if each["name"] == "resource")
    assert {"name": "Call Flow App (CallFlowApps)", "value": "CallFlowApps"} in resource["options"]
    names = [each["name"] for each in resource["options"]]
    assert {"Department (Groups)", "User (Users)", "AI Settings"} <= set(names)
    reports = [place for place, name in enumerate(names) if name.startswith("Report: ")]
    assert reports == list(range(reports[0], reports[-1] + 1))
    assert "$filter" in options_of("ListCallFlowApp")


def test_from_comes_before_to() -> None:
    places = {each["name"]: place for place, each in enumerate(DEFINITION["properties"])}
    for first, then in (("periodFrom", "periodTo"), ("startDt", "endDt"), ("startDate", "endDate")):
        assert places[first] < places[then]


def test_order_of_path_parameters() -> None:
    """Check paths that agree with each other; others contradict them."""
    for each in ("GetCallLogData", "DownloadCallLog", "GetStatisticSlaData", "GetDNPropertyByName"):
        wanted = [parameter.name for parameter in CATALOG.operation(each).versions[-1].parameters]
        assert [name for name in OFFERED[each] if name in wanted] == wanted


def test_defaults_are_choices() -> None:
    for each in every_property():
        if each["type"] == "options" and "options" in each:
            assert each["default"] in {choice["value"] for choice in each["options"]}


@pytest.mark.parametrize(
    ("resource", "operation_id"),
    [
        ("Users", "ListUser"),
        ("MyUser", "GetMyUser"),
        ("Defs", "GetDefs"),
        ("MailSettings", "GetMailSettings"),
        ("ReportAuditLog", "GetAuditLogData"),
        ("DNProperties", "GetDNPropertyByName"),
        ("CrmTemplates", "GeCrmtTemplates"),
    ],
)
def test_default_operation_of_a_resource(resource: str, operation_id: str) -> None:
    defaults = {
        each["displayOptions"]["show"]["resource"][0]: each["default"]
        for each in DEFINITION["properties"]
        if each["name"] == "operation"
    }
    assert defaults[resource] == operation_id
    for name in set(defaults.values()) - {API_REQUEST}:
        first = CATALOG.operation(name)
        assert first.kind not in ("delete", "update")
        assert first.kind != "action" or first.versions[-1].body is not None, name


def test_credential_form() -> None:
    [form] = load_descriptor()["credentialTypes"]
    [use] = load_definition()["credentials"]
    assert form["name"] == use["name"] == "threeCxApi"
    fields = {each["name"]: each for each in form["properties"]}
    direct = ["baseUrl", "clientId", "apiKey", "verifyTls"]
    shown_always = ["executorNotice", "executorUrl", "executorKey"]
    hidden = [name for name, each in fields.items() if each["type"] == "hidden"]
    # n8n has a label of its own for a field with this name, and drops a stored field that the form does not have.
    assert hidden == ["clientSecret"]
    assert [each for each in fields if each not in hidden] == [
        "connection",
        "profile",
        *direct,
        *shown_always,
    ]
    # A credential that was saved before this field existed has an address.
    assert fields["connection"]["default"] == "direct"
    for name in fields:
        shown = fields[name].get("displayOptions", {}).get("show", {}).get("connection")
        assert shown == {"profile": ["profile"]}.get(name, ["direct"] if name in direct else None)
    for name, each in fields.items():
        is_secret = name in ("apiKey", "clientSecret", "executorKey")
        assert each.get("typeOptions", {}).get("password", False) is is_secret
        assert not is_secret or each["default"] == ""

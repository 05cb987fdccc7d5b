"""Parameters by the names people use → what a request needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.errors import BodyError, ItemError, ParameterError, UnknownNameError
from threecx_node.parameters.resolve import ResolvedParameters, resolve_parameters
from threecx_node.parameters.table import ParameterTable
from threecx_node.request.build import RequestBuilder
from threecx_node.values.undefined import UNDEFINED

CATALOG = load_catalog()


def test_options_have_one_order() -> None:
    options = {"$select": "Id", "$filter": "Id gt 1", "$expand": "Groups"}
    for given in (options, dict(reversed(options.items()))):
        assert list(resolved("ListUser", {"options": given}).values.query) == [
            "$expand",
            "$filter",
            "$select",
        ]


def resolved(
    operation: str, parameters: dict[str, Any], item: dict[str, Any] | None = None, release: str | None = None
) -> ResolvedParameters:
    found = CATALOG.operation(operation)
    return resolve_parameters(
        ParameterTable(CATALOG, found, found.version(release), release), parameters, item or {}
    )


def sent(operation: str, parameters: dict[str, Any], item: dict[str, Any] | None = None) -> Any:
    """The body that is sent for the parameters of an item."""
    values = resolved(operation, parameters, item).values
    body = RequestBuilder(CATALOG, CATALOG.operation(operation)).build(values).body
    assert body is not None
    return json.loads(body)


@pytest.mark.parametrize("name", ["Id", "id", "ID", " I d "])
def test_names_are_matched_as_people_write_them(name: str) -> None:
    assert resolved("DeleteUser", {name: 5}).values.parameters == {"Id": 5}


@pytest.mark.parametrize("name", ["If-Match", "If Match", "ifMatch", "if_match"])
def test_if_match_under_all_its_names(name: str) -> None:
    assert resolved("DeleteUser", {"Id": 5, name: "x"}).values.if_match == "x"


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        resolved("DeleteUser", {"Idd": 5})
    assert caught.value.message == "DeleteUser has no parameter 'Idd'"
    assert caught.value.description == "Did you mean 'Id'?"
    assert caught.value.exit_code == 2


def test_options_may_be_nested_or_not() -> None:
    nested = resolved("ListUser", {"options": {"$filter": "Id eq 5", "$select": ["Id"]}})
    flat = resolved("ListUser", {"$filter": "Id eq 5", "$select": ["Id"]})
    assert nested == flat
    assert nested.values.query == {"$filter": "Id eq 5", "$select": ["Id"]}


@pytest.mark.parametrize(
    ("parameters", "limit", "skip"),
    [
        ({}, 50, 0),
        ({"limit": 7}, 7, 0),
        ({"limit": "7"}, 7, 0),
        ({"returnAll": True}, None, 0),
        ({"returnAll": "true", "limit": 7}, None, 0),
        ({"options": {"$top": 120, "$skip": 5}}, 120, 5),
        ({"$skip": "10"}, 50, 10),
    ],
)
def test_how_many_and_from_where(parameters: dict[str, Any], limit: int | None, skip: int) -> None:
    found = resolved("ListUser", parameters)
    assert (found.limit, found.skip) == (limit, skip)
    assert not {"$top", "$skip"} & set(found.values.query), "pages are asked for by the paging alone"


@pytest.mark.parametrize(
    "parameters",
    [{"limit": 0}, {"limit": -1}, {"limit": "many"}, {"returnAll": "perhaps"}, {"$skip": -1}, {"options": 5}],
)
def test_limits_that_are_none(parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        resolved("ListUser", parameters)


def test_a_resource_locator_gives_its_value() -> None:
    assert resolved("DeleteUser", {"Id": {"__rl": True, "mode": "list", "value": 5}}).values.parameters == {
        "Id": 5
    }
    by_number = resolved("DeleteUser", {"Id": {"__rl": True, "mode": "number", "value": "102"}})
    assert by_number.by_number == ("Id",)


def test_a_resource_mapper_gives_only_what_was_filled_in() -> None:
    mapper = {"mappingMode": "defineBelow", "value": {"FirstName": "Ada", "LastName": None, "Groups": "[]"}}
    assert sent("UpdateUser", {"Id": 5, "body": mapper}) == {"FirstName": "Ada", "Groups": []}


def test_automatic_mapping_takes_known_fields() -> None:
    mapper = {"mappingMode": "autoMapInputData", "value": None}
    item = {"FirstName": "Ada", "shoeSize": 37}
    assert resolved("UpdateUser", {"Id": 5, "body": mapper}, item).values.body == {"FirstName": "Ada"}


def test_a_body_as_json_text() -> None:
    assert resolved("UpdateUser", {"Id": 5, "body": '{"FirstName": "Ada"}'}).values.body == {
        "FirstName": "Ada"
    }
    with pytest.raises(BodyError, match="body is not valid JSON at line 2, column 3"):
        resolved("UpdateUser", {"Id": 5, "body": '{\n  FirstName: "Ada"}'})


def test_body_fields_one_by_one_as_a_generated_node_gave_them() -> None:
    parameters = {
        "Id": "5",
        "Enabled": False,
        "Groups": "[]",
        "ForwardingProfiles": '[{"Name": "Away"}]',
        "FirstName": "",
    }
    assert resolved("UpdateUser", parameters).values.parameters == {"Id": "5"}
    assert sent("UpdateUser", parameters) == {
        "Enabled": False,
        "Groups": [],
        "ForwardingProfiles": [{"Name": "Away"}],
        "FirstName": "",
    }


def test_fields_as_text_become_what_the_schema_declares() -> None:
    texts = {"Id": "5", "VMEnabled": "true", "Groups": "", "FirstName": "42"}
    assert resolved("UpdateUser", texts).values.body["Groups"] is UNDEFINED
    assert sent("UpdateUser", texts) == {"VMEnabled": True, "FirstName": "42"}
    with pytest.raises(BodyError, match="VMEnabled: expected true or false"):
        sent("UpdateUser", {"Id": "5", "VMEnabled": "yes"})
    with pytest.raises(BodyError, match=r"Groups is not valid JSON at line 1, column 2"):
        sent("UpdateUser", {"Id": "5", "Groups": "[oops]"})


def test_a_parameter_of_another_release_is_named() -> None:
    assert resolved("GetUserByNumber", {"Number": "102"}, release="20.0.4").values.parameters == {
        "number": "102"
    }
    assert resolved("GetUserByNumber", {"number": "102"}, release="20.0.10").values.parameters == {
        "Number": "102"
    }
    assert resolved("GetCallQualityReport", {"cdrId": "x", "call_id": None}).values.parameters == {
        "cdrId": "x"
    }
    with pytest.raises(ItemError, match=r"takes no call_id in 3CX 20\.0\.10"):
        resolved("GetCallQualityReport", {"cdrId": "x", "call_id": 5})


def test_what_a_canvas_adds_is_ignored() -> None:
    assert resolved("DeleteUser", {"resource": "Users", "operation": "x", "authentication": "y", "Id": 5})


def test_options_of_the_batch_are_handed_on() -> None:
    found = resolved("DeleteUser", {"Id": 5, "options": {"dryRun": True, "concurrency": 2, "timeout": 5}})
    assert found.batch == {"dryRun": True, "concurrency": 2, "timeout": 5}


@pytest.mark.parametrize(
    ("operation", "parameters", "body"),
    [
        ("UpdateReceptionist", {"Id": 5, "Timeout": 30, "timeout": 9}, {"Timeout": 30}),
        ("UpdateEmailTemplate", {"TemplatePath": "x", "Body": "<p>"}, {"Body": "<p>"}),
        ("Restart", {"options": '{"ServiceNames": ["x"]}'}, {"options": {"ServiceNames": ["x"]}}),
    ],
)
def test_a_field_named_like_a_node_parameter(
    operation: str, parameters: dict[str, Any], body: dict[str, Any]
) -> None:
    assert sent(operation, parameters) == body


def test_a_mapper_whose_fields_are_all_filled_in_sends_null_too() -> None:
    mapper = {"mappingMode": "defineBelow", "value": {"FirstName": "Ada", "Mobile": None}}
    assert resolved("UpdateUser", {"Id": 5, "body": mapper}).values.body == {"FirstName": "Ada"}
    filled = {**mapper, "filled": True}
    assert resolved("UpdateUser", {"Id": 5, "body": filled}).values.body == {
        "FirstName": "Ada",
        "Mobile": None,
    }


def test_automatic_mapping_leaves_the_key_to_the_path() -> None:
    mapper = {"mappingMode": "autoMapInputData", "value": None}
    item = {"Id": 7, "FirstName": "Ada", "unknown": 1}
    assert resolved("UpdateUser", {"Id": 5, "body": mapper}, item).values.body == {"FirstName": "Ada"}


def test_a_mapper_without_fields_is_refused() -> None:
    with pytest.raises(BodyError, match="body"):
        resolved("UpdateUser", {"Id": 5, "body": {"mappingMode": "defineBelow", "value": "x"}})


def test_a_mapper_may_name_its_fields_as_they_are_displayed() -> None:
    fields = {"Phone Number": "0711 1", "LastName": "Lovelace", "company_name": "Example Ltd", "Title": ""}
    body = {"mappingMode": "defineBelow", "value": fields, "filled": True}
    for operation in ("UpsertContact", "CreateContact"):
        assert resolved(operation, {"body": body}).values.body == {
            "PhoneNumber": "0711 1", "LastName": "Lovelace", "CompanyName": "Example Ltd", "Title": "",
        }  # fmt: skip
    twice = {**body, "value": {"Phone Number": "0711 1", "PhoneNumber": "0711 2"}}
    with pytest.raises(BodyError, match="'Phone Number' and 'PhoneNumber' both set the field PhoneNumber"):
        resolved("UpsertContact", {"body": twice})
    unknown = {**body, "value": {"Shoe Size": 44}}
    assert resolved("UpsertContact", {"body": unknown}).values.body == {"Shoe Size": 44}

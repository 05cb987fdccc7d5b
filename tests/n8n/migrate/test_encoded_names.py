"""Read a generated node whose names are percent-encoded, as newer generators write them: `%24top`, `If%2DMatch`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.n8n.migrate.generated import CATALOG, OLD, delete, find_problems, migrate_one
from threecx_node.n8n.node_json import read_node

QUERY = {"%24filter": "Name eq '100%25'", "%24top": 10, "%24skip": 5, "%24select": "Id,Name"}
LIST = {"resource": "Users", "operation": "List User"}
UPDATE = {"resource": "Users", "operation": "Update User", "Id": 5}


@pytest.mark.parametrize("given", [QUERY, {"options": QUERY}, {"options": {"%24filter": "x"}, "%24top": 10}])
def test_encoded_names_of_query_options_are_read(given: dict[str, Any]) -> None:
    parameters, _ = migrate_one({**LIST, **given})
    assert parameters["limit"] == 10
    # A value is text of the user: it is never decoded.
    filter_text = "Name eq '100%25'" if "%24filter" in str(given) and "%24skip" in str(given) else "x"
    assert parameters["options"]["$filter"] == filter_text


def test_encoded_names_of_a_key_and_a_header_are_read() -> None:
    plain = delete(**{"If-Match": "*"})
    encoded = {**delete(), "%49d": "={{ $json.Id }}", "If%2dMatch": "*"}
    del encoded["Id"]
    assert migrate_one(encoded) == migrate_one(plain)


@pytest.mark.parametrize(
    "given",
    [
        {"First%4eame": "Ada"},
        {"additional%46ields": {"First%4Eame": "Ada"}},
        {"FirstName": "Ada", "%40odata.type": "#Pbx.User"},
        {"FirstName": "Ada", "%40odata.etag": ""},
        {"body": '{"FirstName": "Ada", "@odata.type": "#Pbx.User"}'},
    ],
)
def test_encoded_names_of_body_fields_are_read(given: dict[str, Any]) -> None:
    parameters, _ = migrate_one({**UPDATE, **given})
    assert parameters["body"]["value"] == {"FirstName": "Ada"}


def test_encoded_names_of_resource_and_operation_are_read() -> None:
    encoded = {**delete(), "resource": "Call%20Flow%20Apps", "operation": "Delete%20Call%20Flow%20App"}
    assert migrate_one(encoded) == migrate_one(delete())


def test_an_encoded_name_that_is_given_twice_is_named() -> None:
    assert "$top: it is set twice" in find_problems({**LIST, "%24top": 10, "options": {"$top": 20}})
    assert "$colour: ListUser does not accept $colour" in find_problems({**LIST, "%24colour": "x"})


def test_a_copied_node_with_encoded_names_is_read() -> None:
    node = {"type": OLD, "name": "Old", "parameters": {**LIST, "options": QUERY, "%24top": 10}}
    found = read_node(node, CATALOG)
    assert found.parameters == {
        "options": {name.replace("%24", "$"): value for name, value in QUERY.items()},
        "$top": 10,
    }

"""A resource locator, a mapper or a group of options is one only where a person wrote it; data is a value."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.execution.results import Item
from threecx_node.n8n.node_json import read_node

LOCATOR = {"__rl": True, "mode": "number", "value": "101"}
MAPPER = {"mappingMode": "defineBelow", "value": {"FirstName": "Eve"}}
AUTOMATIC = {"mappingMode": "autoMapInputData", "value": None}
DATA = {
    "key": LOCATOR,
    "mapper": MAPPER,
    "automatic": AUTOMATIC,
    "FirstName": "Eve",
    "mode": "number",
    "number": "101",
}


def pbx() -> FakePbx:
    return FakePbx(
        lambda each: httpx.Response(200, json={"Id": 77}) if each.method == "GET" else httpx.Response(204)
    )


def ask(operation: str, parameters: dict[str, Any], item: Any = DATA) -> tuple[list[str], str]:
    """Return the requests, and the error of the one item on one line."""
    fake = pbx()
    [result] = run(fake, operation, [item], parameters).results
    return fake.targets, result.error.one_line() if result.error else ""


def copied(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a node that was copied from a canvas."""
    node = {
        "type": "n8n-nodes-threecx.threeCx",
        "parameters": {"resource": "Users", "operation": "UpdateUser", **parameters},
    }
    return dict(read_node({"nodes": [node]}, load_catalog()).parameters)


KEY_OF_DATA = "={{ $json.key }}"


@pytest.mark.parametrize(
    "key",
    [
        KEY_OF_DATA,
        # The locator is written, its value is data.
        {"__rl": True, "mode": "id", "value": KEY_OF_DATA},
        {"__rl": "={{ true }}", "mode": "number", "value": "101"},
    ],
)
@pytest.mark.parametrize("is_copied", [False, True])
def test_a_key_of_data_is_not_looked_up(key: Any, is_copied: bool) -> None:
    parameters = {"Id": key, "body": {"FirstName": "Ada"}}
    sent, error = ask("UpdateUser", copied(parameters) if is_copied else parameters)
    assert sent == []
    assert error.startswith("item 0: Id: expected a whole number, got an object")


def test_data_does_not_choose_the_mode_of_a_locator() -> None:
    locator = {"__rl": True, "mode": "={{ $json.mode }}", "value": "={{ $json.number }}"}
    sent, error = ask("DeleteUser", {"Id": locator})
    assert (sent, error) == (["DELETE /Users(101)"], "")


def test_a_written_locator_is_looked_up_by_data() -> None:
    locator = {"__rl": True, "mode": "number", "value": "={{ $json.number }}"}
    sent, error = ask("DeleteUser", {"Id": locator})
    assert (sent, error) == (["GET /Users(Number='101')?$select=Id", "DELETE /Users(77)"], "")


@pytest.mark.parametrize(
    "body",
    [
        "={{ $json.mapper }}",
        "={{ $json.automatic }}",
        "={{ JSON.stringify($json.mapper) }}",
        '{"mappingMode": "autoMapInputData"}',
    ],
)
def test_a_body_of_data_is_not_a_mapper(body: str) -> None:
    sent, error = ask("UpdateUser", {"Id": 5, "body": body})
    assert sent == []
    assert "UpdateUser has no body field 'mappingMode'" in error


def test_a_mapped_field_of_data_is_a_value() -> None:
    mapper = {"mappingMode": "defineBelow", "value": {"FirstName": "={{ $json.mapper }}"}}
    sent, error = ask("UpdateUser", {"Id": 5, "body": mapper})
    assert sent == []
    assert "FirstName: expected a text, got an object" in error


def test_data_does_not_choose_options() -> None:
    item = {"options": {"allowIncompleteLists": True, "$select": "AuthPassword"}}
    sent, error = ask("ListUser", {"options": "={{ $json.options }}"}, item)
    assert sent == []
    assert "the group cannot be an expression" in error
    sent, _ = ask("ListUser", {"options": {"$search": "={{ $json.options }}"}}, item)
    assert sent == []


@pytest.mark.parametrize(
    "parameters", [{"Id": LOCATOR}, {"Id": 5, "body": MAPPER}, {"Id": 5, "body": AUTOMATIC}]
)
def test_parameters_of_an_item_are_values(parameters: dict[str, Any]) -> None:
    body = {"body": {"FirstName": "Ada"}} if "body" not in parameters else {}
    sent, error = ask("UpdateUser", {}, Item({"FirstName": "Eve"}, {**parameters, **body}))
    assert sent == []
    assert error
    # A canvas says that they were written.
    sent, error = ask("UpdateUser", {}, Item({"FirstName": "Eve"}, {**parameters, **body}, is_written=True))
    assert sent[-1].startswith("PATCH /Users(")
    assert not error


def test_a_written_structure_that_an_item_replaces_is_a_value() -> None:
    sent, error = ask(
        "DeleteUser", {"Id": {"__rl": True, "mode": "number", "value": "1"}}, Item({}, {"Id": LOCATOR})
    )
    assert sent == []
    assert "got an object" in error


def test_a_collection_of_data_is_an_object_of_options() -> None:
    item = {"query": {"parameters": [{"name": "$top", "value": 1}]}}
    fake = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    parameters = {"path": "/xapi/v1/Users", "query": "={{ $json.query }}"}
    [result] = run(fake, "ApiRequest", [item], parameters).results
    assert fake.targets == []
    assert result.error is not None
    assert "query: parameters: expected a text or a number, got a list" in result.error.message

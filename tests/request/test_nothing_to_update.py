"""An update without a value to set is an error before anything is sent, however its body is given."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.execution.results import Item
from threecx_node.n8n.node_json import read_node
from threecx_node.values.undefined import UNDEFINED

NOTHING: dict[str, dict[str, Any]] = {
    "no body": {},
    "an empty body": {"body": {}},
    "null": {"body": None},
    "the text of an empty object": {"body": "{}"},
    "an undefined field": {"body": {"FirstName": UNDEFINED}},
    "an expression of nothing": {"FirstName": "={{ $json.missing }}"},
    "an expression of nothing in a body": {"body": {"FirstName": "={{ $json.missing }}"}},
    "an expression of nothing in an object": {"body": {"Greeting": {"x": "={{ $json.missing }}"}}},
    "annotations alone": {"body": {"@odata.type": "#Pbx.User"}},
    "an empty mapper": {"body": {"mappingMode": "defineBelow", "value": {}}},
    "an empty item": {"body": {"mappingMode": "autoMapInputData", "value": None}},
}

# An API request has no fields of its own.
FOR_OPERATIONS = frozenset({"an empty mapper", "an empty item"})


def sends_nothing(operation: str, item: Any, parameters: dict[str, Any]) -> str:
    pbx = FakePbx(lambda _: httpx.Response(204))
    [result] = run(pbx, operation, [item], parameters).results
    assert pbx.requests == []
    assert result.error is not None
    return result.error.one_line()


@pytest.mark.parametrize("parameters", [each for name, each in NOTHING.items() if "object" not in name])
def test_an_update_of_nothing_is_not_sent(parameters: dict[str, Any]) -> None:
    line = sends_nothing("UpdateUser", {}, {"Id": 5, **parameters})
    assert line == (
        "item 0: UpdateUser has nothing to update. Set at least one field for this item, or remove the item; "
        "nothing was sent for it."
    )


def test_an_object_without_a_value_is_nothing_too() -> None:
    assert "nothing to update" in sends_nothing(
        "UpdateQueue", {}, {"Id": 5, "body": {"ForwardNoAnswer": {"Number": "={{ $json.missing }}"}}}
    )


def test_parameters_of_an_item_too() -> None:
    item = Item({}, {"Id": 5, "body": {"FirstName": UNDEFINED}})
    assert "nothing to update" in sends_nothing("UpdateUser", item, {})


def test_a_copied_node_too() -> None:
    parameters = {
        "resource": "Users",
        "operation": "UpdateUser",
        "Id": 5,
        "body": "={{ JSON.stringify({}) }}",
    }
    node = {"nodes": [{"type": "n8n-nodes-threecx.threeCx", "parameters": parameters}]}
    copied = read_node(node, load_catalog())
    assert "nothing to update" in sends_nothing(copied.operation, {}, dict(copied.parameters))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    "name", [name for name in NOTHING if "mapper" not in name and "key" not in name and "item" not in name]
)
def test_an_api_request_that_updates_nothing_is_not_sent(method: str, name: str) -> None:
    parameters = {each: value for each, value in NOTHING[name].items() if each == "body"}
    line = sends_nothing("ApiRequest", {}, {"method": method, "path": "/xapi/v1/Users(5)", **parameters})
    assert f"{method} has nothing to update" in line


@pytest.mark.parametrize("body", [{"Groups": []}, {"FirstName": None}, {"FirstName": ""}, {"Enabled": False}])
def test_null_an_empty_text_and_an_empty_list_are_values(body: dict[str, Any]) -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    [result] = run(pbx, "UpdateUser", [{}], {"Id": 5, "body": body, "allowIncompleteLists": True}).results
    assert result.error is None
    assert pbx.targets == ["PATCH /Users(5)"]

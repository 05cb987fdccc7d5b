"""Migrate the bodies of HTTP Request nodes: JSON text with expressions, JavaScript, and fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.n8n.migrate.http_requests import dry_run, http_node, json_body, migrate_http, pairs

BODY = {
    "FirstName": "Ada",
    "Enabled": False,
    "Mobile": None,
    "Groups": [{"GroupId": 3, "Rights": {"RoleName": "users"}}],
}
ITEM = {"first": "Ada", "on": False, "mobile": None, "group": 3, "role": "users", "groups": BODY["Groups"]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(BODY),
        '={ "FirstName": "{{ $json.first }}", "Enabled": {{ $json.on }}, "Mobile": null,\n "Groups": [{"GroupId": '
        '{{ $json.group }}, "Rights": {"RoleName": "{{ $json.role }}"}}] }',
        '={ "FirstName": {{ JSON.stringify($json.first) }}, "Enabled": false, "Mobile": null, '
        '"Groups": {{ JSON.stringify($json.groups) }} }',
        "={{ JSON.stringify({ FirstName: $json.first, 'Enabled': $json.on, Mobile: null, Groups: $json.groups }) }}",
        "={{ JSON.stringify({ \"FirstName\": 'Ada', Enabled: false, Mobile: $json.mobile,\n"
        "  Groups: [{ GroupId: $json.group, Rights: { RoleName: 'users' } }], }, null, 2) }}",
        "={{ JSON.stringify({ FirstName: $json.first, // name\n Enabled: /* off */ false, Mobile: /* no */ null,\n"
        " Groups: $json.groups, // all\n }) }}",
        "={{ { FirstName: `A${'da'}`, Enabled: !true, Mobile: null, Groups: $json.groups } }}",
        "={{ ({ FirstName: $json.first.trim(), Enabled: $json.on ? true : false, Mobile: null, "
        "Groups: $json.groups }) }}",
        BODY,
    ],
)
def test_a_json_body_is_read_in_each_form(text: Any) -> None:
    parameters, _ = migrate_http(http_node("/Users(7)", "PATCH", **json_body(text)))
    assert dry_run(parameters, ITEM)["body"] == BODY


@pytest.mark.parametrize(
    "more",
    [
        pairs("body", {"FirstName": "={{ $json.first }}", "Enabled": "false", "Mobile": ""}),
        {
            "contentType": "json",
            **pairs("body", {"FirstName": "Ada", "Enabled": "={{ $json.on }}", "Mobile": ""}),
        },
        {
            "sendBody": True,
            "contentType": "raw",
            "rawContentType": "application/json",
            "body": '={"FirstName": "{{ $json.first }}", "Enabled": false, "Mobile": "{{ $json.mobile }}"}',
        },
        json_body(
            '={"FirstName": "A{{ "da" }}", "Enabled": {{ $json.on }}, "Mobile": "{{ $json.a || $json.b }}"}'
        ),
    ],
)
def test_fields_and_texts_of_a_body_stay(more: dict[str, Any]) -> None:
    parameters, _ = migrate_http(http_node("/Users(7)", "PATCH", **more))
    assert dry_run(parameters, ITEM)["body"] == {"FirstName": "Ada", "Enabled": False, "Mobile": ""}


def test_a_body_that_is_the_item_is_mapped_automatically() -> None:
    for text in ("={{ $json }}", "={{ JSON.stringify($json) }}", "={{ JSON.stringify( $input.item.json ) }}"):
        parameters, notes = migrate_http(http_node("/Contacts", "POST", **json_body(text)))
        assert parameters["body"]["mappingMode"] == "autoMapInputData"
        assert "whole input item" in notes[0]
        assert dry_run(parameters, {"FirstName": "Ada"})["body"] == {"FirstName": "Ada"}


@pytest.mark.parametrize("name", ["Ids", "IDS", "ids"])
def test_a_body_field_in_another_case_is_corrected(name: str) -> None:
    text = f"={{{{ JSON.stringify({{ {name}: $json.list }}) }}}}"
    parameters, notes = migrate_http(http_node("/Users/Pbx.BatchDelete", "POST", **json_body(text)))
    assert dry_run(parameters, {"list": [1, 2]})["body"] == {"ids": [1, 2]}
    assert bool(notes) == (name != "ids")

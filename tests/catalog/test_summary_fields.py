"""The few fields of an entity that a summary shows, and the ones that name it."""

from __future__ import annotations

import time

import pytest

from threecx_node.catalog import Catalog, load_catalog
from threecx_node.catalog.summary_fields import (
    _CHOSEN,
    MAX_FIELDS,
    is_worth_simplifying,
    label_fields,
    simple_fields,
)

CATALOG = load_catalog()
SCHEMAS = [name for name in CATALOG.schema_names if CATALOG.properties(name)]


@pytest.mark.parametrize(
    ("schema", "first"),
    [
        ("Pbx.User", ["Id", "Number", "DisplayName", "FirstName", "LastName", "EmailAddress"]),
        ("Pbx.CallFlowApp", ["Id", "Number", "Name", "IsRegistered"]),
        ("Pbx.Group", ["Id", "Number", "Name"]),
        ("Pbx.Recording", ["Id", "StartTime", "EndTime", "CallType"]),
        ("Pbx.Fxs", ["Name", "MacAddress", "Brand", "Model"]),
    ],
)
def test_the_most_useful_fields_come_first(schema: str, first: list[str]) -> None:
    assert list(simple_fields(CATALOG, schema))[: len(first)] == first


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_summary_is_short_plain_and_safe(schema: str) -> None:
    fields = simple_fields(CATALOG, schema)
    properties = CATALOG.properties(schema)
    assert len(fields) == len(set(fields)) <= MAX_FIELDS
    for name in fields:
        assert not properties[name].type.collection
        assert not CATALOG.is_schema(properties[name].type.name)
        assert not name.endswith(("Password", "Secret", "Token", "PIN", "Key"))
    for key in ("Id", "Number"):
        if key in properties and schema not in _CHOSEN and not properties[key].navigation:
            assert key in fields


def test_a_schema_that_is_worth_it_has_something_to_show() -> None:
    worth = [name for name in SCHEMAS if is_worth_simplifying(CATALOG, name)]
    assert {"Pbx.User", "Pbx.Queue", "Pbx.CallLogData"} <= set(worth)
    assert not any("Settings" in name for name in worth)
    for name in worth:
        assert len(simple_fields(CATALOG, name)) >= 5, name


def test_what_was_chosen_by_hand_exists() -> None:
    for schema, fields in _CHOSEN.items():
        assert set(fields.split()) <= set(CATALOG.properties(schema))
        assert simple_fields(CATALOG, schema) == tuple(fields.split())


def test_a_field_that_a_catalog_lacks_is_left_out() -> None:
    other = Catalog(
        {
            "releases": ["21.0.0"],
            "operations": {},
            "resources": {},
            "enums": {},
            "schemas": {
                "Pbx.Trunk": {"properties": {"Id": "Int32", "IsOnline": "Boolean", "Fresh": "String"}}
            },
        }
    )
    assert simple_fields(other, "Pbx.Trunk") == ("Id", "IsOnline")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("Pbx.User", ("FirstName", "LastName")),
        ("Pbx.CallFlowApp", ("Name",)),
        ("Pbx.InboundRule", ("RuleName",)),
        ("Pbx.BlocklistAddr", ()),
    ],
)
def test_labels(schema: str, expected: tuple[str, ...]) -> None:
    assert label_fields(CATALOG, schema) == expected


def test_asking_again_costs_nothing() -> None:
    simple_fields(CATALOG, "Pbx.User")
    begin = time.perf_counter()
    for _ in range(10_000):
        simple_fields(CATALOG, "Pbx.User")
    assert time.perf_counter() - begin < 0.5

"""Required fields of new entities, and unknown fields, which are named before a required one that is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from threecx_node.canvas.resource_mapping import describe_body_fields
from threecx_node.catalog import load_catalog
from threecx_node.codegen.catalog.naming import load_overrides
from threecx_node.errors import BodyError, ItemError, ParameterError
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.values.undefined import UNDEFINED

CATALOG = load_catalog()
CREATES = tuple(each.id for each in CATALOG.operations() if each.kind == "create")


def encode(operation: str, body: Any) -> Any:
    request = RequestBuilder(CATALOG, CATALOG.operation(operation)).build(RequestValues({}, {}, None, body))
    assert request.body is not None
    return json.loads(request.body)


@pytest.mark.parametrize("operation", CREATES)
def test_a_create_without_any_field_is_refused(operation: str) -> None:
    fields = CATALOG.body_properties(CATALOG.operation(operation).version())
    for body in (None, {}, "", *(dict.fromkeys(fields, nothing) for nothing in (UNDEFINED, None, ""))):
        with pytest.raises(ParameterError) as caught:
            encode(operation, body)
        assert caught.value.message == f"the body of {operation} is empty"
        assert "the usual fields are " in caught.value.description


def test_an_empty_create_names_the_usual_fields() -> None:
    with pytest.raises(ParameterError) as caught:
        encode("CreateUser", {})
    assert caught.value.description.startswith(
        "Set at least Number; the usual fields are Number, DisplayName, FirstName, LastName, "
    )


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        ("CreateUser", {"FirstName": "Zoe"}, "Number"),
        ("CreateUser", {"FirstName": "Zoe", "Number": ""}, "Number"),
        ("CreateUser", {"FirstName": "Zoe", "Number": None}, "Number"),
        ("CreateQueue", {"Name": "Sales"}, "Number"),
        ("CreateGroup", {"Language": "EN"}, "Name"),
        ("CreateHoliday", {"Day": 1, "Month": 1, "DayEnd": 1, "MonthEnd": 1}, "Name"),
        ("CreateHoliday", {"Name": "Off", "Day": 1, "Month": 1}, "DayEnd"),
        ("CreateBlackListNumber", {"Description": "spam"}, "CallerId"),
        ("CreateTrunk", {"ExternalNumber": "+49"}, "Number"),
        ("CreateContact", {"Title": "Dr", "Mobile2": "1"}, "FirstName"),
    ],
)
def test_a_required_field_of_a_create(operation: str, body: Any, field: str) -> None:
    with pytest.raises(ParameterError) as caught:
        encode(operation, body)
    assert caught.value.field == field
    assert field in caught.value.message


def test_one_of_several_fields_is_enough() -> None:
    assert encode("CreateContact", {"CompanyName": "Ax"}) == {"CompanyName": "Ax"}
    with pytest.raises(ParameterError, match="requires FirstName, LastName or CompanyName, but none of them"):
        encode("CreateContact", {"PhoneNumber": "1", "FirstName": " "})


def test_fields_required_by_hand_exist_in_all_releases() -> None:
    for operation_id, groups in load_overrides()["required"].items():
        operation = CATALOG.operation(operation_id)
        assert CATALOG.required_choices(operation) == tuple(tuple(each) for each in groups)
        for version in operation.versions:
            for release in version.releases:
                declared = CATALOG.body_properties(version, release)
                assert {name for each in groups for name in each} <= set(declared), operation_id


def test_required_fields_are_marked_in_the_mapper() -> None:
    marked = [each["id"] for each in describe_body_fields(CATALOG, "CreateHoliday", None) if each["required"]]
    assert sorted(marked) == ["Day", "DayEnd", "Month", "MonthEnd", "Name"]
    assert not any(each["required"] for each in describe_body_fields(CATALOG, "UpdateHoliday", None))


@pytest.mark.parametrize("body", [{"Ids": [1]}, {"userIds": [1]}, {"IDS": [1], "foo": 2}])
def test_an_unknown_field_comes_before_a_required_one(body: Any) -> None:
    name = next(iter(body))
    with pytest.raises(BodyError) as caught:
        encode("BatchDelete", body)
    assert caught.value.message == f"BatchDelete has no body field {name!r}"
    assert caught.value.description == "Did you mean 'ids'?"
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("body", "field", "nearest"),
    [
        ({"Number": "1", "firstname": "Zoe"}, "firstname", "FirstName"),
        ({"Number": 1.5, "Enabled": "oops", "Fristname": "Zoe"}, "Fristname", "FirstName"),
        ({"Number": "1", "Groups": [{"GroupId": "x", "groupID": 7}]}, "Groups[0].groupID", "GroupId"),
        (
            {"Number": "1", "Groups": [{"Rights": {"canbargein": True}}]},
            "Groups[0].Rights.canbargein",
            "CanBargeIn",
        ),
    ],
)
def test_an_unknown_field_at_any_depth_names_the_nearest(body: Any, field: str, nearest: str) -> None:
    with pytest.raises(BodyError) as caught:
        encode("CreateUser", body)
    assert caught.value.field == field
    assert caught.value.description == f"Did you mean {nearest!r}?"


def test_an_unknown_field_of_every_operation_is_named() -> None:
    for operation in CATALOG.operations():
        if operation.version().body is None:
            continue
        builder = RequestBuilder(CATALOG, operation)
        with pytest.raises(ItemError) as caught:
            builder._build_body({"Qqq" * 50: 1})
        assert caught.value.message.startswith(f"{operation.id} has no body field 'QqqQqq")
        assert len(caught.value.one_line()) < 600
        assert caught.value.description

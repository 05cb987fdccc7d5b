"""Conditions of a filter: each value becomes one literal of its field's type, or an error that names the condition."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.catalog.filter_fields import WITHOUT_VALUE, filter_fields, takes_filter
from threecx_node.errors import ParameterError, UnknownNameError
from threecx_node.messages import Condition, Conditions
from threecx_node.parameters.resolve import resolve_parameters
from threecx_node.parameters.table import ParameterTable
from threecx_node.request.build import RequestBuilder
from threecx_node.request.conditions import ConditionWriter
from threecx_node.values.undefined import UNDEFINED

CATALOG = load_catalog()
USERS, CALLS, TOKENS, LOG = "ListUser", "ListCallHistoryView", "ListOAuthClient", "ListEventLog"


def build(operation: str, zone: str = "UTC", **parameters: Any) -> str:
    """Return the `$filter` that is sent."""
    found = CATALOG.operation(operation)
    table = ParameterTable(CATALOG, found, found.version(), None)
    values = resolve_parameters(table, parameters, {}).values
    query = RequestBuilder(CATALOG, found, time_zone=ZoneInfo(zone)).build(values).query
    return parse_qs(query).get("$filter", [""])[0]


def condition(field: str, operator: str = "equals", *value: Any) -> list[dict[str, Any]]:
    return [{"field": field, "operator": operator, **({"value": value[0]} if value else {})}]


@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        (USERS, ("LastName", "equals", "O'Brien"), "LastName eq 'O''Brien'"),
        (USERS, ("LastName", "equals", "x' or Id gt 0 or LastName eq 'y"),
         "LastName eq 'x'' or Id gt 0 or LastName eq ''y'"),
        (USERS, ("Last Name", "Starts With", "O'"), "startswith(LastName,'O''')"),
        (USERS, ("lastname|text", "ends-with", "n"), "endswith(LastName,'n')"),
        (USERS, ("Number", "equals", 102), "Number eq '102'"),
        (USERS, ("Number", "in", "100, 101"), "Number in ('100','101')"),
        (USERS, ("Number", "in", [100, "x'y"]), "(Number eq '100' or Number eq 'x''y')"),
        (USERS, ("LastName", "in", '["a, b", null]'), "(LastName eq 'a, b' or LastName eq null)"),
        (USERS, ("LastName", "in", ["O'Brien"]), "LastName eq 'O''Brien'"),
        (USERS, ("LastName", "isEmpty"), "(LastName eq null or LastName eq '')"),
        (USERS, ("LastName", "isNotEmpty", ""), "(LastName ne null and LastName ne '')"),
        (USERS, ("LastName", "equals", ""), "LastName eq ''"),
        (USERS, ("LastName", "ne", None), "LastName ne null"),
        (USERS, ("LastName", "contains", " "), "contains(LastName,' ')"),
        (USERS, ("Id", "in", [1, "2"]), "Id in (1,2)"),
        (USERS, ("Id", "ge", "5"), "Id ge 5"),
        (USERS, ("PrimaryGroupId", "equals", None), "PrimaryGroupId eq null"),
        (USERS, ("PrimaryGroupId", "isEmpty"), "PrimaryGroupId eq null"),
        (USERS, ("Enabled", "isTrue"), "Enabled eq true"),
        (USERS, ("Enabled", "isFalse", None), "Enabled eq false"),
        (USERS, ("Enabled", "notEquals", "TRUE"), "Enabled ne true"),
        (USERS, ("queue status", "equals", "loggedin"), "QueueStatus eq 'LoggedIn'"),
        (USERS, ("QueueStatus", "equals", " Logged Out "), "QueueStatus eq 'LoggedOut'"),
        (USERS, ("QueueStatus", "in", "logged in"), "QueueStatus eq 'LoggedIn'"),
        (USERS, ("Hours/Type", "equals", "officehours"), "Hours/Type eq 'OfficeHours'"),
        (TOKENS, ("Id", "equals", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
         "Id eq 6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        (CALLS, ("SegmentStartTime", "greaterOrEqual", "2026-07-01"), "SegmentStartTime ge 2026-06-30T22:00:00.000Z"),
        (CALLS, ("SegmentStartTime", "less", "2026-07-01T08:00:00+01:00"),
         "SegmentStartTime lt 2026-07-01T07:00:00.000Z"),
        (CALLS, ("CallTime", "greater", "0:03:00"), "CallTime gt duration'PT3M'"),
        (CALLS, ("CallTime", "lessOrEqual", "PT90S"), "CallTime le duration'PT90S'"),
    ],
)  # fmt: skip
def test_a_condition_is_written_by_the_type_of_its_field(
    operation: str, given: tuple[Any, ...], expected: str
) -> None:
    assert build(operation, "Europe/Berlin", filters=condition(*given)) == expected


def test_conditions_are_combined() -> None:
    two = [*condition("LastName", "isEmpty"), *condition("Id", "less", 5)]
    text = "(LastName eq null or LastName eq '') {} Id lt 5"
    assert build(USERS, filters=two) == text.format("and")
    assert build(USERS, filters={"combine": "OR", "conditions": two}) == text.format("or")
    assert build(USERS, filters={"conditions": two}, combineFilters="or") == text.format("or")
    assert build(USERS, filters=two, options={"combineFilters": "or"}) == text.format("or")
    both = build(USERS, filters={"combine": "or", "conditions": two}, **{"$filter": "Id gt 1 or Id lt 9"})
    assert both == f"(Id gt 1 or Id lt 9) and ({text.format('or')})"


@pytest.mark.parametrize(
    "nothing",
    [None, UNDEFINED, "", {}, [], {"conditions": []}, {"combine": "or"}, "[]", {"conditions": None}],
)
def test_without_conditions_nothing_is_filtered(nothing: Any) -> None:
    assert build(USERS, filters=nothing) == ""
    assert build(USERS, filters=nothing, **{"$filter": "Id gt 1"}) == "Id gt 1"


def test_texts_of_json() -> None:
    text = '{"Combine": "and", "conditions": {"Field": "Id", "value": 5}}'
    assert build(USERS, filters=text) == "Id eq 5"
    assert build(USERS, filters={"conditions": '[{"field": "Id", "value": 5}]'}) == "Id eq 5"


@pytest.mark.parametrize(
    ("filters", "message", "advice"),
    [
        (condition("LastNam", "equals", "x"), "condition 1: there is no field 'LastNam'", "Did you mean 'LastName'?"),
        (condition("Groups/Name", "equals", "x"), "condition 1: Groups is a list", "Groups/any(each: …)"),
        (condition("Hours", "equals", "x"), "condition 1: Hours is an object", "$filter"),
        (condition("LastName", "like", "x"), "condition 1 (LastName like): there is no operator 'like'", "Use one of"),
        (condition("LastName", "containz", "x"), "there is no operator 'containz'", "Did you mean 'contains'?"),
        (condition("LastName", "greater", "x"), "greater does not fit texts", "Use one of equals, notEquals, contains"),
        (condition("Enabled", "contains", "x"), "contains does not fit true or false", "isTrue"),
        (condition("Enabled", "isTrue", False), "isTrue takes no value, got false", "Remove the value"),
        (condition("LastName", "equals", ["a", "b"]), "expected one value, got a list", "Use the operator in"),
        (condition("LastName", "equals", {"a": 1}), "expected one value, got an object", "one of its properties"),
        (condition("LastName", "in", [["a"]]), "expected one value, got a list", "in"),
        (condition("LastName", "in", []), "expected at least one value", ""),
        (condition("LastName", "in", "["), "expected a list or a text with commas", ""),
        (condition("LastName", "in", " , "), "expected at least one value", ""),
        (condition("LastName"), "the value is undefined", "isEmpty"),
        (condition("LastName", "contains", ""), "the value is missing", "isEmpty"),
        (condition("LastName", "contains", None), "the value is null", "isEmpty"),
        (condition("LastName", "equals", UNDEFINED), "the value is undefined", "isEmpty"),
        (condition("LastName", "equals", "\ud800"), "half characters", ""),
        (condition("Id", "equals", ""), "the value is missing", "isEmpty"),
        (condition("Id", "equals", "abc"), 'expected a whole number, got "abc"', ""),
        (condition("Id", "equals", True), "expected a whole number, got true", ""),
        (condition("Id", "equals", "{{ $json.Id }}"), "expected a whole number", "="),
        (condition("Id", "greater", None), "the value is null", ""),
        (condition("QueueStatus", "equals", "Away"), 'expected one of LoggedOut, LoggedIn, got "Away"', ""),
        ("[{", "filters is not valid JSON", "Write conditions like"),
        (5, "expected a list of conditions, got 5", "Write conditions like"),
        ({"conditions": 5}, "expected a list of conditions, got 5", ""),
        (["x"], 'condition 1: expected an object with field, operator and value, got "x"', ""),
        ({"condition": []}, "filters has no 'condition'", "Did you mean 'conditions'?"),
        ({"combine": "xor", "conditions": condition("Id", "equals", 5)}, 'combine is "xor"', "Use and"),
        ([{"field": "Id", "operator": "equals", "val": 5}], "condition 1 has no 'val'", "Did you mean 'value'?"),
        ([{"operator": "equals", "value": 5}], "condition 1 has no field", "Choose the field"),
        ([{"field": "Id", "operator": "", "value": 5}], "condition 1 has no operator", "Choose the operator"),
        ([{"field": 5, "value": 5}], "expected the name of a field, got 5", ""),
        ([*condition("Id", "equals", 1), *condition("Id", "equals", "x")], "condition 2 (Id equals)", ""),
    ],
)  # fmt: skip
def test_an_error_names_the_condition(filters: Any, message: str, advice: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build(USERS, filters=filters)
    assert caught.value.field == "filters"
    assert message in caught.value.message
    assert advice in caught.value.description
    assert "\n" not in caught.value.one_line()


@pytest.mark.parametrize("text", ["Id gt 1) or (Id lt 5", "LastName eq 'x", "(Id gt 1", "Id gt 1)", 5])
def test_a_filter_that_is_not_closed_is_not_combined(text: Any) -> None:
    with pytest.raises(ParameterError, match="is not closed"):
        build(USERS, filters=condition("Id", "equals", 1), **{"$filter": text})


def test_a_filter_is_checked_beside_conditions() -> None:
    with pytest.raises(ParameterError, match="compares"):
        build(USERS, filters=condition("Id", "equals", 1), **{"$filter": "Number eq 5"})
    text = "contains(LastName,'a) or ''b')"
    assert (
        build(USERS, filters=condition("Id", "equals", 1), **{"$filter": text}) == f"({text}) and (Id eq 1)"
    )


def test_an_operation_without_a_filter_takes_no_conditions() -> None:
    with pytest.raises(UnknownNameError, match="has no parameter 'filters'"):
        build("GetUser", filters=condition("Id", "equals", 1))


def test_a_field_of_another_release_is_unknown() -> None:
    found = CATALOG.operation(USERS)
    table = ParameterTable(CATALOG, found, found.version("20.0.6"), "20.0.6")
    values = resolve_parameters(table, {"filters": condition("DatevEnabled", "isTrue")}, {}).values
    with pytest.raises(ParameterError, match="there is no field 'DatevEnabled'"):
        RequestBuilder(CATALOG, found, "20.0.6").build(values)


def test_every_field_takes_conditions() -> None:
    samples = {
        "text": "x", "boolean": True, "number": 5, "guid": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        "moment": "2026-01-31", "duration": "PT5M",
    }  # fmt: skip
    schemas = set()
    for operation in CATALOG.operations():
        version = operation.version()
        is_of_entities = version.returns.type.startswith("Pbx.")
        assert takes_filter(CATALOG, version) == ("$filter" in version.query and is_of_entities)
        if takes_filter(CATALOG, version):
            schemas.add(version.returns.type)
    assert len(schemas) > 80
    for schema in schemas:
        writer = ConditionWriter(CATALOG, schema, None)
        for field in filter_fields(CATALOG, schema, None).values():
            enum = CATALOG.enums.get(field.type)
            value = enum.members[0] if enum else samples[field.kind]
            for operator in field.operators:
                given = UNDEFINED if operator in WITHOUT_VALUE else value
                written = writer.write(Conditions("and", (Condition(field.title, operator, given),)))
                assert field.path in written

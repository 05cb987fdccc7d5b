"""A value between the quotes of an OData text cannot end the text, on the command line and in the library."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.n8n.node_json import read_node

ATTACK = "x') or startswith(FirstName,'"
QUOTED = "x'') or startswith(FirstName,''"


def ask(parameters: dict[str, Any], item: dict[str, Any], operation: str = "ListUser") -> str:
    """Return the decoded target of the one request, or the error."""
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    [result] = run(pbx, operation, [item], parameters).results
    return unquote(pbx.targets[0]) if pbx.targets else result.error.one_line() if result.error else ""


def filter_of(expression: str, value: Any) -> str:
    target = ask({"$filter": expression}, {"x": value})
    assert "$filter=" in target, target
    return target.partition("$filter=")[2].partition("&$top")[0]


@pytest.mark.parametrize("name", ["$filter", "filter_in_options", "in a node"])
def test_a_value_in_the_quotes_of_a_filter_stays_in_them(name: str) -> None:
    expression = "=startswith(FirstName,'{{ $json.x }}')"
    parameters: dict[str, Any] = (
        {"$filter": expression} if name == "$filter" else {"options": {"$filter": expression}}
    )
    if name == "in a node":
        node = {"type": "n8n-nodes-threecx.threeCx", "parameters": {"operation": "ListUser", **parameters}}
        parameters = dict(read_node({"nodes": [node]}, load_catalog()).parameters)
    target = ask(parameters, {"x": ATTACK})
    assert f"$filter=startswith(FirstName,'{QUOTED}')" in target


FILTERS: dict[str, tuple[str, Any, str]] = {
    "a path": ("=LastName eq '{{ $json.x }}'", "O'Brien", "LastName eq 'O''Brien'"),
    "JavaScript": ("=LastName eq '{{ $json.x.trim() }}'", " O'Brien ", "LastName eq 'O''Brien'"),
    "quotes that the code doubles": (
        "=LastName eq '{{ $json.x.replace(/'/g, \"''\") }}'",
        "O'Brien",
        "LastName eq 'O''Brien'",
    ),
    "two quotes in the data": ("=LastName eq '{{ $json.x }}'", "O''Brien", "LastName eq 'O''''Brien'"),
    "half of the quotes doubled by code": (
        "=LastName eq '{{ $json.x.replace(/'/, \"''\") }}'",
        "a'b'c",
        "LastName eq 'a''''b''c'",
    ),
    "a whole filter": ("={{ $json.x }}", "LastName eq 'O''Brien'", "LastName eq 'O''Brien'"),
    "a part of a filter": ("=Enabled eq true and {{ $json.x }}", "Id eq 5", "Enabled eq true and Id eq 5"),
    "a number": ("=Id eq {{ $json.x }} and LastName eq '{{ $json.x }}'", 5, "Id eq 5 and LastName eq '5'"),
    "after a quote in the text": ("=LastName eq 'O''B{{ $json.x }}'", "r'x", "LastName eq 'O''Br''x'"),
    "two in one text": ("=LastName eq '{{ $json.x }}{{ $json.x }}'", "'", "LastName eq ''''''"),
    "undefined": ("=LastName eq 'a{{ $json.missing }}'", 1, "LastName eq 'a'"),
    "braces in the code": ("=LastName eq '{{ ({a: {b: $json.x\\}}).a.b }}'", "O'B", "LastName eq 'O''B'"),
}


@pytest.mark.parametrize(("expression", "value", "wanted"), FILTERS.values(), ids=FILTERS)
def test_the_filter_that_is_sent(expression: str, value: Any, wanted: str) -> None:
    assert filter_of(expression, value) == wanted


@given(st.text(max_size=20))
def test_no_value_ends_the_quotes(value: str) -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    [result] = run(pbx, "ListUser", [{"x": value}], {"$filter": "=LastName eq '{{ $json.x }}'"}).results
    if result.error is not None:
        assert result.error.code != "bug"
        return
    sent = httpx.URL(str(pbx.requests[0].url)).params["$filter"]
    assert sent.startswith("LastName eq '")
    assert "'" not in sent[len("LastName eq '") : -1].replace("''", "")


@pytest.mark.parametrize("option", ["$orderby", "$expand"])
def test_other_options_too(option: str) -> None:
    target = ask({option: "=Groups($filter=Name eq '{{ $json.x }}')"}, {"x": "a'b"})
    assert f"{option}=Groups($filter=Name eq 'a''b')" in target


def test_a_phrase_of_a_search_stays_one() -> None:
    target = ask({"$search": '="{{ $json.x }}"'}, {"x": 'a" OR "b'})
    assert '$search="a  OR  b"' in target


API: dict[str, tuple[dict[str, Any], str, str]] = {
    "a path": (
        {"path": "=/xapi/v1/Users(Number='{{ $json.x }}')"},
        "1'2/3?4&5",
        "/Users(Number='1''2/3?4&5')",
    ),
    "a query in a path": (
        {"path": "=/xapi/v1/Users?$filter=LastName eq '{{ $json.x }}'"},
        "O'Brien&$top=9",
        "/Users?$filter=LastName eq 'O''Brien&$top=9'",
    ),
    "a text": (
        {"path": "/xapi/v1/Users", "query": "=$filter=LastName eq '{{ $json.x }}'&$top=1"},
        "O'B&$top=9#+%41",
        "/Users?$filter=LastName eq 'O''B&$top=9#+%41'&$top=1",
    ),
    "JSON": (
        {"path": "/xapi/v1/Users", "query": '={"$filter": "LastName eq \'{{ $json.x }}\'"}'},
        'O\'B", "$top": "9',
        "/Users?$filter=LastName eq 'O''B\", \"$top\": \"9'",
    ),
    "an object": (
        {"path": "/xapi/v1/Users", "query": {"$filter": "=LastName eq '{{ $json.x }}'"}},
        "O'B&c",
        "/Users?$filter=LastName eq 'O''B&c'",
    ),
    "a list": (
        {"path": "/xapi/v1/Users", "query": [["$filter", "=LastName eq '{{ $json.x }}'"]]},
        "O'B&%41",
        "/Users?$filter=LastName eq 'O''B&%41'",
    ),
}


@pytest.mark.parametrize(("parameters", "value", "wanted"), API.values(), ids=API)
def test_api_requests_too(parameters: dict[str, Any], value: str, wanted: str) -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    [result] = run(pbx, "ApiRequest", [{"x": value}], parameters).results
    assert result.error is None, result.error.one_line()
    [target] = pbx.targets
    path, _, query = target.partition("?")
    shown = unquote(path) + (f"?{'&'.join(map(unquote, query.split('&')))}" if query else "")
    assert shown == f"GET {wanted}"
    # The value is one part of the path, and one option of the query.
    assert path.count("/") == 1
    assert query.count("&") == wanted.endswith("$top=1")


def test_a_key_is_always_a_text() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"Id": 1}))
    run(pbx, "GetUserByNumber", [{"x": "1') or ('"}], {"Number": "={{ $json.x }}"})
    assert unquote(pbx.targets[-1]) == "GET /Users(Number='1'') or (''')"

"""OData literals and query options, as they are written into a URL."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.request.odata import expanded_properties, literal, query_string, quote_phrase
from threecx_node.values.coerce import CoercionError, coerce

texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()),
        ("", ()),
        ("Groups", ("Groups",)),
        (["Groups", "Phones"], ("Groups", "Phones")),
        (" Groups($select=Id,Name;$expand=Rights($select=Id)), Phones ", ("Groups", "Phones")),
        ("Groups/Rights", ("Groups",)),
    ],
)
def test_the_names_in_an_expand(value: Any, names: tuple[str, ...]) -> None:
    assert expanded_properties(value) == names


@given(texts)
def test_a_string_survives_the_way_to_the_server(text: str) -> None:
    written = literal("String", text)
    url = httpx.URL(f"https://pbx/xapi/v1/TenantProperties({written})")
    path = url.raw_path.decode()
    # No character ends the segment or the path early, and reading it back as OData does gives the text.
    assert path.count("/") == 3
    assert not re.search(r"[?#&+\s]", written)
    inner = unquote(path.partition("(")[2][:-1], errors="strict")
    assert inner[0] == inner[-1] == "'"
    assert inner[1:-1].replace("''", "'") == text
    assert "'" not in inner[1:-1].replace("''", "")


@pytest.mark.parametrize(
    ("type_name", "value", "written"),
    [
        ("String", "O'Brien & Söhne/1", "'O''Brien%20%26%20S%C3%B6hne%2F1'"),
        ("String", "102", "'102'"),
        ("String", 102, "'102'"),
        ("String", "a%2Fb", "'a%252Fb'"),
        ("String", "..", "'..'"),
        ("Pbx.Unknown", "a b", "'a%20b'"),
        ("Int32", "42", "42"),
        ("Int64", -(2**63), "-9223372036854775808"),
        ("Double", "1.5", "1.5"),
        ("Boolean", "TRUE", "true"),
        ("Boolean", False, "false"),
        ("Guid", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("DateTimeOffset", "2026-03-29T10:00:00.5+02:00", "2026-03-29T08:00:00.500Z"),
        ("DateTimeOffset", datetime(2026, 3, 29, 10, tzinfo=UTC), "2026-03-29T10:00:00.000Z"),
        ("Date", "2026-03-29", "2026-03-29"),
        ("TimeOfDay", "08:30:00", "08:30:00"),
    ],
)
def test_literals(type_name: str, value: Any, written: str) -> None:
    assert literal(type_name, coerce(type_name, value)) == written


def test_half_a_character_is_refused() -> None:
    with pytest.raises(CoercionError, match="surrogate"):
        literal("String", "\ud83d")


@given(texts)
def test_a_filter_survives_the_way_to_the_server(text: str) -> None:
    query = query_string({"$filter": f"Name eq '{text}'", "$count": True})
    params = httpx.URL(f"https://pbx/xapi/v1/Users?{query}").params
    assert params["$filter"] == f"Name eq '{text}'".strip()
    assert params["$count"] == "true"


def test_query_options_are_written_plainly() -> None:
    query = query_string(
        {
            "$select": ["Id", None, "Name", ""],
            "$expand": "Groups($select=Id,Name)",
            "$orderby": ["Name desc", "Id"],
            "$filter": "Name eq 'A&B' and Id gt 5",
            "$search": None,
        }
    )
    assert query == (
        "$select=Id,Name&$expand=Groups($select=Id,Name)&$orderby=Name%20desc,Id"
        "&$filter=Name%20eq%20'A%26B'%20and%20Id%20gt%205"
    )


def test_options_that_say_nothing_are_left_out() -> None:
    assert query_string({"$select": [None], "$expand": [], "$filter": "", "$orderby": None}) == ""


@pytest.mark.parametrize(
    ("given_text", "sent"),
    [
        ("ada", "ada"),
        ("ada lovelace", '"ada lovelace"'),
        ('"ada lovelace"', '"ada lovelace"'),
        ("ada OR grace", "ada OR grace"),
        (" ada ", "ada"),
    ],
)
def test_a_search_with_a_space_is_quoted(given_text: str, sent: str) -> None:
    assert quote_phrase(given_text) == sent


@pytest.mark.parametrize(
    ("name", "value"), [("$top", -1), ("$top", "x"), ("$select", 5), ("$filter", {"a": 1})]
)
def test_options_of_the_wrong_kind_are_refused(name: str, value: Any) -> None:
    with pytest.raises(CoercionError):
        query_string({name: value})

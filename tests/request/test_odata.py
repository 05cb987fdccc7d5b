"""OData literals: what each type accepts, how it is written, what it says when it refuses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.request.odata import (
    INT_RANGES,
    LiteralError,
    boolean,
    date_time,
    expanded,
    guid,
    integer,
    query_string,
    search_text,
    string,
)

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
    assert expanded(value) == names


@given(texts)
def test_a_string_survives_the_way_to_the_server(text: str) -> None:
    literal = string(text)
    url = httpx.URL(f"https://pbx/xapi/v1/TenantProperties({literal})")
    path = url.raw_path.decode()
    # No character ends the segment or the path early, and reading it back as OData does gives the text.
    assert path.count("/") == 3
    assert not re.search(r"[?#&+\s]", literal)
    inner = unquote(path.partition("(")[2][:-1], errors="strict")
    assert inner[0] == inner[-1] == "'"
    assert inner[1:-1].replace("''", "'") == text
    assert "'" not in inner[1:-1].replace("''", "")


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("O'Brien & Söhne/1", "'O''Brien%20%26%20S%C3%B6hne%2F1'"),
        ("102", "'102'"),
        (102, "'102'"),
        ("a%2Fb", "'a%252Fb'"),
        ("..", "'..'"),
    ],
)
def test_strings(value: Any, literal: str) -> None:
    assert string(value) == literal


@pytest.mark.parametrize("value", [True, None, 1.5, ["a"], {"a": 1}, "\ud83d"])
def test_what_is_no_string(value: Any) -> None:
    with pytest.raises(LiteralError):
        string(value)


@given(st.integers(), st.sampled_from(sorted(INT_RANGES)))
def test_integers_are_checked_against_their_range(number: int, type_name: str) -> None:
    low, high = INT_RANGES[type_name]
    if low <= number <= high:
        assert integer(number, type_name) == str(number)
        assert integer(f" {number} ", type_name) == str(number)
    else:
        with pytest.raises(LiteralError, match=f"from {low} to {high}"):
            integer(number, type_name)


@pytest.mark.parametrize("value", ["42", "42 ", " 42", 42, 42.0, "+42", "042"])
def test_numbers_as_people_and_canvases_give_them(value: Any) -> None:
    assert integer(value) == "42"


@pytest.mark.parametrize(
    "value", [True, "4_2", "٤٢", "0x2a", "4.2", 4.2, "", "abc", None, [42], float("inf"), "1" * 41, "--1"]
)
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(LiteralError, match="wanted a whole number"):
        integer(value)


@pytest.mark.parametrize(("value", "literal"), [(True, "true"), (False, "false"), ("TRUE ", "true")])
def test_booleans(value: Any, literal: str) -> None:
    assert boolean(value) == literal


@pytest.mark.parametrize("value", [1, 0, "yes", None, ""])
def test_what_is_no_boolean(value: Any) -> None:
    with pytest.raises(LiteralError, match="true or false"):
        boolean(value)


@given(st.uuids())
def test_guids(value: Any) -> None:
    assert guid(f" {value} ") == str(value)


@pytest.mark.parametrize("value", ["", "6f9619ff", "{6f9619ff-8b86-d011-b42d-00c04fc964ff}", None, 5])
def test_what_is_no_guid(value: Any) -> None:
    with pytest.raises(LiteralError, match="GUID"):
        guid(value)


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 28)),  # noqa: DTZ001 (offset below)
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_any_offset_becomes_utc(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    literal = date_time(aware.isoformat())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", literal)
    read_back = datetime.fromisoformat(literal)
    assert abs(read_back - aware) < timedelta(milliseconds=1)
    assert read_back.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("2026-03-29", "2026-03-29T00:00:00.000Z"),
        ("2026-03-29T10:00", "2026-03-29T10:00:00.000Z"),
        ("2026-03-29T10:00:00.5+02:00", "2026-03-29T08:00:00.500Z"),
        ("2026-03-29 10:00:00Z", "2026-03-29T10:00:00.000Z"),
        (date(2026, 3, 29), "2026-03-29T00:00:00.000Z"),
        (datetime(2026, 3, 29, 10, tzinfo=UTC), "2026-03-29T10:00:00.000Z"),
    ],
)
def test_date_times(value: Any, literal: str) -> None:
    assert date_time(value) == literal


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "", None, 5, "0001-01-01T00:00:00+14:00"])
def test_what_is_no_date_time(value: Any) -> None:
    with pytest.raises(LiteralError, match="date-time"):
        date_time(value)


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
    assert search_text(given_text) == sent


@pytest.mark.parametrize(
    ("name", "value"), [("$top", -1), ("$top", "x"), ("$select", 5), ("$filter", {"a": 1})]
)
def test_options_of_the_wrong_kind_are_refused(name: str, value: Any) -> None:
    with pytest.raises(LiteralError):
        query_string({name: value})


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-03-01T00:00:00", "2026-02-28T23:00:00.000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000Z"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T00:00:00+05:00", "2026-02-28T19:00:00.000Z"),
    ],
)
def test_a_time_without_an_offset_is_of_the_zone(value: str, wanted: str) -> None:
    assert date_time(value, ZoneInfo("Europe/Berlin")) == wanted

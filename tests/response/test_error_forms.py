"""Errors in every form that ASP.NET Core, OData and proxies give keep their words and fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.response.test_decode import decoded
from tests.support import FakePbx, odata_error, run
from threecx_node.advice import BAD_FILTER
from threecx_node.errors import ResponseError
from threecx_node.values.error_body import read_error_body
from threecx_node.values.json import dumps

JSON = {"content-type": "application/json"}
REQUIRED = "The Number field is required."


def error_of(
    body: Any, status: int = 400, operation: str = "CreateUser", media_type: str = "application/json"
) -> ResponseError:
    with pytest.raises(ResponseError) as caught:
        decoded(operation, status, body, {"content-type": media_type})
    return caught.value


FORMS: dict[str, tuple[Any, str, str | None]] = {
    "ProblemDetails": (
        {"title": "One or more validation errors occurred.", "status": 400, "errors": {"Number": [REQUIRED]}},
        f"One or more validation errors occurred. Number: {REQUIRED}",
        "Number",
    ),
    "JSON path": (
        {"title": "Bad", "errors": {"$.Number": ["cannot be converted"]}},
        "Bad; Number: cannot",
        "Number",
    ),
    "only detail": ({"type": "x", "detail": "Too many users"}, "Too many users", None),
    "SerializableError": (
        {"Number": [REQUIRED], "Name": ["too long"]},
        f"Number: {REQUIRED} Name: too long",
        "Number",
    ),
    "details": (
        {"error": {"code": "", "message": "Invalid", "details": [{"message": "in use", "target": "Number"}]}},
        "Invalid; Number: in use",
        "Number",
    ),
    "target": ({"error": {"message": "Invalid", "target": "Number"}}, "Invalid", "Number"),
    "innererror": (
        {
            "error": {
                "message": "An error has occurred.",
                "innererror": {"message": "No trunk", "stacktrace": "at X"},
            }
        },
        "An error has occurred. No trunk",
        None,
    ),
    "language": ({"error": {"message": {"lang": "en-US", "value": "Wrong PIN"}}}, "Wrong PIN", None),
    "version 3": ({"odata.error": {"code": "x", "message": {"value": "Wrong PIN"}}}, "Wrong PIN", None),
    "HttpError": (
        {"Message": "An error has occurred.", "ExceptionMessage": "No trunk", "StackTrace": "at Pbx.X()"},
        "An error has occurred. No trunk",
        None,
    ),
    "ModelState": (
        {"Message": "Bad", "ModelState": {"user.Number": ["in use"]}},
        "Bad; user.Number: in use",
        "user.Number",
    ),
    "OAuth": ({"error": "invalid_scope", "error_description": "No such scope"}, "No such scope", None),
    "text": ("The queue is full", "The queue is full", None),
    "texts": (["The queue is full", "Try later"], "The queue is full; Try later", None),
    "list": ([{"code": "TooShort", "description": "Password too short"}], "Password too short", None),
    "3CX": (
        {"error": {"message": "The input was not valid.\n\ndelta:\nThe delta field is required."}},
        "The input",
        "delta",
    ),
    "plain": (b"The queue is full\r\n", "The queue is full", None),
    "byte order mark": (b'\xef\xbb\xbf"The queue is full"', "The queue is full", None),
    "page": (b"<html><head><title>400 Bad Request</title></head></html>", "web page: 400 Bad Request", None),
    "page in capitals": (
        b"<HTML><TITLE lang='en'>\n Bad &amp; wrong\n</TITLE>",
        "web page: Bad & wrong",
        None,
    ),
    "page without a title": (
        b"<head><meta a='b'></head><script>var x = '<b>'</script><!-- <i> --><h1>Queue <b>800</b></h1> is full",
        "web page: Queue 800 is full",
        None,
    ),
}


@pytest.mark.parametrize(("body", "words", "field"), FORMS.values(), ids=FORMS)
def test_every_error_form_keeps_its_words(body: Any, words: str, field: str | None) -> None:
    content = body if isinstance(body, bytes) else dumps(body)
    error = error_of(content)
    assert words in error.message
    assert "at X" not in error.message
    assert "StackTrace" not in error.message
    assert error.field == field
    assert ("the message names" in error.description) is (field is not None)


@pytest.mark.parametrize("tag", ["<title", "<title>", "<script>", "<!--", "<a ", "<"])
def test_a_page_of_tags_that_never_end(tag: str) -> None:
    """A search for the end of each tag, from the tag on, takes minutes for a page of this size."""
    assert "web page" in error_of(f"<html>Closed{tag * 150_000}".encode()).message


@pytest.mark.parametrize("media_type", ["application/problem+json; charset=utf-8", "text/plain", ""])
def test_the_media_type_of_an_error_does_not_matter(media_type: str) -> None:
    error = error_of({"title": "Bad", "errors": {"Number": [REQUIRED]}}, media_type=media_type)
    assert error.message == f"Bad; Number: {REQUIRED}"


def test_a_long_error_is_cut() -> None:
    errors = {f"Field{number}": ["x" * 10_000] * 10 for number in range(100)}
    for body in (
        {"errors": errors},
        errors,
        {"error": {"message": "y" * 10**6}},
        "z" * 10**6,
        ["w" * 10**5] * 99,
    ):
        assert len(error_of(body).message) <= 2001


@pytest.mark.parametrize(
    "code", ["WARNINGS.XAPI.NOT_FOUND", "WARNINGS.XAPI.INVALID", "WARNINGS.XAPI.REQUIRED"]
)
def test_advice_speaks_of_a_field_only_where_one_is_named(code: str) -> None:
    assert "the message names" not in error_of({"error": {"message": code}}).description
    detail = {"message": code, "target": "Number"}
    named = error_of({"error": {"message": code, "details": [detail]}}, operation="UpdateUser")
    assert "that the message names" in named.description


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["error", "message", "details", "errors", "innererror", "target", "title", "X"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read(document: Any) -> None:
    found = read_error_body(dumps(document))
    assert isinstance(found.message, str)
    assert all(isinstance(each, str) for each in found.fields)


KEYLESS = {
    "DownloadAbandonedChatsStatistics": ("queueDnStr", "+08:00"),
    "GetDuplicatedEmails": ("body",),
    "ListUser": ("release",),
    "CreateUser": ("body",),
}


@pytest.mark.parametrize(("operation", "words"), KEYLESS.items(), ids=KEYLESS)
@pytest.mark.parametrize(
    "body", [b"", {"error": {"message": "WARNINGS.XAPI.NOT_FOUND"}}, {"title": "Not Found"}]
)
def test_a_404_without_a_key_never_speaks_of_an_id(operation: str, words: tuple[str, ...], body: Any) -> None:
    description = error_of(body, 404, operation).description
    assert "ID" not in description
    if not isinstance(body, dict) or "error" not in body:
        assert all(word in description for word in words)


def test_a_404_with_a_key_names_the_key() -> None:
    assert "Check the ID." in error_of(b"", 404, "GetUser").description
    assert "Check the MacAddress." in error_of(b"", 404, "GetFxs").description


TYPES = {
    "Edm.DateTimeOffset": "dates without quotes: StartTime ge 2026-03-01T00:00:00Z, or date(StartTime) ge 2026-03-01",
    "Edm.Date": "dates without quotes",
    "Edm.TimeOfDay": "times of day without quotes",
    "Edm.Duration": "duration'PT1H30M'",
    "Edm.Guid": "GUIDs without quotes",
    "Edm.Boolean": "true and false without quotes",
    "Edm.Int32": "numbers without quotes",
    "Edm.Int64": "numbers without quotes",
    "Edm.Double": "numbers without quotes",
    "Pbx.UserStatus": "member of the enumeration",
}


@pytest.mark.parametrize(("name", "words"), TYPES.items(), ids=TYPES)
@pytest.mark.parametrize("is_first", [True, False])
def test_incompatible_types_in_a_filter(name: str, words: str, is_first: bool) -> None:
    types = f"'{name}' and 'Edm.String'" if is_first else f"'Edm.String' and '{name}'"
    message = (
        "The query specified in the URI is not valid. A binary operator with incompatible types was detected. "
        f"Found operand types {types} for operator kind 'GreaterThanOrEqual'."
    )
    pbx = FakePbx(lambda _: odata_error(400, message))
    [result] = run(pbx, "ListUser", [{}], {"$filter": "contains(Number,'1')"}).results
    assert result.error is not None
    assert words in result.error.description
    assert "single quotes, double" not in result.error.description


def test_another_error_of_a_filter_keeps_its_advice() -> None:
    pbx = FakePbx(lambda _: odata_error(400, "Could not find a property named 'Nam' on type 'Pbx.User'."))
    [result] = run(pbx, "ListUser", [{}], {"$filter": "Nam eq '1'"}).results
    assert result.error is not None
    assert result.error.description == BAD_FILTER

"""Filters that every PBX refuses: they cost no request, and the error says how to write them."""

from __future__ import annotations

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.errors import ParameterError
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.request.filter_check import FilterChecker

CATALOG = load_catalog()
CALLS, USERS, LOG, TOKENS = "ListCallHistoryView", "ListUser", "ListEventLog", "ListOAuthClient"


def build(operation: str, text: str, release: str | None = None) -> str:
    builder = RequestBuilder(CATALOG, CATALOG.operation(operation), release)
    return builder.build(RequestValues({}, {"$filter": text})).query


@pytest.mark.parametrize(
    ("operation", "text", "remedy"),
    [
        (CALLS, "SegmentStartTime ge '2026-03-01'",
         "Write dates without quotes: SegmentStartTime ge 2026-03-01T00:00:00Z, "
         "or date(SegmentStartTime) ge 2026-03-01."),
        (CALLS, "segmentstarttime GE '2026-03-01T10:00:00Z' and CallAnswered eq true",
         "Write dates without quotes: segmentstarttime GE 2026-03-01T00:00:00Z, "
         "or date(segmentstarttime) GE 2026-03-01."),
        (CALLS, "'yesterday' lt SegmentStartTime", "Write dates without quotes: SegmentStartTime lt 2026-03-01T"),
        (CALLS, "(CallAnswered eq 'true')", "Write true or false without quotes: CallAnswered eq true."),
        (CALLS, "CallTime gt 'PT3M'", "Write durations like this: CallTime gt duration'PT3M'."),
        (CALLS, "date(SegmentStartTime) eq '2026-03-02'",
         "Write dates without quotes: date(SegmentStartTime) eq 2026-03-02."),
        (CALLS, "SegmentId eq '17'", "Write numbers without quotes: SegmentId eq 17."),
        (LOG, "TimeGenerated ge '2026-03-01'", "or date(TimeGenerated) ge 2026-03-01."),
        (USERS, "Number eq 102", "Write texts in single quotes: Number eq '102'."),
        (USERS, "startswith(FirstName,'A') and 102 ne Number", "Write texts in single quotes: Number ne '102'."),
        (USERS, "Groups/any(g: g/GroupId eq '5')", "Write numbers without quotes: g/GroupId eq 5."),
        (USERS, "hours/type gt 'OfficeHours'", "Compare them with eq, ne or in: hours/type eq 'OfficeHours'."),
        (USERS, "QueueStatus eq true", "Write choices in single quotes: QueueStatus eq 'true'."),
        (USERS, "tolower(FirstName) eq 5", "Write texts in single quotes: tolower(FirstName) eq '5'."),
        (USERS, "length(Number) eq '3'", "Write numbers without quotes: length(Number) eq 3."),
        (USERS, "Enabled eq True", "Write it in lower case: Enabled eq true."),
        (USERS, "PrimaryGroupId ne NULL", "Write it in lower case: PrimaryGroupId ne null."),
        (TOKENS, "Id eq '6f9619ff-8b86-d011-b42d-00c04fc964ff'",
         "Write GUIDs without quotes: Id eq 6f9619ff-8b86-d011-b42d-00c04fc964ff."),
    ],
)  # fmt: skip
def test_a_filter_of_two_types_is_refused(operation: str, text: str, remedy: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build(operation, text)
    assert caught.value.field == "$filter"
    assert caught.value.message.startswith("$filter: ")
    assert remedy in caught.value.description


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (CALLS, "SegmentStartTime ge 2026-03-01T00:00:00Z"),
        (CALLS, "SegmentStartTime ge 2026-03-01"),
        (CALLS, "date(SegmentStartTime) ge 2026-03-01"),
        (CALLS, "SegmentStartTime lt now() and hour(SegmentStartTime) eq 8"),
        (CALLS, "SegmentStartTime in ('2026-03-01T00:00:00Z')"),
        (CALLS, "CallTime gt duration'PT3M'"),
        (USERS, "Number eq '102' or FirstName eq null"),
        (USERS, "not startsWith(FirstName,'a'' eq 5')"),
        (
            USERS,
            "QueueStatus eq 'LoggedIn' or QueueStatus eq Pbx.QueueStatusType'LoggedIn' or QueueStatus eq 0",
        ),
        (USERS, "Groups/any(Number: Number/GroupId eq 5) and Groups/any(g:g/Name eq 'x')"),
        (USERS, "Groups/$count eq '5'"),
        (USERS, "NewOfThisPbx eq '5'"),
        (USERS, "Id add 1 eq '5'"),
        (USERS, "Id eq PrimaryGroupId"),
        (USERS, "contains(FirstName,'Id eq ''5''')"),
        (USERS, "Id eq '5"),
        (USERS, "Id eq §5"),
        (USERS, "eq"),
        (USERS, ")) eq '5'"),
    ],
)
def test_an_uncertain_filter_is_left_to_the_pbx(operation: str, text: str) -> None:
    assert build(operation, text).startswith("$filter=")


def test_a_type_that_changed_is_checked_by_release() -> None:
    """`SegId` was a number up to 20.0.5 and is a text since: without a release both may be meant."""
    schema = "Pbx.CallCostByExtensionGroup"
    for text in ("SegId eq 5", "SegId eq '5'"):
        FilterChecker(CATALOG, schema, None).check(text)
    FilterChecker(CATALOG, schema, "20.0.4").check("SegId eq 5")
    with pytest.raises(ParameterError, match="a number with a text"):
        FilterChecker(CATALOG, schema, "20.0.4").check("SegId eq '5'")
    with pytest.raises(ParameterError, match="a text with a number"):
        FilterChecker(CATALOG, schema, "20.0.10").check("SegId eq 5")


@pytest.mark.parametrize(
    "text",
    [
        "Id eq 5 or " * 20_000 + "Id eq 5",
        "(" * 50_000 + "Id" + ") eq 5" * 50_000,
        "'" + "x" * 200_000,
        "a/" * 50_000,
    ],
    ids=["many", "nested", "open", "path"],
)
def test_a_long_filter_is_read_once(text: str) -> None:
    assert build(USERS, text)

"""Names in query options, in any case, as ASP.NET Core OData reads them: options, functions, properties, members."""

from __future__ import annotations

import httpx
import pytest

from .test_query import numbers, refused


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("not startsWith(LastName,'L') and number lt '103'", ["100", "102"]),
        ("NOT StartsWith(LASTNAME,'L') AND Number LT '103'", ["100", "102"]),
        ("StartsWith(Number,'12') and EndsWith(Number,'4')", ["124"]),
        ("Contains(ToLower(lastName),'ö')", ["119"]),
        ("IndexOf(FirstName,'rsten') EQ 2", ["111"]),
        ("subString(FirstName,1,2) Eq 'da'", ["101"]),
        ("number IN ('101','103')", ["101", "103"]),
        ("firstname Eq 'Ada' Or FIRSTNAME Eq 'Ben'", ["101", "102"]),
        ("pinProtectTimeout ADD 1 eq 2001 and number eq '101'", ["101"]),
        ("hours/type eq 'officehours' and number eq '101'", ["101"]),
        ("queueStatus eq 'loggedin' and number eq '101'", ["101"]),
        ("queueStatus in ('LOGGEDIN') and number eq '101'", ["101"]),
        ("queueStatus eq pbx.queueStatusType'loggedIn' and number eq '101'", ["101"]),
        ("groups/Any(g: g/name eq 'Accounts')", ["119", "120", "121"]),
        ("groups/any(g: g/rights/roleName eq 'system_owners')", ["100"]),
    ],
)
def test_a_filter_in_any_case(api: httpx.Client, expression: str, expected: list[str]) -> None:
    answer = api.get("Users", params={"$filter": expression})
    assert answer.status_code == 200, answer.text
    assert [user["Number"] for user in answer.json()["value"]] == expected


def test_times_in_any_case(api: httpx.Client) -> None:
    query = {"$filter": "Year(segmentStartTime) eq 2026 and DAY(segmentStartTime) eq 3", "$count": "true"}
    assert api.get("CallHistoryView", params=query).json()["@odata.count"] == 24


def test_orderby_in_any_case(api: httpx.Client) -> None:
    assert numbers(api, "$orderby=number&$top=2") == ["100", "101"]
    assert numbers(api, "$orderby=number DESC&$top=2") == ["124", "123"]
    assert numbers(api, "$orderby=Length(lastName) Desc,NUMBER&$top=1") == ["101"]
    refused(api, "$orderby=number downwards")


def test_select_and_expand_in_any_case(api: httpx.Client) -> None:
    body = api.get("Users?$top=1&$select=number,hours/type").json()["value"]
    assert body == [{"Number": "100", "Hours": {"Type": "OfficeHours"}}]
    query = "$select=id&$expand=groups($Select=name;$OrderBy=NAME desc;$expand=rights($select=rolename))"
    body = api.get(f"Users(Number='107')?{query}").json()
    assert body["Groups"] == [{"Name": "Support", "Rights": {"RoleName": "users"}}]


def test_option_names_in_any_case(api: httpx.Client) -> None:
    assert numbers(api, "$Filter=Number ge '101'&$OrderBy=Number&$TOP=2&$Skip=1") == ["102", "103"]
    assert "more than once" in refused(api, "$top=1&$Top=2")
    body = api.get("Contacts?$Skip=0&$Count=true").json()
    assert body["@odata.count"] == len(body["value"])


def test_a_next_link_has_one_skip_in_any_case(api: httpx.Client) -> None:
    for index in range(120):
        assert api.post("Contacts", json={"FirstName": f"C{index}", "LastName": "L"}).status_code == 201
    link = api.get("Contacts?$Skip=10").json()["@odata.nextLink"]
    assert link.lower().count("skip=") == 1
    assert api.get(link).status_code == 200


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("AllowLanOnly eq True", "Could not find a property named 'True' on type 'Pbx.User'."),
        ("PrimaryGroupId ne NULL", "Could not find a property named 'NULL' on type 'Pbx.User'."),
        ("QueueStatus eq 'sleeping'", "The string 'sleeping' is not a valid enumeration type constant."),
        ("beginsWith(Number,'1')", "An unknown function with name 'beginsWith' was found."),
    ],
)
def test_words_whose_case_counts(api: httpx.Client, expression: str, message: str) -> None:
    answer = api.get("Users", params={"$filter": expression})
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "expression", "left", "right", "operator"),
    [
        (
            "CallHistoryView",
            "SegmentStartTime ge '2026-03-01'",
            "DateTimeOffset",
            "String",
            "GreaterThanOrEqual",
        ),
        ("CallHistoryView", "'2026-03-01' LT segmentstarttime", "String", "DateTimeOffset", "LessThan"),
        ("CallHistoryView", "date(SegmentStartTime) le '2026-03-01'", "Date", "String", "LessThanOrEqual"),
        ("CallHistoryView", "CallAnswered ne 'true'", "Boolean", "String", "NotEqual"),
        ("CallHistoryView", "CallTime gt 'PT3M'", "Duration", "String", "GreaterThan"),
        ("Users", "Number eq 102", "String", "Int32", "Equal"),
        ("Users", "Number eq 5000000000", "String", "Int64", "Equal"),
        ("Users", "Number eq 1.5", "String", "Single", "Equal"),
        ("Users", "Id eq '5'", "Int32", "String", "Equal"),
        ("Users", "length(Number) eq '3'", "Int32", "String", "Equal"),
        ("Users", "Number eq true", "String", "Boolean", "Equal"),
    ],
)
def test_operands_of_two_types_are_refused(
    api: httpx.Client, path: str, expression: str, left: str, right: str, operator: str
) -> None:
    answer = api.get(path, params={"$filter": expression})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"] == (
        "The query specified in the URI is not valid. A binary operator with incompatible types was detected. "
        f"Found operand types 'Edm.{left}' and 'Edm.{right}' for operator kind '{operator}'."
    )


def test_moments_in_a_list_may_have_quotes(api: httpx.Client) -> None:
    path, moment = "CallHistoryView", "2026-03-02T00:30:00Z"
    first = api.get(f"{path}?$top=1").json()["value"][0]["SegmentStartTime"]
    for text in (first, f"'{first}'"):
        query = {"$filter": f"SegmentStartTime in ({text},{moment})", "$count": "true"}
        assert api.get(path, params=query).json()["@odata.count"] >= 1
    refused(api, "$filter=SegmentStartTime in ('yesterday')", path)


def test_enums_are_not_ordered(api: httpx.Client) -> None:
    message = refused(api, "$filter=QueueStatus gt 'LoggedIn'")
    assert "operand types 'Pbx.QueueStatusType' and 'Edm.String' for operator kind 'GreaterThan'" in message


def test_guids_are_not_texts(api: httpx.Client) -> None:
    guid = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    assert numbers(api, f"$filter=Id in ('{guid}')", "OAuthClients") == []
    assert numbers(api, f"$filter=Id eq {guid}", "OAuthClients") == []
    message = refused(api, f"$filter=Id eq '{guid}'", "OAuthClients")
    assert "operand types 'Edm.Guid' and 'Edm.String' for operator kind 'Equal'" in message

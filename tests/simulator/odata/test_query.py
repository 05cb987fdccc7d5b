"""Query options: paging, selection of properties, filters, order, search."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from threecx_node.simulator import Simulator


def numbers(api: httpx.Client, query: str, path: str = "Users") -> list[str]:
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["Number"] for item in answer.json()["value"]]


def refused(api: httpx.Client, query: str, path: str = "Users") -> str:
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 400, f"{query}: {answer.status_code} {answer.text}"
    error: dict[str, Any] = answer.json()["error"]
    return str(error["message"])


def add_contacts(api: httpx.Client, count: int) -> None:
    for index in range(count):
        created = api.post("Contacts", json={"FirstName": f"Person {index}", "LastName": "Bulk"})
        assert created.status_code == 201


def test_top_and_skip(api: httpx.Client) -> None:
    assert numbers(api, "$top=3") == ["100", "101", "102"]
    assert numbers(api, "$top=2&$skip=23") == ["123", "124"]
    assert numbers(api, "$top=0") == []
    assert numbers(api, "$skip=25") == []


def test_top_over_100(api: httpx.Client) -> None:
    expected = (
        "The limit of '100' for Top query has been exceeded. The value from the incoming request is '500'."
    )
    assert refused(api, "$top=500") == expected
    assert refused(api, "%24top=500") == expected
    assert api.get("CallHistoryView?$top=500").status_code == 200
    assert api.get("Users?$top=100").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "$top=-1",
        "$top=x",
        "$top=",
        "$skip=1.5",
        "$count=yes",
        "$top=1&$top=2",
        "$format=json",
        "$top=99999999999",
    ],
)
def test_malformed_options(api: httpx.Client, query: str) -> None:
    refused(api, query)


def test_options_that_an_operation_does_not_accept(api: httpx.Client) -> None:
    user_id = api.get("Users(Number='101')").json()["Id"]
    assert "$top" in refused(api, "$top=1", f"Users({user_id})")
    assert api.get("Users?custom=1&$top=1&format=x").status_code == 200


def test_count(api: httpx.Client) -> None:
    body = api.get("Users?$count=true&$top=2&$filter=startswith(Number,'11')").json()
    assert body["@odata.count"] == 10
    assert len(body["value"]) == 2
    assert "@odata.count" not in api.get("Users?$count=false&$top=1").json()


def test_next_links_lead_through_all(api: httpx.Client) -> None:
    add_contacts(api, 230)
    total = 236
    url, seen, pages = "Contacts?$count=true&$orderby=Id desc&$select=Id", [], 0
    while url:
        body = api.get(url).json()
        assert body["@odata.count"] == total
        seen += [item["Id"] for item in body["value"]]
        url, pages = body.get("@odata.nextLink", ""), pages + 1
    assert pages == 3
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == total
    # A client that sends $top pages by itself.
    assert "@odata.nextLink" not in api.get("Contacts?$top=100").json()


def test_select(api: httpx.Client) -> None:
    body = api.get("Users?$top=1&$select=Number,FirstName").json()
    assert body["@odata.context"].endswith("$metadata#Users(Number,FirstName)")
    assert body["value"] == [{"Number": "100", "FirstName": "Olivia"}]
    assert api.get("Users?$top=1&%24select=Id%2CNumber").json()["value"][0].keys() == {"Id", "Number"}
    assert api.get("Users?$top=1&$select=Hours/Type").json()["value"] == [{"Hours": {"Type": "OfficeHours"}}]
    assert len(api.get("Users?$top=1&$select=*").json()["value"][0]) > 40
    assert "Could not find a property named 'Nope'" in refused(api, "$select=Nope")
    assert "Could not find a property" in refused(api, "$select=Number/Nope")
    refused(api, "$select=")


def test_expand(api: httpx.Client) -> None:
    body = api.get("Users(Number='107')?$expand=Groups,ForwardingProfiles&$select=Id").json()
    assert [group["Name"] for group in body["Groups"]] == ["Support"]
    assert "Rights" not in body["Groups"][0]
    assert len(body["ForwardingProfiles"]) == 5
    nested = "Groups($expand=Rights($select=RoleName);$select=Name;$top=1),Phones"
    body = api.get(f"Users(Number='107')?$select=Id&$expand={nested}").json()
    assert body["Groups"] == [{"Name": "Support", "Rights": {"RoleName": "users"}}]
    assert body["Phones"] == []
    body = api.get(
        "Groups?$filter=Name eq 'Support'&$expand=Members($filter=Number gt '110';$count=true)"
    ).json()
    assert body["value"][0]["Members@odata.count"] == 3
    assert [member["Number"] for member in body["value"][0]["Members"]] == ["111", "112", "113"]
    body = api.get("CallFlowApps?$top=1&$expand=*").json()["value"][0]
    assert body["Groups"][0]["Name"] == "DEFAULT"
    assert body["Trunk"] is None


@pytest.mark.parametrize(
    "expand",
    ["Nope", "FirstName", "Groups(", "Groups($select=Nope)", "Groups($top=x)", "Groups($nope=1)", ""],
)
def test_invalid_expand(api: httpx.Client, expand: str) -> None:
    refused(api, f"$expand={expand}")


def test_orderby(api: httpx.Client) -> None:
    names = [u["FirstName"] for u in api.get("Users?$orderby=FirstName desc&$top=3").json()["value"]]
    assert names == ["Yara", "Will", "Vera"]
    ordered = api.get("Users?$orderby=IsRegistered,LastName desc&$select=IsRegistered,LastName").json()[
        "value"
    ]
    pairs = [(user["IsRegistered"], user["LastName"]) for user in ordered]
    offline = [name for online, name in pairs if not online]
    online = [name for online, name in pairs if online]
    assert pairs == [(False, name) for name in offline] + [(True, name) for name in online]
    assert offline == sorted(offline, reverse=True)
    assert online == sorted(online, reverse=True)
    assert numbers(api, "$orderby=length(LastName) desc,Number&$top=3") == ["101", "105", "119"]
    refused(api, "$orderby=Nope")
    refused(api, "$orderby=Hours")
    refused(api, "$orderby=")


def test_null_comes_first(api: httpx.Client) -> None:
    api.post("Blocklist", json={"IPAddrMask": "198.51.100.1", "ExpiresAt": "2030-01-01T00:00:00Z"})
    times = [one["ExpiresAt"] for one in api.get("Blocklist?$orderby=ExpiresAt").json()["value"]]
    assert times == [None, "2030-01-01T00:00:00.000Z"]
    times = [one["ExpiresAt"] for one in api.get("Blocklist?$orderby=ExpiresAt desc").json()["value"]]
    assert times == ["2030-01-01T00:00:00.000Z", None]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Number eq '102'", ["102"]),
        ("'102' eq Number", ["102"]),
        ("Number in ('101','103','nobody')", ["101", "103"]),
        ("Number gt '122'", ["123", "124"]),
        ("Number ge '122' and Number lt '124'", ["122", "123"]),
        ("not (Number gt '100')", ["100"]),
        ("not(Number gt '100')", ["100"]),
        ("LastName eq 'O''Brien'", ["112"]),
        ("contains(tolower(LastName),'ö')", ["119"]),
        ("startswith(LastName,'S') and endswith(LastName,'s')", ["124"]),
        ("length(FirstName) eq 7", ["111"]),
        ("indexof(FirstName,'rsten') eq 2", ["111"]),
        ("substring(FirstName,1,2) eq 'da'", ["101"]),
        ("concat(FirstName,LastName) eq 'AdaLindqvist'", ["101"]),
        ("trim(toupper(FirstName)) eq 'ADA'", ["101"]),
        ("FirstName eq 'Ada' or FirstName eq 'Ben' and Number eq 'no'", ["101"]),
        ("(FirstName eq 'Ada' or FirstName eq 'Ben') and Number eq '102'", ["102"]),
        ("AllowLanOnly eq true", []),
        ("AllowOwnRecordings and Number eq '101'", ["101"]),
        ("PinProtectTimeout add 1 eq 2001 and Number eq '101'", ["101"]),
        ("PinProtectTimeout div 0 eq 1", []),
        ("PinProtectTimeout mod 3 eq 2 and Number eq '101'", ["101"]),
        ("PrimaryGroupId ne null and Number eq '101'", ["101"]),
        ("ContactImage eq null", []),
        ("Hours/Type eq 'OfficeHours' and Number eq '101'", ["101"]),
        ("QueueStatus eq Pbx.QueueStatusType'LoggedIn' and Number eq '101'", ["101"]),
        ("QueueStatus in ('LoggedOut')", []),
        ("Groups/any(g: g/Name eq 'Accounts')", ["119", "120", "121"]),
        ("Groups/any(g: g/Name eq 'Accounts' and contains(LastName,'Si'))", ["120"]),
        ("Groups/all(g: g/Name eq 'DEFAULT')", ["100"]),
        ("Phones/any()", []),
        ("Groups/any(g: g/Rights/RoleName eq 'system_owners')", ["100"]),
        ("Tags/any(t: t eq 'MS')", []),
        ("  Number eq '102'  ", ["102"]),
    ],
)
def test_filter(api: httpx.Client, expression: str, expected: list[str]) -> None:
    answer = api.get("Users", params={"$filter": expression})
    assert answer.status_code == 200, answer.text
    assert [user["Number"] for user in answer.json()["value"]] == expected


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("SegmentStartTime ge 2026-03-03T00:00:00Z", 24),
        ("SegmentStartTime ge 2026-03-03T01:00:00+01:00", 24),
        ("year(SegmentStartTime) eq 2026 and day(SegmentStartTime) eq 3", 24),
        ("date(SegmentStartTime) eq 2026-03-02", 16),
        ("hour(SegmentStartTime) lt 1", 1),
        ("CallTime gt duration'PT3M'", None),
        ("totalseconds(CallTime) gt 180", None),
        ("CallAnswered eq false", 6),
        ("SegmentStartTime lt now()", 40),
        ("DstRecId eq null", 0),
    ],
)
def test_filter_over_times(pbx: Simulator, api: httpx.Client, expression: str, count: int | None) -> None:
    if count is None:
        calls = pbx.state.entities("CallHistoryView")
        count = sum(float(call["CallTime"][2:-1]) > 180 for call in calls)
        assert count > 0
    answer = api.get("CallHistoryView", params={"$filter": expression, "$count": "true", "$top": "0"})
    assert answer.json().get("@odata.count") == count, answer.text


@pytest.mark.parametrize(
    "expression",
    [
        "Nope eq 1",
        "Hours/Nope eq 1",
        "Number/Nope eq 1",
        "Number eq 102",
        "Id eq '5'",
        "Id eq 5 and",
        "Id eq",
        "Id",
        "FirstName",
        "",
        "Id eq 5)",
        "((((",
        "nofunction(Id) eq 1",
        "length(Id) eq 1",
        "contains(Number) eq true",
        "QueueStatus eq 'Sleeping'",
        "QueueStatus gt 'LoggedIn'",
        "Hours eq null and Hours eq Hours",
        "Groups eq null",
        "Groups/Name eq 'x'",
        "Number/any(x: x eq '1')",
        "Groups/any(g: g/Nope eq 1)",
        "Groups/any(g: g/Name)",
        "Id in (1,'x')",
        "Id in Number",
        "Id eq 99999999999999999999999999",
        "Id eq 1e999",
        "not Number eq 5",
        "-Number eq 5",
        "Number add 1 eq 2",
        "geo.length(Number) eq 1",
        "SegmentStartTime gt 2026-13-45",
        "matchesPattern(Number,'(a+)+$')",
        "$it eq 1",
        "(" * 3000 + "Id eq 1" + ")" * 3000,
        " or ".join(["Id eq 1"] * 1200),
    ],
)
def test_invalid_filters(api: httpx.Client, expression: str) -> None:
    answer = api.get("Users", params={"$filter": expression})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"].startswith("The query specified in the URI is not valid. ")


def test_a_filter_names_the_unknown_property(api: httpx.Client) -> None:
    message = refused(api, "$filter=Colour eq 'red'")
    assert "Could not find a property named 'Colour' on type 'Pbx.User'." in message


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("Ada", ["101", "105"]),  # Papadakis
        ("ada", ["101", "105"]),
        ('"Ada Lindqvist"', ["101"]),
        ("Ada Lindqvist", ["101"]),
        ("Ada AND Rossi", []),
        ("Ada OR Rossi", ["101", "103", "105"]),
        ("Ada NOT Lindqvist", ["105"]),
        ("söderberg", ["119"]),
        ("%2B35799555101", ["101"]),
    ],
)
def test_search(api: httpx.Client, search: str, expected: list[str]) -> None:
    assert numbers(api, f"$search={search}") == expected


@pytest.mark.parametrize("search", ["", "NOT", '"open', "a OR", "OR"])
def test_invalid_search(api: httpx.Client, search: str) -> None:
    refused(api, f"$search={search}")


def test_bytes_that_are_not_utf_8(api: httpx.Client) -> None:
    refused(api, "$filter=%ff")
    refused(api, "$filter=Number eq '" + "x" * 20_000 + "'")


def test_plus_and_percent_20_are_spaces(api: httpx.Client) -> None:
    assert numbers(api, "$filter=Number+eq+'102'") == ["102"]
    assert numbers(api, "%24filter=Number%20eq%20%27102%27") == ["102"]


def test_next_link_of_a_function(api: httpx.Client) -> None:
    pages, link = 0, "Contacts/Pbx.GetContactsByNumber(number='%2B4')"
    for index in range(101):
        assert api.post("Contacts", json={"FirstName": f"C{index}", "PhoneNumber": "+4"}).status_code == 201
    while link:
        answer = api.get(link)
        assert answer.status_code == 200, link
        pages, link = pages + 1, answer.json().get("@odata.nextLink", "")
    assert pages == 2

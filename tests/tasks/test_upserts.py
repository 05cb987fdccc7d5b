"""Create or Update: contacts, users and blocked numbers, matched however numbers are written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.support import do, list_changes, plan, read, refuse, run_task
from tests.tasks.upsert_support import count, create, request, upsert
from threecx_node.simulator import Simulator


@pytest.mark.slow
def test_three_hundred_contacts(threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine the list would count as old meanwhile, and be read again.
    monkeypatch.setattr("threecx_node.tasks.upsert_batch._clock", lambda: 0.0)
    pbx = threecx_simulator
    before = pbx.state.count("Contacts")
    rows = [
        {"FirstName": "Jürgen", "LastName": f"O'Brien {number}", "PhoneNumber": f"+49 30 55{number:05}"}
        for number in range(300)
    ]
    assert {each["action"] for each in upsert(pbx, rows)} == {"created"}
    assert pbx.state.count("Contacts") == before + 300
    assert count(pbx, "POST", "Contacts") == 300
    assert count(pbx, "GET", "Contacts") <= 3
    pbx.forget_requests()
    # The same rows in another notation, a third of them with another value.
    again = [
        {**row, "PhoneNumber": row["PhoneNumber"].replace("+49 30 ", "0049 (0)30/"), "CompanyName": "Acme"}
        if number % 3 == 0
        else {**row, "PhoneNumber": row["PhoneNumber"].replace(" ", "-"), "CompanyName": ""}
        for number, row in enumerate(rows)
    ]
    found = upsert(pbx, again)
    assert [each["action"] for each in found] == ["updated", "unchanged", "unchanged"] * 100
    assert {tuple(each["changed"]) for each in found} == {("CompanyName",), ()}
    assert pbx.state.count("Contacts") == before + 300
    assert count(pbx, "PATCH", "Contacts") == 100
    assert count(pbx, "GET", "Contacts") <= 5
    assert len(list_changes(pbx)) == 100
    bodies = {each.body for each in pbx.requests if each.method == "PATCH"}
    assert bodies == {b'{"CompanyName":"Acme"}'}
    pbx.forget_requests()
    assert {each["action"] for each in upsert(pbx, again)} == {"unchanged"}
    assert list_changes(pbx) == []


@pytest.mark.slow
def test_numbers_in_every_notation_and_field(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    notations = [
        "+49305550100",
        "0049305550100",
        "+49 (0)30 555-0100",
        "00 49 30 / 5550100",
        "+49.30.5550100",
        "+49\u00a030\u20115550100",
        " +49 30 5550100 ",
    ]
    for field in ("PhoneNumber", "Business2", "BusinessFax"):
        [created] = upsert(pbx, [{"FirstName": "Ada", field: "+49 30 5550100"}])
        assert created["action"] == "created"
        [found, *others] = upsert(pbx, [{"LastName": "Lovelace", "Home": each} for each in notations])
        assert (found["action"], found["Id"]) == ("updated", created["Id"])
        assert set(found["changed"]) == {"LastName", "Home"}
        others += upsert(pbx, [{"LastName": "Lovelace", field: each} for each in notations])
        assert {(each["action"], *each["changed"]) for each in others} == {("unchanged",)}
        request(pbx, "DELETE", f"Contacts({created['Id']})")


def test_numbers_that_differ(threecx_simulator: Simulator) -> None:
    rows = [
        {"FirstName": "a", "PhoneNumber": number}
        for number in ("030 5550100", "+49 30 5550100", "030 5550101")
    ]
    assert [each["action"] for each in upsert(threecx_simulator, rows)] == ["created"] * 3


def test_a_number_from_a_spreadsheet(threecx_simulator: Simulator) -> None:
    [created] = upsert(threecx_simulator, [{"FirstName": "Ada", "PhoneNumber": 49305550100}])
    assert created["PhoneNumber"] == "49305550100"
    [again] = upsert(threecx_simulator, [{"FirstName": "Ada", "PhoneNumber": "49305550100"}])
    assert again["action"] == "unchanged"


def test_two_rows_with_one_number_become_one_contact(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = pbx.state.count("Contacts")
    rows = [
        {"FirstName": f"Ada {number}", "PhoneNumber": f"+49 30 55501{number % 2:02}"} for number in range(40)
    ]
    found = upsert(pbx, rows)
    assert [each["action"] for each in found] == ["created", "created", *["updated"] * 38]
    assert pbx.state.count("Contacts") == before + 2
    stored = {each["Id"]: each["FirstName"] for each in read(pbx, "ListContact", returnAll=True)}
    assert {stored[each["Id"]] for each in found} == {"Ada 38", "Ada 39"}
    # One row joins two numbers that others have alone: they take turns too.
    rows = [
        {"FirstName": "one", "PhoneNumber": "0711 1"},
        {"FirstName": "both", "PhoneNumber": "0711 1", "Home": "0711 2"},
        {"FirstName": "two", "PhoneNumber": "0711 2"},
    ]
    found = upsert(pbx, rows)
    assert [each["action"] for each in found] == ["created", "updated", "updated"]
    assert len({each["Id"] for each in found}) == 1


def test_empty_values_erase_only_if_it_is_said(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    row = {"FirstName": "Ada", "PhoneNumber": "0711 1", "Email": "ada@example.com"}
    upsert(pbx, [row])
    [kept] = upsert(pbx, [{**row, "Email": "", "FirstName": "  ", "Title": None}])
    assert (kept["action"], kept["Email"], kept["FirstName"]) == ("unchanged", "ada@example.com", "Ada")
    [erased] = upsert(pbx, [{**row, "Email": "", "Title": None}], emptyErases=True)
    assert (erased["action"], erased["changed"]) == ("updated", ["Email"])
    [again] = upsert(pbx, [{**row, "Email": None, "Title": ""}], emptyErases=True)
    assert again["action"] == "unchanged"


def test_chosen_fields_to_match_on(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    upsert(
        pbx,
        [
            {"FirstName": "Ada", "LastName": "O'Brien", "Email": "Ada@Example.com", "PhoneNumber": "0711 1"},
            {"FirstName": "Bob", "LastName": "O'Brien", "Email": "bob@example.com", "PhoneNumber": "0711 2"},
        ],
    )
    [found] = upsert(pbx, [{"Email": " ada@example.COM", "PhoneNumber": "0711 9"}], matchOn="Email")
    assert (found["action"], found["FirstName"]) == ("updated", "Ada")
    assert found["changed"] == ["PhoneNumber"]
    [found] = upsert(
        pbx, [{"FirstName": "bob", "LastName": "o'brien", "Title": "Dr."}], matchOn=["First Name", "LastName"]
    )
    assert (found["action"], found["Email"]) == ("updated", "bob@example.com")
    # The columns of a mapper have the same meaning.
    mapper = {
        "mappingMode": "defineBelow",
        "value": {"LastName": "O'Brien", "FirstName": "Bob", "Department": "Sales"},
        "matchingColumns": ["FirstName", "LastName"],
    }
    [result] = run_task(pbx, "UpsertContact", [{}], {"body": mapper, "options": {"matchOn": []}})
    assert result.items is not None
    assert result.items[0]["json"]["changed"] == ["Department"]


def test_a_row_that_cannot_be_matched_is_refused(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    upsert(
        pbx,
        [
            {"FirstName": "Ada", "LastName": "O'Brien", "Email": "ada@example.com", "PhoneNumber": "0711 1"},
            {"FirstName": "Bob", "LastName": "O'Brien", "Email": "ada@example.com", "PhoneNumber": "0711 2"},
        ],
    )
    pbx.forget_requests()

    def refuse_contact(row: dict[str, Any], **parameters: Any) -> str:
        return refuse(pbx, "UpsertContact", body=row, **parameters)

    assert "no field has a telephone number. Fill PhoneNumber" in refuse_contact({"FirstName": "Ada"})
    assert "PhoneNumber has no digits" in refuse_contact({"FirstName": "Ada", "PhoneNumber": "n/a"})
    assert "Email is empty" in refuse_contact({"PhoneNumber": "0711 1", "Email": " "}, matchOn=["Email"])
    assert "PhoneNumber is empty" in refuse_contact({"Home": "0711 1"}, matchOn=["PhoneNumber"])
    assert [each for each in pbx.requests if "Contacts" in each.path] == []
    twice = refuse_contact({"Email": "ADA@example.com"}, matchOn="Email")
    assert "2 contacts have the same Email: Ada O'Brien (ID " in twice
    assert "Bob O'Brien (ID " in twice
    both = refuse_contact({"PhoneNumber": "0711 1", "Home": "0711-2"})
    assert "2 contacts have the same number: Ada O'Brien" in both
    assert "matchOn: expected one of Any Number" in refuse_contact({"Email": "x"}, matchOn="Emial")
    assert "ContactType" in refuse_contact({"PhoneNumber": "0711 9", "ContactType": "Fax"})
    assert "FirstNam" in refuse_contact({"PhoneNumber": "0711 9", "FirstNam": "x"})
    # A new contact needs a name, which is known before it is sent.
    assert "FirstName" in refuse_contact({"PhoneNumber": "0711 9"})


def test_one_wrong_row_stops_the_batch_before_anything_is_sent(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    rows: list[dict[str, Any]] = [{"FirstName": "a", "PhoneNumber": "0711 1"}, {"FirstName": "b"}]
    body = {"mappingMode": "autoMapInputData", "value": None}
    results = run_task(pbx, "UpsertContact", rows, {"body": body})
    assert results[1].error is not None
    assert results[1].error.item_index == 1
    assert list_changes(pbx) == []
    results = run_task(pbx, "UpsertContact", rows, {"body": body}, continue_on_fail=True)
    assert results[0].error is None
    assert results[1].error is not None


@pytest.mark.slow
@pytest.mark.parametrize("release", ["20.0.4", "20.0.7"])
def test_all_releases(release: str) -> None:
    with Simulator(release=release) as pbx:
        row = {"FirstName": "Ada", "PhoneNumber": "0711 1"}
        assert [each["action"] for each in upsert(pbx, [row, row])] == ["created", "unchanged"]
        user = {"Number": "399", "LastName": "O'Brien"}
        assert [each["action"] for each in upsert(pbx, [user, user], "UpsertUser")] == [
            "created",
            "unchanged",
        ]
        number = {"CallerId": "0711 1"}
        found = upsert(pbx, [number, number], "UpsertBlockedNumber")
        assert [each["action"] for each in found] == ["created", "unchanged"]


def test_fields_may_be_parameters(threecx_simulator: Simulator) -> None:
    """As in the everyday node, where each field is a parameter of its own."""
    pbx = threecx_simulator
    found = do(
        pbx, "UpsertContact", FirstName="Ada", PhoneNumber="0711 1", Email="a@example.com", matchOn=["Email"]
    )
    assert (found["action"], found["changed"]) == ("created", ["FirstName", "PhoneNumber", "Email"])
    text = do(pbx, "UpsertContact", body='{"FirstName": "Bob", "Email": "A@example.com"}', matchOn="email")
    assert (text["action"], text["changed"]) == ("updated", ["FirstName"])
    assert "body is not valid JSON" in refuse(pbx, "UpsertContact", body="{FirstName}")
    assert "body" in refuse(pbx, "UpsertContact", body=[{"FirstName": "x"}])
    assert "no field has a telephone number" in refuse(pbx, "UpsertContact")


def test_users_by_number_or_email(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = pbx.state.count("Users")
    [created] = upsert(
        pbx,
        [{"Number": 399, "FirstName": "Jürgen", "LastName": "O'Brien", "EmailAddress": "j@example.com"}],
        "UpsertUser",
    )
    assert (created["action"], created["Number"]) == ("created", "399")
    assert pbx.state.count("Users") == before + 1
    rows = [
        {"Number": "399", "Mobile": "+49 171 1"},
        {"Number": "399", "Mobile": "+49 171 1", "LastName": "O'Brien"},
    ]
    found = upsert(pbx, rows, "UpsertUser")
    assert [each["action"] for each in found] == ["updated", "unchanged"]
    rows = [
        {"EmailAddress": "J@example.com", "LastName": "Müller"},
        {"Number": "", "EmailAddress": "j@EXAMPLE.com", "LastName": "Müller"},
    ]
    found += upsert(pbx, rows, "UpsertUser")
    assert [each["changed"] for each in found[2:]] == [["LastName"], []]
    assert {each["Id"] for each in found} == {created["Id"]}
    assert pbx.state.count("Users") == before + 1
    assert "AuthPassword" not in found[0]
    assert "Number: the user with this EmailAddress has 399, not 398, and 3CX cannot change it" in refuse(
        pbx, "UpsertUser", body={"Number": "398", "EmailAddress": "j@example.com"}, matchOn="EmailAddress"
    )
    assert "Number is empty" in refuse(pbx, "UpsertUser", body={"FirstName": "Ada"})


def test_blocked_numbers(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = pbx.state.count("BlackListNumbers")
    rows = [
        {"CallerId": "+49 30 666", "Description": "spam"},
        {"CallerId": "0049-30-666", "Description": "spam"},
        {"CallerId": "(0049) 30 666", "Description": "O'Brien"},
        {"CallerId": "anonymous"},
        {"CallerId": "Anonymous", "Description": ""},
    ]
    found = upsert(pbx, rows, "UpsertBlockedNumber")
    assert [each["action"] for each in found] == ["created", "unchanged", "updated", "created", "unchanged"]
    assert found[2]["changed"] == ["Description"]
    assert pbx.state.count("BlackListNumbers") == before + 2
    assert "CallerId is empty" in refuse(pbx, "UpsertBlockedNumber", body={"Description": "x"})


def test_a_dry_run_reads_and_shows_what_would_be_sent(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    contact = create(pbx, "Contacts", FirstName="Ada", PhoneNumber="0711 1")
    pbx.forget_requests()
    [request_] = plan(pbx, "UpsertContact", body={"FirstName": "Bob", "PhoneNumber": "0711-1", "Title": ""})
    assert request_["method"] == "PATCH"
    assert request_["url"].endswith(f"/Contacts({contact})")
    assert request_["body"] == {"FirstName": "Bob"}
    rows = [{"FirstName": "New", "PhoneNumber": "0711 5"}, {"FirstName": "Newer", "PhoneNumber": "0711 5"}]
    body = {"mappingMode": "autoMapInputData", "value": None}
    results = run_task(pbx, "UpsertContact", rows, {"body": body}, dry_run=True)
    sent = [request for each in results if each.request for request in each.request["requests"]]
    assert [(each["method"], each["url"].partition("/xapi/v1")[2], each["body"]) for each in sent] == [
        ("POST", "/Contacts", rows[0]),
        # The entity that the first row creates has no ID yet.
        ("PATCH", "/Contacts(0)", {"FirstName": "Newer"}),
    ]
    assert list_changes(pbx) == []

"""Bad input of tasks: an error that names the item's field and the remedy, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.tasks.interference import lose_response, refuse_request, run_disturbed
from tests.tasks.support import do, list_changes, plan, read, refuse, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator
from threecx_node.tasks import upserts

WIDE_100 = "\uff11\uff10\uff10"


@pytest.mark.parametrize("written", [WIDE_100, "100\u200b", "\u202a100\u202c", "\u00a0100 ", 100.0])
def test_an_extension_however_it_was_copied(unchanged_pbx: Simulator, written: Any) -> None:
    done = plan(unchanged_pbx, "SetUserStatus", user=written, status="away")
    assert done[0]["url"].endswith("/Users(7)")


@pytest.mark.parametrize(
    ("task", "parameters", "says"),
    [
        ("SetUserStatus", {"user": ["100"], "status": "away"}, "user: expected an extension number or an e-mail"),
        ("SetUserStatus", {"user": "\u200b", "status": "away"}, "user: expected an extension number"),
        ("CloseDepartment", {"department": ["Sales"]}, "department: expected the name or the number of a department"),
        ("CloseDepartment", {"department": "Sales", "until": "18:00"}, "until: expected a date-time like 2026"),
        ("AddQueueAgent", {"queue": "800", "users": True}, "users: expected an extension number"),
        ("AddQueueAgent", {"queue": "800", "users": [["101"]]}, "users: expected an extension number"),
        ("ForwardUserCalls", {"user": "100", "when": "busy", "to": "extension", "extension": "100"},
         "extension: user 100 cannot take over their own calls"),
        ("ForwardUserCalls", {"user": "100", "when": "noAnswer", "to": "endCall", "ringTime": 15.5},
         "ringTime: expected a whole number from 1 to 3,600, got 15.5"),
        ("AddHoliday", {"name": "x", "start": "2027-05-01", "end": "2027-05-02", "startTime": "24:00"},
         "startTime: a holiday cannot begin at the end of a day"),
        ("ListCalls", {"limit": 1.5}, "limit: expected a whole number from 1, got 1.5"),
        ("ListCalls", {"extension": "\u00b2"}, 'extension: there is no user "\u00b2"'),
        ("ListCalls", {"period": "custom", "from": "2026-03-02", "to": "2026-03-01"}, "to is not after from"),
    ],
)  # fmt: skip
def test_refused(unchanged_pbx: Simulator, task: str, parameters: dict[str, Any], says: str) -> None:
    assert says in refuse(unchanged_pbx, task, **parameters)


def test_departments_whose_names_look_like_numbers(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    for name in ("365", "GRP0000"):
        do(pbx, "CreateGroup", body={"Name": name, "Language": "EN"})
    assert do(pbx, "CloseDepartment", department="365")["name"] == "365"
    # A number is that of one department, whatever others are called; its case does not matter.
    assert do(pbx, "CloseDepartment", department="GRP0000")["name"] == "DEFAULT"
    assert do(pbx, "CloseDepartment", department="grp0001")["department"] == "GRP0001"


def test_the_number_of_a_user_with_blanks(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    assert do(pbx, "UpsertUser", body={"Number": " 100", "FirstName": "Zoe"})["changed"] == ["FirstName"]
    assert do(pbx, "UpsertUser", body={"Number": WIDE_100, "FirstName": "Zoe"})["action"] == "unchanged"
    assert do(pbx, "UpsertUser", body={"Number": "180 ", "FirstName": "New"})["Number"] == "180"


def test_a_number_is_blocked_as_the_pbx_compares_it(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    created = do(pbx, "UpsertBlockedNumber", body={"CallerId": "+49 (0)30 12-3*"})
    assert created["CallerId"] == "+4930123*"
    again = do(pbx, "UpsertBlockedNumber", body={"CallerId": "\uff0b\uff14\uff1930123*", "Description": "x"})
    assert (again["action"], again["changed"]) == ("updated", ["Description"])


def test_a_lost_precondition_names_the_entity_and_a_remedy(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    refused = refuse_request("PATCH", "/Queues", 412)
    result = run_disturbed(pbx, "AddQueueAgent", {"queue": "800", "users": "101"}, refused)
    assert result.error is not None
    assert result.error.one_line().startswith("item 0: queue 800: ")
    assert "Run the item again" in result.error.description
    assert "If-Match" not in result.error.one_line()
    assert list_changes(pbx) == []


def test_offboarding_without_a_default_department_does_nothing(
    threecx_simulator: Simulator,
) -> None:
    pbx = threecx_simulator
    refused = refuse_request("GET", "/Groups", 403)
    given = {"user": "102", "removeFromDepartments": True}
    result = run_disturbed(pbx, "OffboardUser", given, refused)
    assert result.error is not None
    assert "done before" not in result.error.message
    assert list_changes(pbx) == []


def test_a_list_of_memberships_that_is_not_whole_is_not_replaced(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator

    async def leave_out(request: httpx.Request) -> httpx.Response | None:
        if "/Users(" not in request.url.path or request.method != "GET":
            return None
        return httpx.Response(200, json={"Id": 7, "Number": "100", "PrimaryGroupId": 1})

    given = {"user": "100", "department": "Sales"}
    for task in ("AddUserToDepartment", "RemoveUserFromDepartment"):
        result = run_disturbed(pbx, task, given, leave_out)
        assert result.error is not None
        assert "only a part of the list Groups" in result.error.message
    assert list_changes(pbx) == []


def test_equal_rows_after_a_creation_without_a_response(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx = threecx_simulator
    monkeypatch.setattr(upserts, "PAUSE", 0.0)
    row = {"FirstName": "Ann", "PhoneNumber": "+49 30 777"}
    first = run_disturbed(pbx, "UpsertContact", {"body": row}, lose_response("POST", "/Contacts"))
    assert first.error is None
    rows = [Item({}, {"body": {**row, "PhoneNumber": each}}) for each in ("004930777", "+49 (0)30 777")]
    results = run_task(pbx, "UpsertContact", rows)
    assert [each.items and each.items[0]["json"]["action"] for each in results] == ["unchanged", "unchanged"]
    assert len(read(pbx, "ListContact", **{"$filter": "FirstName eq 'Ann'"})) == 1


@pytest.mark.parametrize("number", ["100.5", 100.5, "100/101", "100-101"])
def test_a_bad_extension_number_stays_what_it_is(unchanged_pbx: Simulator, number: Any) -> None:
    """Only blanks are left out: 3CX judges the rest."""
    [request] = plan(unchanged_pbx, "UpsertUser", body={"Number": number, "FirstName": "x"})
    assert (request["method"], request["body"]["Number"]) == ("POST", str(number))


@pytest.mark.parametrize("number", ["4.93E+12", "4,93e+12", " 4.93E12"])
@pytest.mark.parametrize(
    ("task", "field", "others"),
    [
        ("UpsertContact", "PhoneNumber", {"FirstName": "x"}),
        ("UpsertContact", "Business", {"Email": "a@office.example"}),
        ("UpsertBlockedNumber", "CallerId", {}),
        ("UpsertUser", "Number", {"FirstName": "x"}),
    ],
)
def test_a_number_that_a_spreadsheet_has_shortened(
    unchanged_pbx: Simulator, number: str, task: str, field: str, others: dict[str, str]
) -> None:
    """Its last digits are lost, so that all rows of a sheet may have the same."""
    given: dict[str, Any] = {"body": {field: number, **others}}
    if "Email" in others:
        given["matchOn"] = "Email"
    message = refuse(unchanged_pbx, task, **given)
    assert f'{field}: expected a telephone number with all its digits, got "{number.strip()}"' in message
    assert "as text" in message


@pytest.mark.parametrize("written", ["\uff34\uff4f\uff4b\uff59\uff4f\uff11", "Tokyo1", " tokyo1 "])
def test_a_department_whose_name_is_in_full_width(threecx_simulator: Simulator, written: str) -> None:
    pbx = threecx_simulator
    names = ["\uff34\uff4f\uff4b\uff59\uff4f\uff11", "Sales "]
    for name in names:
        do(pbx, "CreateGroup", body={"Name": name, "Language": "EN"})
    found = run_task(pbx, "CloseDepartment", [Item({}, {"department": written})])[0]
    if written == names[0]:
        assert found.error is None, found.error.one_line()
        assert (found.items or [{}])[0]["json"]["name"] == names[0]
    else:
        assert found.error is not None
        assert "there is no department" in found.error.message


@pytest.mark.parametrize("task", ["MakeCallFromExtension", "ForwardUserCalls"])
def test_a_number_to_call_in_full_width(unchanged_pbx: Simulator, task: str) -> None:
    number = "\uff0b\uff14\uff19 \uff13\uff10\uff0d\uff15"
    if task == "MakeCallFromExtension":
        [request] = plan(unchanged_pbx, task, fromExtension=WIDE_100, to=number)
        assert request["body"]["destination"] == "+49305"
    else:
        [request] = plan(unchanged_pbx, task, user="112", when="busy", to="number", number=number)
        assert '"External":"+49305"' in json.dumps(request["body"], separators=(",", ":"))


def test_a_mapper_in_an_unknown_mode_is_not_an_empty_row(unchanged_pbx: Simulator) -> None:
    row, body = {"FirstName": "x", "PhoneNumber": "1"}, {"mappingMode": "auto", "value": None}
    [result] = run_task(unchanged_pbx, "UpsertContact", [row], {"body": body})
    assert result.error is not None
    assert (
        result.error.message == 'body: expected the mapping mode defineBelow or autoMapInputData, got "auto"'
    )


def test_an_error_names_the_parameter_of_the_task(unchanged_pbx: Simulator) -> None:
    message = refuse(unchanged_pbx, "MakeCallFromExtension", fromExtension="ada@office.example", to="101")
    assert "fromExtension: expected the number of a DN" in message


def test_an_extension_of_a_list_in_digits_of_another_script(unchanged_pbx: Simulator) -> None:
    assert "there is no user" in refuse(unchanged_pbx, "ListCalls", extension="\u0661\u0660\u0660")

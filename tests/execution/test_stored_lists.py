"""An update replaces a list as a whole: an entry that lacks what the PBX has stored is refused before it is lost."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error, run
from threecx_credentials import Credential
from threecx_node import Executor, Options
from threecx_node.catalog import load_catalog
from threecx_node.catalog.replaced_lists import find_replaced_lists
from threecx_node.errors import BodyError, ResponseError
from threecx_node.simulator import Simulator

CATALOG = load_catalog()
USER = 20
MOBILE = {
    "To": "External",
    "External": "+4915112345678",
    "Number": "",
    "Name": "",
    "Tags": [],
    "Type": "None",
}
AVAILABLE = {"NoAnswerAllCalls": True, "NoAnswerExternal": MOBILE, "NoAnswerInternal": MOBILE}


def ask(
    pbx: Simulator,
    operation: str,
    parameters: dict[str, Any],
    options: Options | None = None,
    item: dict[str, Any] | None = None,
) -> Any:
    """Return the items of one run, or its error."""

    async def main() -> Any:
        async with Executor(Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)) as executor:
            [result] = (await executor.run(operation, [item or {}], parameters, options=options)).results
        return result.error or result.request or [each["json"] for each in result.items or ()]

    return asyncio.run(main())


def profiles(pbx: Simulator) -> list[dict[str, Any]]:
    [user] = ask(pbx, "GetUser", {"Id": USER, "$expand": "ForwardingProfiles"})
    found: list[dict[str, Any]] = user["ForwardingProfiles"]
    return found


@pytest.fixture
def pbx(threecx_simulator: Simulator) -> Simulator:
    """A PBX on which one user forwards unanswered calls to a mobile phone."""
    stored = profiles(threecx_simulator)
    stored[0]["AvailableRoute"].update(AVAILABLE)
    body = {"ForwardingProfiles": stored}
    done = ask(threecx_simulator, "UpdateUser", {"Id": USER, "body": body})
    assert done == [{"updated": True, "Id": USER}]
    return threecx_simulator


def changes(pbx: Simulator) -> list[str]:
    return [
        each.path for each in pbx.requests if each.method in ("PATCH", "POST") and "connect" not in each.path
    ]


def without(entries: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name not in names} for each in entries]


def test_profiles_read_simplified_and_written_back(pbx: Simulator) -> None:
    before = profiles(pbx)
    read = ask(pbx, "ListForwardingProfiles", {"Id": USER, "simplify": True})
    assert read[0]["AvailableRoute"]["NoAnswerExternal"]["External"] == MOBILE["External"]
    read[0]["NoAnswerTimeout"] = 33
    assert ask(pbx, "UpdateUser", {"Id": USER, "body": {"ForwardingProfiles": read}})[0]["updated"]
    after = profiles(pbx)
    assert after[0].pop("NoAnswerTimeout") == 33
    assert before[0].pop("NoAnswerTimeout") == 20
    assert after == before


@pytest.mark.parametrize("by_number", [False, True])
def test_a_list_that_lacks_stored_fields_is_refused(pbx: Simulator, by_number: bool) -> None:
    before = profiles(pbx)
    sent = len(changes(pbx))
    short = without(before, "AvailableRoute", "AwayRoute", "RingMyMobile")
    [user] = ask(pbx, "GetUser", {"Id": USER})
    key = {"__rl": True, "mode": "number", "value": user["Number"]} if by_number else USER
    error = ask(pbx, "UpdateUser", {"Id": key, "body": {"ForwardingProfiles": short}})
    assert isinstance(error, BodyError)
    # The other profiles have no route of their own.
    assert error.message == "ForwardingProfiles[Available] lacks AvailableRoute, which the PBX has stored"
    assert "Simplify off and $select=Id&$expand=ForwardingProfiles," in error.description
    assert "--allow-incomplete-lists" in error.description
    assert (error.code, error.field) == ("incomplete_list", "ForwardingProfiles")
    assert len(changes(pbx)) == sent
    assert profiles(pbx) == before


def test_an_object_in_an_entry_is_compared_too(pbx: Simulator) -> None:
    short = copy.deepcopy(profiles(pbx))
    del short[0]["AvailableRoute"]["NoAnswerExternal"]
    del short[1]["NoAnswerTimeout"]
    error = ask(pbx, "UpdateUser", {"Id": USER, "body": {"ForwardingProfiles": short}})
    assert error.message == (
        "ForwardingProfiles[Available].AvailableRoute lacks NoAnswerExternal; ForwardingProfiles[Away] lacks "
        "NoAnswerTimeout, which the PBX has stored"
    )


@pytest.mark.parametrize("way", ["options", "parameter", "collection"])
def test_incomplete_lists_can_be_allowed(pbx: Simulator, way: str) -> None:
    short = without(profiles(pbx), "AvailableRoute")
    parameters: dict[str, Any] = {"Id": USER, "body": {"ForwardingProfiles": short}}
    if way == "parameter":
        parameters["allowIncompleteLists"] = "true"
    elif way == "collection":
        parameters["options"] = {"allowIncompleteLists": True}
    options = Options(allow_incomplete_lists=way == "options")
    read = len(pbx.requests)
    assert ask(pbx, "UpdateUser", parameters, options)[0]["updated"]
    assert [each.method for each in pbx.requests[read:] if "connect" not in each.path] == ["PATCH"]


def test_a_dry_run_names_the_read(pbx: Simulator) -> None:
    body = {"ForwardingProfiles": [{"Name": "Away"}], "FirstName": "Ada"}
    described = ask(pbx, "UpdateUser", {"Id": USER, "body": body}, Options(dry_run=True))
    assert described["method"] == "PATCH"
    assert described["before"] == [
        {
            "method": "GET",
            "url": f"{pbx.base_url}/xapi/v1/Users({USER})?$select=Id&$expand=ForwardingProfiles",
        }
    ]
    plain = ask(pbx, "UpdateUser", {"Id": USER, "body": {"FirstName": "Ada"}}, Options(dry_run=True))
    assert "before" not in plain


def test_a_very_long_list_is_compared_in_bounded_time() -> None:
    count = 10_000
    stored = {"Agents": [{"Number": str(number), "SkillGroup": "3"} for number in range(count)]}
    fake = FakePbx(lambda _: httpx.Response(200, json=stored))
    body = {"Agents": [{"Number": str(number)} for number in range(count)]}
    [result] = run(fake, "UpdateQueue", [{}], {"Id": 5, "body": body}).results
    assert result.error is not None
    assert f"and {count - 5} more" in result.error.message
    assert len(result.error.one_line()) < 1000


def test_agents_by_their_number_alone(pbx: Simulator) -> None:
    [queue] = ask(pbx, "ListQueue", {"limit": 1, "$expand": "Agents"})
    numbers = [{"Number": each["Number"]} for each in queue["Agents"]]
    assert ask(pbx, "UpdateQueue", {"Id": queue["Id"], "body": {"Agents": numbers}})[0]["updated"]
    with_skill = [{**each, "SkillGroup": "3"} for each in numbers]
    assert ask(pbx, "UpdateQueue", {"Id": queue["Id"], "body": {"Agents": with_skill}})[0]["updated"]
    error = ask(pbx, "UpdateQueue", {"Id": queue["Id"], "body": {"Agents": numbers[:2]}})
    first, second = (each["Number"] for each in numbers[:2])
    assert error.message == (
        f"Agents[{first}] lacks SkillGroup; Agents[{second}] lacks SkillGroup, which the PBX has stored"
    )


def test_a_new_entry_needs_nothing(pbx: Simulator) -> None:
    [rule] = ask(pbx, "ListOutboundRule", {"limit": 1})
    [trunk] = ask(pbx, "ListTrunk", {"limit": 1})
    body = {"Routes": [{"TrunkId": trunk["Id"], "StripDigits": 1}]}
    assert ask(pbx, "UpdateOutboundRule", {"Id": rule["Id"], "body": body})[0]["updated"]
    lost = ask(pbx, "UpdateOutboundRule", {"Id": rule["Id"], "body": {"Routes": [{"TrunkId": trunk["Id"]}]}})
    assert lost.message == f"Routes[{trunk['Id']}] lacks StripDigits, which the PBX has stored"


def test_groups_keep_the_role_of_the_user(pbx: Simulator) -> None:
    [user] = ask(pbx, "GetUserByNumber", {"number": "100", "$expand": "Groups($expand=Rights)"})
    [group] = user["Groups"]
    assert group["Rights"]["RoleName"] == "system_owners"
    error = ask(pbx, "UpdateUser", {"Id": user["Id"], "body": {"Groups": [{"GroupId": group["GroupId"]}]}})
    assert error.message == f"Groups[{group['GroupId']}] lacks Rights, which the PBX has stored"
    assert "$expand=Groups($expand=Rights)" in error.description
    complete = [{"GroupId": group["GroupId"], "Rights": {"RoleName": "system_owners"}}]
    assert ask(pbx, "UpdateUser", {"Id": user["Id"], "body": {"Groups": complete}})[0]["updated"]
    [other] = ask(pbx, "GetUser", {"Id": USER, "$expand": "Groups"})
    alone = [{"GroupId": each["GroupId"]} for each in other["Groups"]]
    assert ask(pbx, "UpdateUser", {"Id": USER, "body": {"Groups": alone}})[0]["updated"]


def test_hours_are_matched_by_their_day(pbx: Simulator) -> None:
    [group] = ask(pbx, "ListGroup", {"limit": 1})
    monday = {"DayOfWeek": "Monday", "Start": "08:00:00", "Stop": "17:00:00"}
    hours = {"Type": "SpecificHours", "Periods": [monday]}
    assert ask(pbx, "UpdateGroup", {"Id": group["Id"], "body": {"Hours": hours}})[0]["updated"]
    short = {"Periods": [{"DayOfWeek": "Monday", "Start": "09:00:00"}]}
    error = ask(pbx, "UpdateGroup", {"Id": group["Id"], "body": {"Hours": short}})
    assert error.message == "Hours.Periods[Monday] lacks Stop, which the PBX has stored"
    other = {"Periods": [monday, {"DayOfWeek": "Tuesday", "Start": "09:00:00"}]}
    assert ask(pbx, "UpdateGroup", {"Id": group["Id"], "body": {"Hours": other}})[0]["updated"]


@pytest.mark.parametrize("operation", ["BulkUpdate", "MultiUserUpdate"])
def test_an_action_that_updates_several_users(pbx: Simulator, operation: str) -> None:
    short = without(profiles(pbx), "AvailableRoute")
    sent = len(changes(pbx))
    body = {"ids": [USER + 1, USER], "user": {"ForwardingProfiles": short}}
    error = ask(pbx, operation, {"body": body})
    assert error.message == (
        f"ID {USER}: ForwardingProfiles[Available] lacks AvailableRoute, which the PBX has stored"
    )
    assert len(changes(pbx)) == sent


def test_automatic_mapping_of_a_read_item(pbx: Simulator) -> None:
    item = {"ForwardingProfiles": without(profiles(pbx), "AvailableRoute")}
    error = ask(pbx, "UpdateUser", {"Id": USER, "body": {"mappingMode": "autoMapInputData"}}, item=item)
    assert "lacks AvailableRoute" in error.message


@pytest.mark.parametrize(("status", "says"), [(403, "cannot be compared"), (404, "Id 5 was not found")])
def test_a_read_that_fails_is_an_error(status: int, says: str) -> None:
    fake = FakePbx(lambda _: odata_error(status, "WARNINGS.XAPI.NOT_FOUND" if status == 404 else "no right"))
    body = {"ForwardingProfiles": [{"Name": "Away"}]}
    [result] = run(fake, "UpdateUser", [{}], {"Id": 5, "body": body}).results
    assert isinstance(result.error, ResponseError if status == 404 else BodyError)
    assert says in result.error.message
    assert result.error.http_code == status
    assert ("--allow-incomplete-lists" in result.error.description) == (status == 403)
    assert {each.method for each in fake.requests} == {"GET"}


def test_a_complete_list_costs_no_read() -> None:
    fake = FakePbx(lambda _: httpx.Response(204))
    routes = [{"Append": "", "CallerID": "", "Prepend": "", "StripDigits": 0, "TrunkId": 1}]
    parameters = {"Id": 5, "body": {"Routes": routes, "Name": "x"}}
    [result] = run(fake, "UpdateOutboundRule", [{}], parameters).results
    assert result.error is None
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("stored", "is_read"),
    [
        ({"Routes": None}, True),
        ({"Routes": []}, True),
        ({"Routes": [None, 1]}, True),
        ({"Routes": {"a": 1}}, True),
        ({}, False),
        ({"value": [1]}, False),
        ({"Routes": [], "Routes@odata.nextLink": "https://pbx.example/xapi/v1/x"}, False),
    ],
)
def test_a_response_without_the_list_is_an_error(stored: dict[str, Any], is_read: bool) -> None:
    fake = FakePbx(
        lambda request: httpx.Response(200, json=stored) if request.method == "GET" else httpx.Response(204)
    )
    parameters = {"Id": 5, "body": {"Routes": [{"TrunkId": 1}]}}
    [result] = run(fake, "UpdateOutboundRule", [{}], parameters).results
    assert (result.error is None) == is_read
    if result.error is not None:
        assert "Routes cannot be compared" in result.error.message
        assert result.error.code == "incomplete_list"
        assert {each.method for each in fake.requests} == {"GET"}


IDENTITY = (
    "Id",
    "Number",
    "MacAddress",
    "Name",
    "RoleName",
    "GroupId",
    "Key",
    "Filename",
    "TrunkId",
    "SourcePattern",
    "Type",
)
# An entry without any of its fields still has these, or the PBX derives them.
DERIVED = {
    *IDENTITY, "Tags", "Hidden", "MemberName", "CanDelete", "TranscriptionMode", "DisplayName", "TrunkName", "TrunkDn",
    "Interface", "ProvisioningLinkExt", "ProvisioningLinkLocal", "AddAllowed", "CanBeSBC", "URL", "UserAgent",
    "PeerType", "Invalid",
}  # fmt: skip


def replaced_lists() -> list[tuple[str, str, str, str]]:
    """Return (operation, list, schema of its entries, key) of each list whose entries have an identity."""
    return [
        (operation.id, name, schema, keys[0])
        for operation in CATALOG.operations()
        if operation.kind == "update" and (lists := find_replaced_lists(CATALOG, operation, None)) is not None
        for name in sorted(lists.names)
        if lists.fields[name].type.collection
        and (schema := lists.fields[name].type.name)
        and (keys := [each for each in IDENTITY if each in CATALOG.properties(schema)])
    ]


@pytest.mark.parametrize(("operation", "name", "schema", "key"), replaced_lists())
def test_each_list_that_an_update_replaces(operation: str, name: str, schema: str, key: str) -> None:
    stored: dict[str, Any] = {}
    numbers = {"Boolean": True, "Byte": 7, "Int32": 7, "Int64": 7, "Single": 1.5, "Duration": "PT5M"}
    for field, each in CATALOG.properties_in(schema, CATALOG.newest).items():
        if not each.type.collection and not CATALOG.is_schema(each.type.name):
            enum = CATALOG.enums.get(each.type.name)
            stored[field] = enum.members[-1] if enum else numbers.get(each.type.name, "x1")
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            assert name in str(request.url)
            return httpx.Response(200, json={name: [stored]})
        sent.append(json.loads(request.content))
        return httpx.Response(204)

    version = CATALOG.operation(operation).versions[-1]
    keys = {each.name: 5 if each.type == "Int32" else "x" for each in version.parameters}
    body = {name: [{key: stored[key]}]}
    [result] = run(FakePbx(answer), operation, [{}], {**keys, "body": body}).results
    if lost := [each for each in stored if each not in DERIVED]:
        assert result.error is not None
        assert all(each in result.error.message for each in lost)
    assert sent == ([] if result.error else [body])

"""Entities that another program deletes while a task runs, and responses of the PBX that a task cannot work with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import odata_error
from tests.tasks.interference import Interfere, lose_response, run_disturbed
from tests.tasks.support import do, list_changes, read
from threecx_node.simulator import Simulator

QUEUE, RING_GROUP = "Queues(33)", "RingGroups(36)"
LEAVER = "106"


def delete_before(pbx: Simulator, method: str, path: str, target: str) -> Interfere:
    """Return an interference that deletes an entity before the first request whose path contains `path`."""
    left = [target]

    async def interfere(request: httpx.Request) -> None:
        if request.method == method and path in request.url.path and left:
            async with httpx.AsyncClient(base_url=f"{pbx.base_url}/xapi/v1/") as client:
                headers = {"authorization": request.headers["authorization"]}
                answer = await client.delete(left.pop(), headers=headers)
                assert answer.status_code == 204, answer.text

    return interfere


def answer_with(path: str, value: Mapping[str, Any], status: int = 200) -> Interfere:
    """Return an interference that answers each read whose path ends with `path`, or contains it before arguments."""

    async def interfere(request: httpx.Request) -> httpx.Response | None:
        is_meant = path in request.url.path if path.endswith("(") else request.url.path.endswith(path)
        if request.method == "GET" and is_meant:
            return httpx.Response(status, json=dict(value))
        return None

    return interfere


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize(("path", "target"), [("/Queues(", QUEUE), ("/RingGroups(", RING_GROUP)])
def test_a_user_leaves_the_lists_that_are_still_there(
    threecx_simulator: Simulator, method: str, path: str, target: str
) -> None:
    pbx = threecx_simulator
    do(pbx, "AddRingGroupMember", ringGroup="810", users=LEAVER)
    do(pbx, "AddQueueAgent", queue="801", users=LEAVER)
    result = run_disturbed(pbx, "OffboardUser", {"user": LEAVER}, delete_before(pbx, method, path, target))
    assert result.error is None, result.error.one_line()
    [item] = result.items or ()
    left = item["json"]["queues"] + item["json"]["ringGroups"]
    assert sorted(left) == sorted({"800", "801", "810"} - {"800" if "Queues" in path else "810"})


def test_a_login_that_has_ended_meanwhile(
    threecx_simulator_factory: Callable[..., Simulator], tmp_path: Path
) -> None:
    texts = ("Token", "CreatedByIp", "CreatedByUserAgent", "UsedByIp", "UsedByUserAgent")
    moments = dict.fromkeys(("Created", "Expires", "Used"), "2027-01-01T00:00:00Z")
    shared = {**dict.fromkeys(texts, "x"), **moments, "LoginType": "Password", "Scopes": ["openid"]}
    seed = tmp_path / "office.json"
    tokens = [{**shared, "Username": "101"}] * 2
    seed.write_text(json.dumps({"Users": [{"Number": "101"}], "SecurityTokens": tokens}))
    pbx = threecx_simulator_factory(seed=str(seed))
    seen: list[str] = []

    async def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and "RevokeToken" in request.url.path:
            seen.append(request.url.path)
            return odata_error(404, "Token was not found") if len(seen) == 1 else None
        return None

    result = run_disturbed(pbx, "OffboardUser", {"user": "101"}, interfere)
    assert result.error is None, result.error.one_line()
    [item] = result.items or ()
    assert len(seen) == 2
    assert item["json"]["sessionsEnded"] == 1
    assert item["json"]["credentialsRenewed"]


@pytest.mark.parametrize(
    ("task", "parameters", "method", "path", "target", "what"),
    [
        ("AddQueueAgent", {"queue": "800", "users": "101"}, "GET", "/Queues(", QUEUE, "queue 800"),
        ("AddQueueAgent", {"queue": "800", "users": "101"}, "PATCH", "/Queues(", QUEUE, "queue 800"),
        ("SetUserStatus", {"user": "101", "status": "away"}, "PATCH", "/Users(", "Users(9)", "user 101"),
        ("SendUserWelcomeEmail", {"user": "101"}, "GET", "/Users(", "Users(9)", "user 101"),
        ("SendUserWelcomeEmail", {"user": "101"}, "POST", "/Users(", "Users(9)", "user 101"),
    ],
)
def test_an_entity_that_is_deleted_meanwhile_is_named(
    threecx_simulator: Simulator,
    task: str,
    parameters: dict[str, Any],
    method: str,
    path: str,
    target: str,
    what: str,
) -> None:
    pbx = threecx_simulator
    result = run_disturbed(pbx, task, parameters, delete_before(pbx, method, path, target))
    assert result.error is not None
    assert result.error.http_code == 404
    assert result.error.message.startswith(f"{what}: ")
    assert result.error.description.startswith(
        f"{what} was deleted after it had been found. Name another one"
    )


def test_a_part_of_the_forwarding_rules_replaces_nothing(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [user] = read(pbx, "GetUser", Id=14, **{"$expand": "ForwardingProfiles"})
    part = {
        **user,
        "ForwardingProfiles": user["ForwardingProfiles"][:2],
        "ForwardingProfiles@odata.nextLink": "x",
    }
    given = {"user": LEAVER, "when": "always", "to": "voicemail"}
    result = run_disturbed(pbx, "ForwardUserCalls", given, answer_with("/Users(14)", part))
    assert result.error is not None
    assert "user 106: the PBX returned only a part of the list ForwardingProfiles" in result.error.message
    assert list_changes(pbx) == []


@pytest.mark.parametrize(
    ("task", "parameters", "method", "path", "unknown"),
    [
        ("OffboardUser", {"user": LEAVER}, "POST", "/Pbx.Regenerate", "the credentials of user 106 were renewed"),
        ("SendUserWelcomeEmail", {"user": LEAVER}, "POST", "SendWelcomeEmail", "user 106 got the welcome e-mail"),
        ("MakeCallFromExtension", {"fromExtension": "100", "to": "115"}, "POST", "makecall", "100 called 115"),
        ("AddHoliday", {"name": "x", "start": "2027-01-01"}, "POST", "/Holidays",
         "holiday x was added to department DEFAULT"),
    ],
)  # fmt: skip
def test_a_change_whose_outcome_is_unknown_is_named(
    threecx_simulator: Simulator, task: str, parameters: dict[str, Any], method: str, path: str, unknown: str
) -> None:
    result = run_disturbed(threecx_simulator, task, parameters, lose_response(method, path))
    assert result.error is not None
    assert result.error.outcome_unknown
    assert f"; it is not known whether {unknown}" in result.error.message


@pytest.mark.parametrize(
    ("value", "code", "says"),
    [
        # A list that ignores its filter.
        ([{"Id": 7, "Number": "100"}], "unusable_response", "the PBX returned a user that was not asked for"),
        ([{"Number": "106"}], "unusable_response", "the PBX returned a user without its Id"),
    ],
)
def test_a_list_that_is_not_what_was_asked_for(
    threecx_simulator: Simulator, value: list[Any], code: str, says: str
) -> None:
    pbx = threecx_simulator
    given = {"user": LEAVER, "status": "away"}
    result = run_disturbed(pbx, "SetUserStatus", given, answer_with("/Users", {"value": value}))
    assert result.error is not None
    assert result.error.code == code
    assert says in result.error.message
    assert list_changes(pbx) == []


def test_rows_without_an_id_are_not_updated(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    rows = {"value": [{"Number": "106", "FirstName": "x"}]}
    given = {"body": {"Number": "106", "FirstName": "y"}}
    result = run_disturbed(pbx, "UpsertUser", given, answer_with("/Users", rows))
    assert result.error is not None
    assert result.error.code == "unusable_response"
    assert list_changes(pbx) == []


@pytest.mark.parametrize(
    ("task", "parameters", "path", "value", "code"),
    [
        ("SetUserStatus", {"user": LEAVER, "status": "away"}, "/Users",
         {"value": [{"Id": [1], "Number": LEAVER}]}, "unusable_response"),
        ("ListCalls", {"extension": "farid.haddad@office.example"}, "/Users",
         {"value": [{"Id": 14, "EmailAddress": "farid.haddad@office.example"}]}, "unusable_response"),
        ("AddHoliday", {"name": "x", "start": "2027-01-01"}, "/Groups",
         {"value": [{"Id": 1, "Number": None}]}, "unusable_response"),
        ("UpsertUser", {"body": {"Number": LEAVER, "FirstName": "x"}}, "/Users",
         {"value": [{"Id": {}, "Number": LEAVER}]}, "unusable_response"),
        ("SetUserStatus", {"user": LEAVER, "status": "away"}, "/Users(14)",
         {"Id": 14, "ForwardingProfiles": [None, "x"]}, "parameter"),
        ("ForwardUserCalls", {"user": LEAVER, "when": "away", "to": "voicemail"}, "/Users(14)",
         {"Id": 14, "ForwardingProfiles": [{"Name": "Away"}, None]}, "incomplete_list"),
        ("RemoveQueueAgent", {"queue": "800", "users": LEAVER}, "/Queues(33)",
         {"Id": 33, "Agents": [{"Number": LEAVER}, None]}, "incomplete_list"),
    ],
)  # fmt: skip
def test_a_response_of_another_shape_changes_nothing(
    threecx_simulator: Simulator,
    task: str,
    parameters: dict[str, Any],
    path: str,
    value: dict[str, Any],
    code: str,
) -> None:
    pbx = threecx_simulator
    result = run_disturbed(pbx, task, parameters, answer_with(path, value))
    assert result.error is not None
    assert result.error.code == code
    assert list_changes(pbx) == []


@pytest.mark.parametrize(
    ("task", "parameters", "path", "value"),
    [
        ("LogUserIntoQueues", {"user": LEAVER}, "/Users(14)",
         {"Id": 14, "QueueStatus": "LoggedOut", "ForwardingProfiles": [None, "x"]}),
        ("ForwardUserCalls", {"user": LEAVER, "when": "away", "to": "voicemail"}, "/Users(14)",
         {"Id": 14, "ForwardingProfiles": [{"Name": "Away", "AwayRoute": {"Internal": "x", "External": 5}}]}),
        ("AddHoliday", {"name": "x", "start": "2027-01-01"}, "/Holidays", {"value": [{"Id": 1, "Group": ["x"]}]}),
        ("ListCalls", {"period": "last7Days"}, "GetCallLogData(",
         {"value": [{"CdrId": "1", "MainCallHistoryId": "1", "Recordings": 5}]}),
    ],
)  # fmt: skip
def test_a_value_of_another_shape_counts_as_none(
    threecx_simulator: Simulator, task: str, parameters: dict[str, Any], path: str, value: dict[str, Any]
) -> None:
    result = run_disturbed(threecx_simulator, task, parameters, answer_with(path, value))
    assert result.error is None, result.error.one_line()

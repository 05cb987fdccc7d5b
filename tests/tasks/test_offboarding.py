"""The task that disables a user with everything, on a simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.interference import lose_response, refuse_request, run_disturbed
from tests.tasks.support import do, do_again, find_stored, list_changes, plan, read, refuse, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator

# 106 is an agent and a manager of queue 800, in the departments Support (GRP0002) and DEFAULT in this office.
LEAVER = "106"
LOCKED = {"AllowLanOnly": True, "BlockTunnel": True, "MyPhonePush": False}
LOCKED |= {"MS365SignInEnabled": False, "GoogleSignInEnabled": False}
MOMENTS = dict.fromkeys(("Created", "Expires", "Used"), "2027-01-01T00:00:00Z")


def user(pbx: Simulator, number: str = LEAVER) -> dict[str, Any]:
    return find_stored(pbx, "Users", Number=number)


def secrets(pbx: Simulator) -> list[str]:
    return [user(pbx)[name] for name in ("AuthPassword", "AccessPassword", "VMPIN", "DeskphonePassword")]


def others(pbx: Simulator, set_name: str) -> list[dict[str, Any]]:
    """Return the entities of a set without their entries of the leaver."""
    lists = ("Agents", "Managers", "Members")
    return [
        {
            name: [each for each in value if each["Number"] != LEAVER] if name in lists else value
            for name, value in entity.items()
            if name != "HasMembers"
        }
        for entity in pbx.state.entities(set_name)
        if entity.get("Number") != LEAVER
    ]


@pytest.fixture
def pbx(threecx_simulator: Simulator) -> Simulator:
    """An office in which the leaver is also in a ring group, and has a phone."""
    pbx = threecx_simulator
    do(pbx, "AddRingGroupMember", ringGroup="810", users=LEAVER, position=1)
    body = {"Phones": [{"MacAddress": "001565AA0003", "Name": "T53W", "Settings": {"Secret": "x"}}]}
    do(pbx, "UpdateUser", Id=user(pbx)["Id"], body=body)
    pbx.forget_requests()
    return pbx


def test_a_user_is_locked_out_and_removed(pbx: Simulator) -> None:
    before = {name: others(pbx, name) for name in ("Users", "Queues", "RingGroups", "Groups")}
    old = secrets(pbx)
    key = f"/xapi/v1/Users({user(pbx)['Id']})"
    assert do(pbx, "OffboardUser", user=LEAVER) == {
        "action": "updated",
        "changed": ["Enabled", "QueueStatus", "AllowLanOnly", "BlockTunnel", "MyPhonePush"],
        "user": LEAVER,
        "done": [
            "user 106 was updated (Enabled, QueueStatus)",
            "the credentials of user 106 were renewed",
            "user 106 was updated (AllowLanOnly, BlockTunnel, MyPhonePush)",
            "queue 800 was updated (Agents, Managers)",
            "ring group 810 was updated (Members)",
        ],
        "queues": ["800"],
        "ringGroups": ["810"],
        "departments": [],
        "phones": [],
        "sessionsEnded": 0,
        "credentialsRenewed": True,
    }
    # The user is locked out first.
    assert list_changes(pbx)[:3] == [f"PATCH {key}", f"POST {key}/Pbx.Regenerate", f"PATCH {key}"]
    gone = user(pbx)
    assert (gone["Enabled"], gone["QueueStatus"], gone["IsRegistered"]) == (False, "LoggedOut", False)
    assert {name: gone[name] for name in LOCKED} == LOCKED
    assert not set(secrets(pbx)) & set(old)
    assert len(gone["Phones"]) == 1
    assert not any(
        entry["Number"] == LEAVER
        for name, lists in (("Queues", ("Agents", "Managers")), ("RingGroups", ("Members",)))
        for entity in pbx.state.entities(name)
        for each in lists
        for entry in entity[each]
    )
    assert {name: others(pbx, name) for name in before} == before


def test_a_second_run_changes_nothing(pbx: Simulator) -> None:
    given = {"user": LEAVER, "removeFromDepartments": True, "removePhones": True}
    do(pbx, "OffboardUser", **given)
    after = secrets(pbx)
    assert do_again(pbx, "OffboardUser", **given)["done"] == []
    assert secrets(pbx) == after


def test_departments_and_phones(pbx: Simulator) -> None:
    members = others(pbx, "Groups")
    done = do(pbx, "OffboardUser", user=LEAVER, removeFromDepartments=True, removePhones=True)
    assert (done["departments"], done["phones"]) == (["Support"], ["001565AA0003"])
    gone = user(pbx)
    assert gone["Phones"] == []
    [group] = read(pbx, "ListGroups", Id=gone["Id"], returnAll=True)
    assert (group["Number"], gone["PrimaryGroupId"]) == ("GRP0000", group["GroupId"])
    assert others(pbx, "Groups") == members


def test_the_parts_that_are_not_wanted_stay(pbx: Simulator) -> None:
    before, old = user(pbx), secrets(pbx)
    queues = pbx.state.entities("Queues")
    parts = "disable endSessions newCredentials blockRemoteAccess removeFromQueues removeFromRingGroups"
    done = do(pbx, "OffboardUser", user=LEAVER, **dict.fromkeys(parts.split(), False))
    assert done["changed"] == ["QueueStatus"]
    assert {**user(pbx), "QueueStatus": 0} == {**before, "QueueStatus": 0}
    assert secrets(pbx) == old
    assert pbx.state.entities("Queues") == queues


def test_sessions_are_ended(threecx_simulator_factory: Callable[..., Simulator], tmp_path: Path) -> None:
    seed = tmp_path / "office.json"
    texts = ("Token", "CreatedByIp", "CreatedByUserAgent", "UsedByIp", "UsedByUserAgent")
    shared = {**dict.fromkeys(texts, "x"), **MOMENTS, "LoginType": "Password", "Scopes": ["openid"]}
    tokens = [{**shared, "Username": each} for each in ("101", "102", "ada@x.example", "101")]
    tokens[-1]["Revoked"] = "2026-01-01T00:00:00Z"
    users = [{"Number": "101", "EmailAddress": "ada@x.example"}, {"Number": "102"}]
    seed.write_text(json.dumps({"Users": users, "SecurityTokens": tokens}))
    pbx = threecx_simulator_factory(seed=str(seed))
    done = do(pbx, "OffboardUser", user="101")
    assert done["sessionsEnded"] == 2
    assert done["done"].count("a login of user 101 was ended") == 2
    assert [bool(each["Revoked"]) for each in pbx.state.entities("SecurityTokens")] == [
        True,
        False,
        True,
        True,
    ]
    do_again(pbx, "OffboardUser", user="101")


@pytest.mark.parametrize(
    ("method", "path", "before"),
    [
        ("PATCH", "/Users(", 0),
        ("GET", "/SecurityTokens", 1),
        ("POST", "/Pbx.Regenerate", 1),
        ("PATCH", "/Queues(", 3),
        ("GET", "/RingGroups", 4),
    ],
)
def test_a_second_run_completes_what_had_ended(pbx: Simulator, method: str, path: str, before: int) -> None:
    result = run_disturbed(pbx, "OffboardUser", {"user": LEAVER}, refuse_request(method, path))
    error = result.error
    assert error is not None
    assert error.http_code == 403
    assert len(list_changes(pbx)) == before
    if before:
        # Whatever fails later, the user is locked out.
        assert "(done before: user 106 was updated (Enabled, QueueStatus)" in error.message
        assert error.message.count("; ") == before - 1
        assert user(pbx)["Enabled"] is False
    else:
        assert "done before" not in error.message
    old = secrets(pbx)
    done = do(pbx, "OffboardUser", user=LEAVER)
    assert done["action"] == "updated"
    assert done["credentialsRenewed"] == (before < 3)
    assert (secrets(pbx) != old) == (before < 3)
    do_again(pbx, "OffboardUser", user=LEAVER)


def test_a_lost_response_leaves_the_outcome_unknown(pbx: Simulator) -> None:
    result = run_disturbed(pbx, "OffboardUser", {"user": LEAVER}, lose_response("POST", "/Pbx.Regenerate"))
    assert result.error is not None
    assert "(done before: user 106 was updated (Enabled, QueueStatus))" in result.error.message
    assert result.to_json()["error"]["outcome"] == "unknown"
    # It may have been carried out, so it was sent once.
    assert [each.rpartition("/")[2] for each in list_changes(pbx)].count("Pbx.Regenerate") == 1
    assert do(pbx, "OffboardUser", user=LEAVER)["credentialsRenewed"] is True


def test_the_rights_in_the_default_department_stay(pbx: Simulator) -> None:
    do(pbx, "AddUserToDepartment", user=LEAVER, department="DEFAULT", role="managers")
    done = do(pbx, "OffboardUser", user=LEAVER, removeFromDepartments=True)
    assert done["departments"] == ["Support"]
    [group] = read(pbx, "ListGroups", Id=user(pbx)["Id"], returnAll=True, **{"$expand": "Rights"})
    assert (group["Number"], group["Rights"]["RoleName"]) == ("GRP0000", "managers")


def test_a_dry_run_shows_all_requests(pbx: Simulator) -> None:
    requests = plan(pbx, "OffboardUser", user=LEAVER, removePhones=True)
    shown = [(each["method"], each["url"].partition("/xapi/v1")[2]) for each in requests]
    key = f"/Users({user(pbx)['Id']})"
    assert shown == [
        ("PATCH", key),
        ("POST", f"{key}/Pbx.Regenerate"),
        ("PATCH", key),
        ("PATCH", "/Queues(33)"),
        ("PATCH", "/RingGroups(36)"),
    ]
    assert requests[0]["body"] == {"Enabled": False, "QueueStatus": "LoggedOut"}
    assert requests[1]["body"]["opts"]["SendWelcomeEmail"] is False
    assert requests[2]["body"]["Phones"] == []
    assert [each["Number"] for each in requests[4]["body"]["Members"]] == ["114", "115"]


@pytest.mark.parametrize("disable", [False, True])
def test_calls_are_forwarded(pbx: Simulator, disable: bool) -> None:
    profiles = user(pbx)["ForwardingProfiles"]
    given = {"user": LEAVER, "forwardTo": "101", "disable": disable}
    done = do(pbx, "OffboardUser", **given)
    assert done["forwardedTo"] == "101"
    assert ("note" in done) == disable
    assert {"ForwardingProfiles", "CurrentProfileName"} <= set(done["changed"])
    gone = user(pbx)
    assert (gone["Enabled"], gone["CurrentProfileName"]) == (not disable, "Away")
    [away] = [each for each in gone["ForwardingProfiles"] if each["Name"] == "Away"]
    assert [away["AwayRoute"][side]["Number"] for side in ("Internal", "External")] == ["101", "101"]
    stayed = [each for each in gone["ForwardingProfiles"] if each["Name"] != "Away"]
    assert stayed == [each for each in profiles if each["Name"] != "Away"]
    again = do(pbx, "OffboardUser", **given)
    assert again["changed"] == []
    # Nothing shows that the credentials of a user who stays enabled were renewed: they are renewed again.
    assert again["credentialsRenewed"] != disable


@pytest.mark.parametrize("release", ["20.0.4", "20.0.7"])
def test_older_releases(threecx_simulator_factory: Callable[..., Simulator], release: str) -> None:
    pbx = threecx_simulator_factory(release=release)
    old = secrets(pbx)
    done = do(pbx, "OffboardUser", user=LEAVER)
    assert "BlockTunnel" not in done["changed"]
    assert not set(secrets(pbx)) & set(old)
    do_again(pbx, "OffboardUser", user=LEAVER)


def test_several_users_at_once(pbx: Simulator) -> None:
    results = run_task(pbx, "OffboardUser", [Item({}, {"user": str(each)}) for each in range(106, 114)])
    assert [each.error for each in results] == [None] * 8
    support, *_ = pbx.state.entities("Queues")
    assert (support["Agents"], support["Managers"]) == ([], [])


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"user": "999"}, 'user: there is no user "999"'),
        ({"user": "999@x.example"}, 'user: there is no user "999@x.example"'),
        ({}, "user is required"),
        ({"user": LEAVER, "disable": "perhaps"}, "disable: expected true or false"),
        ({"user": LEAVER, "forwardTo": "999"}, 'forwardTo: there is no user "999"'),
        ({"user": LEAVER, "forwardTo": "farid.haddad@office.example"}, "forwardTo: "),
        ({"user": LEAVER, "forwardTo": LEAVER}, "forwardTo: user 106 cannot take over their own calls"),
    ],
)
def test_bad_input(unchanged_pbx: Simulator, parameters: dict[str, Any], says: str) -> None:
    assert says in refuse(unchanged_pbx, "OffboardUser", **parameters)

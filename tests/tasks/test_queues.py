"""The tasks about agents of queues, members of ring groups and the log-in to queues, on a simulator."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.tasks.interference import change_before, refuse_request, run_disturbed
from tests.tasks.support import do, do_again, find_stored, list_changes, plan, read, refuse, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata import rendering

SUPPORT, SALES, WAREHOUSE = "800", "801", "810"


def agents(pbx: Simulator, number: str = SALES) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = find_stored(pbx, "Queues", Number=number)["Agents"]
    return found


def members(pbx: Simulator, number: str = WAREHOUSE) -> list[str]:
    return [each["Number"] for each in find_stored(pbx, "RingGroups", Number=number)["Members"]]


def fill_skill_groups(pbx: Simulator) -> None:
    """Give the agents of a queue different skill groups."""
    [queue] = read(pbx, "GetQueueByNumber", number=SALES, **{"$expand": "Agents"})
    entries = [{**each, "SkillGroup": str(place)} for place, each in enumerate(queue["Agents"], start=2)]
    do(pbx, "UpdateQueue", Id=queue["Id"], body={"Agents": entries})


def test_agents_are_added_once_and_the_others_stay(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    fill_skill_groups(pbx)
    before = agents(pbx)
    queue = find_stored(pbx, "Queues", Number=SALES)
    assert do(pbx, "AddQueueAgent", queue=SALES, users="103, 101,104") == {
        "action": "updated",
        "changed": ["Agents"],
        "queue": SALES,
        "added": ["103", "104"],
        "moved": [],
        "agents": ["101", "102", "103", "104"],
    }
    assert agents(pbx)[:2] == before
    assert [each["SkillGroup"] for each in agents(pbx)] == ["2", "3", "1", "1"]
    # Nothing but the list of agents has changed.
    now = find_stored(pbx, "Queues", Number=SALES)
    assert {**now, "Agents": None} == {**queue, "Agents": None}
    assert do_again(pbx, "AddQueueAgent", queue=SALES, users=[103, "104"])["added"] == []


def test_the_skill_group_of_agents_is_set(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    fill_skill_groups(pbx)
    done = do(pbx, "AddQueueAgent", queue="Sales", users=["101", "105"], skillGroup="5")
    assert (done["added"], done["moved"]) == (["105"], ["101"])
    assert [(each["Number"], each["SkillGroup"]) for each in agents(pbx)] == [
        ("101", "5"),
        ("102", "3"),
        ("105", "5"),
    ]


def test_agents_are_removed_and_the_others_stay(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    fill_skill_groups(pbx)
    kept = agents(pbx)[1]
    done = do(pbx, "RemoveQueueAgent", queue=SALES, users="101,120")
    assert done == {
        "action": "updated",
        "changed": ["Agents"],
        "queue": SALES,
        "removed": ["101"],
        "agents": ["102"],
    }
    assert agents(pbx) == [kept]
    assert do_again(pbx, "RemoveQueueAgent", queue=SALES, users="101,120")["removed"] == []


def test_items_of_one_queue_do_not_lose_each_others_agents(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    items = [
        Item({}, {"queue": name, "users": str(number)})
        for number, name in enumerate([SALES, "Sales", "sales", SALES], start=103)
    ]
    results = run_task(pbx, "AddQueueAgent", items)
    assert [each.error for each in results] == [None] * 4
    assert {each["Number"] for each in agents(pbx)} == {"101", "102", "103", "104", "105", "106"}


def test_a_queue_and_users_of_a_canvas(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [queue] = read(pbx, "GetQueueByNumber", number=SALES)
    shared = {
        "queue": {"__rl": True, "mode": "list", "value": queue["Id"], "cachedResultName": "Sales"},
        "users": "={{ $json.number }}",
        "options": {"skillGroup": 2},
    }
    results = run_task(pbx, "AddQueueAgent", [{"number": 103}, {"number": "104"}], shared)
    assert [each.error for each in results] == [None] * 2
    assert [(each["Number"], each["SkillGroup"]) for each in agents(pbx)[2:]] == [("103", "2"), ("104", "2")]


def test_a_dry_run_shows_the_whole_list(threecx_simulator: Simulator) -> None:
    fill_skill_groups(threecx_simulator)
    [request] = plan(threecx_simulator, "AddQueueAgent", queue=SALES, users="103")
    assert request["method"] == "PATCH"
    sent = request["body"]["Agents"]
    assert [(each["Number"], each["SkillGroup"]) for each in sent] == [
        ("101", "2"),
        ("102", "3"),
        ("103", "1"),
    ]
    assert list(request["body"]) == ["Agents"]
    assert plan(threecx_simulator, "RemoveQueueAgent", queue=SALES, users="103") == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_queue_that_changes_in_between(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(rendering, "ETAG_SETS", frozenset({"Queues"}))
    pbx = threecx_simulator
    [queue] = read(pbx, "GetQueueByNumber", number=SALES)
    path = f"Queues({queue['Id']})"
    other = {"Agents": [{"Number": "101"}, {"Number": "105"}]}
    disturbance = change_before(pbx, "PATCH", path, path, other, times=times)
    result = run_disturbed(pbx, "AddQueueAgent", {"queue": SALES, "users": "103"}, disturbance)
    if times == 1:
        # Read and edited once more: the change of the other program stays.
        assert result.error is None
        assert [each["Number"] for each in agents(pbx)] == ["101", "105", "103"]
    else:
        assert result.error is not None
        assert result.error.http_code == 412
        assert [each["Number"] for each in agents(pbx)] == ["101", "105"]


def test_a_part_of_a_list_is_not_sent_back(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = agents(pbx)
    part = {
        "Id": 34,
        "Number": SALES,
        "Agents": before[:1],
        "Agents@odata.nextLink": "Queues(34)/Agents?$skip=1",
    }

    async def answer_a_part(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json=part) if "/Queues(" in request.url.path else None

    result = run_disturbed(pbx, "AddQueueAgent", {"queue": SALES, "users": "103"}, answer_a_part)
    assert result.error is not None
    assert result.error.message.startswith("queue 801: the PBX returned only a part of the list Agents")
    assert list_changes(pbx) == []
    assert agents(pbx) == before


def test_members_are_added_at_the_end_or_at_a_position(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    done = do(pbx, "AddRingGroupMember", ringGroup=WAREHOUSE, users="116")
    assert done == {
        "action": "updated",
        "changed": ["Members"],
        "ringGroup": WAREHOUSE,
        "added": ["116"],
        "moved": [],
        "members": ["114", "115", "116"],
    }
    placed = do(pbx, "AddRingGroupMember", ringGroup="Warehouse", users=["117", "115"], position=1)
    assert (placed["added"], placed["moved"]) == (["117"], ["115"])
    assert members(pbx) == ["117", "115", "114", "116"]
    do_again(pbx, "AddRingGroupMember", ringGroup=WAREHOUSE, users="114", position=3)
    do_again(pbx, "AddRingGroupMember", ringGroup=WAREHOUSE, users="114")
    do(pbx, "AddRingGroupMember", ringGroup=WAREHOUSE, users="114", position=99)
    assert members(pbx) == ["117", "115", "116", "114"]


def test_members_are_removed_in_order(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    do(pbx, "AddRingGroupMember", ringGroup=WAREHOUSE, users="116,117")
    before = find_stored(pbx, "RingGroups", Number=WAREHOUSE)
    done = do(pbx, "RemoveRingGroupMember", ringGroup=WAREHOUSE, users="115,100")
    after = find_stored(pbx, "RingGroups", Number=WAREHOUSE)
    assert after == {**before, "Members": [each for each in before["Members"] if each["Number"] != "115"]}
    assert (done["action"], done["removed"]) == ("updated", ["115"])
    assert members(pbx) == ["114", "116", "117"]
    do_again(pbx, "RemoveRingGroupMember", ringGroup=WAREHOUSE, users="115")


def test_a_user_is_logged_out_and_in(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    assert do(pbx, "LogUserOutOfQueues", user="106") == {
        "action": "updated",
        "changed": ["QueueStatus"],
        "user": "106",
        "queueStatus": "LoggedOut",
        "previousQueueStatus": "LoggedIn",
    }
    do_again(pbx, "LogUserOutOfQueues", user="106")
    assert do(pbx, "LogUserIntoQueues", user="106")["queueStatus"] == "LoggedIn"
    assert agents(pbx, SUPPORT)[0]["Number"] == "106"


def test_rules_that_log_out_of_queues_are_noted(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [user] = read(pbx, "GetUserByNumber", number="106", **{"$expand": "ForwardingProfiles"})
    rules = [
        {**each, "OfficeHoursAutoQueueLogOut": each["Name"] == "Away"} for each in user["ForwardingProfiles"]
    ]
    do(pbx, "UpdateUser", Id=user["Id"], body={"ForwardingProfiles": rules})
    assert "note" not in do(pbx, "LogUserIntoQueues", user="106")
    do(pbx, "SetUserStatus", user="106", status="away")
    assert "Away, log the user out of queues" in do(pbx, "LogUserIntoQueues", user="106")["note"]
    assert "note" not in do(pbx, "LogUserOutOfQueues", user="106")


@pytest.mark.parametrize(
    ("task", "parameters", "says"),
    [
        ("AddQueueAgent", {"queue": "999", "users": "101"}, 'queue: there is no queue "999"'),
        ("AddQueueAgent", {"queue": SALES, "users": "101,999"}, 'users: there is no user "999"'),
        ("AddQueueAgent", {"queue": SALES}, "users is required"),
        ("AddQueueAgent", {"queue": SALES, "users": " , "}, "users is required"),
        ("AddQueueAgent", {"queue": SALES, "users": {"a": 1}}, "users: expected a list"),
        ("AddQueueAgent", {"queue": "810", "users": "101"}, 'queue: there is no queue "810"'),
        ("AddQueueAgent", {"queue": SALES, "users": "101", "skillGroup": 0}, "skillGroup: expected a number"),
        ("AddQueueAgent", {"queue": SALES, "users": "101", "skillGroup": 1.5}, "a whole number from 1, got 1.5"),
        ("AddQueueAgent", {"queue": SALES, "users": "101", "skillGroup": "x"}, "skillGroup: expected a number"),
        ("AddRingGroupMember", {"ringGroup": "810", "users": "101", "position": 2.5}, "a whole number from 1"),
        ("AddRingGroupMember", {"ringGroup": "Ware", "users": "101"}, 'there is no ring group "Ware"'),
        ("LogUserIntoQueues", {"user": "801"}, 'user: there is no user "801"'),
        ("LogUserIntoQueues", {"user": None}, "user is required"),
    ],
)  # fmt: skip
def test_bad_input(unchanged_pbx: Simulator, task: str, parameters: dict[str, Any], says: str) -> None:
    assert says in refuse(unchanged_pbx, task, **parameters)


def test_two_queues_of_one_name(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    do(pbx, "CreateQueue", body={"Number": "809", "Name": "Sales"})
    assert 'queue: several are called "Sales"' in refuse(pbx, "AddQueueAgent", queue="Sales", users="103")


def test_a_refused_change_is_an_error_of_the_item(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    refusal = refuse_request("PATCH", "/Queues(")
    result = run_disturbed(pbx, "AddQueueAgent", {"queue": SALES, "users": "103"}, refusal)
    assert result.error is not None
    assert result.error.http_code == 403
    assert "done before" not in result.error.message

"""A dry run shows the requests that the same batch then sends, also where its items change the same entity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.support import do, list_changes, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator, SimulatorConfig

HOLIDAY = {"name": "Half day", "start": "2027-12-23"}
STATUSES = ("lunch", "lunch", "available", "away")


@pytest.mark.parametrize(
    ("task", "batch"),
    [
        ("SetUserStatus", [{"user": "101", "status": each} for each in STATUSES]),
        ("SetUserStatus", [{"user": each, "status": "away"} for each in ("101", "ada.lindqvist@office.example")]),
        ("LogUserOutOfQueues", [{"user": "106"}] * 2),
        ("AddQueueAgent", [{"queue": "802", "users": each} for each in ("101", "102", "101,103")]),
        ("RemoveQueueAgent", [{"queue": "800", "users": each} for each in ("106", "107,106")]),
        ("AddRingGroupMember", [{"ringGroup": "810", "users": each, "position": 1} for each in ("101", "102")]),
        ("CloseDepartment", [{"department": each, "until": "2099-01-01"} for each in ("Sales", "GRP0001", "Support")]),
        ("AddUserToDepartment", [
            {"user": "106", "department": "Sales", "role": each} for each in ("users", "managers", None)
        ]),
        ("RemoveUserFromDepartment", [{"user": "107", "department": each} for each in ("Support", "Support")]),
        ("ForwardUserCalls", [
            {"user": "106", "when": each, "to": "voicemail"} for each in ("always", "busy", "always", "away")
        ]),
        ("AddHoliday", [HOLIDAY, {**HOLIDAY, "name": "half DAY"}, {**HOLIDAY, "department": "Sales"}]),
        ("OffboardUser", [{"user": each, "removePhones": True, "forwardTo": "100"} for each in ("106", "107", "106")]),
        ("UpsertContact", [
            {"body": {"FirstName": name, "PhoneNumber": number}}
            for name, number in (("a", "0711 1"), ("b", "0711-1"), ("b", "07111"), ("c", "0711 2"))
        ]),
        ("UpsertUser", [{"body": {"Number": "101", "FirstName": each}} for each in ("x", "x", "Ada")]),
        ("UpsertBlockedNumber", [
            {"body": {"CallerId": each, "Description": "x"}} for each in ("+49 30 1", "0049301")
        ]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("release", ["20.0.10", "20.0.4"])
def test_a_dry_run_shows_what_is_sent(task: str, batch: list[dict[str, Any]], release: str) -> None:
    items = [Item({}, each) for each in batch]
    with Simulator(SimulatorConfig(release=release)) as pbx:
        do(pbx, "AddUserToDepartment", user="107", department="Sales")
        pbx.forget_requests()
        shown = run_task(pbx, task, items, dry_run=True, concurrency=1)
        assert list_changes(pbx) == []
        pbx.forget_requests()
        done = run_task(pbx, task, items, concurrency=1)
        assert [each.error for each in (*shown, *done)] == [None] * 2 * len(items)
        sent = [each for each in pbx.requests if each.method != "GET" and "/connect/" not in each.path]
        wanted = [
            (each["method"], each["url"].removeprefix(pbx.base_url), each["body"])
            for result in shown
            for each in (result.request or {})["requests"]
        ]
    ids = {f"({entity})": "(0)" for entity in find_created(done)}
    assert [each[:2] for each in wanted] == [(each.method, replace_ids(each.path, ids)) for each in sent]
    for (_, path, body), request in zip(wanted, sent, strict=True):
        assert is_part_of(body, request.json()), (path, body, request.json())


def find_created(results: Any) -> list[str]:
    """Return the keys of what was created: a dry run does not know them."""
    items = [item["json"] for each in results for item in each.items or ()]
    keys = [each["Id"] for each in items if each["action"] == "created" and "Id" in each]
    return [f"'{each}'" if isinstance(each, str) else str(each) for each in keys]


def replace_ids(path: str, ids: dict[str, str]) -> str:
    for old, new in ids.items():
        path = path.replace(old, new)
    return path


def is_part_of(shown: Any, sent: Any) -> bool:
    """Return whether all values that were shown are sent: the PBX adds fields to the entries that it stores."""
    if isinstance(shown, dict) and isinstance(sent, dict):
        return all(name in sent and is_part_of(value, sent[name]) for name, value in shown.items())
    if isinstance(shown, list) and isinstance(sent, list):
        return len(shown) == len(sent) and all(is_part_of(*each) for each in zip(shown, sent, strict=True))
    return bool(shown == sent)

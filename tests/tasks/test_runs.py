"""How a batch of a task runs: its order, its end after an error, a stop or an abort, lost answers, and its journal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.execution.journals import lines, write_lines
from tests.tasks.interference import lose_response, run_batch, run_disturbed
from tests.tasks.support import credential_of, list_changes, read, run_task
from threecx_node import Executor, Options
from threecx_node.execution.journal import BatchIdentity
from threecx_node.execution.journal_file import FileJournal
from threecx_node.simulator import Simulator

STATUS, WELCOME = "SetUserStatus", "SendUserWelcomeEmail"
ALL = {"user": "={{ $json.user }}", "status": "={{ $json.status }}"}
USERS = ("101", "102", "112")


def rows(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"user": user, "status": status} for user, status in pairs]


def current(pbx: Simulator, number: str) -> str:
    [user] = read(pbx, "GetUserByNumber", number=number)
    return str(user["CurrentProfileName"])


def test_items_of_one_user_keep_their_order(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    statuses = ("lunch", "away", "available", "businessTrip", "lunch")
    results = run_task(pbx, STATUS, rows(*(("112", each) for each in statuses), ("101", "away")), ALL)
    found = [each.items[0]["json"] for each in results if each.items]
    assert [each["previousStatus"] for each in found] == [
        "Available", "Lunch", "Away", "Available", "Business Trip", "Available",
    ]  # fmt: skip
    assert [each.items[0]["pairedItem"] for each in results if each.items] == [
        {"item": index} for index in range(6)
    ]
    assert current(pbx, "112") == "Custom 1"


def test_results_come_as_they_are_there(threecx_simulator: Simulator) -> None:
    async def main() -> list[int]:
        async with Executor(credential_of(threecx_simulator)) as executor:
            items = rows(*((user, "lunch") for user in USERS))
            return [each.index async for each in executor.stream(STATUS, items, ALL)]

    assert sorted(asyncio.run(main())) == [0, 1, 2]


def test_all_items_are_checked_before_anything_is_sent(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    results = run_task(pbx, STATUS, rows(("101", "lunch"), ("102", "lnch"), ("", "away")), ALL)
    assert [each.error.code if each.error else None for each in results] == [
        "not_attempted",
        "parameter",
        "parameter",
    ]
    # Only the release of the PBX was asked for.
    assert {each.path for each in pbx.requests} == {"/connect/token", "/xapi/v1/Defs"}


def test_an_item_that_fails_ends_the_batch_or_not(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    items = rows(("999", "lunch"), ("101", "lunch"))
    ended = run_task(pbx, STATUS, items, ALL, concurrency=1)
    assert [each.error.code for each in ended if each.error] == ["parameter", "not_attempted"]
    went_on = run_task(pbx, STATUS, items, ALL, concurrency=1, continue_on_fail=True)
    assert [each.error is None for each in went_on] == [False, True]
    assert list_changes(pbx) == ["PATCH /xapi/v1/Users(9)"]


def test_prepared_items_are_not_sent(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    results = run_task(
        pbx, STATUS, rows(("999", "lunch"), ("101", "x")), ALL, prepare_only=True, continue_on_fail=True
    )
    assert [each.to_json().keys() for each in results] == [set(), {"error"}]
    assert pbx.requests == []


def test_a_dry_run_of_a_batch_changes_nothing(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    results = run_task(pbx, STATUS, rows(("101", "lunch"), ("101", "available")), ALL, dry_run=True)
    # The second item finds the user as the first one would have left it.
    assert [len((each.request or {})["requests"]) for each in results] == [1, 1]
    assert list_changes(pbx) == []


def test_a_stop_leaves_the_rest_untried(threecx_simulator: Simulator) -> None:
    pbx, stop = threecx_simulator, asyncio.Event()

    async def interfere(request: httpx.Request) -> None:
        # The batch is stopped while its first item is being changed.
        if request.method == "PATCH":
            stop.set()

    items = rows(*((user, "lunch") for user in USERS))
    batch = run_batch(pbx, STATUS, items, ALL, interfere, stop=stop, concurrency=1)
    assert [each.error.code if each.error else None for each in batch.results] == [
        None,
        "not_attempted",
        "not_attempted",
    ]
    assert len(list_changes(pbx)) == 1


def test_a_stop_before_the_first_change_changes_nothing(threecx_simulator: Simulator) -> None:
    pbx, stop = threecx_simulator, asyncio.Event()

    async def interfere(request: httpx.Request) -> None:
        if request.url.path.endswith("/Users"):
            stop.set()

    batch = run_batch(pbx, STATUS, rows(("101", "lunch")), ALL, interfere, stop=stop)
    assert [each.error.code for each in batch.results if each.error] == ["not_attempted"]
    assert list_changes(pbx) == []


def test_an_abort_says_what_is_unknown(threecx_simulator: Simulator) -> None:
    pbx, abort = threecx_simulator, asyncio.Event()

    async def interfere(request: httpx.Request) -> None:
        if request.method == "PATCH":
            abort.set()
            await asyncio.Event().wait()

    items = rows(("101", "lunch"), ("102", "lunch"))
    batch = run_batch(pbx, STATUS, items, ALL, interfere, abort=abort, concurrency=1)
    first, second = (each.error for each in batch.results)
    assert first is not None
    assert second is not None
    assert first.outcome_unknown
    assert first.request is not None
    assert first.request["method"] == "PATCH"
    assert (second.code, second.outcome_unknown) == ("not_attempted", False)


def test_a_lost_answer_of_an_update_is_looked_up(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    lost = lose_response("PATCH", "/Users(")
    result = run_disturbed(pbx, STATUS, {"user": "112", "status": "lunch"}, lost)
    assert result.error is None
    assert result.items is not None
    assert result.items[0]["json"]["action"] == "updated"
    assert list_changes(pbx) == ["PATCH /xapi/v1/Users(20)"]


def test_a_lost_answer_of_an_effect_is_unknown_and_not_repeated(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    result = run_disturbed(pbx, WELCOME, {"user": "112"}, lose_response("POST", "/Users("))
    assert result.error is not None
    assert result.error.outcome_unknown
    assert list_changes(pbx) == ["POST /xapi/v1/Users(20)/Pbx.SendWelcomeEmail"]


def identity(pbx: Simulator, task: str, items: Sequence[Mapping[str, Any]], parameters: Any) -> BatchIdentity:
    return BatchIdentity.of(task, items, parameters, Options(), credential_of(pbx))


def test_a_resumed_run_does_what_remains(threecx_simulator: Simulator, tmp_path: Path) -> None:
    pbx, path = threecx_simulator, tmp_path / "journal"
    items = rows(("101", "lunch"), ("102", "lunch"), ("112", "lunch"))
    batch = identity(pbx, STATUS, items, ALL)
    stop = asyncio.Event()

    async def interfere(request: httpx.Request) -> None:
        if request.method == "PATCH" and "(9)" not in request.url.path:
            stop.set()

    with FileJournal.create(path, batch) as journal:
        first = run_batch(pbx, STATUS, items, ALL, interfere, journal=journal, stop=stop, concurrency=1)
    assert [each.error is None for each in first.results] == [True, True, False]
    records = [next(iter(each)) for each in lines(path)[1:]]
    assert records == ["before", "after", "before", "after", "end"]
    pbx.forget_requests()
    with FileJournal.resume(path, batch) as journal:
        second = run_batch(pbx, STATUS, items, ALL, journal=journal)
    assert [each.error for each in second.results] == [None, None, None]
    assert list_changes(pbx) == ["PATCH /xapi/v1/Users(20)"]


@pytest.mark.parametrize(
    ("task", "parameters", "changes", "code"),
    [
        (STATUS, {"user": "112", "status": "lunch"}, ["PATCH /xapi/v1/Users(20)"], None),
        (WELCOME, {"user": "112"}, [], "interrupted"),
    ],
)
def test_an_interrupted_item_is_repeated_where_that_is_safe(
    threecx_simulator: Simulator,
    tmp_path: Path,
    task: str,
    parameters: dict[str, Any],
    changes: list[str],
    code: str | None,
) -> None:
    pbx, path = threecx_simulator, tmp_path / "journal"
    items: list[dict[str, Any]] = [{}]
    batch = identity(pbx, task, items, parameters)
    FileJournal.create(path, batch).close()
    write_lines(path, {"before": 0, "method": "POST", "target": "/Users(20)/Pbx.Something"})
    with FileJournal.resume(path, batch) as journal:
        [result] = run_batch(pbx, task, items, parameters, journal=journal).results
    assert (result.error.code if result.error else None) == code
    assert list_changes(pbx) == changes

"""Create or Update while other programs create, change and delete the same entities, and responses are lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.interference import refuse_request, run_disturbed
from tests.tasks.support import run_task
from tests.tasks.upsert_support import count, create, request, upsert
from threecx_node import Item
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata import rendering
from threecx_node.tasks import upsert_batch, upserts
from threecx_node.tasks.context import TaskContext


def test_a_contact_that_another_program_creates_meanwhile(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that was read a while ago is brought up to date before something is created."""
    pbx, seconds, others = threecx_simulator, [0.0], list[int]()
    monkeypatch.setattr(upsert_batch, "_clock", lambda: seconds[0])
    add_created = upsert_batch.UpsertBatch.add_created

    def add(batch: upsert_batch.UpsertBatch, row: Any, created: Any) -> Any:
        if not seconds[0]:
            others.append(create(pbx, "Contacts", FirstName="Other", PhoneNumber="(0711) 2"))
        seconds[0] += upsert_batch.FRESH
        return add_created(batch, row, created)

    monkeypatch.setattr(upsert_batch.UpsertBatch, "add_created", add)
    rows = [{"FirstName": name, "PhoneNumber": f"0711-{number}"} for number, name in enumerate("abcd")]
    found = upsert(pbx, rows, concurrency=1)
    assert [(each["action"], each["FirstName"]) for each in found] == [
        ("created", "a"),
        ("created", "b"),
        ("updated", "c"),
        ("created", "d"),
    ]
    assert [found[2]["Id"]] == others


def test_a_contact_that_is_deleted_meanwhile_is_created(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx = threecx_simulator
    contact = create(pbx, "Contacts", FirstName="Ada", PhoneNumber="0711 1")
    differ = upsert_batch.EntitySet.find_differences

    def delete(entities: upsert_batch.EntitySet, row: Any, entity: Any, match_on: Any) -> Any:
        request(pbx, "DELETE", f"Contacts({contact})")
        return differ(entities, row, entity, match_on)

    monkeypatch.setattr(upsert_batch.EntitySet, "find_differences", delete)
    [found] = upsert(pbx, [{"FirstName": "Bob", "PhoneNumber": "0711 1"}])
    assert found["action"] == "created"
    assert found["Id"] != contact


def test_an_entity_with_an_etag_is_changed_as_it_was_read(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx = threecx_simulator
    monkeypatch.setattr(rendering, "ETAG_SETS", frozenset({"Contacts"}))
    contact = create(pbx, "Contacts", FirstName="Ada", PhoneNumber="0711 1")
    rows = [{"FirstName": f"Ada {number}", "PhoneNumber": "0711 1"} for number in range(2)]
    assert [each["action"] for each in upsert(pbx, rows)] == ["updated"] * 2
    [first, second] = [each for each in pbx.requests if each.method == "PATCH"]
    assert first.headers["if-match"].startswith('W/"')
    # This batch knows the changes that it has made itself.
    assert "if-match" not in second.headers
    differ, changes = upsert_batch.EntitySet.find_differences, list[str]()

    def change(entities: upsert_batch.EntitySet, row: Any, entity: Any, match_on: Any) -> Any:
        if not changes:
            changes.append("other")
            request(pbx, "PATCH", f"Contacts({contact})", FirstName="Bob", LastName="Other")
        return differ(entities, row, entity, match_on)

    monkeypatch.setattr(upsert_batch.EntitySet, "find_differences", change)
    pbx.forget_requests()
    [found] = upsert(pbx, [{"FirstName": "Ada", "PhoneNumber": "0711 1"}])
    assert (found["action"], found["FirstName"], found["LastName"]) == ("updated", "Ada", "Other")
    statuses = [each.status for each in pbx.requests if each.method == "PATCH"]
    # A token of the other program ends that of the batch.
    assert [each for each in statuses if each != 401] == [204, 412, 204]


def test_a_creation_whose_response_is_lost_is_looked_for(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx = threecx_simulator
    monkeypatch.setattr(upserts, "PAUSE", 0.0)
    row = {"FirstName": "Ada", "PhoneNumber": "0711 1"}
    write = TaskContext.write

    async def lose(context: TaskContext, operation: str, parameters: Any, **options: Any) -> Any:
        pbx.faults.set(faults[0])
        try:
            return await write(context, operation, parameters, **options)
        finally:
            pbx.faults.set("")

    monkeypatch.setattr(TaskContext, "write", lose)
    before = pbx.state.count("Contacts")
    faults = ["drop-after:100%"]
    [found] = upsert(pbx, [row])
    assert (found["action"], found["FirstName"]) == ("created", "Ada")
    assert pbx.state.count("Contacts") == before + 1
    assert count(pbx, "POST", "Contacts") == 1
    # It was not carried out, which nothing proves: so it is not sent again.
    faults = ["drop:100%"]
    [result] = run_task(pbx, "UpsertContact", [{}], {"body": {"FirstName": "Bob", "PhoneNumber": "0711 2"}})
    assert result.error is not None
    assert result.error.outcome_unknown
    assert count(pbx, "POST", "Contacts") == 2
    assert pbx.state.count("Contacts") == before + 1


def test_a_number_that_is_in_use_meanwhile(
    threecx_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PBX refuses a second user with a number: then the first one is updated."""
    pbx = threecx_simulator
    write = TaskContext.write

    async def race(context: TaskContext, operation: str, parameters: Any, **options: Any) -> Any:
        if operation == "CreateUser" and pbx.state.count("Users") == before:
            create(pbx, "Users", Number="399", FirstName="Other")
        return await write(context, operation, parameters, **options)

    monkeypatch.setattr(TaskContext, "write", race)
    before = pbx.state.count("Users")
    [found] = upsert(pbx, [{"Number": "399", "FirstName": "Ada"}], "UpsertUser")
    assert (found["action"], found["changed"]) == ("updated", ["FirstName"])
    assert pbx.state.count("Users") == before + 1
    # A number of something else than a user stays an error.
    [result] = run_task(pbx, "UpsertUser", [{}], {"body": {"Number": "800", "FirstName": "x"}})
    assert result.error is not None
    assert "in use" in result.error.message.lower()


def test_rows_that_find_their_user_by_different_fields(threecx_simulator: Simulator) -> None:
    """A batch may match each row on other fields: those that any row is matched on keep their order."""
    pbx = threecx_simulator
    rows = [
        {"Number": "301", "EmailAddress": "k@office.example"},
        {"EmailAddress": "K@office.example", "LastName": "x"},
    ]
    results = run_task(pbx, "UpsertUser", [Item({}, {"body": each}) for each in rows])
    assert [(each.items or [{}])[0]["json"]["action"] for each in results] == ["created", "updated"]


def test_rows_that_are_matched_on_different_fields(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    before = pbx.state.count("Contacts")
    row = {"FirstName": "Ada", "PhoneNumber": "0711 1", "Email": "ada@office.example"}
    items = [Item({}, {"body": row}), Item({}, {"body": {**row, "PhoneNumber": ""}, "matchOn": "Email"})]
    results = run_task(pbx, "UpsertContact", items)
    assert [(each.items or [{}])[0]["json"]["action"] for each in results] == ["created", "unchanged"]
    assert pbx.state.count("Contacts") == before + 1


def test_a_conflict_names_the_entity(threecx_simulator: Simulator) -> None:
    refused = refuse_request("PATCH", "/Users", 412)
    given = {"body": {"Number": "101", "FirstName": "x"}}
    result = run_disturbed(threecx_simulator, "UpsertUser", given, refused)
    assert result.error is not None
    assert result.error.message.startswith("user 101 Ada Lindqvist: ")

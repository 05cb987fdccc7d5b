"""Search an entity set of a simulated PBX for the entities of a list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from threecx_credentials import Credential
from threecx_node.canvas.list_search import SearchPage, search_entities
from threecx_node.catalog import Catalog, load_catalog
from threecx_node.catalog.list_names import list_names
from threecx_node.errors import InputError, UnknownNameError
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Item
from threecx_node.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def connect(simulator: Simulator) -> Executor:
    return Executor(Credential.of(simulator.base_url, simulator.client_id, simulator.client_secret))


def find(
    simulator: Simulator,
    operation: str,
    text: str | None = None,
    cursor: str | None = None,
    parameter: str | None = None,
) -> SearchPage:
    async def search() -> SearchPage:
        async with connect(simulator) as executor:
            return await search_entities(executor, operation, parameter, text, cursor)

    return asyncio.run(search())


def test_search(simulator: Simulator) -> None:
    everyone = find(simulator, "GetUser").results
    assert len(everyone) > 1
    name = str(everyone[0]["name"])
    found = find(simulator, "GetUser", name.split()[0]).results
    assert everyone[0]["value"] in [each["value"] for each in found]
    assert find(simulator, "GetUser", "no such O'Name").results == []
    # The text that the list shows finds its entity, in any case and order.
    for text in (name, name.upper(), " ".join(reversed(name.lower().split()))):
        assert everyone[0] in find(simulator, "GetUser", text).results
    assert len(find(simulator, "GetUser", name).results) == 1
    assert find(simulator, "GetUser", "()").results == []

    async def get() -> Any:
        async with connect(simulator) as executor:
            return await executor.run("GetUser", [Item({}, {"Id": everyone[0]["value"]})])

    [result] = asyncio.run(get()).results
    assert result.error is None
    assert result.items[0]["json"]["Id"] == everyone[0]["value"]


def test_unknown_cursor(simulator: Simulator) -> None:
    with pytest.raises(InputError, match="cursor is not one that a search returned"):
        find(simulator, "GetUser", cursor="next")


@pytest.mark.parametrize(
    ("operation", "parameter"), [("ListUser", None), ("DeleteUser", "Number"), ("GetCrmTemplate", None)]
)
def test_no_list_to_choose_from(simulator: Simulator, operation: str, parameter: str | None) -> None:
    with pytest.raises(UnknownNameError, match="3CX has no list to choose from"):
        find(simulator, operation, parameter=parameter)


def test_no_scan_of_the_operations(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search runs for each key that a user types, so it must not look at all 624 operations."""
    catalog = load_catalog()
    catalog.listing("Users")
    asked: list[str] = []
    find_operation = Catalog.operation

    def operation(self: Catalog, name: str) -> Any:
        asked.append(name)
        return find_operation(self, name)

    monkeypatch.setattr(Catalog, "operation", operation)
    assert find(simulator, "DeleteUser", "a").results
    assert set(asked) == {"DeleteUser", "ListUser"}
    assert len(asked) < 6


REFERENCES = [
    ("CreateUser", "PrimaryGroupId", "Sales", {"name": "Sales (GRP0001)", "value": 2}),
    ("CreateQueue", "Agents/Number", "lindqvist", {"name": "Ada Lindqvist (101)", "value": "101"}),
    ("GetInboundCalls", "trunkDns", "island", {"name": "Island Telecom (10000)", "value": "10000"}),
    ("GetDetailedQueueStatisticsData", "queueDnStr", "800", {"name": "Support (800)", "value": "800"}),
    ("CreateReceptionist", "PromptFilename", None, {"name": "closed (closed.wav)", "value": "closed.wav"}),
    ("UpdateGroup", "Language", None, {"name": "English Prompts Set (EN)", "value": "EN"}),
    ("BatchDelete", "ids", "Ada", {"name": "Ada Lindqvist (101)", "value": 9}),
    ("DeleteTrunk", "Id", "Island", {"name": "Island Telecom (10000)", "value": 51}),
    (
        "DeleteBlackListNumber",
        "Id",
        None,
        {"name": "+4930555* (Advertising)", "value": "BlackListNumbers-2"},
    ),
    ("DeleteDeviceInfo", "Id", "t46s", {"name": "Yealink T46S (00:15:65:AA:00:09)", "value": 1}),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    with Simulator(past_days=1) as running:
        yield running


@pytest.mark.parametrize(("operation", "parameter", "text", "expected"), REFERENCES)
def test_lists_of_references(
    shared: Simulator, operation: str, parameter: str, text: str | None, expected: object
) -> None:
    """A list has a text that a person recognises, whatever the value is; searching for the text finds it."""
    found = find(shared, operation, text, parameter=parameter).results
    assert expected in found
    name = str(expected["name"])  # type: ignore[index]  # the parameters above are mappings
    assert expected in find(shared, operation, name, parameter=parameter).results


def test_time_zones(shared: Simulator) -> None:
    [zone] = find(shared, "CreateGroup", "berlin", parameter="TimeZoneId").results
    assert "Europe/Berlin" in str(zone["name"])
    assert isinstance(zone["value"], str)


def test_recordings_are_named_by_their_parties(shared: Simulator) -> None:
    first, *_ = find(shared, "DownloadRecording", parameter="recId").results
    assert " (20" in str(first["name"])
    assert str(first["name"]).endswith(" UTC)")
    # The moment is shown, and left out of a search.
    assert first in find(shared, "DownloadRecording", str(first["name"]), parameter="recId").results


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ({"Id": 1, "FirstName": "Ann", "LastName": "", "CompanyName": "Ltd"}, "Ann (Ltd)"),
        ({"Id": 1, "CompanyName": "Ltd"}, "Ltd"),
        ({"Id": 1, "PhoneNumber": "+49"}, "+49"),
        ({"Id": 1}, "1"),
    ],
)
def test_text_of_a_contact(entity: dict[str, Any], text: str) -> None:
    assert list_names(load_catalog(), "Pbx.Contact").describe(entity, entity["Id"]) == text


def test_every_list_has_a_text() -> None:
    """No entity with a key is listed by the key alone, where it has a name."""
    catalog = load_catalog()
    nameless = set()
    for operation_id in catalog.operation_ids:
        operation = catalog.operation(operation_id)
        if operation.kind == "list" and catalog.entity_key(operation.version()):
            names = list_names(catalog, operation.version().returns.type)
            if not names.fields:
                nameless.add(operation_id)
    # Templates are named by their key.
    assert nameless == {"ListFxsTemplate", "ListPhoneTemplate"}

"""Search an entity set of a simulated PBX for the entities of a list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from threecx_credentials import Credential
from threecx_node.canvas.list_search import SearchPage, search_entities
from threecx_node.catalog import Catalog, load_catalog
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

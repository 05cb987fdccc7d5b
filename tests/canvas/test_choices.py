"""What a canvas offers to choose from, asked of a simulated PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from threecx_credentials import Credential
from threecx_node.canvas.choices import SearchPage, body_fields, options_of, search
from threecx_node.catalog import load_catalog
from threecx_node.errors import InputError, UnknownNameError
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Item
from threecx_node.options import Options
from threecx_node.simulator import Simulator

KEYS = {
    "String": "x",
    "Guid": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "DateTimeOffset": "2026-01-31",
    "Boolean": True,
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def credential(simulator: Simulator) -> Credential:
    return Credential.of(simulator.base_url, simulator.client_id, simulator.client_secret)


def find(
    simulator: Simulator, operation: str, text: str | None = None, cursor: str | None = None
) -> SearchPage:
    async def ask() -> SearchPage:
        async with Executor(credential(simulator)) as executor:
            return await search(executor, operation, None, text, cursor)

    return asyncio.run(ask())


def test_a_found_value_opens_its_entry_and_a_filter_narrows(simulator: Simulator) -> None:
    everyone = find(simulator, "GetUser").results
    assert len(everyone) > 1
    name = str(everyone[0]["name"])
    found = find(simulator, "GetUser", name.split()[0]).results
    assert everyone[0]["value"] in [each["value"] for each in found]
    assert find(simulator, "GetUser", "no such O'Name").results == []
    # What the list shows is found, in whatever case and order.
    for text in (name, name.upper(), " ".join(reversed(name.lower().split()))):
        assert everyone[0] in find(simulator, "GetUser", text).results
    assert len(find(simulator, "GetUser", name).results) == 1
    assert find(simulator, "GetUser", "()").results == []

    async def get() -> Any:
        async with Executor(credential(simulator)) as executor:
            return await executor.run("GetUser", [Item({}, {"Id": everyone[0]["value"]})])

    [result] = asyncio.run(get()).results
    assert result.error is None
    assert result.items[0]["json"]["Id"] == everyone[0]["value"]


def test_a_cursor_that_is_no_number_is_refused(simulator: Simulator) -> None:
    with pytest.raises(InputError, match="page is not known"):
        find(simulator, "GetUser", cursor="next")


def test_fields_and_options_have_names_and_types() -> None:
    catalog = load_catalog()
    fields = {each["id"]: each for each in body_fields(catalog, "UpdateUser", None)}
    assert fields["FirstName"]["displayName"] == "First Name"
    assert fields["FirstName"]["type"] == "string"
    assert fields["Enabled"]["type"] == "boolean"
    assert "Id" not in fields
    orders = [each["value"] for each in options_of(catalog, "ListUser", "$orderby", None)]
    assert {"FirstName", "FirstName desc"} <= set(orders)
    with pytest.raises(UnknownNameError):
        options_of(catalog, "ListUser", "$nothing", None)


def test_fields_tell_what_must_be_given_and_what_goes_into_them() -> None:
    catalog = load_catalog()

    def told(operation: str) -> dict[str, tuple[bool, str | None]]:
        return {
            each["id"]: (each["required"], each.get("description"))
            for each in body_fields(catalog, operation, None)
        }

    assert told("BatchDelete") == {"ids": (True, "a list of numbers")}
    contact = told("DeleteContactsByType")
    assert contact["contactSource"][0] is True
    assert contact["number"] == (False, None)
    user = told("UpdateUser")
    assert not any(required for required, _ in user.values())
    assert user["Phones"] == (False, "a list of objects with Id, Interface, MacAddress, Name, …")
    assert user["BreakTime"][1] == "an object with IgnoreHolidays, Periods, Type"
    assert user["Blfs"][1] == "at most 20480 characters"
    assert user["DatevEnabled"][1] == "in 3CX 20.0.7 and later"
    assert user["FirstName"][1] is None
    assert max(len(text) for _, text in user.values() if text) < 140


def test_every_operation_is_ready_with_only_what_its_fields_require() -> None:
    """A canvas cannot leave out what is required, so that must never be what the operation refuses."""
    catalog = load_catalog()
    samples = {
        "array": [],
        "object": {},
        "boolean": True,
        "number": 1,
        "string": "x",
        "dateTime": "2026-01-31",
    }

    def sample(field: dict[str, Any]) -> Any:
        return field["options"][0]["value"] if field["type"] == "options" else samples[field["type"]]

    async def refused() -> dict[str, str]:
        found = {}
        async with Executor(Credential.of("https://pbx.example", "900", "x")) as executor:
            for operation in catalog.operations():
                body = {
                    each["id"]: sample(each)
                    for each in body_fields(catalog, operation.id, None)
                    if each["required"]
                }
                if not body:
                    continue
                for release in operation.releases:
                    keys = {
                        each.name: KEYS.get(each.type, 1) for each in operation.version(release).parameters
                    }
                    options = Options(dry_run=True, release=release)
                    batch = await executor.run(
                        operation.id, [Item({}, {**keys, "body": body})], options=options
                    )
                    [result] = batch.results
                    if result.error is not None and "has no body field" in result.error.message:
                        found[f"{operation.id} {release}"] = result.error.one_line()
        return found

    assert asyncio.run(refused()) == {}

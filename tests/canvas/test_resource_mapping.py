"""Describe the fields of request bodies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.support import ROOT, run_generator
from threecx_credentials import Credential
from threecx_node.canvas.resource_mapping import describe_body_fields
from threecx_node.catalog import load_catalog
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Item
from threecx_node.options import Options
from tools.build_body_fields import FIELDS, GENERATOR

CATALOG = load_catalog()
KEYS = {
    "String": "x",
    "Guid": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "DateTimeOffset": "2026-01-31",
    "Boolean": True,
}


def test_names_and_types() -> None:
    fields = {each["id"]: each for each in describe_body_fields(CATALOG, "UpdateUser", None)}
    assert fields["FirstName"]["displayName"] == "First Name"
    assert fields["FirstName"]["type"] == "string"
    assert fields["Enabled"]["type"] == "boolean"
    assert "Id" not in fields


def test_types_of_all_fields() -> None:
    types = {
        each["type"]
        for operation in CATALOG.operations()
        for each in describe_body_fields(CATALOG, operation.id, None)
    }
    assert types == {"array", "boolean", "dateTime", "number", "object", "options", "string"}


def test_descriptions() -> None:
    def described(operation: str) -> dict[str, tuple[bool, str | None]]:
        return {
            each["id"]: (each["required"], each.get("description"))
            for each in describe_body_fields(CATALOG, operation, None)
        }

    assert described("BatchDelete") == {"ids": (True, "a list of numbers")}
    contact = described("DeleteContactsByType")
    assert contact["contactSource"][0] is True
    assert contact["number"] == (False, None)
    user = described("UpdateUser")
    assert not any(required for required, _ in user.values())
    assert user["Phones"] == (False, "a list of objects with Id, Interface, MacAddress, Name, …")
    assert user["BreakTime"][1] == "an object with IgnoreHolidays, Periods, Type"
    assert user["Blfs"][1] == "at most 20480 characters"
    assert user["DatevEnabled"][1] == "since 3CX 20.0.7"
    assert user["FirstName"][1] is None
    assert max(len(text) for _, text in user.values() if text) < 140


def test_required_fields_are_accepted() -> None:
    """Check that no operation refuses a field that the canvas requires in any of its releases."""
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
            for operation in CATALOG.operations():
                body = {
                    each["id"]: sample(each)
                    for each in describe_body_fields(CATALOG, operation.id, None)
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


def test_the_fields_of_a_task_that_creates_or_updates() -> None:
    fields = {each["id"]: each for each in describe_body_fields(CATALOG, "UpsertContact", None)}
    # The entity has an ID, or gets one.
    assert "Id" not in fields
    assert {name for name, each in fields.items() if not each.get("canBeUsedToMatch")} == {"ContactType"}
    assert {name for name, each in fields.items() if each.get("shown")} == {
        "FirstName",
        "LastName",
        "CompanyName",
        "PhoneNumber",
        "Business",
        "Email",
    }
    assert not any(each["required"] for each in fields.values())
    users = {each["id"]: each for each in describe_body_fields(CATALOG, "UpsertUser", None)}
    assert {name for name, each in users.items() if each.get("canBeUsedToMatch")} == {
        "Number",
        "EmailAddress",
    }
    assert [name for name, each in users.items() if each.get("defaultMatch")] == ["Number"]
    plain = describe_body_fields(CATALOG, "UpdateUser", None)
    assert not any("canBeUsedToMatch" in each for each in plain)


def test_the_fields_in_the_package_for_n8n_are_up_to_date(tmp_path: Path) -> None:
    run_generator("tools.build_body_fields", tmp_path)
    assert (tmp_path / FIELDS).read_bytes() == (ROOT / FIELDS).read_bytes(), f"run {GENERATOR}"

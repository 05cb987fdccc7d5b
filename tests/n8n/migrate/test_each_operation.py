"""Migrate a node of each operation: it sends the same request as before."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.n8n.migrate.generated import CATALOG, workflow
from tests.samples import BY_EDM_TYPE, sample_object
from tests.support import ADDED_OPERATIONS, credential
from threecx_node import Executor, Options
from threecx_node.catalog import Operation, Property
from threecx_node.n8n.migrate import migrate
from threecx_node.n8n.node_json import read_node


def literal(declared: Property, release: str) -> Any:
    """Return a value as a generated node stores it: lists as JSON text."""
    if declared.type.name in CATALOG.enums:
        return CATALOG.enums[declared.type.name].members[0]
    if CATALOG.is_schema(declared.type.name):
        return (
            "[]"
            if declared.type.collection
            else json.dumps(sample_object(CATALOG, declared.type.name, release))
        )
    value = BY_EDM_TYPE[declared.type.name]
    return json.dumps([value]) if declared.type.collection else value


def is_sampled(declared: Property) -> bool:
    return declared.type.name in BY_EDM_TYPE or CATALOG.is_schema(declared.type.name) or is_one_of(declared)


def is_one_of(declared: Property) -> bool:
    return declared.type.name in CATALOG.enums and not declared.type.collection


# No generator knows the operations that this package adds.
GENERATED = [each for each in CATALOG.operations() if each.id not in ADDED_OPERATIONS]


@pytest.mark.parametrize("operation", GENERATED, ids=lambda each: each.id)
def test_each_operation_sends_the_same_request(operation: Operation) -> None:
    version = operation.version()
    given = {each.name: BY_EDM_TYPE[each.type] for each in version.parameters}
    fields = CATALOG.body_properties(version, operation.releases[-1])
    known = {name: each for name, each in fields.items() if is_sampled(each) and name not in given}
    body = {name: literal(each, operation.releases[-1]) for name, each in known.items()}
    query = {"$select": "Id", "$skip": 3} if {"$select", "$skip"} <= set(version.query) else {}
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in operation.id).strip()
    old = workflow(
        {
            "resource": operation.resource,
            "operation": words,
            **given,
            **body,
            **({"options": query} if query else {}),
        }
    )
    done = migrate(json.dumps(old), CATALOG)
    assert not done.reports[0].problems
    assert dry_run(json.loads(done.text)) == dry_run(old)


def dry_run(document: dict[str, Any]) -> dict[str, Any]:
    """Return the request of a workflow's node, without its page size."""
    node = read_node(document, CATALOG)

    async def ask() -> Any:
        async with Executor(credential()) as executor:
            return await executor.run(node.operation, [{}], node.parameters, options=Options(dry_run=True))

    [result] = asyncio.run(ask()).results
    assert result.error is None, result.error.one_line()
    request = dict(result.request or {})
    parts = str(request["url"]).partition("?")
    return {
        **request,
        "url": parts[0],
        "query": sorted(
            each for each in parts[2].split("&") if not each.startswith(("$top=", "$count=", "$orderby="))
        ),
    }

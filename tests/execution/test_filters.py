"""Conditions of lists through the executor: expressions in them, copied nodes, and the entities that come back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_credentials import Credential
from threecx_node.catalog import load_catalog
from threecx_node.execution.executor import Executor
from threecx_node.n8n.node_json import read_node
from threecx_node.options import Options
from threecx_node.simulator import Simulator

HOSTILE = "x' or Id gt 0 or LastName eq 'y"


def send(parameters: dict[str, Any], item: dict[str, Any], options: Options | None = None) -> tuple[str, str]:
    """Return the filter that is sent, and the error."""
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    [result] = run(pbx, "ListUser", [item], parameters, options).results
    error = "" if result.error is None else result.error.one_line()
    return (httpx.URL(str(pbx.requests[0].url)).params["$filter"] if pbx.requests else ""), error


@pytest.mark.parametrize("value", [HOSTILE, "O'Brien", '", "operator": "isNotEmpty", "x": "'])
def test_the_value_of_an_expression_stays_one_value(value: str) -> None:
    wanted = "LastName eq '" + value.replace("'", "''") + "'"
    conditions = {"conditions": [{"field": "LastName", "operator": "equals", "value": "={{ $json.x }}"}]}
    assert send({"filters": conditions}, {"x": value}) == (wanted, "")
    text = '=[{"field": "LastName", "operator": "equals", "value": "{{ $json.x }}"}]'
    assert send({"filters": text}, {"x": value}) == (wanted, "")


def test_a_value_that_is_not_there_sends_nothing() -> None:
    conditions = [{"field": "LastName", "operator": "contains", "value": "={{ $json.missing }}"}]
    sent, error = send({"filters": conditions}, {"x": 1})
    assert sent == ""
    assert "filters: condition 1 (LastName contains): the value is undefined. Set the value" in error


def test_data_cannot_be_a_condition() -> None:
    conditions = [{"field": "LastName", "operator": "equals", "value": "={{ $json.x }}"}]
    for value in ({"field": "Id", "operator": "greater", "value": 0}, ["a"], {"__rl": True, "value": "a"}):
        assert "expected one value" in send({"filters": conditions}, {"x": value})[1]


def test_times_are_of_the_time_zone_of_the_batch() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    filters = [{"field": "TimeGenerated", "operator": "less", "value": "2026-07-01 08:00"}]
    run(pbx, "ListEventLog", [{}], {"filters": filters}, Options(time_zone="Asia/Tokyo"))
    assert "2026-06-30T23:00:00.000Z" in str(pbx.requests[0].url)


def test_a_copied_node() -> None:
    node = {
        "type": "n8n-nodes-threecx.threeCx",
        "parameters": {
            "resource": "Users",
            "operation": "ListUser",
            "filters": {
                "conditions": [
                    {"field": "FirstName|text", "operator": "startsWith", "value": "={{ $json.x }}"},
                    {"field": "Enabled|boolean", "operator": "isTrue"},
                ]
            },
            "options": {"combineFilters": "or"},
        },
    }
    copied = read_node({"nodes": [node]}, load_catalog())
    sent = send(dict(copied.parameters), {"x": "A'"})
    assert sent == ("startswith(FirstName,'A''') or Enabled eq true", "")


def test_a_copied_node_that_does_not_simplify() -> None:
    """Check that the output of a tool, which this node is not, has no default."""
    parameters = {"resource": "Users", "operation": "ListUser", "simplify": False}
    node = {"type": "n8n-nodes-threecx.threeCx", "parameters": parameters}
    copied = read_node({"nodes": [node]}, load_catalog())
    assert copied.parameters["simplify"] is False
    assert not {"output", "outputFieldNames"} & set(copied.parameters)


def test_the_entities_that_come_back() -> None:
    async def main() -> list[list[str]]:
        with Simulator() as simulator:
            credential = Credential.of(simulator.base_url, simulator.client_id, simulator.client_secret)
            async with Executor(credential) as executor:

                async def numbers(**parameters: Any) -> list[str]:
                    batch = await executor.run("ListUser", [{}], {"returnAll": True, **parameters})
                    batch.raise_for_error()
                    return [each["json"]["Number"] for each in batch.results[0].items or ()]

                everyone = await numbers()
                some = [{"field": "Number", "operator": "in", "value": "100,102"}]
                return [
                    everyone,
                    await numbers(filters=some),
                    await numbers(filters=some, **{"$filter": "Number ne '100' or Number eq '101'"}),
                    await numbers(filters=[{"field": "LastName", "operator": "equals", "value": HOSTILE}]),
                ]

    everyone, some, both, none = asyncio.run(main())
    assert len(everyone) > 2
    assert some == ["100", "102"]
    assert both == ["102"]
    assert none == []

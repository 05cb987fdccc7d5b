"""Run tasks on a simulator, and look at what it contains afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from threecx_credentials import Credential
from threecx_node import Executor, Item, Options, Result
from threecx_node.simulator import Simulator


def credential_of(pbx: Simulator) -> Credential:
    """Return the credential of a simulator."""
    return Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)


def run_task(
    pbx: Simulator,
    task: str,
    items: Sequence[Item | Mapping[str, Any]],
    parameters: Mapping[str, Any] | None = None,
    **options: Any,
) -> Sequence[Result]:
    """Return the results of a batch."""

    async def main() -> Sequence[Result]:
        async with Executor(credential_of(pbx)) as executor:
            return (await executor.run(task, items, parameters, options=Options(**options))).results

    return asyncio.run(main())


def do(pbx: Simulator, task: str, **parameters: Any) -> dict[str, Any]:
    """Return the item of a task that succeeds for one item."""
    [result] = run_task(pbx, task, [Item({}, parameters)])
    assert result.error is None, result.error.one_line()
    [item] = result.items or ()
    return dict(item["json"])


def do_again(pbx: Simulator, task: str, **parameters: Any) -> dict[str, Any]:
    """Return the item of a task that was done before: it sends no change."""
    before = list_changes(pbx)
    done = do(pbx, task, **parameters)
    assert (done["action"], done.get("changed", [])) == ("unchanged", [])
    assert list_changes(pbx) == before
    return done


def refuse(pbx: Simulator, task: str, **parameters: Any) -> str:
    """Return the error of a task that fails for one item, in one line; it sends no change."""
    before = list_changes(pbx)
    [result] = run_task(pbx, task, [Item({}, parameters)])
    assert result.error is not None, result.to_json()
    assert list_changes(pbx) == before
    return result.error.one_line()


def plan(pbx: Simulator, task: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return the requests of a dry run, which sends no change."""
    before = list_changes(pbx)
    [result] = run_task(pbx, task, [Item({}, parameters)], dry_run=True)
    assert result.error is None, result.error.one_line()
    assert result.request is not None
    assert list_changes(pbx) == before
    requests: list[dict[str, Any]] = result.request["requests"]
    return requests


def find_stored(pbx: Simulator, entity_set: str, **values: Any) -> dict[str, Any]:
    """Return the one entity that the simulator has stored with these values."""
    entities = pbx.state.entities(entity_set)
    [found] = [each for each in entities if all(each[name] == value for name, value in values.items())]
    return found


def list_changes(pbx: Simulator) -> list[str]:
    """Return method and path of each request to the simulator that was not a read or a login."""
    return [
        f"{each.method} {each.path}"
        for each in pbx.requests
        if each.method != "GET" and "/connect/" not in each.path
    ]


def read(pbx: Simulator, operation: str, **parameters: Any) -> Any:
    """Return the entities that an operation reads."""
    [result] = run_task(pbx, operation, [Item({}, parameters)])
    assert result.error is None, result.error.one_line()
    return [each["json"] for each in result.items or ()]

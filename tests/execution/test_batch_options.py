"""Options of a whole batch that parameters carry: one decision for all items."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, deleting, run
from threecx_node.errors import InputError, ParameterError
from threecx_node.execution.executor import Item
from threecx_node.options import Options

ID = {"Id": "={{ $json.Id }}"}


def test_a_dry_run_stays_one_when_the_first_item_is_broken() -> None:
    pbx = deleting()
    parameters = {**ID, "options": {"dryRun": True}}
    batch = run(pbx, "DeleteCallFlowApp", [{}, {"Id": 5}], parameters, Options(continue_on_fail=True))
    assert (pbx.requests, pbx.logins) == ([], 0)
    assert isinstance(batch.results[0].error, ParameterError)
    assert batch.results[1].request is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dryRun": "yes"}, 'dryRun: expected true or false, got "yes"'),
        ({"dryRun": 1}, "dryRun: expected true or false, got 1"),
        ({"dryRun": ""}, "dryRun is set but empty"),
        ({"concurrency": "abc"}, 'concurrency: expected a whole number, got "abc"'),
        ({"concurrency": 0}, "concurrency: expected a number of 1 or more, got 0"),
        ({"timeout": "soon"}, 'timeout: expected a number, got "soon"'),
        ({"retryTime": -1}, "retryTime: expected a number of seconds, or 0, got -1"),
        ({"timeout": 0}, "timeout: expected a number of seconds, got 0"),
    ],
)
@pytest.mark.parametrize("nested", [True, False])
def test_unreadable(options: dict[str, Any], message: str, nested: bool) -> None:
    pbx = deleting()
    parameters = {**ID, "options": options} if nested else {**ID, **options}
    with pytest.raises(InputError) as caught:
        run(pbx, "DeleteCallFlowApp", [{"Id": 5}], parameters, Options(continue_on_fail=True))
    assert (pbx.requests, pbx.logins) == ([], 0)
    assert caught.value.message == message
    assert caught.value.field == next(iter(options))


@pytest.mark.parametrize("name", ["dryRun", "concurrency", "timeout", "retryTime", "Dry Run"])
@pytest.mark.parametrize("nested", [True, False])
def test_expression(name: str, nested: bool) -> None:
    """One item must not decide for the others whether anything is sent."""
    pbx = deleting()
    option = {name: "={{ $json.Id === 2 }}"}
    parameters = {**ID, "options": option} if nested else {**ID, **option}
    with pytest.raises(InputError, match=f"{name} cannot be an expression") as caught:
        run(pbx, "DeleteCallFlowApp", [{"Id": 1}, {"Id": 2}], parameters)
    assert pbx.requests == []
    assert caught.value.field == (f"options.{name}" if nested else name)


def test_items_that_differ() -> None:
    pbx = deleting()
    items = [Item({}, {"Id": number, "options": {"dryRun": number == 2}}) for number in range(4)]
    with pytest.raises(InputError, match="dryRun differs between items 0 and 2") as caught:
        run(pbx, "DeleteCallFlowApp", items)
    assert pbx.requests == []
    assert caught.value.item_index == 2


def test_items_that_agree() -> None:
    pbx = deleting()
    values: tuple[Any, ...] = (True, "true", True)
    items = [Item({}, {"Id": 5, "options": {"dryRun": value}}) for value in values]
    batch = run(pbx, "DeleteCallFlowApp", items)
    assert pbx.requests == []
    assert all(each.request for each in batch.results)


def test_a_field_of_the_same_name_may_be_an_expression() -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    run(pbx, "UpdateReceptionist", [{"t": 9}], {"Id": 5, "Timeout": "={{ $json.t }}"})
    assert pbx.requests[0].content == b'{"Timeout":9}'


def most_at_once(concurrencies: list[int], connections: int) -> list[int]:
    """The largest number of requests at once in each of several batches of one executor."""
    state = {"now": 0, "most": 0}

    class Counting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/connect/token":
                return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
            for _ in range(5):
                await asyncio.sleep(0)
            state["now"] -= 1
            return httpx.Response(204)

    async def main() -> list[int]:
        from tests.support import credential
        from threecx_node import Executor

        seen = []
        async with Executor(credential(), connections=connections, transport=Counting()) as executor:
            for concurrency in concurrencies:
                state["most"] = 0
                items = [{"Id": number} for number in range(60)]
                await executor.run("DeleteCallFlowApp", items, ID, options=Options(concurrency=concurrency))
                seen.append(state["most"])
        return seen

    return asyncio.run(main())


def test_each_batch_has_its_own_concurrency() -> None:
    assert most_at_once([2, 20, 1], 20) == [2, 20, 1]


def test_connections_bound_every_batch() -> None:
    assert most_at_once([20], 3) == [3]

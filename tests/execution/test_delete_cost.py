"""Count what a plain delete costs, without a clock: calls of functions, tasks, timers, memory after the batch."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from tests.support import credential
from threecx_credentials import MemoryTokenStore
from threecx_node.execution.item_run import ItemRun
from threecx_node.execution.plan import PlannedItem
from threecx_node.messages import HttpResponse
from threecx_node.options import Options
from threecx_node.tasks.executor import Executor
from threecx_node.transport.session import Session

FEW, MANY = 20, 70
TOKEN = b'{"access_token": "token", "expires_in": 60}'
ID = {"Id": "={{ $json.Id }}"}
# The calls of functions of this package, and of what the standard library makes for its classes, per delete. Who adds
# some to the way of every request measures with `python -m bench deletes` what that costs.
MOST_CALLS = 102
_OWN = ("/threecx_node/", "/threecx_credentials/", "<string>")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer in place of the network, with nothing in between."""

    async def exchange(self: Session, method: str, url: str, **options: Any) -> HttpResponse:
        del self, url, options
        return HttpResponse(204, {}, b"") if method == "DELETE" else HttpResponse(200, {}, TOKEN)

    monkeypatch.setattr(Session, "exchange", exchange)


def delete(count: int) -> None:
    async def main() -> None:
        async with Executor(credential(), token_store=MemoryTokenStore()) as executor:
            items = [{"Id": each} for each in range(count)]
            batch = await executor.run("DeleteCallFlowApp", items, ID, options=Options(concurrency=4))
        assert batch.exit_code == 0

    asyncio.run(main())


class CallCounter:
    """Counts the calls of this package's functions while it is entered, those of new threads included."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> CallCounter:
        self._before = sys.getprofile()
        threading.setprofile(self._see)
        sys.setprofile(self._see)
        return self

    def __exit__(self, *exc_info: object) -> None:
        sys.setprofile(self._before)
        threading.setprofile(self._before)

    def _see(self, frame: FrameType, event: str, argument: object) -> None:
        del argument
        if event == "call" and any(each in frame.f_code.co_filename for each in _OWN):
            self.count += 1


def test_a_delete_calls_few_functions() -> None:
    delete(MANY)
    counts = []
    for count in (FEW, MANY):
        with CallCounter() as calls:
            delete(count)
        counts.append(calls.count)
    assert (counts[1] - counts[0]) / (MANY - FEW) <= MOST_CALLS


def test_a_delete_makes_no_task_and_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    create_task, call_at = asyncio.BaseEventLoop.create_task, asyncio.BaseEventLoop.call_at

    def count_task(self: asyncio.BaseEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        made.append("task")
        return create_task(self, coroutine, **options)

    def count_timer(self: asyncio.BaseEventLoop, *arguments: Any, **options: Any) -> asyncio.TimerHandle:
        made.append("timer")
        return call_at(self, *arguments, **options)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_task", count_task)
    monkeypatch.setattr(asyncio.BaseEventLoop, "call_at", count_timer)
    counts = []
    for count in (FEW, MANY):
        made.clear()
        delete(count)
        counts.append(len(made))
    assert counts[0] == counts[1] > 0


def test_a_batch_leaves_the_memory_at_once() -> None:
    """Where an object of the batch refers to itself, all its requests and results wait for the garbage collector."""
    delete(FEW)
    gc.collect()
    gc.disable()
    try:
        delete(FEW)
        left = [each for each in gc.get_objects() if isinstance(each, (ItemRun, PlannedItem))]
    finally:
        gc.enable()
    assert left == []

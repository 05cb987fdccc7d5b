"""The speed of long lists: as many pages under way as allowed, and no work for each entity of a page."""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import Any

import httpx

from tests.support import credential
from threecx_node import Executor, Options
from threecx_node.catalog import load_catalog
from threecx_node.execution.list_changes import ListChanges
from threecx_node.messages import HttpResponse
from threecx_node.response.decode import decode
from threecx_node.values.json import dumps

PAGES = 30
AT_ONCE = 8


class HeldPbx(httpx.AsyncBaseTransport):
    """A PBX with a list, whose pages after the first wait until the test releases them."""

    def __init__(self) -> None:
        self.held: dict[int, asyncio.Event] = {}
        self.is_asked = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connect/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
        skip = int(request.url.params.get("$skip", 0))
        if skip:
            self.held[skip] = asyncio.Event()
            self.is_asked.set()
            await self.held[skip].wait()
        rows = [{"Id": number} for number in range(skip, min(skip + 100, PAGES * 100))]
        return httpx.Response(200, json={"@odata.count": PAGES * 100, "value": rows})

    def release(self, skip: int) -> None:
        self.held.pop(skip).set()


async def turns() -> None:
    """Let all tasks run that can."""
    for _ in range(200):
        await asyncio.sleep(0)


def test_each_page_that_came_makes_place_for_the_next_at_once() -> None:
    async def main() -> None:
        pbx = HeldPbx()
        async with Executor(credential(), connections=AT_ONCE, transport=pbx) as executor:
            reading = asyncio.create_task(
                executor.run("ListUser", [{}], {"returnAll": True}, options=Options(concurrency=AT_ONCE))
            )
            async with asyncio.timeout(60):
                await pbx.is_asked.wait()
            await turns()
            under_way = []
            while pbx.held:
                under_way.append(len(pbx.held))
                pbx.release(min(pbx.held))
                await turns()
            batch = await reading
        assert len(batch.results[0].items or ()) == PAGES * 100
        # The pages after the first, and the one after the list, which is empty.
        assert under_way == [AT_ONCE] * (PAGES - AT_ONCE) + list(range(AT_ONCE, 0, -1))

    asyncio.run(main())


def count_calls(size: int) -> int:
    """Return how many functions of Python are called to take three pages of so many entities."""
    catalog = load_catalog()
    operation = catalog.operation("ListUser")
    pages = [
        dumps({"value": [{"Id": number} for number in range(first, first + size)]})
        for first in range(0, 3 * size, size)
    ]
    changes = ListChanges("Id")
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    headers = {"content-type": "application/json"}
    responses = [HttpResponse(200, headers, page) for page in pages]
    sys.setprofile(count)
    try:
        for response in responses:
            payload = decode(operation, operation.versions[0], response, "pbx.example", None, catalog)
            changes.drop_repeats(payload.value)
    finally:
        sys.setprofile(None)
    return calls


def test_the_steps_for_a_page_do_not_grow_with_its_entities() -> None:
    count_calls(10)
    assert count_calls(100) == count_calls(10)

"""The stream between a batch and its caller: heartbeats, back-pressure, and callers that leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from threecx_node import Result
from threecx_node.execution.results import Batch
from threecx_node.service.stream import ResultStream


def large(index: int, *, more: bool = False) -> Result:
    """A result of about 100 KB."""
    return Result(index, items=[{"json": {"Name": "x" * 100_000}}], more=more)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def send_all(stream: ResultStream, results: list[Result], sent: list[int]) -> Batch:
    for each in results:
        await stream.send(each)
        sent.append(each.index)
    stream.end()
    return Batch([Result(index) for index in sent])


async def read_all(stream: ResultStream, task: asyncio.Task[Batch]) -> list[dict[str, Any]]:
    first = await stream.read()
    text = b"".join([chunk async for chunk in stream.lines(first, task)])
    return [json.loads(line) for line in text.splitlines() if line]


def run(main: Coroutine[None, None, None]) -> None:
    asyncio.run(main)


def test_batch_waits_for_its_caller() -> None:
    async def main() -> None:
        stream, sent = ResultStream(heartbeat=5, in_pages=False), list[int]()
        task = asyncio.create_task(send_all(stream, [large(index) for index in range(20)], sent))
        await settle()
        assert 1 <= len(sent) < 5
        *lines, last = await read_all(stream, task)
        assert [each["index"] for each in lines] == list(range(20))
        assert last == {"done": True, "summary": ""}

    run(main())


def test_batch_ends_without_its_caller() -> None:
    async def main() -> None:
        stream, sent = ResultStream(heartbeat=5, in_pages=False), list[int]()
        task = asyncio.create_task(send_all(stream, [large(index) for index in range(20)], sent))
        await settle()
        stream.abandon()
        assert len((await task).results) == 20

    run(main())


def test_no_heartbeat_inside_a_line() -> None:
    async def main() -> None:
        stream = ResultStream(heartbeat=0.01, in_pages=False)
        assert await stream.read() == b"\n"
        results = [*(large(0, more=True) for _ in range(30)), large(0)]
        task = asyncio.create_task(send_all(stream, results, []))
        line = await stream.read()
        assert not line.endswith(b"\n")
        while not line.endswith(b"\n"):
            line += await stream.read()
        assert len(json.loads(line)["items"]) == 31
        await task

    run(main())


def test_batch_without_results() -> None:
    async def main() -> None:
        stream = ResultStream(heartbeat=5, in_pages=False)
        stream.end()
        assert await stream.read() == b""

    run(main())

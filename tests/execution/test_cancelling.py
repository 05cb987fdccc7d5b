"""A task that is cancelled, or that leaves a stream, frees its connections to the PBX at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing, suppress

import pytest

from tests.transport.hostile import ENDLESS, hostile
from tests.transport.servers import response
from threecx_credentials import Credential
from threecx_node import Executor, Options

SLOW = Options(timeout=600)
ITEMS = [{"Id": number} for number in range(20)]
BY_ID = {"Id": "={{ $json.Id }}"}


def endless_users(first: str) -> Iterable[bytes]:
    if "/Users" in first:
        return ENDLESS["a body that drips"](first)
    return [response(body=b'{"value": [{"Id": 1}]}')]


async def run_a_batch(executor: Executor) -> None:
    await executor.run("DeleteUser", ITEMS, BY_ID, options=SLOW)


async def read_a_stream(executor: Executor) -> None:
    async for _ in executor.stream("DeleteUser", ITEMS, BY_ID, options=SLOW):
        pass


@pytest.mark.parametrize("work", [run_a_batch, read_a_stream])
def test_a_cancelled_task_frees_all_its_connections(work: Callable[[Executor], Awaitable[None]]) -> None:
    async def main() -> int:
        async with (
            hostile(endless_users) as peer,
            Executor(Credential.of(peer.url, "a", "b"), connections=4) as executor,
        ):
            task = asyncio.ensure_future(work(executor))
            while len([each for each in peer.heads if "Users" in each]) < 4:  # noqa: ASYNC110 (the peer has no event)
                await asyncio.sleep(0.01)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            others = await asyncio.gather(*(executor.run("ListGroup", [{}]) for _ in range(8)))
            assert [each.exit_code for each in others] == [0] * 8
            while peer.gone < 4:  # noqa: ASYNC110 (the same)
                await asyncio.sleep(0.01)
            return len([each for each in peer.heads if "Users" in each])

    assert asyncio.run(main()) == 4


def test_leaving_a_stream_that_only_reads_cuts_it_off() -> None:
    def answer(first: str) -> Iterable[bytes]:
        if "skip=200" in first:
            return ENDLESS["a body that drips"](first)
        start = 100 if "skip=100" in first else 0
        rows = b",".join(b'{"Id": %d}' % number for number in range(start, start + 100))
        return [response(body=b'{"value": [%s]}' % rows)]

    async def main() -> None:
        async with (
            hostile(answer) as peer,
            Executor(Credential.of(peer.url, "a", "b"), connections=1) as executor,
        ):
            async with aclosing(
                executor.stream("ListUser", [{}], {"returnAll": True}, options=SLOW)
            ) as parts:
                await anext(parts)
                while "skip=200" not in peer.heads[-1]:  # noqa: ASYNC110 (the peer has no event)
                    await asyncio.sleep(0.01)
            await peer.left.wait()

    asyncio.run(main())

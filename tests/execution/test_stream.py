"""Results as they come, long lists page by page, with no more than a few of them in memory."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import httpx
import pytest

from tests.execution.test_paging import ListPbx
from tests.support import credential, deleting, odata_error
from threecx_node import Executor, Options, Result
from threecx_node.errors import NotAttemptedError, UnknownNameError
from threecx_node.execution.results import Batch


def executor_of(pbx: httpx.AsyncBaseTransport) -> Executor:
    return Executor(credential(), connections=4, transport=pbx)


def test_a_long_list_comes_page_by_page() -> None:
    async def main() -> list[Result]:
        async with executor_of(ListPbx(450)) as executor:
            return [part async for part in executor.stream("ListUser", [{}], {"returnAll": True})]

    parts = asyncio.run(main())
    assert [len(each.items or ()) for each in parts] == [100, 100, 100, 100, 50]
    assert [each.more for each in parts] == [True, True, True, True, False]
    assert [each.to_json().get("more") for each in parts[-2:]] == [True, None]
    found = [item["json"]["Id"] for each in parts for item in each.items or ()]
    assert found == list(range(450))


def test_the_pbx_is_not_asked_ahead_of_the_reader() -> None:
    async def main() -> int:
        pbx = ListPbx(50_000)
        async with (
            executor_of(pbx) as executor,
            aclosing(executor.stream("ListUser", [{}], {"returnAll": True})) as parts,
        ):
            await anext(parts)
            for _ in range(500):
                await asyncio.sleep(0)
            return len(pbx.skips)

    # 500 pages there are; in flight or waiting are as many as a few times the bound on requests.
    assert asyncio.run(main()) < 40


def test_leaving_ends_the_batch() -> None:
    async def main() -> tuple[int, int]:
        pbx = ListPbx(50_000)
        async with executor_of(pbx) as executor:
            async with aclosing(executor.stream("ListUser", [{}] * 3, {"returnAll": True})) as parts:
                await anext(parts)
            asked = len(pbx.skips)
            for _ in range(500):
                await asyncio.sleep(0)
            return asked, len(pbx.skips)

    asked, later = asyncio.run(main())
    assert asked == later < 60


def test_the_callers_stop_event_is_left_alone() -> None:
    async def main() -> bool:
        stop = asyncio.Event()
        async with executor_of(ListPbx(5)) as executor:
            async for _ in executor.stream("ListUser", [{}], stop=stop):
                pass
        return stop.is_set()

    assert asyncio.run(main()) is False


def test_a_batch_gives_its_parts_to_a_function() -> None:
    parts: list[Result] = []

    async def take(part: Result) -> None:
        parts.append(part)

    async def main() -> Batch:
        async with executor_of(ListPbx(250)) as executor:
            return await executor.run("ListUser", [{}], {"returnAll": True}, on_part=take)

    batch = asyncio.run(main())
    assert [len(each.items or ()) for each in parts] == [100, 100, 50]
    # Nothing is kept of what was taken.
    assert [(each.index, each.items, each.error) for each in batch.results] == [(0, None, None)]
    assert batch.exit_code == 0


@pytest.mark.parametrize("parameters", [{"returnAll": True}, {"limit": 1}])
def test_an_error_of_the_reader_stops_the_batch(parameters: dict[str, object]) -> None:
    pbx = ListPbx(50_000)
    ended: list[int] = []

    async def take(part: Result) -> None:
        ended.append(part.index)
        raise BrokenPipeError

    async def main() -> None:
        async with executor_of(pbx) as executor:
            await executor.run("ListUser", [{}] * 50, parameters, on_part=take)

    with pytest.raises(BrokenPipeError):
        asyncio.run(main())
    assert len(ended) == 1
    # The requests under way have ended, and nothing followed.
    assert pbx.now == 0
    assert len(pbx.skips) < 200


def test_a_stopped_list_says_that_it_is_incomplete() -> None:
    stop = asyncio.Event()

    async def take(part: Result) -> None:
        assert part.items or part.error
        stop.set()

    async def main() -> tuple[Batch, int]:
        pbx = ListPbx(50_000)
        async with executor_of(pbx) as executor:
            parameters = {"returnAll": True}
            batch = await executor.run("ListUser", [{}], parameters, on_part=take, stop=stop)
            return batch, len(pbx.skips)

    batch, asked = asyncio.run(main())
    [result] = batch.results
    assert result.error is not None
    assert result.error.code == "stopped"
    assert batch.exit_code == 1
    assert asked < 30


def test_items_that_were_not_tried_come_too() -> None:
    async def main() -> list[Result]:
        pbx = deleting({2: odata_error(404, "gone")})
        async with pbx.executor(connections=1) as executor:
            items = [{"Id": number} for number in range(6)]
            results = executor.stream("DeleteCallFlowApp", items, {"Id": "={{ $json.Id }}"})
            return [each async for each in results]

    results = sorted(asyncio.run(main()), key=lambda each: each.index)
    assert [each.index for each in results] == list(range(6))
    assert any(isinstance(each.error, NotAttemptedError) for each in results)
    assert Batch(results).exit_code == 1


def test_a_wrong_call_raises() -> None:
    async def main() -> None:
        async with deleting().executor() as executor:
            async for _ in executor.stream("NoSuchOperation", [{}]):
                pass

    with pytest.raises(UnknownNameError):
        asyncio.run(main())


def test_a_stream_passes_the_notes_on() -> None:
    async def main() -> list[str]:
        notes: list[str] = []
        mapper = {"body": {"mappingMode": "autoMapInputData", "value": None}}
        pbx = httpx.MockTransport(lambda _: httpx.Response(500))
        async with executor_of(pbx) as executor:
            items = [{"Number": "1", "shoeSize": 37}]
            options = Options(dry_run=True)
            async for _ in executor.stream(
                "CreateUser", items, mapper, options=options, on_note=notes.append
            ):
                pass
        return notes

    assert asyncio.run(main()) == [
        "automatic mapping left out a column that is not a field of CreateUser: shoeSize"
    ]

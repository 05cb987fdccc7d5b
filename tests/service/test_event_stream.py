"""The stream of a reader: what it writes, and where it goes on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from threecx_node.errors import EventStoreError, PositionGoneError
from threecx_node.events.model.event import Event
from threecx_node.events.model.filters import EventFilter
from threecx_node.events.model.status import FeedProblem
from threecx_node.events.store.event_store import StoredEvent
from threecx_node.service.event_stream import (
    OLDEST,
    EventStream,
    NdjsonEncoder,
    SseEncoder,
    find_start,
)


class ListStore:
    """A store of one feed in memory, of which only what a reader uses is there."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.first = 0
        self.error: EventStoreError | None = None
        self.reads = 0
        self._changed = asyncio.Event()

    def add(self, kind: str, **data: Any) -> None:
        number = len(self.events) + 1
        self.events.append(
            Event(
                id=f"pbx/{number}",
                type=kind,
                time=datetime(2026, 3, 1, tzinfo=UTC),
                pbx="pbx.example.com",
                order_key="",
                data=data,
            )
        )
        self._changed.set()

    async def read(self, feed: str, *, after: str | None, limit: int) -> list[StoredEvent]:
        del feed
        self.reads += 1
        if self.error is not None:
            raise self.error
        start = self.first if after is None else int(after)
        if start < self.first:
            raise PositionGoneError("the position is gone")
        chosen = list(enumerate(self.events, 1))[start : start + limit]
        return [StoredEvent(str(number), event) for number, event in chosen]

    async def newest_position(self, feed: str) -> str:
        del feed
        return str(len(self.events))

    async def wait_for_events(self, feed: str, after: str, timeout: float) -> bool:  # noqa: ASYNC109 (as a store)
        del feed
        self._changed.clear()
        if len(self.events) > int(after):
            return True
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return False
        return True


def stream_of(
    store: Any, after: str, encoder: Any = None, heartbeat: float = 30.0, **more: Any
) -> EventStream:
    return EventStream(
        store=store,
        feed="feed",
        types=more.get("types", frozenset({"call.missed", "call.ended"})),
        filter=more.get("filter", EventFilter()),
        after=after,
        heartbeat=heartbeat,
        ending=more.get("ending") or asyncio.Event(),
        encoder=encoder or NdjsonEncoder(),
    )


async def take(stream: EventStream, count: int, problems: Any = ()) -> list[bytes]:
    """Return the first pieces of a stream."""
    async with asyncio.timeout(20), aclosing(stream.lines(problems)) as pieces:
        return [await anext(pieces) for _ in range(count)]


def documents(pieces: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in b"".join(pieces).splitlines() if line]


def run(work: Any) -> Any:
    return asyncio.run(work)


def test_events_after_a_position_and_then_new_ones() -> None:
    async def main() -> list[dict[str, Any]]:
        store = ListStore()
        for _ in range(3):
            store.add("call.missed", direction="inbound")
        async with asyncio.timeout(20), aclosing(stream_of(store, "1").lines(())) as pieces:
            first = [await anext(pieces), await anext(pieces)]
            asyncio.get_running_loop().call_soon(store.add, "call.ended")
            return documents([*first, await anext(pieces)])

    start, *events = run(main())
    assert start == {"position": "1"}
    assert [(each["position"], each["type"]) for each in events] == [
        ("2", "call.missed"),
        ("3", "call.missed"),
        ("4", "call.ended"),
    ]
    assert events[0]["schemaVersion"] == 1
    assert events[0]["direction"] == "inbound"


def test_server_sent_events() -> None:
    async def main() -> bytes:
        store = ListStore()
        store.add("call.missed")
        problem = FeedProblem(
            events=("chat.new",), code="http_403", message="forbidden", advice="Give it.", is_final=True
        )
        return b"".join(await take(stream_of(store, OLDEST, SseEncoder()), 3, (problem,)))

    text = run(main()).decode()
    assert text.startswith("retry: 2000\n\nid: oldest\n\nevent: problem\ndata: {")
    [event] = [part for part in text.split("\n\n") if part.startswith("id: 1\n")]
    assert orjson.loads(event.split("data: ")[1])["id"] == "pbx/1"


@pytest.mark.parametrize(("encoder", "expected"), [(NdjsonEncoder(), b"\n"), (SseEncoder(), b":\n\n")])
def test_heartbeats(encoder: Any, expected: bytes) -> None:
    assert run(_take_heartbeats(encoder)) == [expected, expected]


async def _take_heartbeats(encoder: Any) -> list[bytes]:
    return (await take(stream_of(ListStore(), "0", encoder, heartbeat=0.01), 3))[1:]


def test_events_that_are_left_out_move_the_position() -> None:
    async def main() -> list[bytes]:
        store = ListStore()
        store.add("chat.new")
        store.add("call.missed", extension="100")
        chosen = EventFilter(extensions=("101",))
        return await take(stream_of(store, "0", heartbeat=0.01, filter=chosen), 2)

    assert documents(run(main())) == [{"position": "0"}, {"position": "2"}]


def test_oldest_of_an_empty_feed_misses_nothing() -> None:
    async def main() -> list[dict[str, Any]]:
        store = ListStore()
        async with asyncio.timeout(20), aclosing(stream_of(store, OLDEST).lines(())) as pieces:
            first = await anext(pieces)
            asyncio.get_running_loop().call_soon(store.add, "call.missed")
            return documents([first, await anext(pieces)])

    assert [each["position"] for each in run(main())] == [OLDEST, "1"]


def test_many_events_come_in_pieces() -> None:
    async def main() -> list[bytes]:
        store = ListStore()
        for _ in range(150):
            store.add("call.missed", note="x" * 1000)
        return await take(stream_of(store, "0"), 4)

    pieces = run(main())
    assert max(map(len, pieces)) < 128 * 1024
    assert len(documents(pieces)) > 100


def test_a_reader_that_takes_nothing_reads_nothing() -> None:
    async def main() -> int:
        store = ListStore()
        for _ in range(10_000):
            store.add("call.missed", note="x" * 1000)
        await take(stream_of(store, "0"), 2)
        return store.reads

    assert run(main()) == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EventStoreError("the disk is full", description="Make room."), 503, "event_store"),
        (PositionGoneError("the position is gone"), 410, "position_gone"),
    ],
)
def test_an_error_of_the_store_is_the_last_piece(error: Any, status: int, code: str) -> None:
    async def main() -> list[bytes]:
        store = ListStore()
        store.error = error
        return [each async for each in stream_of(store, "0").lines(())]

    last = documents(run(main()))[-1]["error"]
    assert (last["status"], last["code"]) == (status, code)


def test_the_end_of_the_service_ends_the_stream() -> None:
    async def main() -> list[bytes]:
        ending = asyncio.Event()
        asyncio.get_running_loop().call_soon(ending.set)
        async with asyncio.timeout(20):
            return [each async for each in stream_of(ListStore(), "0", ending=ending).lines(())]

    assert documents(run(main())) == [{"position": "0"}]


def test_start_of_a_reader() -> None:
    async def main() -> None:
        store: Any = ListStore()
        store.add("call.missed")
        assert await find_start(store, "feed", None) == "1"
        assert await find_start(store, "feed", OLDEST) == OLDEST
        store.first = 1
        with pytest.raises(PositionGoneError):
            await find_start(store, "feed", "0")

    run(main())

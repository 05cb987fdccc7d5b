"""Calls and recordings while receiver, executor and socket fail at random: every event comes, each in its order."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.cli.conftest import environment
from tests.events.hubs import credential_of, until, until_polled
from tests.events.receiver import Receiver, receiving
from tests.transport.servers import free_port
from threecx_node.events.model.feed_key import make_feed_key
from threecx_node.events.store.event_store import StoredEvent
from threecx_node.events.store.sqlite_store import SqliteEventStore
from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.models import CallError

CALLS, AT_ONCE, CUTS = 500, 100, 8
# The part of the calls that are answered, and so recorded. The files of recordings are looked for a few at a time.
ANSWERED = 0.3
FIRST = 1200
EXTENSIONS = [str(FIRST + each) for each in range(AT_ONCE)]
# The executor is killed after so many of the calls; while it is down, a call is missed.
KILLS = (120, 330)
SPARE, HIDDEN = str(FIRST + AT_ONCE), "+494012345"
# The socket of the receiver is closed after so many of the calls, until as many events wait.
CLOSED, WAITING = (220, 420), 20
EVENTS = ("call.started", "call.ringing", "call.answered", "call.missed", "call.ended", "recording.ready")


class Executor:
    """A real `threecx serve`, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "threecx_node.cli", "serve", "--without-key"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--state-dir", str(self._folder)],
                env=environment({"HOME": str(self._folder)}),
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    async def subscribe(self, pbx: Simulator, url: str, events: Sequence[str] = EVENTS) -> None:
        body = {
            "pbx": {"baseUrl": pbx.base_url, "clientId": pbx.client_id, "clientSecret": pbx.client_secret},
            "events": list(events),
            "url": url,
        }
        async with aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientConnectionError):
                    async with session.post(f"{self.url}/v1/subscriptions", json=body) as response:
                        assert response.status == 201, await response.text()
                        return
                await asyncio.sleep(0.1)


@contextmanager
def running(folder: Path) -> Iterator[Executor]:
    executor = Executor(folder)
    executor.start()
    try:
        yield executor
    finally:
        executor.kill()


class Handled:
    """The events that a receiver has taken, in their order, and how often each came."""

    def __init__(self, receiver: Receiver, random_: random.Random) -> None:
        self.times: Counter[str] = Counter()
        self._started: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._random = random_
        receiver.answer = self._answer

    async def until_started(self, call_id: int) -> None:
        async with asyncio.timeout(90):
            await self._started[call_id].wait()

    def _answer(self, document: dict[str, object]) -> web.StreamResponse:
        chance = self._random.random()
        if chance < 0.08:
            return web.Response(status=503)
        self.times[str(document["id"])] += 1
        call = document.get("call")
        if document["type"] == "call.started" and isinstance(call, dict):
            self._started[call["callId"]].set()
        # It was handled, but its answer does not say so.
        return web.Response(status=500 if chance < 0.12 else 200)


@dataclass
class Played:
    """The calls that were played: all that have ended, those with an answer, and those while the executor was down."""

    done: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)


async def play_calls(
    pbx: Simulator,
    handled: Handled,
    executor: Executor,
    random_: random.Random,
    close: Callable[[], Awaitable[None]],
) -> Played:
    """Play all calls; `close` closes the socket of the receiver for a while.

    None ends before it was reported, since the PBX says nothing about its beginning later, but those that are missed
    while the executor is down.
    """
    free: asyncio.Queue[str] = asyncio.Queue()
    for number in EXTENSIONS:
        free.put_nowait(number)
    played, kills, closed = Played(), list(KILLS), list(CLOSED)

    async def play(index: int) -> None:
        number = await free.get()
        call = pbx.calls.inbound(f"+4930{index:06d}", to=number)
        await handled.until_started(call.id)
        if random_.random() < ANSWERED:
            await asyncio.sleep(random_.uniform(0, 0.3))
            with suppress(CallError):
                call.step()
                played.answered.add(call.id)
        await asyncio.sleep(random_.uniform(0, 0.3))
        pbx.calls.end(call.id)
        played.done.add(call.id)
        free.put_nowait(number)
        if kills and len(played.done) >= kills[0]:
            kills.pop(0)
            executor.kill()
            played.hidden.add(miss_call(pbx))
            executor.start()
        elif closed and len(played.done) >= closed[0]:
            closed.pop(0)
            await close()
        elif index % (CALLS // CUTS) == 0:
            pbx.sockets.cut()

    await asyncio.gather(*(play(each) for each in range(CALLS)))
    return played


def miss_call(pbx: Simulator, to: str = SPARE) -> int:
    """Let a call be missed; return its ID."""
    call = pbx.calls.inbound(HIDDEN, to=to)
    pbx.calls.end(call.id)
    return call.id


async def list_recordings(pbx: Simulator) -> set[int]:
    found: set[int] = set()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {pbx.token()}"}) as session:
        while True:
            url = f"{pbx.base_url}/xapi/v1/Recordings?$select=Id&$top=100&$skip={len(found)}"
            async with session.get(url) as response:
                page = (await response.json())["value"]
            found |= {each["Id"] for each in page}
            if len(page) < 100:
                return found


async def read_journal(store: SqliteEventStore, feed: str) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    while page := await store.read(feed, after=found[-1].position if found else None, limit=500):
        found += page
    return found


async def until_done(
    store: SqliteEventStore, feed: str, handled: Handled, played: Played, files: int
) -> None:
    """Wait until all calls have ended in the journal, all recordings are there, and all events were handled."""
    missed = len(played.done - played.answered) + len(played.hidden)
    async with asyncio.timeout(90):
        while True:
            types = Counter(each.event.type for each in await read_journal(store, feed))
            is_ended = types["call.ended"] == len(played.done) and types["call.missed"] >= missed
            if is_ended and types["recording.ready"] == files:
                break
            await asyncio.sleep(0.3)
    journal = {each.event.id for each in await read_journal(store, feed)}
    await until(lambda: journal <= set(handled.times), seconds=60)


async def run(pbx: Simulator, folder: Path) -> None:
    random_ = random.Random(14)  # noqa: S311 (a test)
    feed = make_feed_key(credential_of(pbx))
    store = SqliteEventStore(folder)
    async with receiving() as receiver:
        handled = Handled(receiver, random_)
        with running(folder) as executor:
            await executor.subscribe(pbx, receiver.url)
            await until_polled(store, feed)

            async def close() -> None:
                await receiver.stop()
                async with asyncio.timeout(60):
                    while True:
                        if len(await read_journal(store, feed)) >= len(handled.times) + WAITING:
                            break
                        await asyncio.sleep(0.1)
                await receiver.start(port)

            port = receiver.port
            played = await play_calls(pbx, handled, executor, random_, close)
            await asyncio.sleep(0.5)
            files = await list_recordings(pbx)
            await until_done(store, feed, handled, played, len(files))
    journal = await read_journal(store, feed)
    await store.aclose()
    check(journal, handled, played, files)


def check(journal: list[StoredEvent], handled: Handled, played: Played, files: set[int]) -> None:
    events = [each.event for each in journal]
    # Each event was handled, and nothing else; a receiver that drops repeats handles each once.
    assert set(handled.times) == {each.id for each in events}
    assert len({each.id for each in events}) == len(events)
    recordings = Counter(each.data["recording"]["id"] for each in events if each.type == "recording.ready")
    assert recordings == Counter(files)
    kinds: dict[int, list[str]] = {}
    for each in events:
        if each.type.startswith("call."):
            call = each.data.get("call") or each.data["callLog"]
            kinds.setdefault(call["callId"], []).append(each.type)
    assert set(kinds) == played.done | played.hidden
    for call_id in played.hidden:
        assert kinds.pop(call_id) == ["call.missed"]
    for call_id, types in kinds.items():
        assert call_id in played.answered or "call.missed" in types, (call_id, types)
        assert types[0] == "call.started", (call_id, types)
        assert types[-1] == "call.ended", (call_id, types)
        assert Counter(types).most_common(1)[0][1] == 1, (call_id, types)
        assert len({"call.answered", "call.missed"} & set(types)) == 1, (call_id, types)
    # The first time that each was handled follows the journal, within each call.
    order = {event_id: index for index, event_id in enumerate(handled.times)}
    by_key: dict[str, list[int]] = {}
    for each in events:
        by_key.setdefault(each.order_key, []).append(order[each.id])
    wrong = {key: places for key, places in by_key.items() if places != sorted(places)}
    assert not wrong, json.dumps(wrong)


@pytest.mark.slow
def test_nothing_is_lost_while_everything_fails(tmp_path: Path) -> None:
    numbers = [*EXTENSIONS, SPARE]
    with Simulator(seed="large", monitored=numbers, recording_delay=0.2) as pbx:
        for number in numbers:
            if not pbx.calls.devices(number):
                pbx.calls.register(number)
        asyncio.run(run(pbx, tmp_path))


@pytest.mark.slow
def test_a_call_missed_while_the_executor_is_down_comes_once(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        store = SqliteEventStore(tmp_path)
        async with receiving() as receiver:

            def list_of(name: str) -> list[dict[str, Any]]:
                return [each.document for each in receiver.deliveries if each.document["type"] == name]

            with running(tmp_path) as executor:
                await executor.subscribe(pbx, receiver.url, ("call.missed", "call.logged", "call.ringing"))
                await until_polled(store, make_feed_key(credential_of(pbx)))
                await until(lambda: pbx.sockets.count == 1)
                executor.kill()
                hidden = miss_call(pbx, "100")
                executor.start()
                await receiver.until(lambda: list_of("call.missed") and list_of("call.logged"), 90)
                watched = pbx.calls.inbound("+494054321", to="100")
                await receiver.until(lambda: list_of("call.ringing"), 90)
                pbx.calls.end(watched.id)
                await receiver.until(
                    lambda: len(list_of("call.missed")) == len(list_of("call.logged")) == 2, 90
                )
            # The call log has both: nothing about them comes later.
            first, second = list_of("call.missed")
        await store.aclose()
        assert {
            name: first[name] for name in ("source", "inferred", "direction", "extension", "externalNumber")
        } == {
            "source": "records",
            "inferred": True,
            "direction": "inbound",
            "extension": "100",
            "externalNumber": HIDDEN,
        }
        assert first["callLog"]["callId"] == hidden
        assert (second["source"], second["inferred"]) == ("live", False)

    with Simulator(monitored=["100"]) as pbx:
        asyncio.run(run(pbx))

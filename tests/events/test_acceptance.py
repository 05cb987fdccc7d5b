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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
# The executor is killed after so many of the calls.
KILLS = (120, 330)
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

    async def subscribe(self, pbx: Simulator, url: str) -> None:
        body = {
            "pbx": {"baseUrl": pbx.base_url, "clientId": pbx.client_id, "clientSecret": pbx.client_secret},
            "events": list(EVENTS),
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


async def play_calls(
    pbx: Simulator, handled: Handled, executor: Executor, random_: random.Random
) -> set[int]:
    """Play all calls. None ends before it was reported, since the PBX says nothing about it later."""
    free: asyncio.Queue[str] = asyncio.Queue()
    for number in EXTENSIONS:
        free.put_nowait(number)
    done: set[int] = set()
    kills = list(KILLS)

    async def play(index: int) -> None:
        number = await free.get()
        call = pbx.calls.inbound(f"+4930{index:06d}", to=number)
        await handled.until_started(call.id)
        if random_.random() < ANSWERED:
            await asyncio.sleep(random_.uniform(0, 0.3))
            with suppress(CallError):
                call.step()
        await asyncio.sleep(random_.uniform(0, 0.3))
        pbx.calls.end(call.id)
        done.add(call.id)
        free.put_nowait(number)
        if kills and len(done) >= kills[0]:
            kills.pop(0)
            executor.kill()
            executor.start()
        elif index % (CALLS // CUTS) == 0:
            pbx.sockets.cut()

    await asyncio.gather(*(play(each) for each in range(CALLS)))
    return done


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
    store: SqliteEventStore, feed: str, handled: Handled, calls: set[int], files: int
) -> None:
    """Wait until all calls have ended in the journal, all recordings are there, and all events were handled."""
    async with asyncio.timeout(90):
        while True:
            types = Counter(each.event.type for each in await read_journal(store, feed))
            if types["call.ended"] == len(calls) and types["recording.ready"] == files:
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
            calls = await play_calls(pbx, handled, executor, random_)
            await asyncio.sleep(0.5)
            files = await list_recordings(pbx)
            await until_done(store, feed, handled, calls, len(files))
    journal = await read_journal(store, feed)
    await store.aclose()
    check(journal, handled, calls, files)


def check(journal: list[StoredEvent], handled: Handled, calls: set[int], files: set[int]) -> None:
    events = [each.event for each in journal]
    # Each event was handled, and nothing else; a receiver that drops repeats handles each once.
    assert set(handled.times) == {each.id for each in events}
    assert len({each.id for each in events}) == len(events)
    recordings = Counter(each.data["recording"]["id"] for each in events if each.type == "recording.ready")
    assert recordings == Counter(files)
    kinds: dict[int, list[str]] = {}
    for each in events:
        if each.type.startswith("call."):
            kinds.setdefault(each.data["call"]["callId"], []).append(each.type)
    assert set(kinds) == calls
    for call_id, types in kinds.items():
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
    with Simulator(seed="large", monitored=EXTENSIONS, recording_delay=0.2) as pbx:
        for number in EXTENSIONS:
            if not pbx.calls.devices(number):
                pbx.calls.register(number)
        asyncio.run(run(pbx, tmp_path))

"""A store that is restarted or killed at any moment: each event is kept once, and no delivery is lost."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.cli.conftest import environment
from tests.events.store.stores import (
    FEED,
    ids_of,
    make_event,
    make_events,
    make_subscription,
    open_sqlite,
    result_of,
)
from threecx_node.events.store.event_store import Cursor, DeliveryCounts, Outcome

T = TypeVar("T")

NAMES = ("1", "2", "3")
TYPES = ("call.missed", "call.ended")


class StoreMachine(RuleBasedStateMachine):
    """Any order of appends with repeats, deliveries, changes of subscriptions and restarts, against a model."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="threecx-events-"))
        self.store = open_sqlite(self.folder)
        self.journal: list[int] = []
        self.cursor: dict[str, Any] | None = None
        self.types: dict[str, str] = {}
        self.pending: dict[str, list[tuple[int, int]]] = {}
        self.counts: dict[str, list[int]] = {}
        self.states: dict[str, str] = {}

    def wait(self, use: Awaitable[T]) -> T:
        return self.loop.run_until_complete(use)

    @rule(numbers=st.lists(st.integers(0, 30), max_size=6), with_cursor=st.booleans())
    def append(self, numbers: list[int], with_cursor: bool) -> None:
        events = [make_event(each, name=TYPES[each % 2]) for each in numbers]
        cursor = Cursor("records", {"seen": numbers}) if with_cursor else None
        stored = self.wait(self.store.append(FEED, events, cursor=cursor))
        new = [each for each in dict.fromkeys(numbers) if each not in self.journal]
        assert ids_of(stored) == new
        self.journal += new
        self.cursor = {"seen": numbers} if with_cursor else self.cursor
        for name, wanted in self.types.items():
            self.pending[name] += [(each, 0) for each in new if TYPES[each % 2] == wanted]

    @rule(name=st.sampled_from(NAMES), wanted=st.sampled_from(TYPES))
    def add(self, name: str, wanted: str) -> None:
        if name not in self.types:
            self.wait(self.store.add_subscription(make_subscription(name, events=(wanted,))))
            self.types[name], self.pending[name], self.counts[name] = wanted, [], [0, 0]
            self.states[name] = "active"

    @precondition(lambda self: self.types)
    @rule(data=st.data(), states=st.lists(st.sampled_from(["delivered", "retry", "dead"]), max_size=4))
    def deliver(self, data: st.DataObject, states: list[Outcome]) -> None:
        name = data.draw(st.sampled_from(sorted(self.types)))
        found = self.wait(self.store.pending_deliveries(make_subscription(name).id, after=None, limit=100))
        results = []
        for delivery, state in zip(found, states, strict=False):
            results.append(result_of(delivery, state))
            place = [number for number, _ in self.pending[name]].index(ids_of([delivery])[0])
            number, attempts = self.pending[name].pop(place)
            if state == "retry":
                self.pending[name].insert(place, (number, attempts + 1))
            else:
                self.counts[name][state == "dead"] += 1
        # Recorded twice, as after an answer that did not arrive, unless that would count as another attempt.
        self.wait(self.store.record_deliveries(results))
        self.wait(self.store.record_deliveries([each for each in results if each.state != "retry"]))

    @precondition(lambda self: self.types)
    @rule(data=st.data(), resumes=st.booleans())
    def park(self, data: st.DataObject, resumes: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.types)))
        self.wait(self.store.set_state(make_subscription(name).id, "parked", "down"))
        self.states[name] = "parked"
        if resumes:
            self.wait(self.store.resume(make_subscription(name).id))
            self.states[name] = "active"
            self.pending[name] = [(number, 0) for number, _ in self.pending[name]]

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        removed = self.wait(self.store.remove_subscription(make_subscription(name).id))
        assert removed == (name in self.types)
        for each in (self.types, self.pending, self.counts, self.states):
            each.pop(name, None)

    @rule()
    def restart(self) -> None:
        self.wait(self.store.aclose())
        self.store = open_sqlite(self.folder)

    @invariant()
    def agree(self) -> None:
        assert ids_of(self.wait(self.store.read(FEED, after=None, limit=100))) == self.journal
        assert self.wait(self.store.load_cursor(FEED, "records")) == self.cursor
        records = self.wait(self.store.list_subscriptions(FEED))
        found = {each.subscription.id[-1]: each.state for each in records}
        assert found == self.states
        for name, pending in self.pending.items():
            subscription = make_subscription(name).id
            deliveries = self.wait(self.store.pending_deliveries(subscription, after=None, limit=100))
            assert [
                (number, each.attempts) for number, each in zip(ids_of(deliveries), deliveries, strict=True)
            ] == pending
            counts = self.wait(self.store.count_deliveries(subscription))
            assert counts == DeliveryCounts(len(pending), *self.counts[name])

    def teardown(self) -> None:
        self.wait(self.store.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestStoreMachine = pytest.mark.slow(TestStoreMachine)

APPENDER = """
import asyncio, sys
from pathlib import Path
from tests.events.store.stores import FEED, make_events, make_subscription, open_sqlite
from threecx_node.events.store.event_store import Cursor

async def main():
    store = open_sqlite(Path(sys.argv[1]))
    if not await store.list_subscriptions():
        await store.add_subscription(make_subscription())
    start = (await store.load_cursor(FEED, "records") or {"next": 0})["next"]
    async def append(number):
        cursor = Cursor("records", {"next": number + 20})
        await store.append(FEED, make_events(range(number, number + 20), text="x" * 200), cursor=cursor)
        print(number + 20, flush=True)
    while True:
        await append(start)
        start += 20

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
def test_nothing_is_half_stored_when_the_process_is_killed(tmp_path: Path) -> None:
    choose = random.Random(9)  # noqa: S311 (it chooses moments)
    reported = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert process.stdout is not None
        for _ in range(choose.randrange(1, 12)):
            reported = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split()
        reported = int(rest[-1]) if rest else reported
        process.wait(60)
        process.stdout.close()
        asyncio.run(check_whole(tmp_path, reported))


async def check_whole(folder: Path, reported: int) -> None:
    """Check that events, their deliveries and the cursor are of the same moment, after all that was reported."""
    store = open_sqlite(folder)
    cursor = await store.load_cursor(FEED, "records")
    assert cursor is not None
    assert cursor["next"] in (reported, reported + 20)
    assert ids_of(await store.read(FEED, after=None, limit=10_000)) == list(range(cursor["next"]))
    pending = await store.pending_deliveries(make_subscription().id, after=None, limit=10_000)
    assert ids_of(pending) == list(range(cursor["next"]))
    assert await store.append(FEED, make_events(range(cursor["next"]))) == []
    await store.aclose()
    with closing(sqlite3.connect(folder / "state" / "events.sqlite3")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)

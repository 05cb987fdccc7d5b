"""The listener under load: its backlog and its memory are bounded by the number of participants."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import pytest

from tests.callcontrol.small_pbx import SmallPbx, small_pbx
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.callcontrol.listener import Listener

PARTICIPANTS = 1_000


async def change_all(pbx: SmallPbx, turn: int) -> None:
    """Change each participant once, with a message for each."""
    for number in range(PARTICIPANTS):
        await pbx.upsert("100", number, status=f"s{turn}")
    # The messages are sent while this waits.
    await asyncio.sleep(0)


async def until_all_are_at(status: str, seen: dict[int, LegChange]) -> None:
    async with asyncio.timeout(60):
        while len(seen) < PARTICIPANTS or any(  # noqa: ASYNC110 (the listener's task fills the dictionary)
            each.participant is None or each.participant.status != status for each in seen.values()
        ):
            await asyncio.sleep(0.02)


async def watch(client: CallControlClient, seen: dict[int, LegChange], *, is_slow: bool) -> None:
    taken = 0
    async for change in client.events():
        seen[change.participant_id] = change
        taken += 1
        if is_slow and taken % 10 == 0:
            await asyncio.sleep(0.01)


async def check_bounds(*, is_slow: bool, changes: int, check_memory: bool) -> None:
    """Change all participants, and count what waits meanwhile. Nothing is timed: a slow machine only takes longer."""
    async with small_pbx() as pbx, pbx.client() as client:
        seen: dict[int, LegChange] = {}
        watching = asyncio.create_task(watch(client, seen, is_slow=is_slow))
        await change_all(pbx, 0)
        await until_all_are_at("s0", seen)
        listener: Listener = client._listeners[0]
        used = []
        most_waiting = most_pending = 0
        if check_memory:
            tracemalloc.start()
        for turn in range(1, changes + 1):
            await change_all(pbx, turn)
            most_waiting = max(most_waiting, len(listener.backlog))
            most_pending = max(most_pending, listener.legs.pending)
            if check_memory and turn in (changes // 2, changes):
                gc.collect()
                used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        await until_all_are_at(f"s{changes}", seen)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert most_pending <= PARTICIPANTS
        assert most_waiting <= 2 * PARTICIPANTS + 10
        assert (listener.legs.known, listener.legs.pending) == (PARTICIPANTS, 0)
        assert pbx.opened == 1
        # The second half of the changes needs no more memory than the first, but for a megabyte.
        assert not used or used[1] - used[0] < 1_000_000


@pytest.mark.slow
def test_a_thousand_participants_at_50_changes_make_no_backlog() -> None:
    asyncio.run(check_bounds(is_slow=False, changes=50, check_memory=False))


@pytest.mark.slow
def test_a_slow_consumer_makes_no_backlog_and_no_memory_grow() -> None:
    asyncio.run(check_bounds(is_slow=True, changes=20, check_memory=True))

"""The listener under load: its backlog and its memory are bounded by the number of participants."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import pytest

from tests.callcontrol.scenarios import show
from tests.callcontrol.small_pbx import SmallPbx, small_pbx
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.listener import Listener

PARTICIPANTS = 1_000
# Each participant changes 50 times, and the memory is measured after the first and the second half.
CHANGES = 25
HALVES = 2


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


@pytest.mark.slow
@pytest.mark.parametrize("is_slow", [False, True], ids=["fast consumer", "slow consumer"])
def test_a_thousand_participants_that_change_make_no_backlog(is_slow: bool) -> None:
    """The numbers are counted, not timed: on a slow machine the same changes only take longer."""

    async def run() -> None:
        async with small_pbx() as pbx, pbx.client() as client:
            seen: dict[int, LegChange] = {}
            taken = 0

            async def listen() -> None:
                nonlocal taken
                async for change in client.events():
                    seen[change.participant_id] = change
                    taken += 1
                    if is_slow and taken % 10 == 0:
                        await asyncio.sleep(0.01)

            listening = asyncio.create_task(listen())
            await change_all(pbx, 0)
            await until_all_are_at("s0", seen)
            listener: Listener = client._listeners[0]
            gc.collect()
            tracemalloc.start()
            used = []
            most_waiting = most_pending = 0
            for half in range(1, HALVES + 1):
                for turn in range(CHANGES):
                    await change_all(pbx, half * CHANGES + turn)
                    most_waiting = max(most_waiting, len(listener.backlog))
                    most_pending = max(most_pending, listener.legs.pending)
                gc.collect()
                used.append(tracemalloc.get_traced_memory()[0])
            last = f"s{HALVES * CHANGES + CHANGES - 1}"
            await until_all_are_at(last, seen)
            tracemalloc.stop()
            assert most_pending <= PARTICIPANTS
            assert most_waiting <= 2 * PARTICIPANTS + 10
            assert listener.legs.known == PARTICIPANTS
            assert not listener.legs.pending
            assert pbx.opened == 1
            assert show(seen[7]) == f"updated 100/7 {last}"
            # The second half needs no more memory than the first, but for a megabyte.
            assert used[-1] - used[0] < 1_000_000
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    asyncio.run(run())

"""The gate of a PBX: fair shares of callers, spare places, short requests, cancellation and waiting for the probe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from threecx_node.errors import GivenUpError
from threecx_node.transport import breaker as breaker_module
from threecx_node.transport import gate as gate_module
from threecx_node.transport.breaker import FAILURES, BreakerState
from threecx_node.transport.gate import SHORT, SPARE, Caller, Gate, Pass
from threecx_node.transport.health import Sign

LONG = 60.0
Test = Callable[[], Coroutine[None, None, None]]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "PATIENCE", 0.01)
    monkeypatch.setattr(breaker_module, "FIRST_PAUSE", 0.01)


def make_gate(connections: int = 8) -> tuple[Gate, Callable[..., Caller]]:
    gate = Gate("pbx.example")
    member = gate.join(connections)
    return gate, lambda **options: Caller(member, **options)


async def enter(gate: Gate, caller: Caller) -> Pass:
    return gate.try_enter(caller) or await gate.enter(caller, LONG)


async def turns() -> None:
    """Let all tasks run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def fill(gate: Gate, caller: Caller, count: int = 8) -> list[Pass]:
    """Take so many places by one caller, and leave as many of its requests in the queue."""
    return [await enter(gate, caller) for _ in range(count)]


def give_up(gate: Gate, caller: Caller) -> None:
    for _ in range(FAILURES):
        taken = gate.try_enter(caller)
        assert taken is not None
        gate.leave(taken, Sign.FAILS, reason="connection refused")
    assert gate.breaker.state is BreakerState.OPEN


def test_a_lone_caller_gets_all_connections_and_no_more() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        alone = caller()
        await fill(gate, alone)
        assert gate.try_enter(alone) is None
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gate.enter(alone, LONG), 0.05)
        assert (gate.under_way, gate.waiting) == (8, 0)

    asyncio.run(main())


def test_a_free_place_goes_to_the_caller_with_the_fewest() -> None:
    async def main() -> None:
        gate, caller = make_gate(4)
        large, small = caller(), caller()
        taken = await fill(gate, large, 4)
        order: list[str] = []

        async def ask(who: Caller, name: str) -> None:
            taken.append(await enter(gate, who))
            order.append(name)

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(ask(large, "large"))
            await turns()
            for _ in range(2):
                group.create_task(ask(small, "small"))
            await turns()
            for _ in range(6):
                gate.leave(taken.pop(0), Sign.WORKS)
                await turns()
        assert order == ["small", "small", "large", "large", "large", "large"]

    asyncio.run(main())


def test_requests_that_never_end_do_not_block_another_caller() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        stuck, other = caller(), caller()
        await fill(gate, stuck)
        for _ in range(20):
            async with asyncio.timeout(5):
                gate.leave(await enter(gate, other), Sign.WORKS)

    asyncio.run(main())


def test_a_caller_that_was_crowded_out_waits_only_once() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        other = caller()
        await fill(gate, caller())
        gate.leave(await enter(gate, other), Sign.WORKS)
        taken = gate.try_enter(other)
        assert taken is not None
        assert gate.try_enter(other) is None, "one spare place for each caller"

    asyncio.run(main())


def test_spare_places_are_limited() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        await fill(gate, caller())
        for _ in range(SPARE):
            await enter(gate, caller())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gate.enter(caller(), LONG), 0.05)
        assert gate.under_way == 8 + SPARE

    asyncio.run(main())


def test_a_short_request_waits_behind_no_batch() -> None:
    async def main() -> None:
        gate, caller = make_gate(1)
        await fill(gate, caller(), 1)
        for _ in range(SHORT):
            assert gate.try_enter(caller(is_short=True)) is not None
        assert gate.try_enter(caller(is_short=True)) is None

    asyncio.run(main())


def test_each_client_keeps_to_its_own_connections() -> None:
    async def main() -> None:
        gate = Gate("pbx.example")
        small, large = Caller(gate.join(2)), Caller(gate.join(5))
        assert [gate.try_enter(small) is not None for _ in range(3)] == [True, True, False]
        assert [gate.try_enter(large) is not None for _ in range(4)] == [True, True, True, False]
        gate.part(large.member)
        assert gate.limit.limit == 2

    asyncio.run(main())


def test_a_caller_that_leaves_frees_its_places_for_all_others() -> None:
    async def main() -> None:
        gate, caller = make_gate()

        async def never_ending(who: Caller) -> None:
            taken = await enter(gate, who)
            try:
                await asyncio.Event().wait()
            finally:
                gate.leave(taken)

        tasks = [asyncio.create_task(never_ending(caller())) for _ in range(40)]
        await turns()
        assert gate.waiting > 0
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)
        assert (gate.under_way, gate.waiting) == (0, 0)
        assert len(await fill(gate, caller())) == 8

    asyncio.run(main())


def test_a_place_given_to_a_leaving_caller_is_not_lost() -> None:
    async def main() -> None:
        gate, caller = make_gate(1)
        [taken] = await fill(gate, caller(), 1)
        waiting = asyncio.create_task(gate.enter(caller(), LONG))
        await turns()
        gate.leave(taken)
        assert gate.under_way == 1, "the place is given to the one that waits"
        waiting.cancel()
        await asyncio.wait([waiting])
        assert gate.under_way == 0

    asyncio.run(main())


def test_a_lowered_limit_waits_for_free_places() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        alone = caller()
        taken = await fill(gate, alone)
        gate.leave(taken.pop(), Sign.BUSY)
        assert gate.limit.limit == 4
        for _ in range(3):
            gate.leave(taken.pop())
        assert gate.try_enter(alone) is None
        gate.leave(taken.pop())
        assert gate.try_enter(alone) is not None

    asyncio.run(main())


def test_a_pbx_that_is_given_up_fails_requests_at_once() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        alone = caller()
        give_up(gate, alone)
        with pytest.raises(GivenUpError) as caught:
            await gate.enter(alone, 0.0)
        text = caught.value.one_line()
        assert text == (
            "pbx.example is given up after 5 failures in a row, the last one: connection refused. It is tried again "
            "after 1 s. Check that 3CX is running and that this machine can reach it, then send it again."
        )
        assert gate.under_way == 0

    asyncio.run(main())


def test_requests_wait_for_the_probe_and_go_on_after_it() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        alone = caller()
        give_up(gate, alone)
        waiting = [asyncio.create_task(gate.enter(alone, LONG)) for _ in range(6)]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        [probe] = [each.result() for each in done]
        assert probe.is_probe
        assert gate.breaker.state is BreakerState.HALF_OPEN
        gate.leave(probe, Sign.WORKS)
        passes = [await each for each in waiting]
        assert [each.is_probe for each in passes].count(True) == 1

    asyncio.run(main())


def test_requests_do_not_wait_longer_than_allowed() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        alone = caller()
        give_up(gate, alone)
        # Pauses of 0.01, 0.02, 0.04 … seconds; the one after 0.32 would be too late.
        waiting = [asyncio.create_task(gate.enter(alone, 0.5)) for _ in range(4)]
        probes = 0
        while waiting:
            done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            waiting = list(pending)
            for each in done:
                if isinstance(each.exception(), GivenUpError):
                    continue
                gate.leave(each.result(), Sign.FAILS, reason="connection refused")
                probes += 1
        assert 1 <= probes <= 4
        assert gate.under_way == 0

    asyncio.run(main())


def test_a_check_asks_a_pbx_that_is_given_up() -> None:
    async def main() -> None:
        gate, caller = make_gate()
        give_up(gate, caller())
        taken = await gate.enter(caller(is_short=True, is_check=True), 0.0)
        gate.leave(taken, Sign.WORKS)
        assert gate.breaker.is_closed

    asyncio.run(main())


def test_a_probe_does_not_wait_for_a_place() -> None:
    async def main() -> None:
        gate, caller = make_gate(5)
        stuck = caller()
        taken = await fill(gate, stuck, 5)
        for each in taken:
            gate.breaker.fail("no response in time", is_probe=False)
            assert each.place is not None
        async with asyncio.timeout(5):
            probe = await gate.enter(caller(), LONG)
        assert probe.is_probe

    asyncio.run(main())

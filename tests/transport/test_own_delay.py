"""A busy client is not a slow PBX: the delay of the event loop counts as no latency."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.transport.test_breaker import Clock
from threecx_node.transport import own_delay as own_delay_module
from threecx_node.transport.gate import Caller, Gate
from threecx_node.transport.health import Sign
from threecx_node.transport.own_delay import BEAT

PLACES = 8
FAST = 0.02
SLOW = 2.0


class Timers:
    """Stands for the timers of the event loop, by a clock that the test sets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._waiting.append((self._clock.now + seconds, callback))

    def run_due(self) -> None:
        due = [each for each in self._waiting if each[0] <= self._clock.now]
        self._waiting = [each for each in self._waiting if each not in due]
        for _, callback in due:
            callback()

    def wait(self, seconds: float) -> None:
        """Let time pass while the event loop has nothing else to do."""
        ends_at = self._clock.now + seconds
        while self._waiting and min(self._waiting)[0] <= ends_at:
            self._clock.now = min(each[0] for each in self._waiting)
            self.run_due()
        self._clock.now = ends_at

    @property
    def is_idle(self) -> bool:
        return not self._waiting


class Pbx:
    """A gate, and rounds of requests that take all its places."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.timers = Timers(self.clock)
        monkeypatch.setattr(own_delay_module, "time", SimpleNamespace(monotonic=self.clock))
        monkeypatch.setattr(
            own_delay_module, "asyncio", SimpleNamespace(get_running_loop=lambda: self.timers)
        )
        self.gate = Gate("pbx.example", self.clock)
        self.caller = Caller(self.gate.join(PLACES))

    def run_round(self, pass_time: Callable[[], None]) -> int:
        """Send requests, let time pass, and return the limit after their responses."""
        taken = []
        while (each := self.gate.try_enter(self.caller)) is not None:
            each.began = self.clock.now
            taken.append(each)
        pass_time()
        for each in taken:
            self.gate.leave(each, Sign.WORKS, operation="ListUser")
        return self.gate.limit.limit

    def settle(self) -> None:
        for _ in range(20):
            self.run_round(lambda: self.timers.wait(FAST))


@pytest.fixture
def pbx(monkeypatch: pytest.MonkeyPatch) -> Pbx:
    found = Pbx(monkeypatch)
    found.settle()
    assert found.gate.limit.limit == PLACES
    return found


def test_a_pbx_that_becomes_slow_lowers_the_limit(pbx: Pbx) -> None:
    assert pbx.run_round(lambda: pbx.timers.wait(SLOW)) < PLACES


@pytest.mark.parametrize("timer_is_first", [True, False])
def test_a_busy_client_does_not_lower_the_limit(pbx: Pbx, timer_is_first: bool) -> None:
    def be_busy() -> None:
        pbx.timers.wait(FAST / 2)
        # Responses come now, but other work has the event loop.
        pbx.clock.now += SLOW
        if timer_is_first:
            pbx.timers.run_due()

    for _ in range(10):
        assert pbx.run_round(be_busy) == PLACES
        pbx.timers.run_due()


def test_many_short_delays_do_not_lower_the_limit(pbx: Pbx) -> None:
    def be_busy() -> None:
        for _ in range(10):
            pbx.clock.now += SLOW / 10
            pbx.timers.run_due()

    for _ in range(10):
        assert pbx.run_round(be_busy) == PLACES


def test_an_earlier_delay_does_not_hide_a_slow_pbx(pbx: Pbx) -> None:
    pbx.clock.now += 100 * SLOW
    pbx.timers.run_due()
    assert pbx.run_round(lambda: pbx.timers.wait(SLOW)) < PLACES


def test_nothing_is_watched_while_no_request_is_under_way(pbx: Pbx) -> None:
    pbx.timers.wait(3 * BEAT)
    assert pbx.timers.is_idle
    assert pbx.run_round(lambda: pbx.timers.wait(SLOW)) < PLACES


def test_a_real_event_loop_that_is_blocked_is_late() -> None:
    async def main() -> float:
        delay = own_delay_module.OwnDelay(lambda: True)
        loop = asyncio.get_running_loop()
        delay.watch()
        began = loop.time()
        while loop.time() < began + 4 * BEAT:
            # The event loop gets no turn.
            pass
        return delay.between(began, loop.time())

    assert asyncio.run(main()) >= 2 * BEAT

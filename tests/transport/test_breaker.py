"""The circuit breaker, as a state machine with a clock of its own."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from threecx_node.transport.breaker import (
    FAILURES,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PROBE_TIME,
    BreakerState,
    CircuitBreaker,
)


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> CircuitBreaker:
    """A breaker that has just opened."""
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES):
        assert breaker.admit()
        breaker.fail("no response", is_probe=False)
    return breaker


def test_a_pbx_is_given_up_after_several_failures_in_a_row() -> None:
    breaker = CircuitBreaker(Clock())
    for _ in range(FAILURES - 1):
        breaker.fail("no response", is_probe=False)
    breaker.succeed()
    for _ in range(FAILURES - 1):
        breaker.fail("no response", is_probe=False)
    assert breaker.is_closed
    breaker.fail("the last one", is_probe=False)
    assert breaker.state is BreakerState.OPEN
    assert (breaker.failures, breaker.reason) == (FAILURES, "the last one")
    assert not breaker.admit()


def test_one_probe_at_a_time_asks_a_pbx_that_was_given_up() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += FIRST_PAUSE
    assert breaker.admit()
    assert breaker.state is BreakerState.HALF_OPEN
    assert not breaker.admit()
    assert not breaker.admit(at_once=True)
    breaker.succeed()
    assert breaker.is_closed
    assert [breaker.admit(), breaker.admit()] == [True, True]


def test_each_failed_probe_doubles_the_pause_up_to_a_limit() -> None:
    clock = Clock()
    breaker = broken(clock)
    pauses = []
    for _ in range(10):
        pauses.append(breaker.probe_at - clock.now)
        clock.now = breaker.probe_at
        assert breaker.admit()
        breaker.fail("no response", is_probe=True)
    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_check_does_not_wait_for_the_pause() -> None:
    breaker = broken(Clock())
    assert not breaker.admit()
    assert breaker.admit(at_once=True)


def test_a_cancelled_probe_leaves_its_turn_to_the_next_request() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += FIRST_PAUSE
    assert breaker.admit()
    breaker.forget(is_probe=True)
    assert breaker.state is BreakerState.OPEN
    assert breaker.admit()


def test_a_silent_probe_does_not_stop_the_next() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += FIRST_PAUSE
    assert breaker.admit()
    clock.now += PROBE_TIME
    assert breaker.admit()


class Machine(RuleBasedStateMachine):
    """A PBX with several requests under way, each of which ends in any way at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = CircuitBreaker(self.clock)
        self.under_way: list[bool] = []
        self.in_a_row = 0
        self.probe_since: float | None = None

    @rule(seconds=st.floats(0, 60))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(at_once=st.booleans())
    def send(self, at_once: bool) -> None:
        was_closed = self.breaker.is_closed
        if self.breaker.admit(at_once=at_once):
            self.under_way.append(not was_closed)
            if not was_closed:
                assert self.probe_since is None or self.clock.now - self.probe_since >= PROBE_TIME
                self.probe_since = self.clock.now
        else:
            assert not was_closed

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), end=st.sampled_from(["succeed", "fail", "forget"]))
    def end(self, data: st.DataObject, end: str) -> None:
        is_probe = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if is_probe or end == "succeed":
            self.probe_since = None
        if end == "succeed":
            self.breaker.succeed()
            self.in_a_row = 0
        elif end == "fail":
            self.breaker.fail("no response", is_probe=is_probe)
            self.in_a_row += 1
        else:
            self.breaker.forget(is_probe=is_probe)

    @invariant()
    def is_open_after_failures_in_a_row_alone(self) -> None:
        assert self.breaker.failures == self.in_a_row
        assert self.breaker.is_closed == (self.in_a_row < FAILURES)
        assert (self.breaker.state is BreakerState.CLOSED) == self.breaker.is_closed

    @invariant()
    def is_always_tried_again(self) -> None:
        """However requests end, the next probe is at most the longest pause away."""
        if not self.breaker.is_closed:
            assert self.breaker.probe_at - self.clock.now <= LONGEST_PAUSE


TestCircuitBreaker = Machine.TestCase
TestCircuitBreaker.settings = settings(max_examples=50, stateful_step_count=40)

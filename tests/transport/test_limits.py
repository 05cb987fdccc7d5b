"""The adaptive limit, as a state machine with a clock of its own."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.transport.test_breaker import Clock
from threecx_node.transport.limits import AdaptiveLimit


def respond(limit: AdaptiveLimit, clock: Clock, seconds: float, count: int = 1, operation: str = "A") -> None:
    """Take responses of this latency, one after the other."""
    for _ in range(count):
        began = clock.now
        clock.now += seconds
        limit.note_response(operation, began)


def test_a_limit_begins_at_its_ceiling_and_stays_there() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    respond(limit, clock, 0.01, 1000)
    assert limit.limit == 8


def test_a_busy_pbx_halves_the_limit_once_per_round_of_requests() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    began = clock.now
    clock.now += 1
    for _ in range(8):
        limit.note_busy(began)
    assert limit.limit == 4
    for expected in (2, 1, 1):
        clock.now += 1
        limit.note_busy(clock.now)
        assert limit.limit == expected


def test_responses_raise_a_lowered_limit_by_one_per_round() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    for _ in range(3):
        clock.now += 1
        limit.note_busy(clock.now)
    seen = []
    for _ in range(40):
        respond(limit, clock, 0.01)
        seen.append(limit.limit)
    assert seen == sorted(seen)
    assert [seen.index(value) for value in (2, 3, 4)] == [0, 3, 6]
    assert seen[-1] == 8


def test_a_rising_latency_lowers_the_limit() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    respond(limit, clock, 2.0, 100)
    assert limit.limit == 8
    lowest = limit.limit
    for _ in range(30):
        respond(limit, clock, 20.0)
        lowest = min(lowest, limit.limit)
    assert lowest == 4
    respond(limit, clock, 20.0, 100)
    assert limit.limit == 8


def test_noise_of_fast_responses_is_not_a_rising_latency() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    respond(limit, clock, 0.002, 100)
    respond(limit, clock, 0.2, 100)
    assert limit.limit == 8


def test_a_slow_operation_is_not_a_rising_latency() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    respond(limit, clock, 0.01, 100, "DeleteUser")
    respond(limit, clock, 5.0, 100, "DownloadReport")
    assert limit.limit == 8


def test_any_number_of_operations_takes_bounded_memory() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    for number in range(1000):
        respond(limit, clock, 0.01, operation=str(number))
    assert limit.known_operations <= 128


def test_a_new_ceiling_keeps_a_lowered_limit() -> None:
    clock = Clock()
    limit = AdaptiveLimit(8, clock)
    limit.ceiling = 16
    assert limit.limit == 16
    limit.note_busy(clock.now)
    limit.ceiling = 32
    assert limit.limit == 8
    limit.ceiling = 4
    assert limit.limit == 4


class Machine(RuleBasedStateMachine):
    """Requests that end in any way at any time, and a ceiling that changes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.limit = AdaptiveLimit(8, self.clock)
        self.under_way: list[float] = []

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def send(self) -> None:
        self.under_way.append(self.clock.now)

    @precondition(lambda self: self.under_way)
    @rule(operation=st.sampled_from("ABC"))
    def get_response(self, operation: str) -> None:
        before = self.limit.limit
        self.limit.note_response(operation, self.under_way.pop(0))
        assert before // 2 <= self.limit.limit <= before + 1

    @precondition(lambda self: self.under_way)
    @rule()
    def be_busy(self) -> None:
        before = self.limit.limit
        self.limit.note_busy(self.under_way.pop(0))
        assert max(1, before // 2) <= self.limit.limit <= before

    @rule(ceiling=st.integers(1, 100))
    def change_ceiling(self, ceiling: int) -> None:
        self.limit.ceiling = ceiling

    @invariant()
    def is_within_bounds(self) -> None:
        assert 1 <= self.limit.limit <= self.limit.ceiling

    @rule()
    def recover(self) -> None:
        """Responses in time always bring the limit back to its ceiling."""
        self.under_way.clear()
        for _ in range(20 * self.limit.ceiling * self.limit.ceiling):
            if self.limit.limit == self.limit.ceiling:
                break
            self.limit.note_response("D", self.clock.now)
        assert self.limit.limit == self.limit.ceiling


TestAdaptiveLimit = Machine.TestCase
TestAdaptiveLimit.settings = settings(max_examples=50, stateful_step_count=40)

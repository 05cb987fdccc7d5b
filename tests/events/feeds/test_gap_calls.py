"""Each missed call is reported once, whichever source sees it: live calls, the call log, both, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.events.feeds.gap_model import Call, Model

CALLERS = ("+4930111111", "+4930222222", "")


@contextmanager
def modelling(**options: timedelta) -> Iterator[Model]:
    """Run a model that is connected, and in which one call was reported by both sources."""
    model = Model(**options)
    try:
        model.poll()
        model.connect()
        play_first_call(model)
        yield model
    finally:
        model.loop.close()


def play_first_call(model: Model) -> None:
    call = model.begin(CALLERS[0])
    model.pass_time(5)
    model.answer(call)
    model.pass_time(30)
    model.end(call, is_late=False)
    for _ in range(4):
        model.poll()


def miss(model: Model) -> Call:
    """Let a call be missed."""
    call = model.begin(CALLERS[0])
    model.pass_time(20)
    model.end(call, is_late=False)
    return call


@pytest.mark.parametrize("is_killed", [True, False])
@pytest.mark.parametrize("ahead", [0, -7, 7])
def test_a_call_that_was_not_watched_comes_from_the_call_log(is_killed: bool, ahead: int) -> None:
    with modelling(ahead=timedelta(hours=ahead)) as model:
        model.pass_time(600)
        model.cut()
        model.pass_time(300)
        call = miss(model)
        model.pass_time(300)
        if is_killed:
            model.start()
        model.connect()
        model.finish()
        assert model.list_missed() == [call.id]
        [event] = [each.event for each in model.store.events.values() if each.event.type == "call.missed"]
        assert (event.data["source"], event.data["inferred"]) == ("records", True)
        assert (event.data["externalNumber"], event.data["extension"]) == (CALLERS[0], "101")


def test_calls_that_were_watched_do_not_come_from_the_call_log() -> None:
    with modelling() as model:
        call = miss(model)
        again = miss(model)
        model.finish()
        assert model.list_missed() == [call.id, again.id]
        assert all("/callLog/" not in each for each in model.store.events)


@pytest.mark.parametrize("is_killed", [True, False])
def test_the_call_log_knows_which_calls_were_answered(is_killed: bool) -> None:
    with modelling() as model:
        answered, missed = model.begin(CALLERS[0]), model.begin(CALLERS[1])
        model.pass_time(5)
        if is_killed:
            model.start()
        else:
            model.cut()
        model.answer(answered)
        model.pass_time(120)
        model.end(answered, is_late=False)
        model.end(missed, is_late=False)
        model.connect()
        assert model.list_missed() == []
        model.finish()
        assert model.list_missed() == [missed.id]
        kinds = [each.event.type for each in model.store.events.values() if each.event.order_key == "call/2"]
        assert kinds == ["call.started", "call.ringing", "call.answered", "call.ended"]


def test_a_call_log_that_does_not_answer_delays_no_call_for_long() -> None:
    with modelling() as model:
        call = model.begin(CALLERS[0])
        model.cut()
        model.pass_time(60)
        call.ended = model.time
        model.connect()
        assert model.list_missed() == []
        model.pass_time(45)
        assert model.list_missed() == [call.id]


def test_a_call_log_that_cannot_be_read_delays_no_call() -> None:
    with modelling() as model:
        call = model.begin(CALLERS[0])
        model.cut()
        model.journal.gaps.can_ask = False
        call.ended = model.time
        model.connect()
        assert model.list_missed() == [call.id]


def test_calls_of_other_numbers_do_not_come_after_a_gap() -> None:
    with modelling() as model:
        model.journal.gaps.monitored = frozenset({"100"})
        model.cut()
        miss(model)
        model.finish()
        assert model.list_missed() == []


def test_a_call_too_short_to_be_watched_comes_from_the_call_log() -> None:
    with modelling() as model:
        model.pass_time(600)
        call = model.blink(CALLERS[0])
        model.finish()
        assert model.list_missed() == [call.id]


class GapMachine(RuleBasedStateMachine):
    """Calls, cuts, kills, polls and late rows in any order."""

    @initialize(ahead=st.sampled_from([0, -300, 5000]))
    def begin_first(self, ahead: int) -> None:
        self.model = Model(ahead=timedelta(seconds=ahead))
        self.model.poll()
        self.model.connect()
        play_first_call(self.model)

    def list_open(self) -> list[Call]:
        return [each for each in self.model.calls.values() if each.ended is None]

    @rule(caller=st.sampled_from(CALLERS), seconds=st.integers(0, 30))
    def begin(self, caller: str, seconds: int) -> None:
        self.model.begin(caller)
        self.model.pass_time(seconds)

    @rule(data=st.data(), seconds=st.integers(1, 300))
    def answer(self, data: st.DataObject, seconds: int) -> None:
        if ringing := [each for each in self.list_open() if each.answered is None]:
            self.model.answer(data.draw(st.sampled_from(ringing)))
            self.model.pass_time(seconds)

    @rule(data=st.data(), seconds=st.integers(0, 60), is_late=st.booleans())
    def end(self, data: st.DataObject, seconds: int, is_late: bool) -> None:
        if calls := self.list_open():
            self.model.pass_time(1)
            self.model.end(data.draw(st.sampled_from(calls)), is_late=is_late)
            self.model.pass_time(seconds)

    @rule(caller=st.sampled_from(CALLERS))
    def blink(self, caller: str) -> None:
        self.model.blink(caller)
        for _ in range(2):
            # The longest time between two polls.
            self.model.poll(seconds=61)

    @rule(data=st.data())
    def write_late_row(self, data: st.DataObject) -> None:
        if self.model.late:
            self.model.write_late(data.draw(st.integers(0, len(self.model.late) - 1)))

    @rule()
    def cut(self) -> None:
        self.model.cut()

    @rule(writes=st.none() | st.integers(0, 4))
    def connect(self, writes: int | None) -> None:
        """Connect; the process may be killed in the middle of its first writes."""
        if not self.model.is_connected:
            self.model.store.left = writes
            self.model.connect()
            for _ in range(4):
                self.model.poll()

    @rule(writes=st.integers(0, 2))
    def poll(self, writes: int) -> None:
        """Poll; the process may be killed in the middle."""
        self.model.pass_time(6)
        self.model.store.left = writes or None
        self.model.poll(seconds=0)

    @rule()
    def kill(self) -> None:
        self.model.start()

    @rule(seconds=st.integers(1, 1200))
    def wait(self, seconds: int) -> None:
        self.model.pass_time(seconds)
        self.model.poll()

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        try:
            self.model.store.left = None
            self.model.finish()
            expected = [each.id for each in self.model.calls.values() if each.answered is None]
            assert sorted(self.model.list_missed()) == expected
        finally:
            self.model.loop.close()


GapMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestGaps = pytest.mark.slow(GapMachine.TestCase)

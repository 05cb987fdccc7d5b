"""The clock: in order, at its time, and with real time in a thread that ends by itself."""

from __future__ import annotations

import threading

import pytest

from threecx_node.simulator.calls.clock import Clock


def test_what_is_due_runs_in_order_and_at_its_time() -> None:
    clock = Clock(manual=True)
    ran: list[tuple[str, float]] = []

    def note(name: str) -> None:
        ran.append((name, round(clock.seconds(), 3)))

    clock.call_later(3, lambda: note("last"))

    def plan() -> None:
        note("first")
        clock.call_later(1, lambda: note("planned later"))

    clock.call_later(1, plan)
    clock.call_later(1, lambda: note("second"))
    clock.call_later(1, lambda: note("cancelled")).cancel()
    began = clock.now()
    clock.advance(2.5)
    assert ran == [("first", 1), ("second", 1), ("planned later", 2)]
    assert (clock.now() - began).total_seconds() == 2.5
    assert clock.next_due == 0.5
    clock.clear()
    clock.advance(10)
    assert len(ran) == 3
    assert clock.next_due is None


@pytest.mark.parametrize("seconds", [-1, 1e9, float("nan"), float("inf")])
def test_turns_that_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 to 86400"):
        Clock(manual=True).advance(seconds)


def test_real_time_runs_in_a_thread() -> None:
    clock = Clock()
    ran = threading.Event()
    never = clock.call_later(3600, lambda: None)
    clock.call_later(0.01, ran.set)
    assert ran.wait(20)
    never.cancel()
    clock.clear()
    with pytest.raises(ValueError, match="real time"):
        clock.advance(1)


def test_a_stopped_clock_goes_on() -> None:
    clock = Clock(manual=True)
    ran = threading.Event()
    clock.call_later(60, ran.set)
    clock.advance(59.99)
    assert not ran.is_set()
    clock.manual = False
    assert ran.wait(20)
    clock.manual = True
    before = clock.now()
    assert clock.now() == before


def test_an_error_in_one_function_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    ran = threading.Event()
    clock.call_later(0, [].pop)
    clock.call_later(0.01, ran.set)
    assert ran.wait(20)
    assert "planned" in caplog.text

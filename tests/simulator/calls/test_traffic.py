"""A living office, and people who answer."""

from __future__ import annotations

from typing import Any

import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.engine import CallEngine
from threecx_node.simulator.calls.people import People
from threecx_node.simulator.calls.traffic import MAX_CALLS, Traffic, parse_rate


@pytest.mark.parametrize(
    ("text", "rate"), [("6/min", 0.1), ("30/h", 1 / 120), (" 0.5 / s ", 0.5), ("50/s", 50)]
)
def test_rates(text: str, rate: float) -> None:
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["6", "0/min", "-1/min", "51/s", "6/day", "x/min", "1e3/min", "٦/min", ""])
def test_rates_that_are_none(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_rate(text)


def play(calls: CallEngine, seed: int, rate: float, seconds: float) -> list[tuple[str, ...]]:
    """Return caller, dialled number and reason of each call of an office that lived for some seconds."""
    calls.clear()
    # Devices that a scenario registered are forgotten.
    before = len(calls.list_finished())
    traffic = Traffic(calls, rate, seed)
    traffic.start()
    calls.clock.advance(seconds)
    traffic.stop()
    calls.clock.advance(3600)
    assert not calls.calls(), "calls that never end"
    return [
        (call.direction, call.caller.number, call.dialled, call.reason)
        for call in calls.list_finished()[before:]
    ]


def test_an_office_lives(calls: CallEngine) -> None:
    first = play(calls, 7, 0.1, 3600)
    assert 250 < len(first) < 450
    assert {direction for direction, *_ in first} == {"inbound", "outbound", "internal"}
    assert {"HungUp", "NoAnswer", "PhoneBusy", "Abandoned", "Transferred"} <= {reason for *_, reason in first}
    assert play(calls, 7, 0.1, 3600) == first
    assert play(calls, 8, 0.1, 3600) != first


def test_it_never_makes_too_many_calls(calls: CallEngine) -> None:
    most = 0

    def count(_: object) -> None:
        nonlocal most
        most = max(most, len(calls.calls()))

    remove = calls.add_listener(count)
    play(calls, 1, 50, 120)
    remove()
    # A consultation is a call of its own.
    assert 10 < most <= 2 * MAX_CALLS


def test_a_reset_does_not_end_the_traffic() -> None:
    with Simulator(traffic="60/min", traffic_seed=1, manual_clock=True) as pbx:
        pbx.calls.clock.advance(60)
        assert pbx.calls.calls()
        pbx.state.reset()
        assert not pbx.calls.calls()
        pbx.calls.clock.advance(60)
        assert pbx.calls.calls()
    assert not pbx.calls.calls()
    assert pbx.calls.clock.next_due is None


def test_people_answer_and_hang_up(calls: CallEngine) -> None:
    people = People(calls, answer_after=2, hang_up_after=10)
    outcome = calls.make_call("103", "101")
    outside = calls.make_call("104", "+4930123456")
    queue = calls.queue("+43512555010", "801")
    program = calls.inbound("+43512555010", to="900")
    calls.clock.advance(2)
    assert outcome.leg is not None
    assert outside.leg is not None
    assert (outcome.leg.status, outside.leg.status, program.legs[-1].status) == (
        "Connected",
        "Connected",
        "Ringing",
    )
    assert queue.call.answered
    calls.clock.advance(10)
    assert [call.id for call in calls.calls()] == [program.id]
    people.stop()


@pytest.mark.parametrize("options", [{"traffic": "often"}, {"answer_after": -1}, {"hang_up_after": 1e9}])
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Simulator(**options)


def test_many_changes_are_heard(calls: CallEngine) -> None:
    """1,000 participants that change 50 times each, all of which a listener hears."""
    handles = [calls.inbound("+43512555010", to="900") for _ in range(500)]
    legs = [leg for handle in handles for leg in handle.legs]
    assert len(legs) == 1000
    heard = 0

    def count(_: object) -> None:
        nonlocal heard
        heard += 1

    remove = calls.add_listener(count)
    for turn in range(50):
        for leg in legs:
            calls.act(leg.dn, leg.id, "attach_participant_data", attached_data={"turn": turn})
    remove()
    assert heard == 50_000
    assert legs[0].data == {"turn": 49}

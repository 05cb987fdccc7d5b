"""Random interleavings, repeats and losses of changes: what CallTracker promises is true for all of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.callcontrol.leg_changes import PBX, TRUNK, at, internal, leg, remove, update
from threecx_node.callcontrol.call_events import CallEvent
from threecx_node.callcontrol.calls import CallTracker
from threecx_node.callcontrol.changes import LegChange

pytestmark = pytest.mark.slow
EXTENSIONS = ("100", "101", "102")
DNS = (*EXTENSIONS, "800", "900", "10000")
STATES = (
    ("Ringing",),
    ("Ringing", "Connected"),
    ("Dialing", "Connected"),
    ("Dialing",),
    ("Connected",),
    ("Ringing", "Hold", "Connected", "Ringing"),
    ("",),
)
LONG = 100_000.0


@dataclass(frozen=True)
class LegScript:
    """A leg of a call, the states that it has one after the other, and the other side."""

    call_id: int
    dn: str
    states: tuple[str, ...]
    is_outside: bool

    def changes(self, number: int) -> Iterator[LegChange]:
        party = TRUNK if self.is_outside else internal("101")
        for state in self.states:
            yield update(leg(self.dn, number, state, self.call_id, **party))
        yield remove(self.dn, number)


SCRIPTS = st.lists(
    st.builds(LegScript, st.integers(1, 4), st.sampled_from(DNS), st.sampled_from(STATES), st.booleans()),
    min_size=1,
    max_size=10,
)
RANDOMS = st.integers(0, 2**32).map(random.Random)


def interleave(sequences: Iterable[list[LegChange]], choose: random.Random) -> list[LegChange]:
    """Merge sequences at random; each stays in its order."""
    waiting = [list(reversed(each)) for each in sequences if each]
    merged = []
    while waiting:
        sequence = choose.choice(waiting)
        merged.append(sequence.pop())
        if not sequence:
            waiting.remove(sequence)
    return merged


def spoil(changes: list[LegChange], choose: random.Random) -> list[LegChange]:
    """Lose and repeat changes, and exchange neighbours of one DN."""
    spoilt: list[LegChange] = []
    for change in changes:
        if choose.random() < 0.2:
            continue
        spoilt += [change] * choose.choice((1, 1, 1, 2, 3))
    for place in range(len(spoilt) - 1):
        first, second = spoilt[place : place + 2]
        if first.dn == second.dn and choose.random() < 0.3:
            spoilt[place : place + 2] = [second, first]
    return spoilt


def play(changes: Iterable[LegChange], choose: random.Random) -> dict[int, list[CallEvent]]:
    """Play changes at random times, with `advance` now and then; at the end the PBX has no legs."""
    tracker = CallTracker(PBX)
    seconds = 0.0
    events: list[CallEvent] = []
    seen: dict[tuple[str, int], LegChange] = {}
    for change in changes:
        # After a minute without a leg, the number of a call may be that of another one.
        seconds = min(50.0, seconds + choose.choice((0.0, 0.1, 1.0, 3.0)))
        is_inferred = choose.random() < 0.1
        seen[change.dn, change.participant_id] = change
        events += tracker.feed(replace(change, at=at(seconds), inferred=is_inferred))
        if choose.random() < 0.5:
            events += tracker.advance(at(seconds))
    # A comparison with the PBX finds out which legs have gone.
    for dn, number in seen:
        events += tracker.feed(remove(dn, number, seconds, inferred=True))
    while (deadline := tracker.next_deadline) is not None:
        ended = tracker.advance(deadline)
        assert ended
        events += ended
    assert tracker.advance(at(seconds + LONG)) == []
    assert tracker.size == 0
    found: dict[int, list[CallEvent]] = defaultdict(list)
    for event in events:
        found[event.call_id].append(event)
    return found


def check(events: dict[int, list[CallEvent]]) -> None:
    for of_call in events.values():
        types = [event.type for event in of_call]
        assert types[0] == "call.started"
        assert types[-1] == "call.ended"
        for once in ("call.started", "call.ended", "call.answered", "call.missed"):
            assert types.count(once) <= 1
        assert not {"call.answered", "call.missed"} <= set(types)
        ids = [event.id for event in of_call]
        assert len(ids) == len(set(ids))
        if "call.transferred" in types:
            assert types.index("call.answered") < types.index("call.transferred")
        assert all(event.started_at == of_call[0].time for event in of_call)


@settings(max_examples=250)
@given(SCRIPTS, RANDOMS)
def test_calls_start_once_and_end_once(scripts: list[LegScript], choose: random.Random) -> None:
    sequences = [list(script.changes(number)) for number, script in enumerate(scripts, 1)]
    changes = spoil(interleave(sequences, choose), choose)
    events = play(changes, choose)
    check(events)
    assert set(events) == {change.participant.call_id for change in changes if change.participant is not None}


@settings(max_examples=120)
@given(SCRIPTS, RANDOMS)
def test_legs_that_move_between_calls(scripts: list[LegScript], choose: random.Random) -> None:
    sequences = []
    for number, script in enumerate(scripts, 1):
        *states, end = script.changes(number)
        others = [call for call in range(1, 5) if call != script.call_id]
        moved = [
            replace(script, call_id=call).changes(number)
            for call in choose.sample(others, choose.randint(0, 2))
        ]
        sequences.append([*states, *(change for each in moved for change in list(each)[:-1]), end])
    check(play(spoil(interleave(sequences, choose), choose), choose))


@settings(max_examples=120)
@given(SCRIPTS, RANDOMS)
def test_a_call_is_answered_where_an_extension_was_connected(
    scripts: list[LegScript], choose: random.Random
) -> None:
    """Without losses: each connection of an extension that was called is an answer, and nothing else is."""
    called = [
        replace(script, is_outside=True, states=tuple(each for each in script.states if each != "Dialing"))
        for script in scripts
    ]
    sequences = [list(script.changes(number)) for number, script in enumerate(called, 1)]
    tracker = CallTracker(PBX)
    events = [event for change in interleave(sequences, choose) for event in tracker.feed(change)]
    events += tracker.advance(at(LONG))
    answered = {
        script.call_id for script in called if script.dn in EXTENSIONS and "Connected" in script.states
    }
    assert {event.call_id for event in events if event.type == "call.answered"} == answered

"""Whatever programs, people and time do in any order: the engine stays consistent, and every call ends."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.actions import ACTIONS
from threecx_node.simulator.calls.engine import SCENARIOS, CallEngine
from threecx_node.simulator.calls.models import CallError, Change, Leg
from threecx_node.simulator.calls.steps import STEPS, parse_step

OFFICE = Simulator()
EXTENSIONS = ("101", "103", "104", "105", "106", "114", "115")
NUMBERS = (
    *EXTENSIONS,
    "800",
    "801",
    "810",
    "820",
    "830",
    "900",
    "SP11",
    "888",
    "*4103",
    "+4930123456",
    "799",
)
ARGUMENTS = {
    "number": "+43512555010", "group": "810", "queue": "801", "menu": "820", "to": "103", "target": "104",
    "caller": "106", "callee": "114",
}  # fmt: skip

numbers = st.sampled_from(NUMBERS)
extensions = st.sampled_from(EXTENSIONS)
picks = st.integers(0, 1000)


@contextmanager
def allow(*statuses: int) -> Iterator[None]:
    """Let the engine refuse with one of these statuses."""
    try:
        yield
    except CallError as error:
        if error.status not in statuses:
            raise


class CallMachine(RuleBasedStateMachine):
    """The engine, and what a listener knows of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: CallEngine = OFFICE.calls
        self.calls.clear()
        self.calls.clock.manual = True
        self.known: dict[int, Leg] = {}
        self.removed: Counter[int] = Counter()
        self.ended: Counter[int] = Counter()
        self.begun: set[int] = set()
        self.errors: list[AssertionError] = []
        self.stop_listening = self.calls.add_listener(self.hear)

    def hear(self, change: Change) -> None:
        try:
            self.check(change)
        except AssertionError as error:
            # The engine goes on after an error of a listener.
            self.errors.append(error)

    def check(self, change: Change) -> None:
        if change.kind == "upsert":
            assert change.participant_id not in self.removed
            assert change.data.call_id not in self.ended
            self.known[change.participant_id] = change.data
            self.begun.add(change.data.call_id)
        elif change.kind == "remove":
            assert change.participant_id in self.known
            assert change.data.call_id not in self.ended
            self.known.pop(change.participant_id)
            self.removed[change.participant_id] += 1
        elif change.kind == "call_ended":
            self.ended[change.data.id] += 1
            assert not change.data.legs
            assert all(segment.ended is not None for segment in change.data.segments)
        else:
            assert change.kind == "dtmf"
            assert change.participant_id in self.known

    def pick(self, index: int) -> Leg:
        legs = sorted(self.known.values(), key=lambda leg: leg.id)
        return legs[index % len(legs)]

    @rule(dn=extensions, destination=numbers, timeout=st.none() | st.floats(0, 30))
    def call(self, dn: str, destination: str, timeout: float | None) -> None:
        with allow(424):
            self.calls.make_call(dn, destination, timeout=timeout)

    @rule(name=st.sampled_from(SCENARIOS), play=st.booleans())
    def begin(self, name: str, play: bool) -> None:
        wanted = inspect.signature(getattr(self.calls, name)).parameters
        arguments = {each: ARGUMENTS[each] for each in wanted if each in ARGUMENTS}
        if name == "outbound":
            arguments["caller"] = "101"
        with allow(422):
            handle = self.calls.begin(name, arguments)
            if play:
                handle.play()

    @precondition(lambda self: self.known)
    @rule(index=picks, action=st.sampled_from(ACTIONS), destination=numbers)
    def act(self, index: int, action: str, destination: str) -> None:
        leg = self.pick(index)
        with allow(422, 424):
            self.calls.act(leg.dn, leg.id, action, destination=destination, attached_data={"a": "b"})

    @precondition(lambda self: self.known)
    @rule(
        index=picks,
        do=st.sampled_from(sorted(STEPS)),
        to=numbers,
        digits=st.text("0123456789*#", min_size=1, max_size=3),
    )
    def do(self, index: int, do: str, to: str, digits: str) -> None:
        leg = self.pick(index)
        values = {"to": to, "digits": digits}
        step = {"do": do, **{name: values[name] for name in STEPS[do]}}
        if index % 2 and do != "time_out":
            step["dn"] = leg.dn
        with allow(422, 424):
            self.calls.get_handle(leg.call_id).perform(parse_step(step))

    @precondition(lambda self: self.known)
    @rule(index=picks)
    def pick_up(self, index: int) -> None:
        leg = self.pick(index)
        if leg.status == "Ringing":
            assert self.calls.pick_up(leg.dn, leg.id).leg is leg

    @rule(seconds=st.sampled_from([0.1, 0.2, 1, 5, 21, 200]))
    def wait(self, seconds: float) -> None:
        self.calls.clock.advance(seconds)

    @rule(dn=extensions, index=picks)
    def register(self, dn: str, index: int) -> None:
        devices = self.calls.devices(dn)
        if index % 3 == 0 or not devices:
            self.calls.register(dn)
        elif index % 3 == 1:
            self.calls.reregister(devices[index % len(devices)].device_id)
        else:
            self.calls.unregister(devices[index % len(devices)].device_id)

    @invariant()
    def the_listener_knows_what_there_is(self) -> None:
        assert not self.errors
        present: dict[int, Leg] = {}
        for call in self.calls.calls():
            assert call.legs, "a call without legs"
            for leg in call.legs.values():
                assert leg.call is call
                assert leg.id not in present
                assert self.calls.participant(leg.dn, leg.id) is leg
                present[leg.id] = leg
        assert present == self.known
        assert all(count == 1 for count in (*self.removed.values(), *self.ended.values()))

    @invariant()
    def connected_legs_have_a_party(self) -> None:
        for call in self.calls.calls():
            assert all(leg.status in ("Dialing", "Ringing", "Connected") for leg in call.legs.values())
            for side in call.sides:
                assert side is None or not side.removed
            for offer in call.offers:
                assert offer.legs, "an offer that rings no leg"

    def teardown(self) -> None:
        # All hang up, and again those that ring because others did.
        for _ in range(50):
            for leg in list(self.known.values()):
                if not leg.removed:
                    self.calls.act(leg.dn, leg.id, "drop")
            self.calls.clock.advance(1)
        self.stop_listening()
        assert not self.calls.calls()
        assert not self.known
        assert set(self.ended) >= self.begun
        assert not self.errors


TestAnyOrder = CallMachine.TestCase
TestAnyOrder.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)

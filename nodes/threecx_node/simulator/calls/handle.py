"""Drive one call by hand, step by step, or by the clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .actions import join_calls, perform, settle
from .models import BUSY, EXTENSION, CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .core import CallCore
    from .models import Call, Leg
    from .steps import Step


class CallHandle:
    """A call, and what people do in it.

        call = pbx.calls.inbound("+4930123456", to="101")
        call.answer("101")
        call.hang_up()

    Every method does its work at once, and raises CallError (422) if it is not possible now. `dn` says whose phone it
    is; without it, the obvious one. `step` does the next step of the scenario, and `play` leaves all to the clock.
    """

    def __init__(self, core: CallCore, call: Call, steps: Sequence[Step] = (), scenario: str = "") -> None:
        self._core = core
        self.call = call
        self.scenario = scenario
        self.steps: list[Step] = list(steps)
        # The call that an extension made to consult before a transfer.
        self.consultation: CallHandle | None = None
        # The steps that were not possible when the clock played them, and why.
        self.skipped: list[tuple[Step, str]] = []

    @property
    def id(self) -> int:
        """The ID of the call."""
        return self.call.id

    @property
    def is_ended(self) -> bool:
        """Return whether the call has ended."""
        return self.call.ended is not None

    @property
    def legs(self) -> list[Leg]:
        """The present legs, oldest first."""
        with self._core.lock:
            return list(self.call.legs.values())

    def answer(self, dn: str = "", device_id: str = "") -> Leg:
        """Answer at a ringing phone; return its participant."""
        with self._core.lock:
            leg = self._find("rings", dn, lambda each: each.status == "Ringing", device_id)
            self._core.router.answer(leg)
            return leg

    def hang_up(self, dn: str = "") -> None:
        """Hang up; without `dn` the caller does."""
        with self._core.lock:
            leg = self._find("takes part", dn, lambda each: bool(dn) or each is self.call.sides[0])
            self._core.router.leave(leg)

    def reject(self, dn: str = "") -> None:
        """Refuse a ringing call, at all devices of the extension: it is busy."""
        with self._core.lock:
            first = self._find("rings", dn, lambda each: each.status == "Ringing")
            for leg in self.legs:
                if leg.dn == first.dn and leg.status == "Ringing":
                    self._core.router.leave(leg, BUSY)

    def press(self, digits: str, dn: str = "") -> None:
        """Press keys; without `dn` the caller does."""
        with self._core.lock:
            leg = self._find("is connected", dn, lambda each: bool(dn) or each is self.call.sides[0])
            self._core.press(leg, digits)

    def divert(self, to: str, dn: str = "") -> None:
        """Send a ringing call on to another number."""
        self._act("divert", "rings", dn, to, lambda each: each.status == "Ringing")

    def route_to(self, to: str, dn: str = "") -> None:
        """Let another number ring too; the participant stays until that one answers."""
        self._act("routeto", "takes part", dn, to, lambda each: each.status != "Dialing")

    def transfer(self, to: str, dn: str = "") -> None:
        """Transfer a connected call blindly."""
        self._act("transferto", "is connected", dn, to, self._can_transfer)

    def consult(self, to: str, dn: str = "") -> CallHandle:
        """Call another number before an attended transfer; return that call."""
        with self._core.lock:
            leg = self._find("is connected", dn, self._can_transfer)
            # The phone may have registered again since the call began.
            registered = [device.device_id for device in self._core.devices(leg.dn)]
            device_id = leg.device_id if leg.device_id in registered else None
            outcome = self._core.make_call(leg.dn, to, device_id=device_id)
            if outcome.leg is None:
                raise CallError(422, outcome.reason_text, outcome.reason)
            self.consultation = CallHandle(self._core, outcome.leg.call)
            return self.consultation

    def complete_transfer(self, dn: str = "") -> Leg:
        """Connect the party of the consultation with this call; return its new participant."""
        with self._core.lock:
            if self.consultation is None or self.consultation.is_ended:
                raise CallError(422, "There is no consultation call; begin one with consult.")
            leg = self._find("is connected", dn, self._can_transfer)
            return join_calls(self._core.router, leg, self.consultation.call)

    def time_out(self) -> None:
        """Let the ringing, or the waiting in a queue or menu, reach its time limit now."""
        with self._core.lock:
            self._settle()
            for offer in self.call.offers:
                if offer.timer is not None and offer.timer.is_planned:
                    offer.timer.run()
                    return
            for leg in self.legs:
                if leg.service is not None and leg.service.time_out():
                    return
            raise CallError(422, f"The call {self.id} waits for nothing.")

    def step(self) -> Step | None:
        """Do the next step of the scenario now; return it, None if there is none left."""
        with self._core.lock:
            if not self.steps:
                return None
            step = self.steps.pop(0)
            self.perform(step)
            return step

    def play(self) -> CallHandle:
        """Leave the remaining steps to the clock; a step that is not possible then is skipped."""
        with self._core.lock:
            if self.steps and not self.is_ended:
                self._core.clock.call_later(self.steps[0].after, self._play_next)
        return self

    def vary_pace(self, factor: Callable[[], float]) -> None:
        """Multiply the seconds of each step by a factor of its own."""
        self.steps = [replace(step, after=round(step.after * factor(), 3)) for step in self.steps]

    def perform(self, step: Step) -> None:
        """Do one step now."""
        method: Callable[..., Any] = getattr(self, step.do)
        names = ("to", "digits", "dn", "device_id")
        values = {name: getattr(step, name) for name in names if getattr(step, name)}
        if step.do == "answer" and self.consultation is not None and not self.consultation.is_ended:
            method = self.consultation.answer
        method(**values)

    def _play_next(self) -> None:
        if self.is_ended or not self.steps:
            return
        step = self.steps.pop(0)
        try:
            self.perform(step)
        except CallError as error:
            self.skipped.append((step, error.message))
        self.play()

    def _act(self, action: str, words: str, dn: str, to: str, matches: Callable[[Leg], bool]) -> None:
        with self._core.lock:
            perform(self._core.router, self._find(words, dn, matches), action, destination=to)

    def _can_transfer(self, leg: Leg) -> bool:
        return leg.status == "Connected" and leg.dn_type == EXTENSION

    def _find(self, words: str, dn: str, matches: Callable[[Leg], bool], device_id: str = "") -> Leg:
        """Return the participant that matches; the one that was called comes before the caller."""
        self._settle()
        for leg in sorted(self.legs, key=lambda each: each is self.call.sides[0]):
            if (not dn or leg.dn == dn) and (not device_id or leg.device_id == device_id) and matches(leg):
                return leg
        whose = f"at {dn}" if dn else "at any phone"
        raise CallError(422, f"The call {self.id} {words} {whose[:60]} at present: not possible.")

    def _settle(self) -> None:
        if self.is_ended:
            raise CallError(422, f"The call {self.id} has ended: {self.call.reason}.")
        settle(self.call)

"""The engine of the calls: everything of the core, and scenarios that begin calls as an office has them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .core import CallCore
from .handle import CallHandle
from .models import CallError
from .steps import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .clock import Clock
    from .directory import Directory
    from .models import Call

# The seconds until a person answers, of a short and of a usual talk, and of looking for a key.
_ANSWER = 4.0
_SHORT = 8.0
_TALK = 30.0
_KEY = 2.0


_MAX_WAVES = 100
SCENARIOS = (
    "internal", "outbound", "inbound", "ring_group", "queue", "abandoned", "receptionist", "voicemail", "transfer",
    "attended_transfer", "divert", "busy", "no_answer", "two_devices",
)  # fmt: skip


class CallEngine(CallCore):
    """The calls of one PBX.

    Each scenario begins a call and returns its handle. Nothing happens in it by itself but what a PBX does: drive it by
    hand, with `step`, or with `play` by the clock.
    """

    def __init__(self, directory: Directory, *, lock: Any = None, clock: Clock | None = None) -> None:
        super().__init__(directory, lock=lock, clock=clock)
        self._handles: dict[int, CallHandle] = {}

    def get_handle(self, call_id: int) -> CallHandle:
        """Return a handle of a call, however it began; raise CallError (404) if it has ended."""
        with self.lock:
            call = self.call(call_id)
            if call is None:
                raise CallError(404, f"There is no call {call_id}; it may have ended.")
            handle = self._handles.get(call_id)
            return handle if handle is not None else self._watch(call)

    def internal(self, caller: str, callee: str) -> CallHandle:
        """Let an extension call another, which answers."""
        return self._dial("internal", caller, callee, Step("answer", _ANSWER), Step("hang_up", _TALK))

    def outbound(self, caller: str, number: str) -> CallHandle:
        """Let an extension call a number outside, which answers."""
        return self._dial("outbound", caller, number, Step("answer", _SHORT), Step("hang_up", _TALK))

    def inbound(self, number: str, *, did: str = "", to: str = "") -> CallHandle:
        """Let a number outside call a DID, or a DN directly; a menu gets its first key."""
        call = self.receive_call(number, did=did, to=to)
        keys = self._list_keys(call)
        steps = [Step("press", _KEY, digits=keys[0])] if keys else []
        return self._watch(call, *steps, Step("answer", _ANSWER), Step("hang_up", _TALK), scenario="inbound")

    def ring_group(self, number: str, group: str) -> CallHandle:
        """Let a number outside call a ring group: its members ring, and one answers."""
        return self._receive("ring_group", number, group, Step("answer", _ANSWER), Step("hang_up", _TALK))

    def queue(self, number: str, queue: str, *, waves: int = 1) -> CallHandle:
        """Let a number outside call a queue; an agent answers in the last of `waves` waves."""
        # The ringing of a wave reaches its limit, and so does the pause after it.
        waiting = [Step("time_out", _SHORT), Step("time_out")] * (waves - 1)
        return self._receive(
            "queue", number, queue, *waiting, Step("answer", _ANSWER), Step("hang_up", _TALK)
        )

    def abandoned(self, number: str, queue: str) -> CallHandle:
        """Let a number outside call a queue, and hang up before an agent answers."""
        return self._receive("abandoned", number, queue, Step("hang_up", _SHORT))

    def receptionist(self, number: str, menu: str, *, keys: str = "") -> CallHandle:
        """Let a number outside call a digital receptionist and press keys, by default its first one."""
        call = self.receive_call(number, to=menu)
        pressed = keys or next(iter(self._list_keys(call)), "0")
        steps = Step("press", _KEY, digits=pressed), Step("answer", _ANSWER), Step("hang_up", _TALK)
        return self._watch(call, *steps, scenario="receptionist")

    def voicemail(self, number: str, to: str) -> CallHandle:
        """Let a number outside call an extension that does not answer, and speak to its mailbox."""
        steps = Step("divert", _SHORT, to=f"*4{to}"), Step("hang_up", _SHORT)
        return self._receive("voicemail", number, to, *steps)

    def transfer(self, number: str, to: str, target: str) -> CallHandle:
        """Let an extension answer a call from outside, and transfer it blindly to another, which answers."""
        steps = Step("answer", _ANSWER), Step("transfer", _SHORT, to=target), Step("answer", _ANSWER)
        return self._receive("transfer", number, to, *steps, Step("hang_up", _TALK))

    def attended_transfer(self, number: str, to: str, target: str) -> CallHandle:
        """Let an extension answer a call from outside, consult another, and connect both."""
        return self._receive(
            "attended_transfer",
            number,
            to,
            Step("answer", _ANSWER),
            Step("consult", _SHORT, to=target),
            Step("answer", _ANSWER),
            Step("complete_transfer", _SHORT),
            Step("hang_up", _TALK),
        )

    def divert(self, number: str, to: str, target: str) -> CallHandle:
        """Let an extension send a call from outside on while it rings."""
        steps = Step("divert", _ANSWER, to=target), Step("answer", _ANSWER), Step("hang_up", _TALK)
        return self._receive("divert", number, to, *steps)

    def busy(self, caller: str, callee: str) -> CallHandle:
        """Let an extension call another, which rejects the call."""
        return self._dial("busy", caller, callee, Step("reject", _ANSWER))

    def no_answer(self, caller: str, callee: str) -> CallHandle:
        """Let an extension call another, which rings until the time limit."""
        return self._dial("no_answer", caller, callee, Step("time_out", _TALK))

    def two_devices(self, caller: str, callee: str) -> CallHandle:
        """Let an extension call another that rings at two devices; the second one answers."""
        with self.lock:
            while len(self.devices(callee)) < 2:
                self.register(callee)
            second = self.devices(callee)[-1].device_id
            steps = Step("answer", _ANSWER, device_id=second), Step("hang_up", _TALK)
            return self._dial("two_devices", caller, callee, *steps)

    def begin(self, name: str, arguments: Mapping[str, Any]) -> CallHandle:
        """Begin a scenario by its name; raise CallError (422) for an unknown one or wrong arguments."""
        if name not in SCENARIOS:
            raise CallError(
                422, f"The scenario {name[:50]!r} does not exist; there are {', '.join(SCENARIOS)}."
            )
        begin = getattr(self, name)
        parameters = inspect.signature(begin).parameters
        for given, value in arguments.items():
            if given not in parameters:
                known = ", ".join(parameters)
                raise CallError(422, f"The scenario {name} has no argument {given[:50]!r}; it has {known}.")
            if given == "waves":
                _check_waves(value)
            elif not isinstance(value, str):
                raise CallError(422, f"The argument {given} must be a text.")
        for needed, parameter in parameters.items():
            if parameter.default is parameter.empty and not arguments.get(needed):
                raise CallError(422, f"The scenario {name} needs the argument {needed}.")
        handle: CallHandle = begin(**arguments)
        return handle

    def _dial(self, scenario: str, caller: str, callee: str, *steps: Step) -> CallHandle:
        with self.lock:
            outcome = self.make_call(caller, callee)
            if outcome.leg is None:
                raise CallError(422, outcome.reason_text, outcome.reason)
            return self._watch(outcome.leg.call, *steps, scenario=scenario)

    def _receive(self, scenario: str, number: str, to: str, *steps: Step) -> CallHandle:
        with self.lock:
            return self._watch(self.receive_call(number, to=to), *steps, scenario=scenario)

    def _watch(self, call: Call, *steps: Step, scenario: str = "") -> CallHandle:
        handle = CallHandle(self, call, steps, scenario)
        if call.ended is None:
            # Those of ended calls go with the next one that begins.
            for ended in [key for key, each in self._handles.items() if each.is_ended]:
                del self._handles[ended]
            self._handles[call.id] = handle
        return handle

    def _list_keys(self, call: Call) -> list[str]:
        """Return the keys of the menu in which a call is, empty if it is in none."""
        entry = self.directory.find(call.sides[1].dn) if call.sides[1] is not None else None
        return list(entry.menu) if entry is not None else []


def _check_waves(waves: Any) -> None:
    if isinstance(waves, bool) or not isinstance(waves, int) or not 1 <= waves <= _MAX_WAVES:
        raise CallError(422, f"waves must be a number from 1 to {_MAX_WAVES}.")

"""Turn changes of legs into events of calls: a pure state machine, without I/O and without a clock of its own."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from .call_state import Leg, LegKey, LiveCall, Moment
from .leg_facts import DnKind, list_types, read_kind, read_state

if TYPE_CHECKING:
    from datetime import datetime

    from .call_events import CallEvent
    from .changes import LegChange
    from .entities import Participant

DEFAULT_GRACE = 2.0
"""Seconds after the last leg of a call until the call is over: a transfer removes a leg before the next is there."""

# The time for which an ended call and a leg that has gone are remembered, so that a late change does not revive them.
_MEMORY = timedelta(minutes=1)
# The same for an ended call of which legs are still reported, as after a transfer that took longer than the grace.
_LONGEST_MEMORY = timedelta(days=1)
# No PBX has nearly as many; beyond, the calls and legs that have not changed for the longest time are given up.
_MOST_CALLS = 20_000
_MOST_TYPES = 100_000
# The call of a leg that was reported as gone before its state was known.
_UNKNOWN_CALL = 0
# The states in which the first leg of a call begins.
_BEGINNINGS = frozenset({"dialing", "ringing"})
# A time that is earlier than the one before by more than this means that the clock was set.
_CLOCK_STEP = timedelta(minutes=1)
_ZERO = timedelta()


@dataclass(slots=True)
class _EndedCall:
    """A call that has ended, the legs reported of it since, and the losses of messages before it was last heard of."""

    at: timedelta
    expires: timedelta
    legs: set[LegKey] = field(default_factory=set)
    losses: int = 0


class _GoneLeg(NamedTuple):
    """A leg that has gone: when, from which call, its last state if that is known, and whether the PBX reported it."""

    at: timedelta
    call_id: int
    leg: Leg | None
    is_reported: bool


class CallTracker:
    """Turns changes of legs into events of calls.

    Each call starts once and ends once, its `call.started` is the first and its `call.ended` the last of its events,
    and a call is never both answered and missed. `grace` is in seconds. `pbx` is the name of the PBX in the events.

    Changes of one leg come in their order; those of different legs in any. A removal that was reported is final, and
    one that was inferred may be wrong: a later state of the leg continues the call if it has not ended yet.
    """

    def __init__(self, pbx: str, *, grace: float = DEFAULT_GRACE) -> None:
        self._pbx = pbx
        self._grace = timedelta(seconds=grace)
        self._types: dict[str, DnKind] = {}
        self._calls: OrderedDict[int, LiveCall] = OrderedDict()
        # Calls without a leg, and when they end; in the order of these times, since the grace is the same for all.
        self._closing: OrderedDict[int, timedelta] = OrderedDict()
        self._ended: OrderedDict[int, _EndedCall] = OrderedDict()
        self._calls_of_legs: dict[LegKey, int] = {}
        self._gone: OrderedDict[LegKey, _GoneLeg] = OrderedDict()
        # The time that has passed, by the times of changes and of `advance`; a clock that is set back adds none.
        self._elapsed = _ZERO
        self._now: datetime | None = None
        self._losses = 0

    def learn_dn(self, dn: str, dn_type: str) -> None:
        """Note the type of a DN, such as `Wqueue`. Legs name the types of other DNs, but not that of their own."""
        kind = read_kind(dn_type)
        if dn and kind is not DnKind.UNKNOWN and (dn in self._types or len(self._types) < _MOST_TYPES):
            self._types[dn] = kind

    def feed(self, change: LegChange) -> list[CallEvent]:
        """Return the events that follow from a change.

        It does not end calls whose grace has passed, because the leg that continues one of them may be next: call
        `advance` where no change is waiting.
        """
        self._move_to(change.at)
        self._losses = max(self._losses, change.losses)
        # Without `advance` for so long, a call with the same number is another one.
        events = self._end_due(self._elapsed - _LONGEST_MEMORY)
        self._forget()
        self.learn_dn(change.dn, change.dn_type)
        key = LegKey(change.dn, change.participant_id)
        moment = Moment(change.at, self._elapsed, change.inferred)
        if change.kind == "updated" and change.participant is not None:
            events += self._update(key, change.participant, moment)
        elif change.kind == "removed":
            events += self._remove(key, moment)
        return events

    def advance(self, now: datetime) -> list[CallEvent]:
        """Return the events of the calls whose grace has passed at `now`, in UTC.

        `now` can be earlier than the last change: all changes before it have been fed, and perhaps not all since.
        """
        behind = _ZERO if self._now is None else max(_ZERO, self._now - now)
        if not behind:
            self._move_to(now)
        events = self._end_due(self._elapsed - behind)
        self._forget()
        return events

    @property
    def next_deadline(self) -> datetime | None:
        """Return when `advance` has something to do, None where only a change can lead to an event."""
        if self._now is None or not self._closing:
            return None
        return self._now + (next(iter(self._closing.values())) - self._elapsed)

    @property
    def size(self) -> int:
        """Return the number of calls and legs in memory."""
        return len(self._calls) + len(self._ended) + len(self._calls_of_legs) + len(self._gone)

    def _update(self, key: LegKey, participant: Participant, moment: Moment) -> list[CallEvent]:
        for dn, dn_type in list_types(participant):
            self.learn_dn(dn, dn_type)
        call_id = participant.call_id
        if call_id <= 0:
            return []
        self._forget_earlier_call(key, participant)
        gone = self._gone.get(key)
        if gone is not None and gone.is_reported and gone.call_id == call_id:
            call = self._calls.get(call_id)
            return call.update_gone_leg(key, gone.leg, participant, moment) if call and gone.leg else []
        earlier = self._calls_of_legs.get(key)
        is_moved = earlier is not None and earlier != call_id
        events = self._remove(key, moment._replace(inferred=False)) if is_moved else []
        self._calls_of_legs[key] = call_id
        if (ended := self._ended.get(call_id)) is not None:
            ended.legs.add(key)
            return events
        call = self._calls.get(call_id)
        if call is None:
            events += self._make_room()
            call = self._calls[call_id] = LiveCall(self._pbx, call_id, grace=self._grace)
        call.losses = self._losses
        self._calls.move_to_end(call_id)
        self._closing.pop(call_id, None)
        if gone is not None and gone.call_id == call_id and gone.leg is not None:
            del self._gone[key]
            call.restore_leg(key, gone.leg)
        kind = self._types.get(key.dn, DnKind.UNKNOWN)
        events += call.update_leg(key, participant, kind, moment, is_moved=is_moved)
        if gone is not None and gone.call_id == _UNKNOWN_CALL:
            # The removal came before the state.
            events += self._remove(key, moment._replace(inferred=False))
        return events

    def _remove(self, key: LegKey, moment: Moment) -> list[CallEvent]:
        call_id = self._calls_of_legs.pop(key, None)
        call = self._calls.get(call_id) if call_id is not None else None
        leg = call.legs.get(key) if call is not None else None
        if call_id is not None or (key not in self._gone and not moment.inferred):
            known = _UNKNOWN_CALL if call_id is None else call_id
            self._gone[key] = _GoneLeg(self._elapsed, known, leg, not moment.inferred)
            self._gone.move_to_end(key)
        if call_id is not None and (ended := self._ended.get(call_id)) is not None:
            ended.legs.discard(key)
        if call is None or leg is None:
            return []
        if not moment.inferred:
            call.losses = self._losses
        events = call.remove_leg(key, moment)
        if not call.legs:
            self._closing[call.id] = self._elapsed + self._grace
        return events

    def _move_to(self, time: datetime) -> None:
        passed = time - self._now if self._now is not None else _ZERO
        if passed > _ZERO:
            self._elapsed += passed
        if passed > _ZERO or passed < -_CLOCK_STEP or self._now is None:
            self._now = time

    def _end_due(self, elapsed: timedelta) -> list[CallEvent]:
        events: list[CallEvent] = []
        while self._closing and next(iter(self._closing.values())) <= elapsed:
            call_id, deadline = self._closing.popitem(last=False)
            events += self._end(call_id, deadline)
        return events

    def _make_room(self) -> list[CallEvent]:
        """End the call that has not changed for the longest time where there are too many."""
        if len(self._calls) < _MOST_CALLS:
            return []
        oldest = next(iter(self._calls))
        self._closing.pop(oldest, None)
        return self._end(oldest, self._elapsed)

    def _end(self, call_id: int, elapsed: timedelta) -> list[CallEvent]:
        call = self._calls.pop(call_id)
        self._ended[call_id] = _EndedCall(elapsed, elapsed + _MEMORY, set(call.legs), call.losses)
        return call.end()

    def _forget_earlier_call(self, key: LegKey, participant: Participant) -> None:
        """Forget a call that has ended, where a leg begins another one with its ID, after a restart of the PBX.

        While no message was lost, such a leg continues the ended call. So does a leg whose removal was inferred by
        mistake, and which is there again.
        """
        call_id, gone = participant.call_id, self._gone.get(key)
        ended = self._ended.get(call_id)
        if ended is None or ended.legs or ended.losses == self._losses:
            return
        is_back = gone is not None and not gone.is_reported and _is_same_leg(gone, participant)
        if is_back or read_state(participant) not in _BEGINNINGS:
            return
        del self._ended[call_id]
        for each in [each for each, leg in self._gone.items() if leg.call_id == call_id]:
            del self._gone[each]

    def _forget(self) -> None:
        """Forget what is too old to matter, so that memory does not grow with the number of calls."""
        while self._gone and (
            next(iter(self._gone.values())).at + _MEMORY <= self._elapsed or len(self._gone) > 4 * _MOST_CALLS
        ):
            self._gone.popitem(last=False)
        while self._ended:
            call_id, ended = next(iter(self._ended.items()))
            if ended.expires > self._elapsed and len(self._ended) <= _MOST_CALLS:
                return
            del self._ended[call_id]
            is_old = self._elapsed - ended.at >= _LONGEST_MEMORY or len(self._ended) >= _MOST_CALLS
            if ended.legs and not is_old:
                ended.expires = self._elapsed + _MEMORY
                self._ended[call_id] = ended
                continue
            for key in ended.legs:
                if self._calls_of_legs.get(key) == call_id:
                    del self._calls_of_legs[key]


def _is_same_leg(gone: _GoneLeg, participant: Participant) -> bool:
    """Return whether nothing distinguishes a participant from a leg with its ID that has gone."""
    if gone.call_id != participant.call_id or gone.leg is None:
        return gone.call_id == participant.call_id
    earlier = gone.leg.participant
    return (earlier.leg_id, earlier.party_dn, earlier.party_caller_id) == (
        participant.leg_id,
        participant.party_dn,
        participant.party_caller_id,
    )
